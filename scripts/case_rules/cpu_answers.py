"""Answers of schedules: what a case says of jobs, means and charts, held against the program's document."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Callable

from .form import Fields, NotExpressible, number, numbers
from .verdict import Findings

NS = 1_000_000
# Answers that help to find an error, or that other programs count in their own way.
HINTS = (
    "log", "budget", "server_events", "lock_events", "deficit_after_visit", "scheduler_calls", "ctx_save_load_counts",
    "preemptions", "migrations", "task_migrations",
)
# Words of answers and keys of the document, without their `_ns`.
TIMES = {
    "arrival": "arrival", "release": "arrival", "first_run": "first_run", "start": "first_run", "finish": "finish",
    "turnaround": "response", "waiting": "waiting", "deadline": "deadline",
}
ROUNDED = Fraction(5001, 1_000_000)
SIX = Fraction(1, 1_000_000)


def printed(value: Any) -> Fraction:
    """What a printed mean may be off by: half of its last digit where it is printed to two decimals or more."""
    digits = len(str(value).partition(".")[2])
    return max(Fraction(1, 2 * 10**digits), SIX) + Fraction(1, 10**9) if digits >= 2 else SIX


def words(row: list[Any]) -> str:
    return f"{row[2]} {float(row[0] / NS):.9g}-{float(row[1] / NS):.9g}"


class Answers:
    """What of the answers is compared."""

    def __init__(
        self, document: dict[str, Any], fields: Fields, expected: Fields, cpus: int, until: Fraction | None,
        quantum: Fraction | None,
    ) -> None:
        self.expected = expected
        self.cpus = cpus
        self.until = until
        self.quantum = quantum
        said = re.search(r"response = (first_run|finish) - arrival", str(document.get("conventions", "")))
        self.response = "response" if said and said.group(1) == "finish" else "first_response"
        by_column = fields.take("cpu_column_reproduced")
        by_order = fields.take("finish_times_independent_of_tie_rule")
        # On several cores a schedule of SimSo is certain in its finish times alone, and not even there where ties decide.
        simso = fields.values.get("group") == "simso"
        listed = fields.take("compare")
        self.simso = simso
        self.finish_only = simso and listed is None and (by_column is False or (cpus > 1 and by_column is not True))
        self.totals_only = simso and cpus > 1 and by_order is False
        self.certain = set(listed) if isinstance(listed, list) else None
        tolerance = fields.number("tolerance_ms")
        self.tolerance = Fraction(1, 2) if tolerance is None else tolerance * NS

    def wanted(self, what: str) -> bool:
        if self.certain is not None:
            return what in self.certain or what in ("arrival", "release", "deadline")
        return not self.finish_only or what in ("finish", "missed", "aborted", "release", "deadline")


def ns(row: dict[str, Any], key: str) -> Fraction | None:
    value = row.get(f"{key}_ns")
    return None if value is None else Fraction(value)


def expected_ns(value: Any) -> Fraction | None:
    return None if value is None else number(value) * NS


class Comparison:
    """One document against the answers of one case."""

    def __init__(self, answers: Answers, result: dict[str, Any]) -> None:
        self.answers = answers
        self.tasks: list[dict[str, Any]] = result["tasks"]
        self.rows: list[dict[str, Any]] = result["gantt"]
        self.summary: list[dict[str, Any]] = result["summary"]
        self.findings = Findings()

    # What the document says.

    def row(self, task: str, nth: int) -> dict[str, Any] | None:
        found = (row for row in self.tasks if row["task"] == task and row["job"] == nth)
        return next(found, None)

    def job(self, name: str) -> dict[str, Any] | None:
        """A job by its name: a task, or a task and a number."""
        if (row := self.row(name, 1)) is not None:
            return row
        task, _, nth = name.rpartition("_")
        return self.row(task, int(nth)) if nth.isdigit() else None

    def mean(self, metric: str) -> Fraction | None:
        for row in self.summary:
            if (row["metric"], row["statistic"], row["scope"], row["class"]) == (metric, "mean", "all", "all"):
                return None if row["value"] is None else Fraction(row["value"])
        return None

    def chart(self, station: Callable[[str], bool], names: str, costs: bool) -> dict[int, list[list[Any]]]:
        """What each core ran; costs are `CS`, idle time is left out, touching rows are one."""
        cores: dict[int, list[list[Any]]] = {}
        for row in self.rows:
            kept = cores.setdefault(row["core"], []) if station(row["station"]) else None
            if kept is None or row["kind"] == "idle" or (row["kind"] != "run" and not costs):
                continue
            who = "CS" if row["kind"] != "run" else row["task"] if names == "task" else f"{row['task']}_{row['job']}"
            start, end = Fraction(row["start_ns"]), Fraction(row["end_ns"])
            if kept and kept[-1][1] == start and kept[-1][2] == who:
                kept[-1][1] = end
            else:
                kept.append([start, end, who])
        return cores

    def busy(self) -> Fraction:
        runs = (row for row in self.rows if row["kind"] == "run" and row["station"] == "cpu")
        return sum((Fraction(row["end_ns"]) - row["start_ns"] for row in runs), Fraction(0))

    def ends(self) -> Fraction:
        return max((ns(row, "finish") or Fraction(0) for row in self.tasks), default=Fraction(0))

    def makespan(self) -> Fraction:
        return self.ends() - min((Fraction(row["arrival_ns"]) for row in self.tasks), default=Fraction(0))

    # Jobs.

    def times(self, name: str, said: Fields, response: str) -> None:
        row = self.job(name)
        if row is None:
            self.findings.differences.append(f"{name} is missing")
            return
        for key in list(said.left):
            if key in ("preemptions", "migrations", "cpu", "level", "blocked_on_locks"):
                self.core(name, key, said.take(key))
                continue
            value = said.take(key)
            if key == "missed":
                if self.answers.wanted("missed"):
                    self.findings.equal(f"{name}: missed", row["missed"], None if value is None else bool(value))
            elif key == "aborted":
                self.findings.equal(f"{name}: aborted", row["status"] == "timed-out", bool(value))
            elif key == "normalized_turnaround":
                whole, waited = ns(row, "response"), ns(row, "waiting")
                found = None if whole is None or waited is None or whole == waited else whole / (whole - waited)
                self.findings.near(f"{name}: {key}", found, number(value), SIX)
            else:
                self.time(name, row, key, value, response)

    def core(self, name: str, key: str, value: Any) -> None:
        if key == "cpu" and not self.answers.finish_only:
            ran = {row["core"] for row in self.rows if row["kind"] == "run" and row["task"] == name}
            self.findings.equal(f"{name}: cpu", sorted(ran), [value])
        elif key in ("level", "blocked_on_locks") and key not in self.findings.uncompared:
            self.findings.uncompared.append(key)

    def time(self, name: str, row: dict[str, Any], key: str, value: Any, response: str) -> None:
        ours = response if key == "response" else TIMES.get(key)
        if ours is None:
            raise NotExpressible(f"answer {key} of a job")
        if not self.answers.wanted(key):
            return
        found = ns(row, ours)
        if key == "response" and row["status"] == "timed-out":
            # Withdrawn at its deadline: its time is that until then.
            found = ns(row, "finish") - ns(row, "arrival")  # type: ignore[operator]
        self.findings.near(f"{name}: {key} (ns)", found, expected_ns(value), self.answers.tolerance)

    def jobs(self, values: list[Any]) -> None:
        """Jobs of periodic tasks: tables, or rows [job, release, first_run, finish, deadline, missed, aborted, cpu]."""
        keys = ("job", "release", "first_run", "finish", "deadline", "missed", "aborted", "cpu")
        names = set()
        for value in values:
            if isinstance(value, list) and len(value) == len(keys):
                said = dict(zip(keys, value))
                used = said.pop("cpu")
                self.served(said["job"], used)
            else:
                said = dict(value)
            name = said.pop("job")
            names.add(name)
            present = Fields({key: value for key, value in said.items() if value is not None})
            for key in ("first_run", "finish", "missed"):
                if key in said and said[key] is None and self.answers.wanted(key):
                    self.absent(name, key)
            self.times(name, present, "response")
        until = self.answers.until
        for row in self.tasks:
            name = f"{row['task']}_{row['job']}"
            if name not in names and (until is None or Fraction(row["arrival_ns"]) < until * NS):
                self.findings.differences.append(f"{name} is there, expected none")

    def absent(self, name: str, key: str) -> None:
        row = self.job(name) or {}
        found = row.get("missed") if key == "missed" else row.get(f"{key}_ns")
        self.findings.equal(f"{name}: {key}", found, None)

    def served(self, name: str, used: Any) -> None:
        if not self.answers.wanted("cpu"):
            return
        task, _, nth = name.rpartition("_")
        runs = [row for row in self.rows if row["kind"] == "run" and (row["task"], str(row["job"])) == (task, nth)]
        found = sum((Fraction(row["end_ns"]) - row["start_ns"] for row in runs), Fraction(0))
        self.findings.near(f"{name}: cpu (ns)", found, expected_ns(used), self.answers.tolerance)

    # Charts.

    def gantt(self, said: Any, level: bool = False, device: bool = False) -> None:
        if self.answers.finish_only or self.answers.totals_only:
            return
        cores = said if isinstance(said, dict) else {"CPU0": said}
        station = (lambda name: name != "cpu") if device else (lambda name: name == "cpu")
        tasks = {row["task"] for row in self.tasks}
        if self.answers.simso and self.answers.cpus > 1:
            # Which core a job goes to is SimSo's own.
            self.pieces(cores)
            return
        names = [str(row[2]) for rows in cores.values() for row in rows]
        by_job = any(name not in tasks and name not in ("CS", "idle") and ":" not in name for name in names)
        found = self.chart(station, "job" if by_job else "task", "CS" in names)
        for place, (core, rows) in enumerate(sorted(cores.items())):
            number_of = re.search(r"\d+$", core)
            at = int(number_of.group()) if number_of else place
            self.rows_of(f"chart of {core}", found.get(at, []), rows, level)

    def pieces(self, cores: dict[str, list[list[Any]]]) -> None:
        said: dict[str, list[Any]] = {}
        for start, end, who, *_ in sorted((row for rows in cores.values() for row in rows), key=lambda row: row[0]):
            if ":" not in str(who):
                said.setdefault(str(who), []).append([start, end])
        self.runs(said)
        self.findings.uncompared.append("cores of the chart")

    def rows_of(self, what: str, found: list[list[Any]], said: list[list[Any]], level: bool) -> None:
        rows: list[list[Any]] = []
        for start, end, who, *_ in said:
            if who == "idle" or str(who).startswith("overhead:"):
                continue
            start, end = number(start) * NS, number(end) * NS
            if level and rows and rows[-1][1] == start and rows[-1][2] == who:
                rows[-1][1] = end
            else:
                rows.append([start, end, who])
        self.findings.compared += 1
        near = self.answers.tolerance
        for nth, (ours, theirs) in enumerate(zip(found, rows)):
            if ours[2] != theirs[2] or any(abs(a - b) > near for a, b in zip(ours[:2], theirs[:2])):
                self.findings.differences.append(f"{what}, row {nth + 1} is {words(ours)}, expected {words(theirs)}")
                return
        if len(found) != len(rows):
            self.findings.differences.append(f"{what} has {len(found)} rows, expected {len(rows)}")

    def runs(self, said: dict[str, list[Any]]) -> None:
        """When each job runs, on whatever core."""
        if not self.answers.wanted("runs"):
            return
        for name, pieces in said.items():
            task, _, nth = name.rpartition("_")
            own = [row for row in self.rows if row["kind"] == "run" and (row["task"], str(row["job"])) == (task, nth)]
            found: list[list[Any]] = []
            for row in sorted(own, key=lambda row: row["start_ns"]):
                start, end = Fraction(row["start_ns"]), Fraction(row["end_ns"])
                if found and found[-1][1] == start:
                    found[-1][1] = end
                else:
                    found.append([start, end, name])
            self.rows_of(f"pieces of {name}", found, [[start, end, name] for start, end in pieces], False)

    def turns(self) -> list[str]:
        """Who got each quantum."""
        found = []
        for start, end, who in self.chart(lambda name: name == "cpu", "task", False).get(0, []):
            quantum = self.answers.quantum
            if quantum is None:
                raise NotExpressible("turns without a quantum")
            found += [who] * -(-(end - start) // (quantum * NS))
        return found

    # Everything.

    def published(self, said: Fields) -> None:
        """Figures of a book, to the two decimals printed."""
        said.ignore(("note",))
        for key in list(said.left):
            value = said.take(key)
            if key == "misses_before":
                missed = sum(row["missed"] is True for row in self.tasks)
                self.findings.equal(f"misses before {value}", missed, 0)
            elif key.startswith("avg_"):
                self.average(key.removeprefix("avg_"), value, ROUNDED)
            elif isinstance(value, dict):
                for name, time in value.items():
                    row = self.job(name) or {}
                    ours = self.answers.response if key == "response" else TIMES.get(key)
                    if ours is None:
                        raise NotExpressible(f"answer published.{key}")
                    self.findings.near(f"{name}: {key} (ns)", ns(row, ours), expected_ns(time), ROUNDED * NS)
            else:
                raise NotExpressible(f"answer published.{key}")

    def average(self, key: str, value: Any, tolerance: Fraction) -> None:
        metric = {"response": self.answers.response, "turnaround": "response", "waiting": "waiting",
                  "normalized_turnaround": "slowdown"}.get(key)
        if metric is None:
            raise NotExpressible(f"answer average {key}")
        found = self.mean(metric)
        if found is not None and metric != "slowdown":
            found /= NS
        self.findings.near(f"mean {key}", found, number(value), tolerance)

    def whole(self, key: str, value: Any) -> None:
        """An answer about the whole run."""
        findings = self.findings
        span = self.makespan()
        if key in ("cpu_utilisation", "cpu_utilization", "utilisation", "utilization"):
            window = span if self.answers.until is None and not self.periodic() else self.window()
            findings.near(key, self.busy() / window / self.answers.cpus, number(value), SIX)
        elif key == "throughput":
            done = sum(row["status"] == "completed" for row in self.tasks)
            findings.near(key, done / span * NS, number(value), SIX)
        elif key == "makespan":
            findings.near("makespan (ns)", span, expected_ns(value), Fraction(1, 2))
        elif key == "idle":
            findings.near("idle (ns)", self.ends() * self.answers.cpus - self.busy(), expected_ns(value), Fraction(1, 2))
        elif key in ("misses", "deadline_misses"):
            ended = (row for row in self.tasks if row["finish_ns"] is not None)
            findings.equal(key, sum(row["missed"] is True for row in ended), value)
        elif key == "aborted":
            findings.equal(key, sum(row["status"] == "timed-out" for row in self.tasks), value)
        elif key == "dispatches":
            # A task that is dispatched again at once goes on in its row.
            rows = self.chart(lambda name: name == "cpu", "job", False)
            findings.equal(key, sum(map(len, rows.values())), value)
        elif key == "load":
            if not self.answers.totals_only or self.answers.until:
                load = sum((number(row[1]) for row in value), Fraction(0))
                window = (self.answers.until or Fraction(0)) * NS
                findings.near("busy time (ns)", self.busy(), load * window, SIX * window * self.answers.cpus)
        elif key not in HINTS:
            findings.uncompared.append(key)

    def periodic(self) -> bool:
        return any(row["job"] > 1 for row in self.tasks)

    def window(self) -> Fraction:
        found = next(row for row in self.summary if row["metric"] == "window" and row["statistic"] == "time")
        return Fraction(found["value"])

    def answer(self, key: str, value: Any) -> None:
        totals = self.answers.totals_only
        if key in ("per_task", "per_job"):
            for name, said in value.items():
                present = Fields(said)
                for absent in (part for part in said if said[part] is None and part in TIMES):
                    self.absent(name, TIMES[absent])
                self.times(name, present, self.answers.response)
        elif key == "jobs":
            if not totals:
                self.jobs(value)
        elif key == "averages":
            for part, mean in value.items():
                self.average(part, mean, printed(mean))
        elif key == "published":
            self.published(Fields(value, "published."))
        elif key in ("gantt", "gantt_with_level", "device"):
            self.gantt(value, key == "gantt_with_level", key == "device")
        elif key == "runs":
            self.runs(value)
        elif key == "finish":
            for name, time in value.items():
                self.times(name, Fields({"finish": time}), self.answers.response)
        elif key == "worst_response":
            for task, time in value.items():
                found = [ns(row, "response") or Fraction(0) for row in self.tasks if row["task"] == task]
                self.findings.near(f"worst response of {task} (ns)", max(found, default=None), expected_ns(time), SIX)
        elif key in ("order", "winners"):
            self.findings.equal(key, " ".join(self.turns()), " ".join(value))
        else:
            self.whole(key, value)


def compare(answers: Answers, result: dict[str, Any]) -> Findings:
    comparison = Comparison(answers, result)
    for key in list(answers.expected.values):
        comparison.answer(key, answers.expected.take(key))
    return comparison.findings
