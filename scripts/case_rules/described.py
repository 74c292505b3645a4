"""Forms that are recognized: function platforms, gateways, event dispatch, power, models of language.
Their mechanisms are missing, and each case says which of them it needs, by its keys."""

from __future__ import annotations

from typing import Any

from .form import REMARKS, Fields, NotExpressible
from .program import Program
from .verdict import Findings

# Kinds of cases, and the mechanism of all of that kind.
KINDS = {
    "faas": "function instances that start and expire",
    "gateway": "gates, attempts and answers of a gateway",
    "event": "event loops and in-process dispatch",
    "power": "speeds, sleep states and energy",
    "learned": "scheduling by predictions",
    "llm": "batches of a language model's server",
    "timed": "event loops with frames",
}
DISPATCH = ("emitter", "redux", "flux", "dom", "node", "symfony")


def check(program: Program, document: dict[str, Any], case: dict[str, Any], quick: bool) -> Findings:
    fields = Fields(case)
    kind = str(fields.take("kind", document.get("kind", "")))
    fields.ignore(REMARKS)
    answers = [key for key in ("expect", "expected", "log", "state") if key in fields.values]
    if not answers:
        raise NotExpressible("a case without an answer")
    if kind in DISPATCH:
        raise NotExpressible(f"in-process dispatch of kind {kind}")
    what = KINDS.get(kind, f"cases of kind {kind or '?'}")
    params = fields.values.get("params")
    named = sorted(map(str, params)) if isinstance(params, dict) else []
    raise NotExpressible(what + (f" ({', '.join(named)})" if named else ""))
