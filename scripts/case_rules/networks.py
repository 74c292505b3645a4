"""Networks of stations: product forms, closed populations, forks."""

from __future__ import annotations

from fractions import Fraction

from . import laws
from .form import NotExpressible, numbers, whole
from .queueing import Plan, plain, seconds


def processors(count: int, scheduler: str = "fcfs", cores: list[int] | None = None) -> str:
    return "".join(
        f'[[processor]]\nname = "s{place}"\nscheduler = "{scheduler}"\ncores = {cores[place] if cores else 1}\n'
        for place in range(count)
    )


def product_form(plan: Plan, demands: list[list[Fraction]], kinds: list[str], arrivals: list[str]) -> str:
    """Classes that visit stations in turn; the law of service does not matter where stations share."""
    text = ""
    for place, (row, comes) in enumerate(zip(demands, arrivals, strict=True), 1):
        steps = [
            f"{{ delay = {laws.exponential(demand)} }}" if kind == "IS"
            else f'{{ work = "s{at}", demand = {laws.exponential(demand)} }}'
            for at, (demand, kind) in enumerate(zip(row, kinds, strict=True))
            if demand
        ]
        text += (
            f'[[class]]\nname = "c{place}"\nsteps = [{", ".join(steps)}]\n'
            f'[[source]]\nname = "a{place}"\nclass = "c{place}"\narrivals = {comes}\n'
        )
    for at, kind in enumerate(kinds):
        if kind not in ("PS", "IS"):
            raise NotExpressible(f"station {kind} of a product form")
        if kind == "PS" and any(row[at] for row in demands):
            text += f'[[processor]]\nname = "s{at}"\nscheduler = "ps"\n'
    return text


def bcmp(plan: Plan) -> None:
    rates = numbers(plan.params.need("lams"), "lams")
    demands = [numbers(row, "demands") for row in plan.params.need("demands")]
    kinds = [str(kind) for kind in plan.params.need("stations")]
    text = product_form(plan, demands, kinds, [laws.poisson(per_second) for per_second in rates])
    loads = [sum(a * row[at] for a, row in zip(rates, demands, strict=True)) for at in range(len(kinds))]
    study = plan.study(text, sum(rates), max(load for load, kind in zip(loads, kinds) if kind == "PS"))
    for place, value in enumerate(plan.values.take("R_total", []), 1):
        plan.answer(study, f"R_total of class {place}", seconds("response/mean", of_class=f"c{place}"), value=value)
    for at, value in enumerate(plan.values.take("U", [])):
        plan.answer(study, f"U of station {at + 1}", plain("utilization/mean", f"s{at}"), value=value)


def closed_classes(plan: Plan) -> None:
    demands = [numbers(row, "demands") for row in plan.params.need("demands")]
    customers = [whole(count, "N") for count in numbers(plan.params.need("N"), "N")]
    arrivals = [f'{{ closed = {{ customers = {count}, think = "0s" }} }}' for count in customers]
    text = product_form(plan, demands, ["PS"] * len(demands[0]), arrivals)
    rate = sum(numbers(plan.values.values.get("X", [1]), "X"))
    study = plan.study(text, rate, Fraction(4, 5))
    for place, value in enumerate(plan.values.take("R", []), 1):
        plan.answer(study, f"R of class {place}", seconds("response/mean", of_class=f"c{place}"), value=value)
    for place, value in enumerate(plan.values.take("X", []), 1):
        plan.answer(study, f"X of class {place}", plain("throughput/rate", of_class=f"c{place}"), value=value)


def jackson(plan: Plan) -> None:
    """Open networks whose routes never come back to a station."""
    arrivals, mu = numbers(plan.params.need("gamma"), "gamma"), numbers(plan.params.need("mu"), "mu")
    routing = [numbers(row, "routing") for row in plan.params.need("routing")]
    cores = [whole(count, "servers") for count in numbers(plan.params.need("servers"), "servers")]

    def steps(at: int, passed: frozenset[int]) -> str:
        if at in passed:
            raise NotExpressible("routing in cycles")
        work = f'{{ work = "s{at}", demand = {laws.exponential(1 / mu[at])} }}'
        ways = [
            f"{{ p = {float(p):.12f}, steps = [{steps(to, passed | {at})}] }}" for to, p in enumerate(routing[at]) if p
        ]
        return work + (f", {{ branch = [{', '.join(ways)}] }}" if ways else "")

    text = processors(len(mu), cores=cores)
    for at, per_second in enumerate(arrivals):
        if per_second:
            text += (
                f'[[class]]\nname = "c{at}"\nsteps = [{steps(at, frozenset())}]\n'
                f'[[source]]\nname = "a{at}"\nclass = "c{at}"\narrivals = {laws.poisson(per_second)}\n'
            )
    study = plan.study(text, sum(arrivals), Fraction(4, 5))
    plan.answer(study, "W_system", seconds("response/mean"))
    plan.answer(study, "L_total", plain("in_system/mean"))


def forks(plan: Plan) -> None:
    lam, mu = plan.params.needed("lam"), plan.params.needed("mu")
    near = dict(plan.values.take("nelson_tantawi_R", {}))
    for queues in numbers(plan.params.need("n"), "n"):
        count = whole(queues, "n")
        ways = ", ".join(f'[{{ work = "s{at}", demand = {laws.exponential(1 / mu)} }}]' for at in range(count))
        text = (
            f'[[class]]\nname = "job"\nsteps = [{{ fork = [{ways}], join = "all" }}]\n'
            f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {laws.poisson(lam)}\n{processors(count)}'
        )
        study = plan.study(text, lam, lam / mu)
        plan.answer(study, f"R_n{count}_exact", seconds("response/mean"))
        # Of more than two the authors' approximation, which they give 5 %.
        slack = 0.0 if count == 2 else 0.05
        if str(count) in near:
            plan.answer(study, f"R of {count}", seconds("response/mean"), slack, near.pop(str(count)))


MODELS = (
    (r"^BCMP open", bcmp),
    (r"closed PS network, no think time", closed_classes),
    (r"^open Jackson network", jackson),
    (r"^fork-join of n M/M/1", forks),
)
