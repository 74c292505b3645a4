"""Transaction regions: which rule reads a case, by its keys; and the cases that are followed event by event."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from . import region_means
from .form import REMARKS, Fields, NotExpressible, number, numbers, whole
from .program import Program
from .region_course import Answers, Course, Timeline, plain, units
from .region_text import REGION, Workload, region, span
from .verdict import Findings

KINDS = ("tp", "tp-region")
# What a case says of its answers, and of how they were found.
ALONG = ("tolerance", "turns_on_class_order", "cross_check_reference", "stochastic", "ties", "tie")
# Runs after which deadlines that are counted from arrivals of the run have to be the case's.
TRIES = 8


def check(program: Program, document: dict[str, Any], case: dict[str, Any], quick: bool) -> Findings:
    fields = Fields(case)
    params = Fields(fields.need("params"), "params.")
    expect = Fields(fields.need("expect"), "expect.")
    fields.ignore(REMARKS + ALONG)
    fields.done()
    findings = Findings()
    given = params.values
    if "requests" in given or "starts" in given:
        followed(program, params, expect, findings)
    elif "purgethresh" in given:
        purged(program, params, expect, findings)
    elif "parlim" in given and "queued" in given:
        scheduled(program, params, expect, findings)
    elif "inputs_per_conversation" in given:
        region_means.conversations(program, params, expect, findings, quick)
    else:
        region_means.estimated(program, params, expect, findings, quick)
    return findings


class Runs:
    """Runs of one scenario, each with a folder of its own."""

    def __init__(self, program: Program, workload: Workload, table: str) -> None:
        self.program = program
        self.workload = workload
        self.table = table
        self.count = 0

    def run(self, after_ns: int | None, arrivals: dict[str, Fraction]) -> Course:
        self.count += 1
        stop = "" if after_ns is None else f'stop = {{ after = "{after_ns}ns" }}\n'
        name = self.program.write(f"case-{self.count}.toml", f'name = "case"\n{stop}{self.table}{self.workload.text(arrivals)}')
        folder = f"out-{self.count}"
        self.program.call("run", name, "--out-dir", folder, "--with", "region,gantt", "--quiet")
        return Course(self.program.folder / folder, self.workload.names)

    def settled(self, after_ns: int | None) -> Course:
        """A run whose deadlines are those of the case, also where they are counted from an arrival that the run gives."""
        arrivals: dict[str, Fraction] = {}
        for _ in range(TRIES):
            course = self.run(after_ns, arrivals)
            if not self.workload.guessed():
                return course
            identities = self.workload.names
            if any(f"{identity}~2" in course.seen for identity in identities.values()):
                break
            found = {
                name: number(course.seen[identity].arrival) for name, identity in identities.items()
                if identity in course.seen
            }
            if found == arrivals:
                return course
            arrivals = found
        raise NotExpressible("a deadline of requests whose arrival is not known")


def times(value: Any) -> list[Fraction]:
    """All numbers of an answer."""
    if isinstance(value, (list, dict)):
        return [time for item in (value.values() if isinstance(value, dict) else value) for time in times(item)]
    return [] if value is None or isinstance(value, (str, bool)) else [number(value)]


def followed(program: Program, params: Fields, expect: Fields, findings: Findings) -> None:
    """A case that is answered request by request, or event by event."""
    horizon = params.number("horizon")
    if "max_seps" in params.values:
        params.values["seps"] = params.take("max_seps")
    # Ours is the order of kinds of events at one instant that this says.
    if (tie := params.take("tie")) not in (None, "exec-end<client-input<timer<arrival"):
        raise NotExpressible(f"params.tie {tie}")
    edf = params.values.get("order") == "edf"
    workload = Workload(params, edf, params.values.get("classes") or {})
    runs = Runs(program, workload, region(params, used=workload.used))
    params.done()
    whole_run = books = None
    if horizon is not None:
        # What happens at the horizon belongs to the answers. Some go past it.
        past = any(time > horizon for time in times(expect.values.get("requests")))
        at = whole(horizon * 1_000_000, "horizon in nanoseconds")
        whole_run = runs.settled(None if past else at + 1)
        books = runs.settled(at)
    else:
        whole_run = runs.settled(None)
    if "events" in expect.values:
        Timeline(whole_run, workload.priorities()).compare(expect, findings)
        expect.done()
        return
    close = whole_run.close() if horizon is None else plain(horizon)
    Answers(expect, params, whole_run, close, findings, books).compare()


def at_once(program: Program, table: str, requests: list[dict[str, Any]], limit: int) -> Course:
    workload = Workload(Fields({"requests": requests}))
    return Runs(program, workload, table).run(limit, {})


def purged(program: Program, params: Fields, expect: Fields, findings: Findings) -> None:
    """How many requests of one class run, wait and are refused."""
    active, threshold = params.take("maxactive"), params.take("purgethresh")
    arrivals = whole(params.needed("arrivals"), "arrivals")
    together = params.take("all_at_0", True)
    seps = params.take("seps", arrivals)
    params.done()
    limits = {"maxactive": active, "purge": threshold}
    table = region(Fields({"seps": seps, "classes": {"class": limits}}, "params."), used=("class",))
    # Nothing ends before all have come.
    long = [["exec", 10 * arrivals]]
    requests = [
        {"id": f"r{place}", "t": 0 if together else place, "class": "class", "steps": long} for place in range(arrivals)
    ]
    course = at_once(program, table, requests, 5 * arrivals * 1_000_000)
    seen = course.seen.values()
    found = {
        "active": sum(bool(request.runs) for request in seen),
        "queued": sum(request.queued is not None and not request.runs for request in seen),
    }
    for key in list(expect.values):
        wanted = expect.take(key)
        code = key.removeprefix("purged_")
        refused = sum(request.outcome == code for request in seen) if code != key else None
        number_of = found.get(key, refused)
        if number_of is None:
            raise NotExpressible(f"answer {key}")
        findings.equal(key, number_of, plain(wanted))


def scheduled(program: Program, params: Fields, expect: Fields, findings: Findings) -> None:
    """How many regions there are or come as messages wait, one more each time."""
    waiting = [whole(count, "queued") for count in numbers(params.need("queued"), "queued")]
    most, first = params.need("maxrgn"), whole(params.number("regions_start", Fraction(1)), "regions_start")
    table_params = {"seps": most, "regions": first, "parlim": params.need("parlim")}
    params.done()
    if waiting != list(range(1, len(waiting) + 1)):
        raise NotExpressible("messages that do not come one by one")
    # Those of the first instant keep the first regions busy. A region that is coming is up only when all have come.
    coming = len(waiting) + 1
    table = region(Fields(table_params | {"region_start": coming}, "params."))
    long = [["exec", 10 * coming]]
    busy = [{"id": f"busy {place}", "t": 0, "steps": long} for place in range(1, first + 1)]
    messages = [{"id": f"m{place}", "t": place, "steps": long} for place in waiting]
    course = at_once(program, table, busy + messages, 3 * coming * 1_000_000)
    up = [units(row["at_ns"]) - coming for row in course.rows if row["event"] == "sep-up" and units(row["at_ns"]) >= coming]
    found = [first + sum(begun <= place for begun in up) for place in waiting]
    findings.equal("regions", str(found), str(plain(expect.need("regions"))))
    expect.done()
