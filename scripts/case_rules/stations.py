"""Models of one station."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from . import laws
from .form import NotExpressible, numbers, whole
from .queueing import Plan, plain, ratio, seconds, times


def station(arrivals: str, demand: str, processor: str = "", source: str = "") -> str:
    """One class through one processor."""
    return (
        f'[[class]]\nname = "job"\nsteps = [{{ work = "cpu", demand = {demand} }}]\n'
        f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {arrivals}\n{source}\n'
        f'[[processor]]\nname = "cpu"\n{processor}\n'
    )


def room(arrivals: str, size: int, queue: int, step: str, stations: str = "") -> str:
    """A pool around a step; whoever finds it and its queue full is lost."""
    return (
        f'[[class]]\nname = "job"\nsteps = [{{ hold = "room", steps = [{step}] }}]\n'
        f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {arrivals}\n'
        f'[[pool]]\nname = "room"\nsize = {size}\nqueue = {queue}\n{stations}'
    )


def exponential_servers(plan: Plan) -> None:
    lam, mu = plan.params.needed("lam"), plan.params.needed("mu")
    servers = whole(plan.params.number("c", Fraction(1)), "c")
    text = station(laws.poisson(lam), laws.exponential(1 / mu), f"cores = {servers}")
    study = plan.study(text, lam, lam / mu / servers, servers=servers)
    plan.common(study, servers=servers)


def bounded(plan: Plan) -> None:
    lam, mu, k = plan.params.needed("lam"), plan.params.needed("mu"), whole(plan.params.needed("K"), "K")
    step = f'{{ work = "cpu", demand = {laws.exponential(1 / mu)} }}'
    text = room(laws.poisson(lam), 1, k - 1, step, '[[processor]]\nname = "cpu"\n')
    study = plan.study(text, lam, Fraction(1, 2))
    plan.answer(study, "p_loss", ratio("jobs/lost", "jobs/released"))
    plan.answer(study, "W_accepted", seconds("response/mean"))
    plan.common(study, "room")


# An answer that holds for any law of service is held with one that varies and one that does not.
ANY = (laws.exponential, laws.constant)


def loss(plan: Plan) -> None:
    lam, mean = plan.params.needed("lam"), plan.params.needed("mean_service")
    lines = whole(plan.params.needed("c"), "c")
    for law in ANY:
        text = room(laws.poisson(lam), lines, 0, f"{{ delay = {law(mean)} }}")
        study = plan.study(text, lam, Fraction(1, 2), servers=lines)
        plan.answer(study, "p_block", ratio("jobs/lost", "jobs/released"))
        for key in ("carried", "mean_busy"):
            plan.answer(study, key, plain("held/mean", "room"))


def unbounded(plan: Plan) -> None:
    lam, mean = plan.params.needed("lam"), plan.params.needed("mean_service")
    for law in ANY:
        text = (
            f'[[class]]\nname = "job"\nsteps = [{{ delay = {law(mean)} }}]\n'
            f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {laws.poisson(lam)}\n'
        )
        plan.common(plan.study(text, lam, Fraction(1, 2)))


def general(plan: Plan) -> None:
    """Pollaczek and Khinchine, and orders that neither know sizes nor interrupt."""
    lam = plan.params.needed("lam")
    table = plan.params.need("service")
    law, scv = laws.service(table)
    mean = Fraction(table.get("mean", 1))
    study = plan.study(station(laws.poisson(lam), law), lam, lam * mean, scv)
    plan.common(study)
    for key, scheduler in (("lcfs_np_Wq", "lcfs"), ("siro_Wq", "siro")):
        text = station(laws.poisson(lam), law, f'scheduler = "{scheduler}"')
        plan.answer(plan.study(text, lam, lam * mean, scv), key, seconds("waiting/mean"))


def deterministic_servers(plan: Plan) -> None:
    lam, size = plan.params.needed("lam"), plan.params.needed("D")
    servers = whole(plan.params.number("c", Fraction(1)), "c")
    text = station(laws.poisson(lam), laws.constant(size), f"cores = {servers}")
    plan.common(plan.study(text, lam, lam * size / servers, servers=servers), servers=servers)


# Schedulers by the words of a case.
DISCIPLINES = {
    "FCFS": "fcfs", "PS": "ps", "LCFS_PR": "lcfs:preemptive=true", "LCFS_NP": "lcfs", "SJF_nonpreemptive": "sjf",
    "SJF": "sjf", "PSJF": "psjf", "SRPT": "srtf", "FB_LAS": "las", "LAS": "las", "FB": "las", "SIRO": "siro",
}


def disciplines(plan: Plan) -> None:
    lam = plan.params.needed("lam")
    table = plan.params.need("service")
    law, scv = laws.service(table)
    load = lam * Fraction(table.get("mean", 1))
    for name, exact in plan.values.need("mean_response").items():
        if name not in DISCIPLINES:
            raise NotExpressible(f"discipline {name}")
        text = station(laws.poisson(lam), law, f'scheduler = "{DISCIPLINES[name]}"')
        plan.answer(plan.study(text, lam, load, scv), name, seconds("response/mean"), value=exact)


def classes(rates: list[Fraction], law: list[str], processor: str) -> str:
    """Classes c1, c2, ... of priority 1, 2, ... at one processor; 1 is best."""
    text = f'[[processor]]\nname = "cpu"\n{processor}\n'
    for place, (per_second, demand) in enumerate(zip(rates, law, strict=True), 1):
        text += (
            f'[[class]]\nname = "c{place}"\npriority = {place}\nsteps = [{{ work = "cpu", demand = {demand} }}]\n'
            f'[[source]]\nname = "s{place}"\nclass = "c{place}"\narrivals = {laws.poisson(per_second)}\n'
        )
    return text


def by_class(plan: Plan, key: str, metric: str, text: str, rates: list[Fraction], load: Any, scv: float, c: int) -> None:
    if key not in plan.values.values:
        return
    exact = plan.values.take(key)
    study = plan.study(text, sum(rates), load, scv, c)
    for place, value in enumerate(exact, 1):
        plan.answer(study, f"{key} of class {place}", seconds(metric, of_class=f"c{place}"), value=value)


def priorities(plan: Plan) -> None:
    rates = numbers(plan.params.need("lams"), "lams")
    means = numbers(plan.params.need("mean_service"), "mean_service")
    seconds_of = numbers(plan.params.need("second_moment"), "second_moment")
    pairs = [laws.of_moments(mean, second) for mean, second in zip(means, seconds_of, strict=True)]
    load = sum(a * b for a, b in zip(rates, means, strict=True))
    scv = max(pair[1] for pair in pairs)
    texts = {
        "np": classes(rates, [pair[0] for pair in pairs], 'scheduler = "priority:preemptive=false"'),
        "pr": classes(rates, [pair[0] for pair in pairs], 'scheduler = "priority"'),
    }
    for key, metric in (("np_Wq", "waiting/mean"), ("np_W", "response/mean"), ("pr_W", "response/mean")):
        by_class(plan, key, metric, texts[key[:2]], rates, load, scv, 1)


def priorities_of_many(plan: Plan) -> None:
    rates, mu = numbers(plan.params.need("lams"), "lams"), plan.params.needed("mu")
    servers = whole(plan.params.needed("c"), "c")
    law = [laws.exponential(1 / mu)] * len(rates)
    text = classes(rates, law, f'cores = {servers}\nscheduler = "priority:preemptive=false"')
    by_class(plan, "Wq", "waiting/mean", text, rates, sum(rates) / mu / servers, 1.0, servers)


def general_arrivals(plan: Plan) -> None:
    """Independent gaps: constant, or hyperexponential."""
    mu = plan.params.needed("mu")
    if "interarrival" in plan.params.values:
        gap = plan.params.needed("interarrival")
        arrivals, lam, scv = f"{{ renewal = {laws.constant(gap)} }}", 1 / gap, 0.0
    else:
        p, one, two = (plan.params.needed(key) for key in ("p", "rate1", "rate2"))
        load = plan.params.number("rho")
        lam = load * mu if load else 1 / (p / one + (1 - p) / two)
        arrivals, scv = f"{{ renewal = {laws.hyperexponential(p, one, two)} }}", 4.0
    study = plan.study(station(arrivals, laws.exponential(1 / mu)), lam, lam / mu, scv)
    plan.common(study)


def modulated(plan: Plan) -> None:
    """Poisson arrivals of two rates."""
    fast, slow, leave, back, mu = (plan.params.needed(key) for key in ("rate_state1", "rate_state2", "r12", "r21", "mu"))
    plan.params.take("mean_rate")
    lam = (fast * back + slow * leave) / (leave + back)
    states = ", ".join(
        f"{{ rate = {laws.rate(per_second)}, mean_stay = {laws.span(1 / ends)} }}"
        for per_second, ends in ((fast, leave), (slow, back))
    )
    bursts = max(1.0, float(fast / lam / leave))
    text = station(f"{{ poisson = {{ states = [{states}] }} }}", laws.exponential(1 / mu))
    plan.common(plan.study(text, lam, lam / mu, scv=bursts))


def impatience(plan: Plan) -> None:
    """Clients who leave the queue: after an exponential time, or a fixed one."""
    lam, mu = plan.params.needed("lam"), plan.params.needed("mu")
    servers = whole(plan.params.number("c", Fraction(1)), "c")
    theta = plan.params.number("theta")
    patience = laws.exponential(1 / theta) if theta else laws.constant(plan.params.needed("tau"))
    source = f'timeout = {patience}\ntimeout_until = "first-run"'
    text = station(laws.poisson(lam), laws.exponential(1 / mu), f"cores = {servers}", source)
    study = plan.study(text, lam, Fraction(4, 5), servers=servers)
    for key in ("p_abandon", "p_timeout"):
        plan.answer(study, key, ratio("jobs/timed-out", "jobs/released"))
    plan.answer(study, "goodput", plain("throughput/rate"))
    # What those wait who leave belongs to Wq_all: Little's law over all who come.
    plan.answer(study, "Wq_all", times(float(1 / lam), plain("queue_length/mean", "cpu")))
    plan.common(study, servers=servers)


def attempts(plan: Plan) -> None:
    """Attempts that fail by chance after service and are made again at once."""
    lam, mu, fails = plan.params.needed("lam"), plan.params.needed("mu"), plan.params.needed("p_fail")
    again = whole(plan.params.needed("max_retries"), "max_retries")
    work = f'{{ work = "cpu", demand = {laws.exponential(1 / mu)} }}'
    steps = work
    for _ in range(again):
        steps = f"{work}, {{ branch = [{{ p = {float(fails)!r}, steps = [{steps}] }}] }}"
    text = station(laws.poisson(lam), laws.exponential(1 / mu)).replace(f"steps = [{work}]", f"steps = [{steps}]")
    plan.answer(plan.study(text, lam, Fraction(4, 5)), "utilization", plain("utilization/mean"))


def repairs(plan: Plan) -> None:
    """Customers who think and come again."""
    customers, servers = whole(plan.params.needed("N"), "N"), whole(plan.params.needed("c"), "c")
    mu, thinking = plan.params.needed("mu"), plan.params.needed("think_rate")
    arrivals = f"{{ closed = {{ customers = {customers}, think = {laws.exponential(1 / thinking)} }} }}"
    text = station(arrivals, laws.exponential(1 / mu), f"cores = {servers}")
    study = plan.study(text, mu * servers / 2, Fraction(4, 5), servers=servers)
    plan.common(study, servers=servers)
    plan.answer(study, "X", plain("throughput/rate"))
    plan.answer(study, "R", seconds("response/mean"))
    plan.answer(study, "U", plain("utilization/mean"))
    if servers == 1:
        plan.answer(study, "p0", times(-1, plain("utilization/mean"), 1))


MODELS = (
    (r"setup", lambda plan: (_ for _ in ()).throw(NotExpressible("servers that set up"))),
    (r"^M/M/c\+M|^M/M/1 with fixed queue timeout", impatience),
    (r"^M/M/c//N", repairs),
    (r"^M/M/1/K\b", bounded),
    (r"^M/M/c non-preemptive priority", priorities_of_many),
    (r"^M/M/(1|c) FCFS", exponential_servers),
    (r"^M/G/c/c", loss),
    (r"^M/G/inf", unbounded),
    (r"^M/G/1 FCFS", general),
    (r"^M/G/1 mean response time by discipline", disciplines),
    (r"^M/G/1 static priority", priorities),
    (r"^M/D/(1|c)\b", deterministic_servers),
    (r"^H2/M/1|^D/M/1", general_arrivals),
    (r"^MMPP\(2\)/M/1", modulated),
    (r"^open-loop retries", attempts),
)
