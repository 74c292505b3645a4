"""Balancers before servers with queues of their own."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from . import laws, picks
from .form import Fields, NotExpressible, numbers, whole
from .queueing import Plan, plain, seconds, times

# Policies by the words of a case.
BALANCERS = (
    (r"^(LWL|least.work)", "least-work"),
    (r"^P2C_with_replacement", "power-of-d:d=2,replacement=true"),
    (r"^P2C_without_replacement", "power-of-d:d=2"),
    (r"^JIQ", "jiq"),
    (r"^JSQ$", "jsq"),
    (r"^random$", "random"),
    (r"^round.robin$", "round-robin"),
    (r"^least.connections$", "least-connections"),
)


def farm(servers: int, arrivals: str, demand: str, policy: str) -> str:
    return (
        f'[[class]]\nname = "job"\nsteps = [{{ balance = "lb" }}, {{ work = "cpu", demand = {demand} }}]\n'
        f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {arrivals}\n'
        f'[[balancer]]\nname = "lb"\npolicy = "{policy}"\ntargets = "web"\n'
        f'[[server]]\nname = "web"\ncount = {servers}\nprocessor.cpu = {{ cores = 1 }}\n'
    )


def round_robin_split(plan: Plan) -> None:
    servers, lam, mu = whole(plan.params.needed("N"), "N"), plan.params.needed("total_lam"), plan.params.needed("mu")
    load = lam / mu / servers
    text = farm(servers, laws.poisson(lam), laws.exponential(1 / mu), "round-robin")
    plan.common(plan.study(text, lam, load, servers=servers))
    text = farm(servers, laws.poisson(lam), laws.exponential(1 / mu), "random")
    plan.answer(plan.study(text, lam, load, servers=servers), "random_split_W", seconds("response/mean"))


def by_policy(plan: Plan) -> None:
    servers, lam, mu = whole(plan.params.needed("N"), "N"), plan.params.needed("lam_total"), plan.params.needed("mu")
    for name in list(plan.values.left):
        said = Fields(plan.values.take(name), f"{name}.")
        # How well the answer was computed.
        said.ignore(("trunc_mass",))
        policy = next((ours for pattern, ours in BALANCERS if re.search(pattern, name)), None)
        if policy is None or policy.split(":")[0] not in plan.program.policies:
            plan.findings.missing.append(f"policy {policy or name}")
            continue
        text = farm(servers, laws.poisson(lam), laws.exponential(1 / mu), policy)
        study = plan.study(text, lam, lam / mu / servers, servers=servers)
        plan.answer(study, f"{name}.W", seconds("response/mean"), value=said.take("W"))
        plan.findings.uncompared += [f"{name}.{key}" for key in sorted(said.left)]


def supermarket(plan: Plan) -> None:
    """Many servers, d of them asked. The answer is the limit; with one asked the number of servers does not matter."""
    lam, mu = plan.params.needed("lam_per_server"), plan.params.needed("mu")
    many = whole(plan.test.number("N", Fraction(1000)), "N")
    many = min(many, 250) if plan.quick else many
    slack = float(plan.test.number("rel_tol", Fraction(1, 50)))
    for choices in numbers(plan.params.need("d"), "d"):
        said = Fields(plan.values.need(f"d{choices}"), f"d{choices}.")
        servers = many if choices > 1 else 20
        policy = f"power-of-d:d={choices}" if choices > 1 else "random"
        text = farm(servers, laws.poisson(lam * servers), laws.exponential(1 / mu), policy)
        study = plan.study(text, lam * servers, lam / mu, servers=servers, warmup=0.25)
        study.jobs = max(study.jobs, int(150 * servers))
        plan.answer(study, f"d{choices}.W", seconds("response/mean"), slack, said.take("W"))
        per_server = times(1 / servers, plain("in_system/mean"))
        plan.answer(study, f"d{choices}.L_per_server", per_server, slack, said.take("L_per_server"))
        plan.findings.uncompared += [f"d{choices}.{key}" for key in sorted(said.left)]


def by_size(plan: Plan) -> None:
    table = Fields(plan.params.need("service"), "service.")
    law, scv = laws.law("boundedPareto", table, Fraction(1))
    table.done()
    servers, lam = whole(plan.params.needed("N"), "N"), plan.params.needed("lam_total")
    text = farm(servers, laws.poisson(lam), law, "random")
    plan.answer(plan.study(text, lam, lam / servers, scv, servers), "W_random", seconds("response/mean"))
    for key in [key for key in plan.values.left if "SITA" in key]:
        plan.missing(key, "balancing by size")


def split_by_chance(plan: Plan) -> None:
    """Single stations of different speeds, each with its part of a Poisson stream."""
    speeds, lam = numbers(plan.params.need("mu"), "mu"), plan.params.needed("lam")
    best = numbers(plan.values.take("optimal_rates", []), "optimal_rates")
    for key, shares in (("W_optimal", best), ("W_proportional", [lam * mu / sum(speeds) for mu in speeds])):
        if len(shares) != len(speeds):
            continue
        ways = ", ".join(
            f'{{ p = {float(share / sum(shares)):.12f}, steps = [{{ work = "s{place}", demand = {laws.exponential(1 / mu)} }}] }}'
            for place, (share, mu) in enumerate(zip(shares, speeds))
        )
        stations = "".join(f'[[processor]]\nname = "s{place}"\n' for place in range(len(speeds)))
        text = (
            f'[[class]]\nname = "job"\nsteps = [{{ branch = [{ways}] }}]\n'
            f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {laws.poisson(lam)}\n{stations}'
        )
        load = max(share / mu for share, mu in zip(shares, speeds))
        plan.answer(plan.study(text, lam, load), key, seconds("response/mean"))


# Round robin by weights, by the words of a case.
WEIGHTED = {
    "nginx_smooth_wrr": "wrr-nginx", "ipvs_wrr": "wrr-ipvs", "envoy_edf_plain": "wrr-envoy",
    "haproxy_static_rr_map": "static-rr-haproxy",
}


def weighted(plan: Plan) -> None:
    weights = [whole(weight, "weight") for weight in numbers(plan.params.need("weights"), "weights")]
    for key in list(plan.values.left):
        said = str(plan.values.take(key))
        policy = WEIGHTED.get(key)
        if policy not in plan.program.policies:
            plan.findings.missing.append(f"policy {policy or key}")
            continue
        found = picks.in_turn(plan.program, policy, weights, [None] * len(said))
        plan.findings.equal(key, found, said)


def by_address(plan: Plan) -> None:
    servers = whole(plan.params.needed("servers"), "servers")
    said: dict[str, Any] = plan.values.need("index")
    clients = [str(client) for client in plan.params.need("ips")]
    found = picks.in_turn(plan.program, "ip-hash", [1] * servers, clients)
    for client, letter in zip(clients, found, strict=True):
        plan.findings.equal(f"index of {client}", ord(letter) - ord("A"), said[client])


def different_speeds(plan: Plan) -> None:
    raise NotExpressible("servers of different speeds behind one balancer")


MODELS = (
    (r"split round-robin over N exp servers", round_robin_split),
    (r"homogeneous exp servers.*by dispatch policy", by_policy),
    (r"heterogeneous exp servers", different_speeds),
    (r"^supermarket model", supermarket),
    (r"^SITA", by_size),
    (r"^static random split over M/M/1", split_by_chance),
    (r"^weighted round robin pick sequences", weighted),
    (r"^nginx ip_hash", by_address),
)
# The words of the third hold the second's too.
MODELS = tuple(sorted(MODELS, key=lambda model: "heterogeneous" not in model[0]))
