"""Laws of service and arrivals, as scenarios write them. One unit of the case is one second."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .form import Fields, NotExpressible, number

# Moments and names of laws that a case gives along with their parameters.
ALONG = ("mean", "m2", "m3", "scv", "cv2", "fit")


def span(seconds: float | Fraction) -> str:
    """A duration, to the nearest nanosecond."""
    return f'"{round(Fraction(seconds) * 1_000_000_000)}ns"'


def rate(per_second: float | Fraction) -> str:
    text = f"{float(per_second):.12f}".rstrip("0")
    return f'"{text}0/s"' if text.endswith(".") else f'"{text}/s"'


def exponential(mean: float | Fraction) -> str:
    return f"{{ exponential = {{ mean = {span(mean)} }} }}"


def constant(value: float | Fraction) -> str:
    return span(value)


def poisson(per_second: float | Fraction) -> str:
    return f"{{ poisson = {rate(per_second)} }}"


def hyperexponential(p: Fraction, rate_one: Fraction, rate_two: Fraction) -> str:
    first, second = f"{float(p):.12f}", f"{float(1 - p):.12f}"
    return (
        f"{{ hyperexponential = {{ branches = [{{ p = {first}, mean = {span(1 / rate_one)} }}, "
        f"{{ p = {second}, mean = {span(1 / rate_two)} }}] }} }}"
    )


def of_moments(mean: Fraction, second: Fraction) -> tuple[str, float]:
    """A law with these two moments, where an answer depends on no more; and its squared variation."""
    scv = second / mean**2 - 1
    if scv < 0:
        raise NotExpressible("a second moment below the square of the mean")
    if scv == 0:
        return constant(mean), 0.0
    if scv == 1:
        return exponential(mean), 1.0
    if scv > 1:
        return f"{{ hyperexponential = {{ mean = {span(mean)}, scv = {float(scv)!r} }} }}", float(scv)
    return f"{{ gamma = {{ shape = {float(1 / scv)!r}, mean = {span(mean)} }} }}", float(scv)


def service(table: Any) -> tuple[str, float]:
    """The law of a table with `dist`, and about its squared coefficient of variation."""
    fields = Fields(table, "service.")
    name = str(fields.need("dist"))
    scv = fields.number("scv", fields.number("cv2"))
    mean = fields.number("mean", Fraction(1))
    fields.ignore(ALONG)
    parameters = Fields(fields.take("param") or {key: table[key] for key in fields.left}, "service.")
    if "param" not in fields.values:
        fields.ignore(list(fields.left))
    parameters.ignore(ALONG)
    text, usual = law(name, parameters, mean)
    parameters.done()
    fields.done()
    return text, float(scv) if scv is not None else usual


def law(name: str, p: Fields, mean: Fraction) -> tuple[str, float]:
    slug = name.lower()
    if slug in ("det", "deterministic", "constant"):
        return constant(p.number("value", mean)), 0.0
    if slug in ("exp", "exponential"):
        given = p.number("rate")
        return exponential(1 / given if given else mean), 1.0
    if slug.startswith("erlang"):
        phases = p.number("k", number(slug.removeprefix("erlang") or "2"))
        given = p.number("rate")
        return f"{{ erlang = {{ shape = {int(phases)}, mean = {span(phases / given if given else mean)} }} }}", 1 / int(phases)
    if slug == "uniform":
        return f"{{ uniform = {{ low = {span(p.needed('a'))}, high = {span(p.needed('b'))} }} }}", 1 / 3
    if slug in ("h2", "hyperexponential"):
        return hyperexponential(p.needed("p"), p.needed("mu1"), p.needed("mu2")), 4.0
    if slug == "lognormal":
        from math import exp

        sigma = float(p.needed("sigma"))
        median = exp(float(p.needed("mu")))
        return f"{{ lognormal = {{ median = {span(median)}, sigma = {sigma!r} }} }}", exp(sigma**2) - 1
    if slug == "weibull":
        return f"{{ weibull = {{ shape = {float(p.needed('shape'))!r}, scale = {span(p.needed('scale'))} }} }}", 5.0
    if slug == "gamma":
        shape = p.needed("shape")
        return f"{{ gamma = {{ shape = {float(shape)!r}, mean = {span(mean)} }} }}", float(1 / shape)
    if slug in ("boundedpareto", "bounded-pareto", "bounded_pareto"):
        shape, low, high = p.needed("alpha"), p.needed("k"), p.needed("p")
        return f"{{ bounded-pareto = {{ shape = {float(shape)!r}, low = {span(low)}, high = {span(high)} }} }}", 17.0
    raise NotExpressible(f"law {name}")
