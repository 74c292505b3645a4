"""Models of queueing theory: scenarios, replications, estimates. One unit of time of a case is one second."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Callable

from .form import REMARKS, Fields, NotExpressible
from .program import Program
from .verdict import REPLICATIONS, Findings, mean_and_error

# Rows of one replication, by metric, station and class.
Rows = dict[tuple[str, str, str], float]
Measure = Callable[[Rows], float | None]

# Jobs of one replication at most, and with --quick.
MOST, MOST_QUICK = 1_000_000, 60_000
# A percentile of few values is off by about the square of its spread: replications must not spread further than this.
SPREAD = 0.06
# Values of which all are kept for percentiles; of more only buckets are, 128 an octave.
EXACT_VALUES = 100_000


def plain(metric: str, station: str = "all", of_class: str = "all") -> Measure:
    return lambda rows: rows.get((metric, station, of_class))


def seconds(metric: str, station: str = "all", of_class: str = "all") -> Measure:
    def measure(rows: Rows) -> float | None:
        value = rows.get((metric, station, of_class))
        return None if value is None else value / 1e9

    return measure


def ratio(part: str, whole: str) -> Measure:
    def measure(rows: Rows) -> float | None:
        a, b = plain(part)(rows), plain(whole)(rows)
        return None if a is None or not b else a / b

    return measure


def times(factor: float, measure: Measure, plus: float = 0.0) -> Measure:
    def scaled(rows: Rows) -> float | None:
        value = measure(rows)
        return None if value is None else factor * value + plus

    return scaled


@dataclass
class Answer:
    key: str
    measure: Measure
    exact: float
    slack: float
    percentile: bool


@dataclass
class Study:
    """One scenario and what it is asked."""

    text: str
    jobs: int
    # Arrivals a second, by which the time that is not measured is found.
    rate: float
    # The part of the run that is not measured.
    warmup: float = 0.1
    answers: list[Answer] = field(default_factory=list)
    # Metrics that are measured on request only.
    metrics: list[str] = field(default_factory=list)


class Plan:
    """What a case of a model asks: its parameters, its answers, and the studies that give them."""

    def __init__(self, program: Program, case: dict[str, Any], quick: bool) -> None:
        self.program = program
        self.quick = quick
        fields = Fields(case)
        self.model = str(fields.need("model"))
        self.kind = fields.take("kind", "exact")
        self.test = Fields(fields.take("test", {}), "test.")
        self.params = Fields(fields.need("params"), "params.")
        self.values = Fields(fields.need("values"), "values.")
        self.group = str(fields.values.get("group", ""))
        fields.ignore(REMARKS)
        fields.done()
        self.findings = Findings()
        self.studies: list[Study] = []

    def study(self, text: str, rate: Any, load: Any, scv: float = 1.0, servers: int = 1, warmup: float = 0.1) -> Study:
        """A scenario with a first guess of its length, by load and variation; what is too coarse runs longer."""
        free = 1 - float(load) if 0 < load < 1 else 0.5
        jobs = int(4000 * max(1.0, (1 + scv) / 2) * servers**0.5 / free**1.5)
        study = Study(text, max(2000, jobs), float(rate), warmup)
        self.studies.append(study)
        return study

    def answer(self, study: Study, key: str, measure: Measure, slack: float = 0.0, value: Any = None) -> None:
        """Compares an answer of the case if it has it."""
        if value is None:
            if key not in self.values.values:
                return
            value = self.values.take(key)
        percentile = "_p" in key
        if percentile and not value:
            # The percentile lies on the atom at zero, where any estimate goes either way.
            self.findings.uncompared.append(key)
            return
        study.answers.append(Answer(key, measure, float(value), slack, percentile))

    def common(self, study: Study, station: str = "cpu", servers: int = 1) -> None:
        """Answers that have the same key in all models of one station."""
        self.answer(study, "L", plain("in_system/mean"))
        self.answer(study, "Lq", plain("queue_length/mean", station))
        self.answer(study, "W", seconds("response/mean"))
        self.answer(study, "Wq", seconds("waiting/mean"))
        self.answer(study, "utilization", plain("utilization/mean"))
        self.answer(study, "throughput", plain("throughput/rate"))
        if servers == 1:
            self.answer(study, "p_idle", times(-1, plain("utilization/mean"), 1))
            self.answer(study, "p_empty", times(-1, plain("utilization/mean"), 1))
        for key in list(self.values.left):
            if found := re.fullmatch(r"(sojourn|wait)_p(\d+)(?:_(\d+))?", key):
                metric = "response" if found.group(1) == "sojourn" else "waiting"
                point = found.group(2) + (f".{found.group(3)}" if found.group(3) else "")
                self.answer(study, key, seconds(f"{metric}/p{point}"))

    def missing(self, key: str, what: str) -> None:
        """An answer that needs what is not there."""
        if key in self.values.values:
            self.values.take(key)
            if what not in self.findings.missing:
                self.findings.missing.append(what)

    # Running.

    def coarse(self) -> float:
        width = self.test.number("rel_half_width")
        asked = float(width) / 2 if width else 0.01
        return asked * 4 if self.quick else asked

    def rows(self, study: Study, jobs: int, count: int = REPLICATIONS, seed: int = 1) -> list[Rows]:
        head = (
            f'name = "case"\nseed = {seed}\nstop = {{ jobs = {jobs} }}\n'
            f'warmup = "{int(study.warmup * jobs / study.rate * 1e9)}ns"\n'
        )
        name = self.program.write("case.toml", head + study.text)
        found: list[Rows] = [{} for _ in range(count)]
        # Of more than 100 000 jobs these are kept on request.
        asked = ["--waiting-percentiles"] if any(answer.key.startswith("wait_p") for answer in study.answers) else []
        asked += [word for metric in study.metrics for word in ("--metric", metric)]
        for row in self.program.replications(name, count, *asked):
            if row["value"] and row["replication"].isdigit():
                key = (f"{row['metric']}/{row['statistic']}", row["scope"], row["class"])
                found[int(row["replication"]) - 1][key] = float(row["value"])
        return found

    def run(self, study: Study) -> None:
        most = MOST_QUICK if self.quick else MOST
        jobs = max(2000, study.jobs // 3) if self.quick else min(study.jobs, most)
        while True:
            rows = self.rows(study, jobs)
            # Percentiles far out are worth a run of four times the length and no more.
            asked = [answer for answer in study.answers if not answer.percentile or jobs < 4 * study.jobs]
            short = max((self.short(rows, answer) for answer in asked), default=0.0)
            if short <= 1 or jobs >= most:
                break
            jobs = min(most, int(jobs * min(4.0, 1.3 * short**2)))
        found = self.judged(study, rows, jobs)
        if found.differences:
            # Of hundreds of answers one is off by four errors by chance: other streams and four times as many decide.
            found = self.judged(study, self.rows(study, jobs, 4 * REPLICATIONS, 2), jobs)
        self.findings.add(found)

    def judged(self, study: Study, rows: list[Rows], jobs: int) -> Findings:
        findings = Findings()
        for answer in study.answers:
            values = [answer.measure(row) for row in rows]
            known = [value for value in values if value is not None]
            if len(known) < len(values):
                findings.uncompared.append(answer.key)
                continue
            if answer.percentile and self.short(rows, answer) > 1:
                findings.remarks.append(f"too few values for {answer.key}")
                continue
            slack = answer.slack + (1 / 128 if answer.percentile and jobs > EXACT_VALUES else 0)
            findings.estimate(answer.key, known, answer.exact, slack, self.coarse())
        return findings

    def short(self, rows: list[Rows], answer: Answer) -> float:
        """By what factor the standard error of a mean, or the spread of a percentile, is too large."""
        values = [value for row in rows if (value := answer.measure(row)) is not None]
        if not answer.exact or len(values) < len(rows):
            return 0.0
        error = mean_and_error(values)[1] / abs(answer.exact)
        if answer.percentile:
            return error * len(values) ** 0.5 / SPREAD
        return error / self.coarse()

    def finish(self) -> Findings:
        self.params.done()
        self.findings.uncompared += sorted(self.values.left)
        for study in self.studies:
            if study.answers:
                self.run(study)
        return self.findings


def check(program: Program, document: dict[str, Any], case: dict[str, Any], quick: bool) -> Findings:
    from . import farms, networks, stations

    plan = Plan(program, case, quick)
    for module in (stations, farms, networks):
        for pattern, rule in module.MODELS:
            if re.search(pattern, plan.model):
                rule(plan)
                return plan.finish()
    for pattern, what in WAITING:
        if re.search(pattern, plan.model) or re.fullmatch(pattern, plan.group):
            raise NotExpressible(what)
    raise NotExpressible(f"model {plan.model}")


# Models whose mechanism is missing, by their words.
WAITING = (
    (r"setup", "servers that set up"),
    (r"cancel on completion", "canceling the other copies"),
    (r"retrial queue|retry storm|orbit", "clients that try again later"),
    (r"token bucket", "rate limits"),
    (r"intended .* schedule", "what a client measures that waits for its answers"),
    (r"probes", "health checks by probes"),
    (r"Maglev", "policy maglev"),
    (r"IPVS cost", "policies of IPVS"),
    (r"smallest number of servers", "plans of several fleets in one case"),
    (r"staffing|Scalability|knee", "a formula and no run"),
    (r"identity checks", "laws that the program holds itself to in every run, and no case"),
    (r"statistics", "a statistic of given numbers and no run"),
)
