"""Schedules on processors: a case becomes a task list and options. One unit of the case is one millisecond."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction
from typing import Any

from .cpu_answers import Answers, compare
from .form import REMARKS, Fields, NotExpressible, number, numbers, whole
from .program import Program
from .verdict import Findings

NS = 1_000_000

# Names that collections give to policies, and ours. A name that is an id of the catalog needs no line.
NAMES = {
    "fifo": "fcfs", "spn": "sjf", "stcf": "srtf", "srt": "srtf", "srpt": "srtf", "rr": "round-robin", "fb": "feedback",
    "edf-mono": "edf", "rm-mono": "rm", "dm-mono": "dm", "lcfs-np": "lcfs", "lcfs-pr": "lcfs", "fb-las": "las",
    "prio": "priority", "prio-np": "priority", "prio-p": "priority", "priority-np": "priority",
}
# Parameters of collections by ours, and how values are written.
PARAMETERS = {"quantum": "quantum", "stride1": "stride1", "draws": "draws"}

# Words in the conventions of a case that mean a tie rule.
PHRASES = (
    (r"none before the very first", "first_switch=free"),
    (r"preempted (process|task|job) .*(before|ahead of) (an|the|a new) arrival", "quantum_end=preempted-first"),
    (r"equal (keys?|deadlines?|priorit\w+).*earlier (release|activat)", "equal_key=earlier-release"),
    (r"earlier (release|activat)\w* .*displace", "equal_key=earlier-release"),
)

# Costs of a kernel whose events interrupt cores.
INTERRUPTS = {
    "cs_overhead": "save", "cl_overhead": "load", "sched_overhead": "decide",
    "sched_overhead_activate": "release", "sched_overhead_terminate": "exit",
}


def in_ns(value: Fraction) -> str:
    if (value * NS).denominator != 1:
        raise NotExpressible("times finer than a nanosecond")
    return f"{(value * NS).numerator}ns"


class Schedule:
    """A task list with its options."""

    def __init__(self, program: Program, document: dict[str, Any], case: dict[str, Any]) -> None:
        self.program = program
        self.document = document
        self.fields = Fields(case)
        self.args: list[str] = []
        self.ties: list[str] = []
        self.rows: list[dict[str, str]] = []
        self.conventions: list[str] = []
        self.endless = False
        self.io_time: Fraction | None = None
        self.quantum: Fraction | None = None
        self.expected = Fields(self.fields.need("expected"), "expected.")
        if "policy" not in self.fields.values or "tasks" not in self.fields.values:
            raise NotExpressible("a formula and no run: no policy and tasks")
        # First what stands around the tasks: what is missing there says more than a key of a task.
        self.read_policy(Fields(self.fields.need("policy"), "policy."))
        self.cpus = whole(self.fields.number("cpus", Fraction(1)), "cpus")
        self.args += ["--cores", str(self.cpus)] if self.cpus != 1 else []
        self.read_machine()
        self.read_conventions()
        for task in self.fields.need("tasks"):
            self.read_task(Fields(task, "task."))
        self.read_horizon()
        self.fields.ignore(REMARKS)

    # Policies.

    def read_policy(self, policy: Fields) -> None:
        name = str(policy.need("name"))
        slug = name.lower().replace("_", "-")
        theirs = NAMES.get(slug, slug)
        if theirs not in self.program.policies:
            raise NotExpressible(f"policy {name}")
        if slug.endswith("-mono"):
            self.ties.append("equal_key=earlier-release")
        parameters = self.special(slug, theirs, policy)
        known = self.program.parameters(theirs)
        for key in sorted(policy.left):
            parameters[key] = self.parameter(name, key, policy.take(key), known)
        policy.done()
        words = ",".join(f"{key}={value}" for key, value in parameters.items())
        self.args += ["--policy", theirs + (f":{words}" if words else "")]

    def special(self, slug: str, theirs: str, policy: Fields) -> dict[str, str]:
        """Parameters whose words differ from ours."""
        found: dict[str, str] = {}
        self.quantum = policy.number("quantum")
        if self.quantum is not None and theirs != "feedback":
            found["quantum"] = in_ns(self.quantum)
        if theirs == "lcfs":
            found["preemptive"] = self.preempts(policy, slug.endswith("-pr"))
        if theirs == "priority":
            found["preemptive"] = self.preempts(policy, not slug.endswith("-np"))
            low = policy.take("low_number_is_high")
            found["order"] = "high-first" if low is False else "low-first"
        if theirs == "feedback":
            found["quantum"] = self.feedback(policy)
        if theirs == "mlfq":
            found |= self.mlfq(policy)
        if theirs == "lottery" and (draws := policy.take("draws")) is not None:
            found["draws"] = "/".join(str(whole(draw, "draw")) for draw in numbers(draws))
        return found

    def preempts(self, policy: Fields, usual: bool) -> str:
        return str(bool(policy.take("preemptive", usual))).lower()

    def feedback(self, policy: Fields) -> str:
        law = policy.take("quantum_of_level_i")
        if law is None:
            return in_ns(self.quantum if self.quantum is not None else policy.needed("quantum"))
        if law != "2^i":
            raise NotExpressible(f"policy.quantum_of_level_i {law}")
        longest = max((number(task.get("burst", 0)) for task in self.fields.values["tasks"]), default=Fraction(1))
        levels = [Fraction(1)]
        while sum(levels) < longest:
            levels.append(2 * levels[-1])
        return "/".join(in_ns(level) for level in levels)

    def mlfq(self, policy: Fields) -> dict[str, str]:
        found = {
            "quantum": "/".join(in_ns(part) for part in numbers(policy.need("quantum_per_level_high_to_low"))),
        }
        slices = policy.take("allotment_slices_per_level_high_to_low")
        if slices is not None:
            found["allotment"] = "/".join(str(whole(part, "allotment")) for part in numbers(slices))
        boost = policy.number("boost_every")
        if boost:
            found["boost"] = in_ns(boost)
        self.io_time = policy.number("io_time")
        for theirs, ours in (("stay_at_level_on_io", "stay_on_io"), ("io_done_to_front", "io_front")):
            if policy.take(theirs):
                found[ours] = "true"
        return found

    def parameter(self, policy: str, key: str, value: Any, known: dict[str, str]) -> str:
        """A parameter that has the name of one of ours."""
        about = known.get(key)
        if about is None or isinstance(value, (list, dict)):
            raise NotExpressible(f"parameter {key} of policy {policy}")
        if isinstance(value, bool):
            return str(value).lower()
        if "duration" in about:
            return in_ns(number(value))
        return str(value)

    # What stands around the tasks.

    def read_machine(self) -> None:
        fields = self.fields
        speeds = fields.take("speeds")
        if speeds is not None and any(speed != 1 for speed in numbers(speeds)):
            raise NotExpressible("speeds of cores")
        model = fields.take("etm", "wcet")
        if model != "wcet":
            raise NotExpressible(f"execution times by {model}")
        for key, what in (("cache", "caches that warm up"), ("affinity", "affinity"), ("servers", "servers of jobs"),
                          ("jobs", "jobs beside the tasks")):
            if fields.take(key) is not None:
                raise NotExpressible(what)
        io_order = fields.take("io")
        if io_order not in (None, "parallel"):
            if io_order != "fcfs":
                raise NotExpressible(f"io {io_order}")
            self.args += ["--io-device", "fcfs"]
        self.read_costs()

    def read_costs(self) -> None:
        unit = self.fields.take("overhead_unit", "")
        costs = self.fields.take("overheads")
        if costs is None:
            return
        costs = Fields(costs, "overheads.")
        found = re.search(r"cycles_per_ms\s*=\s*(\d+)", unit)
        scale = Fraction(1, int(found.group(1))) if found else Fraction(1)
        if unit and not found:
            raise NotExpressible(f"overhead_unit {unit}")
        for key, option in (("context_switch", "--context-switch"), ("dispatch_latency", "--dispatch-latency")):
            if (cost := costs.number(key)) is not None:
                self.args += [option, in_ns(cost * scale)]
        parts = [(ours, costs.number(theirs)) for theirs, ours in INTERRUPTS.items()]
        words = [f"{ours}={in_ns(cost * scale)}" for ours, cost in parts if cost]
        costs.done()
        if words and self.cpus > 1:
            raise NotExpressible("interrupts of several cores at one instant in the order of SimPy's events")
        if words:
            self.args += ["--interrupts", ",".join(words)]

    def read_conventions(self) -> None:
        said = self.fields.take("conventions", [])
        self.conventions = [str(text) for text in said] if isinstance(said, list) else [str(said)]
        for text in self.conventions:
            for pattern, rule in PHRASES:
                if re.search(pattern, text, re.IGNORECASE) and rule not in self.ties:
                    self.ties.append(rule)
        ties = self.fields.take("ties")
        if isinstance(ties, dict):
            self.ties = [f"{key}={value}" for key, value in ties.items()]
        elif ties is not None:
            self.ties = [str(ties)]
        if self.ties:
            self.args += ["--ties", ",".join(self.ties)]

    def read_horizon(self) -> None:
        until = self.fields.number("horizon")
        published = self.expected.values.get("published")
        if until is None and isinstance(published, dict) and "misses_before" in published:
            until = number(published["misses_before"])
        order = self.expected.values.get("order")
        if until is None and self.endless:
            if not isinstance(order, list) or self.quantum is None:
                raise NotExpressible("tasks without work, and no horizon")
            until = self.quantum * len(order)
        self.until = until
        if until is not None:
            self.args += ["--until", in_ns(until)]

    # Tasks.

    def read_task(self, task: Fields) -> None:
        row = {"task": str(task.need("name"))}
        if task.take("after"):
            raise NotExpressible("precedence between tasks")
        if task.take("working_set") is not None:
            raise NotExpressible("caches that warm up")
        period = task.number("period")
        for ours, theirs in (("priority", "prio"), ("priority", "priority"), ("nice", "nice"), ("tickets", "tickets"),
                             ("weight", "weight"), ("count", "count")):
            if (value := task.number(theirs)) is not None:
                row[ours] = str(whole(value, theirs))
        if (deadline := task.number("deadline")) is not None:
            row["deadline"] = in_ns(deadline)
        if task.take("abort_on_miss"):
            row["on_miss"] = "abort"
        self.read_work(task, row)
        activations = task.take("activations")
        starts = [task.number("arrival", task.number("offset", Fraction(0)))]
        if activations is not None:
            starts, period = numbers(activations), None
        if period is not None:
            row["period"] = in_ns(period)
            row["offset" if starts[0] else "arrival"] = in_ns(starts[0]) if starts[0] else ""
        task.done()
        for start in starts:
            self.rows.append(row if period is not None else row | {"arrival": in_ns(start)})

    def read_work(self, task: Fields, row: dict[str, str]) -> None:
        work = task.number("burst", task.number("wcet", task.number("cpu")))
        every = task.number("io_every")
        steps = task.take("program")
        if steps is not None:
            row["program"] = str(steps)
            if missing := set(re.findall(r"[a-z]+", str(steps))) - {"cpu", "io"}:
                # Names of locks follow their step.
                words = {word for word in re.findall(r"(?:^|;)\s*([a-z]+)", str(steps))} - {"cpu", "io"}
                raise NotExpressible("steps " + ", ".join(sorted(words or missing)) + " of a program")
        elif work is None:
            if self.quantum is None:
                raise NotExpressible("a task without work")
            self.endless = True
            # More than it can get.
            row["cpu"] = in_ns(self.quantum * 1000)
        elif every:
            if self.io_time is None:
                raise NotExpressible("I/O without its length")
            row["program"] = with_io(work, every, self.io_time)
        else:
            row["cpu"] = in_ns(work)

    def text(self) -> str:
        columns = list(dict.fromkeys(key for row in self.rows for key in row))
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue()


def with_io(work: Fraction, every: Fraction, length: Fraction) -> str:
    """I/O after so much work each time, but not after the last of it."""
    steps = []
    while work > 0:
        part = min(work, every)
        work -= part
        steps.append(f"cpu {in_ns(part)}")
        if work > 0:
            steps.append(f"io {in_ns(length)}")
    return "; ".join(steps)


def check(program: Program, document: dict[str, Any], case: dict[str, Any], quick: bool) -> Findings:
    schedule = Schedule(program, document, case)
    answers = Answers(document, schedule.fields, schedule.expected, schedule.cpus, schedule.until, schedule.quantum)
    schedule.fields.done()
    if any("period" not in row and row.get("cpu", "").startswith("-") for row in schedule.rows):
        raise NotExpressible("work below zero")
    name = program.write("tasks.csv", schedule.text())
    result = program.run(name, *schedule.args)
    findings = compare(answers, result)
    if findings.differences and schedule.conventions:
        # Of their words only some are read.
        findings.remarks.append("conventions: " + " | ".join(schedule.conventions)[:200])
    return findings
