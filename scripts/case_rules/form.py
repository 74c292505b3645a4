"""Reading of cases. Numbers are exact, and a key that no rule has read is found at the end."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any, Iterable

# Keys that say where a case comes from and how it was found out; they change neither input nor answer.
REMARKS = (
    "id", "title", "group", "source", "provenance", "command", "derivation", "note", "notes", "reproduced_by_ref",
    "differs_from_global_edf", "oracle", "hand", "xcheck", "kind", "isolates", "family", "tells_apart",
)


class NotExpressible(Exception):
    """The case needs something that the program does not have, or that no rule here knows."""


class BadFile(Exception):
    """The file has not the form of a file of cases."""


class Fields:
    """A table of a case whose keys are taken one by one. Keys without a value count as absent."""

    def __init__(self, values: Any, where: str = "") -> None:
        if not isinstance(values, dict):
            raise NotExpressible(f"{where.rstrip('.') or 'case'}: a table was expected")
        self.values = {key: value for key, value in values.items() if value is not None}
        self.left = set(self.values)
        self.where = where

    def take(self, key: str, default: Any = None) -> Any:
        self.left.discard(key)
        return self.values.get(key, default)

    def need(self, key: str) -> Any:
        if key not in self.values:
            raise NotExpressible(f"a case without {self.where}{key}")
        return self.take(key)

    def number(self, key: str, default: Any = None) -> Any:
        value = self.take(key, default)
        return default if value is default else number(value, self.where + key)

    def needed(self, key: str) -> Fraction:
        return number(self.need(key), self.where + key)

    def ignore(self, keys: Iterable[str]) -> None:
        self.left.difference_update(keys)

    def done(self) -> None:
        """Ends the reading: whatever is left is not understood."""
        if self.left:
            raise NotExpressible("key " + ", ".join(self.where + key for key in sorted(self.left)))


def number(value: Any, what: str = "value") -> Fraction:
    """An exact number: an integer, a decimal, or text such as 8/7."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str, Fraction)):
        raise NotExpressible(f"{what}: {value!r} is no number")
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise NotExpressible(f"{what}: {value!r} is no number") from error


def numbers(values: Any, what: str = "values") -> list[Fraction]:
    if not isinstance(values, list):
        raise NotExpressible(f"{what}: a list was expected")
    return [number(value, what) for value in values]


def whole(value: Fraction, what: str) -> int:
    if value.denominator != 1:
        raise NotExpressible(f"{what}: {float(value):g} is not whole")
    return value.numerator


def read_file(path: str) -> dict[str, Any]:
    """The table of a file."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file, parse_float=Decimal, parse_constant=Decimal)
    except (OSError, ValueError, RecursionError) as error:
        raise BadFile(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise BadFile(f"{path}: not a table with cases")
    return document


def cases_of(path: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The cases of a file, whatever their list is called."""
    for name in ("cases", "oracles"):
        found = document.get(name)
        if isinstance(found, list):
            break
    else:
        raise BadFile(f"{path}: no list `cases` or `oracles`")
    for place, case in enumerate(found):
        if not isinstance(case, dict) or not isinstance(case.get("id"), str):
            raise BadFile(f"{path}: case {place + 1} is no table with an id")
    return found
