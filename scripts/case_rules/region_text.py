"""Scenarios of transaction regions, made of the parameters of a case. One unit of the case is one millisecond."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Collection

from .form import Fields, NotExpressible, number, whole

REGION = "region"
CALLS = ("register", "enqueue", "fetch", "next", "recover", "pick")
# The longest name that a scenario takes is longer than this.
NAME = re.compile(r"\w(?:[\w\- ]{0,60}\w)?")


def ns(value: Fraction, what: str = "a time") -> int:
    return whole(value * 1_000_000, f"{what} in nanoseconds")


def span(value: Fraction, what: str = "a time") -> str:
    """A duration of so many milliseconds."""
    exact = ns(value, what)
    return f'"{exact // 1_000_000}ms"' if exact % 1_000_000 == 0 else f'"{exact}ns"'


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def text_of(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise NotExpressible(f"{what}: {value!r} is no text")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise NotExpressible(f"{what}: a list was expected")
    return value


def flag(fields: Fields, key: str, default: bool = False) -> bool:
    value = fields.take(key, default)
    if not isinstance(value, bool):
        raise NotExpressible(f"{fields.where}{key}: {value!r} is neither true nor false")
    return value


def region(params: Fields, laws: dict[str, str] | None = None, used: Collection[str] = ()) -> str:
    """The table of the region; every time that the case leaves out is zero, whatever a preset says. `laws` are of times,
    `used` are the classes that requests have."""
    laws = laws or {}

    def time(key: str) -> str:
        return laws.get(key) or span(params.number(key, Fraction(0)), key)

    def count(key: str, default: int = 1) -> int:
        return whole(params.number(key, Fraction(default)), key)

    def cost(key: str) -> str:
        return laws.get(key) or span(costs.number(key, Fraction(0)), key)

    seps = whole(params.needed("seps"), "seps")
    costs = Fields(params.take("db", {}), "params.db.")
    lines = [
        f'name = {quoted(REGION)}\npreset = "es-dotnet"\nseps = {seps}',
        f"listeners = {count('listeners')}\nlistener = {time('listener')}",
        f"dispatchers = {count('dispatchers')}\ndispatcher = {time('dispatcher')}\ninvoke = {time('invoke')}",
        "database = { " + ", ".join(f"{key} = {cost(key)}" for key in CALLS) + " }",
        f"post_delay = {time('post_delay')}\nmonitor_poll = {time('monitor_poll')}",
        f"fetch_on_pull = {str(flag(params, 'fetch_on_pull', True)).lower()}",
    ]
    costs.done()
    order = text_of(params.take("order", "priority"), "order")
    lines.append(f"order = {quoted(order)}")
    step = params.number("prtyage")
    if order == "ageing":
        if step is None:
            raise NotExpressible("ageing without params.prtyage")
        lines.append(f"ageing_step = {span(step, 'prtyage')}")
    for theirs, ours, default in (
        ("pull", "pull", "pull"), ("sep_choice", "choice", "lowest"), ("queues", "queues", "shared"),
        ("cap", "cap", "queue"), ("orphans", "orphans", "lost"),
    ):
        lines.append(f"{ours} = {quoted(text_of(params.take(theirs, default), theirs))}")
    lines += classes_of_transactions(params, used) + reservations(params, seps) + [host(params, laws)]
    lines += machine(params) + mishaps(params)
    for key in ("parlim", "regions"):
        if (value := params.number(key)) is not None:
            lines.append(f"{key} = {whole(value, key)}")
    if (value := params.number("region_start")) is not None:
        lines.append(f"region_start = {span(value, 'region_start')}")
    return "[[region]]\n" + "\n".join(lines) + "\n"


def classes_of_transactions(params: Fields, used: Collection[str]) -> list[str]:
    lines = []
    table = Fields(params.take("classes", {}), "params.classes.")
    for name in table.values:
        limits = Fields(table.take(name), f"params.classes.{name}.")
        parts = []
        for theirs, ours in (("maxactive", "max_active"), ("purge", "purge")):
            # A threshold of 0 is none.
            if (value := limits.number(theirs)) is not None and (theirs, value) != ("purge", 0):
                parts.append(f"{ours} = {whole(value, theirs)}")
        limits.done()
        if parts and name in used:
            lines.append(f"classes.{quoted(name)} = {{ {', '.join(parts)} }}")
    return lines


def reservations(params: Fields, seps: int) -> list[str]:
    """SEPs that serve one tag only, and lists of classes by SEP."""
    lines = []
    by_tag: dict[str, list[int]] = {}
    for sep, tag in Fields(params.take("reserved", {}), "params.reserved.").values.items():
        by_tag.setdefault(text_of(tag, "reserved"), []).append(whole(number(sep, "reserved"), "reserved"))
    for tag, mine in by_tag.items():
        lines.append(f"reserved.{quoted(tag)} = {sorted(mine)}")
    lists = Fields(params.take("initiators", {}), "params.initiators.").values
    if lists:
        known = {whole(number(sep, "initiators"), "initiators"): list_of(names, "initiators") for sep, names in lists.items()}
        if set(known) != set(range(1, seps + 1)):
            raise NotExpressible("initiators that are not those of all SEPs")
        rows = [[text_of(name, "initiators") for name in known[sep]] for sep in range(1, seps + 1)]
        lines.append(f"initiators = {json.dumps(rows, ensure_ascii=False)}")
    return lines


def host(params: Fields, laws: dict[str, str]) -> str:
    given = params.take("host", {"kind": "self"})
    fields = Fields({"kind": given} if isinstance(given, str) else given, "params.host.")
    kind = text_of(fields.take("kind", "was"), "host.kind")
    parts = [f"kind = {quoted(kind)}"]
    cold = fields.number("cold_start", Fraction(0))
    idle = fields.number("idle_timeout")
    queue = fields.number("http_queue")
    initial = text_of(fields.take("initial", "off"), "host.initial")
    recycle, mode = recycling(fields)
    fields.done()
    if kind != "was":
        return f"host = {{ {', '.join(parts)} }}"
    parts += [f"cold_start = {laws.get('cold_start') or span(cold)}", f"initial = {quoted(initial)}"]
    # A preset has values of its own for these; what is not given never happens.
    for key, value in (("idle_timeout", idle), ("recycle", recycle)):
        parts.append(f"{key} = {span(value) if value is not None else quoted('never')}")
    if mode is not None:
        parts.append(f"recycle_mode = {quoted(mode)}")
    if queue is not None:
        parts.append(f"http_queue = {whole(queue, 'host.http_queue')}")
    return f"host = {{ {', '.join(parts)} }}"


def recycling(fields: Fields) -> tuple[Fraction | None, str | None]:
    """After how long a host is recycled and how, under whatever keys that begin so: a time, and a word or a flag."""
    after: Fraction | None = None
    mode: str | None = None
    values = {key: fields.take(key) for key in sorted(fields.left) if key.startswith(("recycle", "overlap"))}
    if isinstance(values.get("recycle"), dict):
        values |= values.pop("recycle")
    for key, value in values.items():
        if isinstance(value, bool) and key.endswith("overlap"):
            mode = "overlap" if value else "stop"
        elif value in ("stop", "overlap"):
            mode = str(value)
        else:
            after = number(value, f"host.{key}")
    return after, mode


def machine(params: Fields) -> list[str]:
    given = params.take("cores")
    if given is None:
        return []
    fields = Fields({"k": given} if not isinstance(given, dict) else given, "params.cores.")
    cores = whole(fields.needed("k"), "cores.k")
    policy = text_of(fields.take("policy", "fcfs"), "cores.policy")
    quantum = fields.number("quantum")
    switch = fields.number("switch", Fraction(0))
    fields.done()
    if policy == "rr":
        if quantum is None:
            raise NotExpressible("round robin without params.cores.quantum")
        policy = f"round-robin:quantum={span(quantum)[1:-1]}"
    elif policy not in ("ps", "fcfs"):
        raise NotExpressible(f"params.cores.policy {policy}")
    lines = [f"cores = {cores}", f"scheduler = {quoted(policy)}"]
    return lines + ([f"context_switch = {span(switch)}"] if switch else [])


def mishaps(params: Fields) -> list[str]:
    """Runaways, deaths of processes, and how what they leave is found."""
    lines = []
    given = params.take("runaway")
    if given is not None:
        fields = Fields(given, "params.runaway.")
        how = text_of(fields.take("on", "keep"), "runaway.on")
        lines.append(f"runaway = {{ limit = {span(fields.needed('limit'))}, on = {quoted(how)} }}")
        fields.done()
    for theirs, ours in (("sep_restart", "sep_restart"), ("pool_restart", "process_restart"), ("health_period", "health_period")):
        if (value := params.number(theirs)) is not None:
            lines.append(f"{ours} = {span(value, theirs)}")
    lines.append(f"misses = {whole(params.number('misses', Fraction(1)), 'misses')}")
    if (pools := params.take("pools")) is not None:
        rows = [[whole(number(sep, "pools"), "pools") for sep in list_of(pool, "pools")] for pool in list_of(pools, "pools")]
        lines.append(f"processes = {rows}")
    deaths = []
    for given in list_of(params.take("deaths", []), "deaths"):
        fields = Fields(given, "params.deaths.")
        at, pool = span(fields.needed("t")), whole(fields.number("pool", Fraction(1)), "deaths.pool")
        seen = text_of(fields.take("detect", "local"), "deaths.detect")
        deaths.append(f"{{ at = {at}, process = {pool}, detect = {quoted(seen)} }}")
        fields.done()
    return lines + ([f"deaths = [{', '.join(deaths)}]"] if deaths else [])


@dataclass
class Request:
    """A class of jobs that ask the region for one thing."""

    name: str
    priority: int
    step: str
    arrival: Fraction | None
    # Absolute, as the case has it.
    deadline: Fraction | None


class Workload:
    """Who asks for what, and when: requests, what follows them, and what they start."""

    def __init__(self, params: Fields, edf: bool = False, classes: Any = ()) -> None:
        self.edf = edf
        self.lost = {text_of(name, "lost") for name in list_of(params.take("lost", []), "lost")}
        self.transactions = set(classes)
        self.used: set[str] = set()
        self.requests: dict[str, Request] = {}
        self.names: dict[str, str] = {}
        self.bodies: dict[str, dict[str, Any]] = {}
        self.sources: list[tuple[str, str, Fraction]] = []
        # Operators: jobs that start a request and have no part of their own.
        self.operators: list[tuple[str, str]] = []
        given = [(fields, fields.needed("t")) for fields in self.listed(params, "requests")]
        for fields, at in given:
            name = self.request(fields, at, session=True)
            self.sources.append((name, name, at))
        pick_up = self.pick_up(params)
        for place, fields in enumerate(self.listed(params, "starts"), 1):
            at, delay = fields.number("t", Fraction(0)), fields.number("delay", Fraction(0))
            name = self.request(fields, pick_up(at + delay), session=False)
            operator = f"start {place} of {name}"
            self.operators.append((operator, f"{{ start = {quoted(name)}, after = {span(delay)}, region = {quoted(REGION)} }}"))
            self.sources.append((operator, operator, at))
        if unknown := self.lost - set(self.names.values()):
            raise NotExpressible("lost calls of " + ", ".join(sorted(unknown)))

    @staticmethod
    def listed(params: Fields, key: str) -> list[Fields]:
        return [Fields(item, f"params.{key}.") for item in list_of(params.take(key, []), key)]

    @staticmethod
    def pick_up(params: Fields) -> Any:
        """When a START that is due at an instant becomes a request: what its deadline is counted from."""
        delay, poll = params.number("post_delay", Fraction(0)), params.number("monitor_poll", Fraction(0))

        def picked(due: Fraction) -> Fraction:
            posted = due + delay
            return -(-posted // poll) * poll if poll else posted

        return picked

    def named(self, identity: str) -> str:
        """A name for the scenario: the id where it can be one."""
        if identity in self.bodies:
            raise NotExpressible(f"two requests with the id {identity}")
        name = identity if NAME.fullmatch(identity) else f"request {len(self.names) + 1}"
        self.names[name] = identity
        return name

    def started(self, fields: Fields) -> str | None:
        """The class of a START whose like there was before."""
        identity = fields.values.get("id")
        if identity not in self.bodies or self.bodies[identity] != self.body(fields):
            return None
        fields.ignore(list(fields.left))
        return next(name for name, theirs in self.names.items() if theirs == identity)

    @staticmethod
    def body(fields: Fields) -> dict[str, Any]:
        return {key: value for key, value in fields.values.items() if key not in ("t", "delay", "think")}

    def request(self, fields: Fields, arrival: Fraction | None, session: bool | str) -> str:
        if session is False and (name := self.started(fields)) is not None:
            return name
        identity = text_of(fields.need("id"), "id")
        name = self.named(identity)
        self.bodies[identity] = self.body(fields)
        fields.where = f"{identity}."
        if session is True:
            session = text_of(fields.take("session", identity), "session")
        priority = whole(fields.number("prio", Fraction(0)), "prio")
        parts = [f"request = {quoted(REGION)}", f"priority = {priority}"]
        transaction = fields.take("class")
        local = flag(fields, "local")
        if not local:
            self.used.add(str(transaction))
        if transaction is None and name in self.transactions:
            # The class of a request is by default called like it, and has no limits here.
            transaction = f"{name} of no class"
        for key, value in (("transaction", transaction), ("tag", fields.take("tag")), ("session", session or None)):
            if value is not None:
                parts.append(f"{key} = {quoted(text_of(value, key))}")
        # A place in the order for it and what it brings along: whoever is named first stands first.
        self.requests[name] = Request(name, priority, "", arrival, fields.number("deadline"))
        given = list_of(fields.take("steps", []), "steps")
        # What the dispatcher answers by itself never runs.
        steps = [] if local else [self.step(item, identity) for item in given]
        parts.append(f"steps = [{', '.join(steps)}]")
        following = fields.take("then")
        if following is not None:
            after = Fields(following, f"{identity}.then.")
            think = after.number("think", Fraction(0))
            name_after = self.request(after, None, session)
            parts.append(f"then = {{ class = {quoted(name_after)}, think = {span(think)} }}")
        if (limit := fields.number("disconnect_after")) is not None:
            parts.append(f"disconnect_after = {span(limit)}")
        parts += [f"{key} = true" for key, is_so in (("local", local), ("screen", flag(fields, "screen"))) if is_so]
        if identity in self.lost:
            parts.append("lose_call = true")
        fields.done()
        self.requests[name].step = f"{{ {', '.join(parts)} }}"
        return name

    def step(self, given: Any, identity: str) -> str:
        words = list_of(given, f"a step of {identity}")
        if len(words) != 2:
            raise NotExpressible(f"a step of {identity} that is no pair")
        kind, value = words
        if kind in ("exec", "converse"):
            return f"{{ {kind} = {span(number(value, kind), kind)} }}"
        if kind in ("lock", "unlock"):
            return f"{{ {kind} = {quoted(text_of(value, kind))} }}"
        if kind == "start":
            fields = Fields(value, f"{identity}.start.")
            delay = fields.number("delay", Fraction(0))
            return f"{{ start = {quoted(self.request(fields, None, session=False))}, after = {span(delay)} }}"
        raise NotExpressible(f"step {kind}")

    def text(self, arrivals: dict[str, Fraction]) -> str:
        """All classes and sources. Deadlines are counted from the arrivals, as far as these are known."""
        came = {
            name: request.arrival if request.arrival is not None else arrivals.get(name, Fraction(0))
            for name, request in self.requests.items()
        }
        left = {
            name: request.deadline - came[name] for name, request in self.requests.items()
            if self.edf and request.deadline is not None
        }
        # The order of deadlines stays the same where all are later by as much.
        later = max(Fraction(0), 1 - min(left.values())) if left else Fraction(0)
        text = ""
        for name, request in self.requests.items():
            deadline = f"deadline = {span(left[name] + later)}\n" if name in left else ""
            text += f"[[class]]\nname = {quoted(name)}\n{deadline}steps = [{request.step}]\n"
        for name, step in self.operators:
            text += f"[[class]]\nname = {quoted(name)}\nsteps = [{step}]\n"
        for name, of_class, at in self.sources:
            arrivals_text = f'{{ periodic = {{ period = "1ms", count = 1, offset = {span(at)} }} }}'
            text += f"[[source]]\nname = {quoted(name)}\nclass = {quoted(of_class)}\narrivals = {arrivals_text}\n"
        return text

    def priorities(self) -> dict[str, int]:
        return {self.names[name]: request.priority for name, request in self.requests.items()}

    def guessed(self) -> bool:
        """Whether a deadline is counted from an arrival that only the run tells."""
        return self.edf and any(
            request.deadline is not None and request.arrival is None for request in self.requests.values()
        )
