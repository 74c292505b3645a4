"""Transaction regions with random arrivals and times: estimates, as in `queueing.py`. Their unit is the second."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Sequence

from . import laws
from .form import Fields, NotExpressible, number, numbers, whole
from .program import Program
from .queueing import Measure, Plan, Rows, Study, plain, ratio, seconds, times
from .region_text import CALLS, REGION, quoted, region
from .verdict import Findings

SEPS, LISTENER, DISPATCHER = f"{REGION}.seps", f"{REGION}.listener", f"{REGION}.dispatcher"
# Laws by the words of a key: exec_exp_mean_s, listener_s.
KEY = re.compile(r"(?P<what>[a-z_]+?)_(?P<law>exp_mean|det|const|constant|erlang(?P<shape>\d+)_mean)?_?s")
# Laws by the words of a step: exec Exp(mean 0.2 s).
STEP = re.compile(r"(?P<kind>exec|converse)\s+(?P<law>\w+)\(\s*(?:mean\s+)?(?P<value>[\d./]+)\s*s?\s*\)")
TIMED = ("listener", "dispatcher", "invoke", *CALLS)
HOST = ("cold_start", "idle_timeout")
STATES = {
    "held_for_input": "held", "held": "held", "executing": "executing", "free": "free", "starting": "starting",
    "blocked": "blocked", "ending": "ending", "absent": "absent", "leaked": "leaked",
}


class RegionPlan(Plan):
    """A plan whose case has no model but a region."""

    def __init__(self, program: Program, params: Fields, expect: Fields, findings: Findings, quick: bool) -> None:
        self.program = program
        self.quick = quick
        self.test = Fields({}, "test.")
        self.params = params
        self.values = expect
        self.group = ""
        self.findings = findings
        self.studies: list[Study] = []


def add(*measures: Measure) -> Measure:
    def sum_of(rows: Rows) -> float | None:
        values = [measure(rows) for measure in measures]
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None

    return sum_of


def law_of(name: str, value: Fraction, shape: str | None = None) -> tuple[str, float]:
    """A law of this mean, and its squared variation."""
    slug = name.lower()
    if slug in ("exp", "exponential", "exp_mean"):
        return laws.exponential(value), 1.0
    if slug in ("det", "deterministic", "const", "constant", ""):
        return laws.constant(value), 0.0
    if slug.startswith("erlang") and shape:
        return f"{{ erlang = {{ shape = {int(shape)}, mean = {laws.span(value)} }} }}", 1 / int(shape)
    raise NotExpressible(f"law {name}")


class Demands:
    """The laws that a case gives by its keys."""

    def __init__(self, params: Fields) -> None:
        self.laws: dict[str, str] = {}
        self.means: dict[str, Fraction] = {}
        self.scv = 0.0
        for key in list(params.left):
            if key in ("arrivals_poisson_per_s",) or not (found := KEY.fullmatch(key)):
                continue
            value = number(params.take(key), key)
            text, scv = law_of(found.group("law") or "", value, found.group("shape"))
            self.laws[found.group("what")], self.means[found.group("what")] = text, value
            self.scv = max(self.scv, scv)

    def unread(self, known: Sequence[str]) -> None:
        if rest := set(self.laws) - set(known):
            raise NotExpressible("key params." + ", params.".join(sorted(rest)))


def steps_of(params: Fields, demands: Demands) -> tuple[str, Fraction]:
    """The steps of every request, and how long a SEP is taken by them."""
    said = params.take("steps")
    if said is None:
        mean = params.number("mean_service")
        if mean is not None:
            demands.laws["exec"], demands.means["exec"], demands.scv = laws.exponential(mean), mean, 1.0
        if "exec" not in demands.laws:
            raise NotExpressible("a case without the time of its tasks")
        return f"{{ exec = {demands.laws['exec']} }}", demands.means["exec"]
    found, total, rest = [], Fraction(0), str(said)
    for match in STEP.finditer(str(said)):
        value = number(match.group("value"), "steps")
        text, scv = law_of(match.group("law"), value)
        found.append(f"{{ {match.group('kind')} = {text} }}")
        demands.scv = max(demands.scv, scv)
        total += value
        rest = rest.replace(match.group(0), "", 1)
    if not found or rest.strip(" ,;"):
        raise NotExpressible(f"params.steps {said}")
    return ", ".join(found), total


def rates_of(params: Fields) -> list[Fraction] | None:
    """Rates of Poisson arrivals, the highest priority first."""
    for key in ("arrivals_poisson_per_s", "arrival_rates_high_to_low"):
        given = params.take(key)
        if given is not None:
            return numbers(given, key) if isinstance(given, list) else [number(given, key)]
    return None


def hosted(given: Any, demands: Demands) -> dict[str, Any]:
    """The table of a host that is started on demand; its times are the keys of the case."""
    found = dict(given) if isinstance(given, dict) else {"kind": given or "was"}
    if "idle_timeout" in demands.means:
        # Tables of a region are in milliseconds.
        found["idle_timeout"] = 1000 * demands.means["idle_timeout"]
    return found


def sources(rates: list[Fraction], steps: str) -> str:
    text = ""
    for place, per_second in enumerate(rates, 1):
        step = f"{{ request = {quoted(REGION)}, priority = {len(rates) - place}, steps = [{steps}] }}"
        text += (
            f'[[class]]\nname = "c{place}"\nsteps = [{step}]\n'
            f'[[source]]\nname = "s{place}"\nclass = "c{place}"\narrivals = {laws.poisson(per_second)}\n'
        )
    return text


def terminals(customers: int, think: str, steps: str) -> str:
    """Clients who think, ask and wait for the answer."""
    return (
        f'[[class]]\nname = "c1"\nsteps = [{{ request = {quoted(REGION)}, steps = [{steps}] }}]\n'
        f'[[source]]\nname = "s1"\nclass = "c1"\n'
        f"arrivals = {{ closed = {{ customers = {customers}, think = {think} }} }}\n"
    )


def estimated(program: Program, params: Fields, expect: Fields, findings: Findings, quick: bool) -> None:
    plan = RegionPlan(program, params, expect, findings, quick)
    for key in ("all_other_costs", "all_costs"):
        if params.number(key, Fraction(0)) != 0:
            raise NotExpressible(f"params.{key} that is not 0")
    params.ignore(("one_priority", "sessions"))
    demands = Demands(params)
    steps, taken = steps_of(params, demands)
    customers = next((params.number(key) for key in ("terminals", "customers", "clients") if key in params.values), None)
    demands.unread((*TIMED, *HOST, "exec", "think"))
    if any(key in demands.laws for key in HOST):
        params.values["host"] = hosted(params.values.get("host"), demands)
    rates = rates_of(params)
    seps = whole(params.needed("seps"), "seps")
    table = region(params, demands.laws)
    if rates is not None:
        text = table + sources(rates, steps)
        per_second = sum(rates)
    elif customers is not None and "think" in demands.laws:
        count = whole(customers, "terminals")
        text = table + terminals(count, demands.laws["think"], steps)
        # At most: nobody waits.
        per_second = min(count / (demands.means["think"] + taken), seps / taken)
    else:
        raise NotExpressible("a case without arrivals")
    load = max([per_second * taken / seps, *(
        per_second * demands.means.get(what, Fraction(0)) / whole(params.number(key, Fraction(1)), key)
        for what, key in (("listener", "listeners"), ("dispatcher", "dispatchers"))
    )])
    study = plan.study(text, per_second, load, demands.scv, seps)
    ask(plan, study, rates or [per_second], seps, open_arrivals=rates is not None)
    plan.finish()


def ask(plan: Plan, study: Study, rates: list[Fraction], seps: int, open_arrivals: bool) -> None:
    """Everything that a case of this form may ask, from the metrics of the run."""
    lam = float(sum(rates))
    for key in ("mean_response", "R"):
        plan.answer(study, key, seconds("response/mean"))
    for key in ("throughput_per_s", "throughput", "X"):
        plan.answer(study, key, plain("throughput/rate"))
    if open_arrivals:
        # Little's law: the time before the queue, and in it.
        before = [plain(metric, at) for metric in ("held/mean", "queue_length/mean") for at in (LISTENER, DISPATCHER)]
        plan.answer(study, "mean_arrival_to_queued", times(1 / lam, add(*before)))
        for key in ("mean_queued_to_dispatch", "mean_wait"):
            plan.answer(study, key, times(1 / lam, plain("queue_length/mean", SEPS)))
    for key in ("p_rejected", "p_503"):
        plan.answer(study, key, ratio("jobs/lost", "jobs/released"))
    for theirs, ours in STATES.items():
        plan.answer(study, f"mean_seps_{theirs}", plain(f"instances/{ours}", SEPS))
    for key in ("erlang_c", "p_wait"):
        if key in plan.values.values:
            study.metrics.append("waiting/within:0ns")
            plan.answer(study, key, times(-1, plain("waiting/within:0ns"), 1))
    for key, metric in (("mean_wait_high_to_low", "waiting/mean"), ("mean_response_high_to_low", "response/mean")):
        if key in plan.values.values:
            for place, value in enumerate(plan.values.take(key), 1):
                plan.answer(study, f"{key} {place}", seconds(metric, of_class=f"c{place}"), value=value)


# Of a bound that a full region reaches, so much is to be seen.
REACHED = Fraction(1, 100)


def conversations(program: Program, params: Fields, expect: Fields, findings: Findings, quick: bool) -> None:
    """Throughput of conversations whose client thinks with a SEP and without one; both regions are kept full."""
    seps, inputs = whole(params.needed("seps"), "seps"), whole(params.needed("inputs_per_conversation"), "inputs")
    service, think = params.needed("service_s"), params.needed("think_s")
    params.done()
    table = region(Fields({"seps": seps}, "params."))
    work, pause = f"{{ exec = {laws.constant(service)} }}", laws.constant(think)
    held = f", {{ converse = {pause} }}, ".join([work] * inputs)
    # Whole conversations of all SEPs, which go in step.
    length = inputs * service + (inputs - 1) * think
    cycles = 20 if quick else 100
    whole_text = table + terminals(2 * seps, '"0ms"', held)
    with_sep = throughput(program, whole_text, cycles * length, length, "all")
    # Enough for queues that never empty. The last request of a conversation is counted.
    enough = 4 * seps * whole(-(-length // service), "clients")
    names = [f"c{place}" for place in range(1, inputs + 1)]
    text = table
    for place, name in enumerate(names, 1):
        follows = f", then = {{ class = {quoted(f'c{place + 1}')}, think = {pause} }}" if place < inputs else ""
        step = f"{{ request = {quoted(REGION)}, priority = 0, steps = [{work}]{follows} }}"
        text += f'[[class]]\nname = "{name}"\nsteps = [{step}]\n'
    text += (
        '[[source]]\nname = "s1"\nclass = "c1"\n'
        f'arrivals = {{ closed = {{ customers = {enough}, think = "0ms" }} }}\n'
    )
    settle = 40 * (enough * service / seps + think)
    without = throughput(program, text, 4 * settle, settle, names[-1] if inputs > 1 else "all")
    for key, value in (
        ("max_conversations_per_s_conversational", with_sep), ("max_pseudo", without),
        ("ratio", without / with_sep if with_sep else None),
    ):
        if (exact := expect.number(key)) is not None:
            findings.estimated = True
            findings.near(key, value, exact, exact * REACHED)
    expect.done()
    findings.remarks.append(f"a full region comes to {100 * REACHED} % of the bounds")


def throughput(program: Program, text: str, span: Fraction, warmup: Fraction, of_class: str) -> Fraction:
    """Jobs of a class that are done in a second, of one run without chance."""
    head = f"name = \"case\"\nstop = {{ after = {laws.span(warmup + span)} }}\nwarmup = {laws.span(warmup)}\n"
    name = program.write("full.toml", head + text)
    rows = program.replications(name, 1)
    found = [
        row["value"] for row in rows
        if (row["metric"], row["statistic"], row["scope"], row["class"]) == ("throughput", "rate", "all", of_class)
    ]
    if not found or not found[0]:
        raise NotExpressible(f"throughput of class {of_class}")
    return Fraction(found[0])
