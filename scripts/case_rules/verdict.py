"""What is found of one case, and the two rules of comparing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Callable, Sequence

# Replications of every estimate; the rule asks for 30 or more.
REPLICATIONS = 32


@dataclass
class Findings:
    """Differences, and what could not be compared. The first difference is the one that is shown."""

    differences: list[str] = field(default_factory=list)
    compared: int = 0
    # Answers for which the program has no output, by their key.
    uncompared: list[str] = field(default_factory=list)
    # Answers that need a mechanism that is missing.
    missing: list[str] = field(default_factory=list)
    # What limits a good verdict, such as a coarse estimate.
    remarks: list[str] = field(default_factory=list)
    estimated: bool = False

    def add(self, other: Findings) -> None:
        self.differences += other.differences
        self.compared += other.compared
        self.uncompared += other.uncompared
        self.missing += other.missing
        self.remarks += other.remarks
        self.estimated |= other.estimated

    def equal(self, what: str, found: Any, expected: Any) -> None:
        self.compared += 1
        if found != expected:
            self.differences.append(f"{what} is {shown(found)}, expected {shown(expected)}")

    def near(self, what: str, found: Fraction | None, expected: Fraction | None, tolerance: Fraction) -> None:
        """A number, or that there is none."""
        self.compared += 1
        if found is None or expected is None:
            fits = found is None and expected is None
        else:
            fits = abs(found - expected) <= tolerance
        if not fits:
            self.differences.append(f"{what} is {shown(found)}, expected {shown(expected)}")

    def estimate(self, what: str, values: Sequence[float], exact: float, slack: float, coarse: float) -> None:
        """The rule of estimates; `slack` is what the answer itself may be off by, `coarse` the error asked for."""
        self.compared += 1
        self.estimated = True
        mean, error = mean_and_error(values)
        said = f"{what} is {mean:.6g} with standard error {error:.2g}, expected {exact:.6g}"
        why = refused(mean, error, len(values), exact, slack)
        if why:
            self.differences.append(f"{said}: {why}")
        elif exact and error > coarse * abs(exact):
            self.remarks.append(f"{what} to {100 * error / abs(exact):.2g} %")


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    count = len(values)
    mean = math.fsum(values) / count
    squares = math.fsum((value - mean) ** 2 for value in values)
    return mean, math.sqrt(squares / (count - 1) / count) if count > 1 else math.inf


def refused(mean: float, error: float, count: int, exact: float, slack: float) -> str | None:
    """Why an estimate is refused. Within four errors; and a twin moved by the larger of 5 % and 10 errors must not be."""
    if count < 30:
        return f"{count} replications are too few"
    allowed = slack * abs(exact)
    # A constant is its own estimate but for the last digits of a double.
    fits: Callable[[float], bool] = lambda value: abs(mean - value) <= 4 * error + allowed + 1e-9 * abs(value)
    if not fits(exact):
        return f"{abs(mean - exact) / error:.1f} standard errors off" if error else "off without any spread"
    moved = max(0.05 * abs(exact), 10 * error) + 2 * allowed
    if moved and (fits(exact + moved) or fits(exact - moved)):
        return "a twin that is moved would be accepted too"
    return None


def shown(value: Any) -> str:
    if isinstance(value, Fraction):
        return f"{float(value):.9g}"
    if value is None:
        return "absent"
    return str(value)
