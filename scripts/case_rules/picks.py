"""Which server each request gets: scripts of requests before servers of a product."""

from __future__ import annotations

from typing import Any, Sequence

from .form import REMARKS, Fields, NotExpressible, whole
from .program import Program
from .verdict import Findings

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def in_turn(program: Program, policy: str, weights: Sequence[int], clients: Sequence[str | None]) -> str:
    """The servers of requests that come one after the other, each when the one before is done."""
    if policy.split(":")[0] not in program.policies:
        raise NotExpressible(f"policy {policy}")
    if any(client is not None for client in clients):
        if set(weights) != {1}:
            raise NotExpressible("weights of servers of a trace")
        lines = [f"{second}s,1ms,{client}" for second, client in enumerate(clients)]
        name = program.write("requests.csv", "arrival,service,client\n" + "\n".join(lines) + "\n")
        result = program.run(name, "--servers", str(len(weights)), "--policy", policy)
    else:
        result = program.run(program.write("picks.toml", scenario(policy, weights, len(clients))))
    return "".join(server_of(row) for row in by_start(result))


def scenario(policy: str, weights: Sequence[int], requests: int) -> str:
    return (
        '[[class]]\nname = "job"\nsteps = [{ balance = "lb" }, { work = "cpu", demand = "1ms" }]\n'
        f'[[source]]\nname = "jobs"\nclass = "job"\narrivals = {{ periodic = {{ period = "1s", count = {requests} }} }}\n'
        f'[[balancer]]\nname = "lb"\npolicy = "{policy}"\ntargets = "web"\n'
        f'[[server]]\nname = "web"\ncount = {len(weights)}\nweights = {list(weights)}\nprocessor.cpu = {{ cores = 1 }}\n'
    )


def by_start(result: dict[str, Any]) -> list[dict[str, Any]]:
    runs = [row for row in result["gantt"] if row["kind"] == "run"]
    return sorted(runs, key=lambda row: row["start_ns"])


def server_of(row: dict[str, Any]) -> str:
    """The letter of `web-3.cpu`."""
    server = row["station"].partition(".")[0].rpartition("-")[2]
    return LETTERS[int(server) - 1]


# Products and their algorithms, by the policy that is theirs. Where there is none yet, its name is what is missing.
ALGORITHMS = {
    ("nginx", "round_robin"): "wrr-nginx", ("nginx", None): "wrr-nginx", ("nginx", "ip_hash"): "ip-hash",
    ("nginx", "least_conn"): "least-conn-nginx", ("nginx", "random"): "random-nginx", ("nginx", "hash"): "hash-nginx",
    ("nginx", "hash_consistent"): "hash-consistent-nginx", ("haproxy", "roundrobin"): "roundrobin-haproxy",
    ("haproxy", None): "roundrobin-haproxy", ("haproxy", "static-rr"): "static-rr-haproxy",
    ("haproxy", "leastconn"): "leastconn-haproxy", ("haproxy", "source"): "source-haproxy",
    ("haproxy", "first"): "first-haproxy", ("haproxy", "random"): "random-haproxy",
}


def requests(script: str, keys: Sequence[str]) -> list[str | None]:
    """The keys of a script in which each request is answered before the next is sent."""
    found: list[str | None] = []
    for word in script.split():
        if word == "K":
            found += keys
        elif word.startswith("r:"):
            found.append(word[2:])
        elif word[0] == "r" and (word[1:] or "1").isdigit():
            found += [None] * int(word[1:] or "1")
        else:
            raise NotExpressible(f"event {word} of a script")
    return found


def check(program: Program, document: dict[str, Any], case: dict[str, Any], quick: bool) -> Findings:
    fields = Fields(case)
    product = str(fields.need("product"))
    if "picks" not in fields.values:
        raise NotExpressible(f"cases of kind {fields.values.get('kind', '?')}")
    algorithm = fields.take("algorithm")
    policy = ALGORITHMS.get((product, algorithm), f"{algorithm} of {product}")
    if policy not in program.policies:
        raise NotExpressible(f"policy {policy}")
    weights = []
    for server in fields.need("servers"):
        said = Fields(server, "servers.")
        weights.append(whole(said.number("w", 1), "weight"))  # type: ignore[arg-type]
        said.done()
    if fields.take("key") not in (None, "X-Forwarded-For"):
        raise NotExpressible(f"key {fields.values['key']} of requests")
    sent = requests(str(fields.need("script")), fields.take("keys", []))
    said_picks = str(fields.need("picks"))
    fields.ignore(REMARKS)
    fields.done()
    if any(client is None for client in sent) and any(client is not None for client in sent):
        raise NotExpressible("requests with and without a key in one script")
    if policy == "ip-hash" and any(client is None or ":" in client for client in sent):
        raise NotExpressible("clients of ip-hash that are no addresses of IPv4")
    findings = Findings()
    found = in_turn(program, policy, weights, sent)
    first = next((at for at, pair in enumerate(zip(found, said_picks)) if pair[0] != pair[1]), None)
    findings.equal("picks" if first is None else f"picks (from request {first + 1})", found, said_picks)
    return findings
