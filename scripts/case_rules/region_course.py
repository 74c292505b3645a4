"""What happened in a region, as the program's files of a run have it, and how it is held against a case's answers."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Callable, Iterable

from .form import Fields, NotExpressible, number, whole
from .region_text import REGION
from .verdict import Findings

Row = dict[str, str]
# What a SEP does from an event on.
STATES = {
    "dispatched": "starting", "begun": "executing", "begun-again": "executing", "input": "executing", "removed": "free",
    "sep-up": "free", "sep-out": "absent", "leaked": "leaked",
}
STATE_NAMES = ("absent", "starting", "free", "executing", "held", "blocked", "ending", "leaked")


def plain(value: Any) -> Any:
    """Numbers as whole ones where they are, in lists and tables too."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (str, bool)):
        return value
    exact = number(value)
    return exact.numerator if exact.denominator == 1 else exact


def written(value: Any) -> str:
    """A value as a line shows it."""
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value.items()) + "}"
    return f"{float(value):.9g}" if isinstance(value, Fraction) else "absent" if value is None else str(value)


def units(text: str) -> Any:
    """Nanoseconds of a file, in units of the case."""
    return plain(Fraction(int(text), 1_000_000)) if text else None


def table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Seen:
    """One request, as it went."""

    arrival: Any = None
    queued: Any = None
    runs: list[list[Any]] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    end: Any = None
    outcome: str | None = None
    # A refusal is an answer too.
    refused: Any = None

    def answer(self, key: str) -> Any:
        if key == "answers" and not self.answers and self.refused is not None:
            return [self.refused]
        return getattr(self, key)


class Course:
    """The rows of one run."""

    def __init__(self, folder: Path, names: dict[str, str]) -> None:
        self.folder = folder
        self.names = names
        self.rows = [row for row in table(folder / "region.csv") if row["region"] == REGION and row["replication"] == "1"]
        self.seen: dict[str, Seen] = {}
        for row in self.rows:
            self.take(row)

    def who(self, row: Row) -> str:
        """The id of the case: its second START of an id is id~2."""
        return self.names.get(row["task"], row["task"]) + (f"~{row['job']}" if row["job"] not in ("", "1") else "")

    def take(self, row: Row) -> None:
        event, at = row["event"], units(row["at_ns"])
        if event == "received":
            self.seen.setdefault(self.who(row), Seen()).arrival = at
            return
        request = self.seen.get(self.who(row))
        if request is None:
            return
        if event == "queued" and request.queued is None:
            request.queued = at
        elif event == "dispatched":
            request.runs.append([at, row["by"], int(row["sep"]), None])
        elif event in ("begun", "begun-again") and request.runs and request.runs[-1][3] is None:
            request.runs[-1][3] = at
        elif event == "answered":
            request.answers.append(at)
        elif event == "refused":
            # That is its answer, and its end.
            request.refused = request.end = at
            request.outcome = row["detail"]
        elif event == "removed":
            request.end, request.outcome = at, row["detail"]

    def until(self, last: Any) -> Iterable[Row]:
        return (row for row in self.rows if units(row["at_ns"]) <= last)

    def close(self) -> Any:
        """The last end of a request or change of a SEP."""
        ends = (row for row in self.rows if row["event"] in STATES or row["event"] == "refused")
        return max((units(row["at_ns"]) for row in ends), default=0)

    def last_states(self, close: Any) -> dict[str, str]:
        last: dict[str, str] = {}
        for row in self.until(close):
            # Who is out of the pool comes back before it does anything.
            if row["event"] in STATES and (last.get(row["sep"]) != "absent" or row["event"] == "sep-up"):
                last[row["sep"]] = STATES[row["event"]]
        return last

    def books(self, close: Any) -> dict[str, dict[str, Any]]:
        """What each SEP did up to `close`; where the run ends elsewhere its last state makes up the difference."""
        last = self.last_states(close)
        books: dict[str, dict[str, Fraction]] = {}
        for row in table(self.folder / "instances.csv"):
            if row["region"] == REGION and row["replication"] == "1":
                mine = books.setdefault(row["sep"], {})
                mine[row["state"]] = mine.get(row["state"], Fraction(0)) + Fraction(int(row["time_ns"]), 1_000_000)
        for sep, mine in books.items():
            more = number(close) - sum(mine.values())
            state = last.get(sep) or ("absent" if set(mine) == {"absent"} else "free")
            mine[state] = mine.get(state, Fraction(0)) + more
        return {sep: plain({state: time for state, time in sorted(mine.items()) if time}) for sep, mine in books.items()}

    def calls(self) -> list[list[Any]]:
        """Calls that took a turn at the database's lock, in the order of their ends."""
        found = []
        for row in self.rows:
            if row["event"] == "call" and row["granted_ns"] != row["at_ns"]:
                kind, _, process = row["detail"].partition(" process ")
                # Of nobody: of a process that died, of a notice, or of a SEP that comes up.
                whose = self.who(row) or (f"pool{process}" if process else "notice" if kind == "pick" else None)
                found.append([kind, whose, units(row["asked_ns"]), units(row["granted_ns"]), units(row["at_ns"])])
        return found

    def timers(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        of_class: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows:
            kind, _, what = row["event"].partition("-")
            if kind != "timer":
                continue
            at, timers = units(row["at_ns"]), of_class.setdefault(row["class"], [])
            if what == "set":
                timers.append({"set": at, "due": units(row["asked_ns"]), "posted": None, "picked": None})
                place = len(timers)
                found[self.names[row["class"]] + (f"~{place}" if place > 1 else "")] = timers[-1]
            elif what != "due":
                # What was posted first is picked up first.
                before = "due" if what == "posted" else "posted"
                next_one = [timer for timer in timers if timer[what] is None and timer[before] is not None]
                min(next_one, key=lambda timer: timer[before])[what] = at
        return found

    def lives(self, close: Any, ready: bool) -> list[list[Any]]:
        """When each life of the host began, was ready and ended."""
        marks: dict[str, list[Any]] = {"start": [], "ready": [], "stop": []}
        for row in self.until(close):
            kind, _, what = row["event"].partition("-")
            if kind == "host":
                marks[what].append(units(row["at_ns"]))
        if ready:
            # A host that is ready at first needs no rows for it.
            for what in ("start", "ready"):
                if not marks[what] or marks[what][0] > 0:
                    marks[what].insert(0, 0)
        missing = [None] * len(marks["start"])
        rows = zip(marks["start"], marks["ready"] + missing, marks["stop"] + missing)
        return [list(life) for life in rows]

    def cores(self) -> dict[str, Any]:
        """Time that cores ran and switched; and how often, from the stretches themselves."""
        spent = {"run": Fraction(0), "switch": Fraction(0)}
        switches = 0
        for row in table(self.folder / "gantt.csv"):
            if row["station"] == f"{REGION}.cpu" and row["kind"] in spent:
                share = Fraction(row.get("share_ratio") or 1)
                spent[row["kind"]] += (int(row["end_ns"]) - int(row["start_ns"])) * share
                switches += row["kind"] == "switch"
        # Shares are written with as many digits as a double has.
        rounded = {kind: plain(Fraction(round(time), 1_000_000)) for kind, time in spent.items()}
        return rounded | {"switches": switches}

    def count(self, event: str, by: Callable[[Row], str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self.rows:
            if row["event"] == event:
                found[by(row)] = found.get(by(row), 0) + 1
        return found


class Answers:
    """What a case says of a run, compared key by key. What has no counterpart is named."""

    def __init__(
        self, expect: Fields, params: Fields, course: Course, close: Any, findings: Findings, to_close: Course | None = None,
    ) -> None:
        self.expect = expect
        self.params = params
        self.course = course
        self.closes = close
        self.findings = findings
        # The run that ends where the books do, if it is another one.
        self.to_close = to_close or course

    def equal(self, what: str, found: Any, expected: Any) -> None:
        found, expected = plain(found), plain(expected)
        if found == expected:
            self.findings.equal(what, found, expected)
        else:
            self.findings.equal(what, written(found), written(expected))

    def compare(self) -> None:
        for key in list(self.expect.values):
            rule = getattr(self, f"of_{key}", None)
            if rule is None:
                raise NotExpressible(f"answer {key}")
            rule(self.expect.take(key))

    def of_requests(self, expected: Any) -> None:
        table = Fields(expected, "expect.requests.")
        found = self.course.seen
        for identity in table.values:
            wanted = Fields(table.take(identity), f"{identity}.")
            seen = found.get(identity)
            if seen is None:
                self.equal(identity, None, "a request")
                continue
            for key in ("arrival", "queued", "runs", "answers", "end", "outcome"):
                # An answer without a value is one as well: never queued, never ended.
                if key in expected[identity]:
                    self.equal(f"{identity}.{key}", seen.answer(key), wanted.take(key))
            wanted.done()
        self.equal("requests", sorted(found), sorted(table.values))

    def of_seps(self, expected: Any) -> None:
        books = self.to_close.books(self.closes)
        for sep, mine in Fields(expected, "expect.seps.").values.items():
            if unknown := set(mine) - set(STATE_NAMES):
                raise NotExpressible(f"state {min(unknown)} of SEPs")
            self.equal(f"SEP {sep}", books.get(sep), {state: time for state, time in sorted(mine.items()) if time})
        self.equal("SEPs", sorted(books), sorted(expected))

    def of_close(self, expected: Any) -> None:
        self.equal("close", self.closes, expected)

    def of_dispatches(self, expected: Any) -> None:
        found = self.course.count("dispatched", lambda row: row["by"])
        kinds = sorted(set(found) | set(expected))
        self.equal("dispatches", {kind: found.get(kind, 0) for kind in kinds}, {kind: expected.get(kind, 0) for kind in kinds})

    def of_no_sep(self, expected: Any) -> None:
        self.equal("no_sep", sum(self.course.count("no-sep", lambda row: "").values()), expected)

    def of_db(self, expected: Any) -> None:
        fields = Fields(expected, "expect.db.")
        calls = self.course.calls()
        wanted = fields.take("calls")
        if wanted is not None:
            for place, (found, right) in enumerate(zip(calls, wanted), 1):
                if found[1] is None and right[1] not in self.course.seen:
                    # Calls on nobody's behalf are called by a name that cases choose.
                    found[1] = right[1]
                self.equal(f"call {place} of the database", found, right)
            self.equal("calls of the database", len(calls), len(wanted))
        for key, total in (("wait", lambda call: call[3] - call[2]), ("busy", lambda call: call[4] - call[3])):
            if (right := fields.take(key)) is not None:
                self.equal(f"db.{key}", sum(map(total, calls)), right)
        fields.done()

    def of_timers(self, expected: Any) -> None:
        found = self.course.timers()
        for timer in expected:
            fields = Fields(timer, "expect.timers.")
            identity = fields.need("id")
            for key in ("set", "due", "posted", "picked"):
                if key in timer:
                    self.equal(f"timer {identity}.{key}", found.get(identity, {}).get(key), fields.take(key))
            fields.done()
        self.equal("timers", sorted(found), sorted(timer["id"] for timer in expected))

    def of_host(self, expected: Any) -> None:
        given = self.params.values.get("host")
        ready = isinstance(given, dict) and given.get("initial") == "ready"
        self.equal("host", self.course.lives(self.closes, ready), expected)

    def of_cores(self, expected: Any) -> None:
        found = self.course.cores()
        fields = Fields(expected, "expect.cores.")
        for key in ("run", "switch", "switches"):
            if (right := fields.take(key)) is not None:
                self.equal(f"cores.{key}", found[key], right)
        fields.done()


class Timeline:
    """The events of a run as a list of words, in the order in which they happened."""

    WORDS = {
        "queued": "enqueue", "dispatched": "dispatch", "no-sep": "max-seps", "timer-set": "timer-set",
        "timer-picked": "event-monitor", "input": "direct-input", "removed": "complete",
    }

    def __init__(self, course: Course, priorities: dict[str, int]) -> None:
        self.course = course
        self.priorities = priorities

    def events(self) -> list[list[Any]]:
        found = []
        for row in self.course.rows:
            word = self.WORDS.get(row["event"])
            if row["event"] == "answered" and row["detail"] == "mid-output":
                word = "mid-output"
            if word is None:
                continue
            of_timer = row["event"].startswith("timer-")
            who = self.course.names.get(row["class"], "") if of_timer else self.course.who(row)
            event = [units(row["at_ns"]), word, who]
            if word == "enqueue":
                event.append(self.priorities.get(who.partition("~")[0]))
            elif word == "timer-set":
                event.append(units(row["asked_ns"]))
            elif word in ("dispatch", "mid-output", "direct-input", "complete"):
                event.append(int(row["sep"]))
            if word == "dispatch":
                event.append(row["by"])
            found.append(event)
        return found

    def compare(self, expect: Fields, findings: Findings) -> None:
        answers = Answers(expect, Fields({}), self.course, self.course.close(), findings)
        wanted = plain(expect.need("events"))
        found = self.events()
        for place, (ours, right) in enumerate(zip(found, wanted), 1):
            answers.equal(f"event {place}", ours, right)
        answers.equal("events", len(found), len(wanted))
        seen, books = self.course.seen, self.course.books(answers.closes)
        if (makespan := expect.take("makespan")) is not None:
            answers.equal("makespan", max((request.end or 0 for request in seen.values()), default=0), makespan)
        for identity, right in (expect.take("wait") or {}).items():
            request = seen.get(identity, Seen())
            waited = request.runs[0][0] - request.queued if request.runs else None
            answers.equal(f"wait of {identity}", waited, right)
        for sep, right in (expect.take("sep_held") or {}).items():
            mine = books.get(place_of(sep), {})
            answers.equal(f"{sep} held", answers.closes - mine.get("free", 0) - mine.get("absent", 0), right)
        for sep, right in (expect.take("sep_executing") or {}).items():
            answers.equal(f"{sep} executing", books.get(place_of(sep), {}).get("executing", 0), right)
        for key in [key for key in expect.left if key.endswith("_held_idle_for_conversation")]:
            sep = key.removesuffix("_held_idle_for_conversation")
            answers.equal(key, books.get(place_of(sep), {}).get("held", 0), expect.take(key))
        for key in ("dispatches", "no_sep", "close"):
            if (right := expect.take(key)) is not None:
                getattr(answers, f"of_{key}")(right)


def place_of(sep: str) -> str:
    """The number of `SEP2`."""
    return str(whole(number(sep.lower().removeprefix("sep"), "SEP"), "SEP"))
