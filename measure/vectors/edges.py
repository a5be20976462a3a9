"""Where doubles lose what they can lose: huge, tiny and nearly equal arguments, by mpmath with 60 digits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import mpmath
from mpmath import mpf
from write import call

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = 60
# A bell's tail is taken in so many pieces, in each of which it falls by about e: what is beyond does not count.
PIECES = 150


def edge_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of core/statistics' functions at the edges of their domains."""
    with mpmath.workdps(DIGITS):
        return {"edges": [*huge_shapes(), *tiny_shapes(), *normal(), *student(), *fisher(), *shares()]}


def huge_shapes() -> list[dict[str, Any]]:
    """The incomplete gamma function from where sums take too many terms."""
    vectors = []
    for a in (9e5, 1e6, 1e8, 2e9, 1e10, 1e11, 1e15):
        for deviations in (-36, -8, -1, 0, 1, 8, 36):
            x = float(a + deviations * a**0.5)
            side = -1 if deviations < 0 else 1
            tail = integrate_tail(gamma_density(mpf(a)), mpf(x), side * mpmath.sqrt(a) / max(1, abs(deviations)))
            lower, upper = (tail, 1 - tail) if deviations < 0 else (1 - tail, tail)
            vectors.append(call("gammaP", [a, x], lower))
            vectors.append(call("gammaQ", [a, x], upper))
    return vectors


def gamma_density(a: mpf) -> Callable[[mpf], mpf]:
    """The gamma distribution's density."""
    log_gamma = mpmath.loggamma(a)
    return lambda t: mpmath.exp((a - 1) * mpmath.log(t) - t - log_gamma) if t > 0 else mpf(0)


def integrate_tail(density: Callable[[mpf], mpf], start: mpf, piece: mpf) -> mpf:
    """The integral of a bell from `start` outwards, in pieces of this width."""
    ends = [start + k * piece for k in range(PIECES + 1)]
    return abs(mpmath.fsum(mpmath.quad(density, pair) for pair in pairwise(ends)))


def tiny_shapes() -> list[dict[str, Any]]:
    """The upper half where the lower is nearly 1."""
    return [
        call("gammaQ", [a, x], mpmath.gammainc(mpf(a), mpf(x), regularized=True))
        for a in (1e-300, 1e-12, 1e-8, 1e-3, 0.1, 0.24, 0.26)
        for x in (1e-30, 1e-3, 0.5, 1, 1.2, 3)
    ]


def normal() -> list[dict[str, Any]]:
    """Quantiles near a half, and of the smallest doubles."""
    near = [0.5 + side * 2.0**-power for power in (7, 8, 20, 35, 50, 53) for side in (-1, 1)]
    far = [5e-324, 1e-320, 2.2250738585072014e-308, 9e-301, 1.1e-300, 1e-290]
    return [
        *(call("normalQuantile", [p], mpmath.sqrt(2) * mpmath.erfinv(2 * mpf(p) - 1)) for p in near),
        *(call("normalQuantile", [p], far_quantile(mpf(p))) for p in far),
    ]


def far_quantile(p: mpf) -> mpf:
    """The z of a tail, on the scale of its logarithm."""
    start = -mpmath.sqrt(-2 * mpmath.log(p))
    return mpmath.findroot(lambda z: mpmath.log(mpmath.erfc(-z / mpmath.sqrt(2)) / 2) - mpmath.log(p), start)


def student() -> list[dict[str, Any]]:
    """Survival with many degrees of freedom, and quantiles of small probabilities with few."""
    survivals = [
        call("studentSurvival", [t, df], integrate_tail(student_density(mpf(df)), mpf(t), mpf(1) / max(1, t)))
        for df in (1e5, 9.9e5, 1e6, 1e9, 1e12)
        for t in (1e-6, 0.5, 3, 12, 36)
    ]
    small = (1e-300, 1e-100, 1e-15, 1e-9, 0.4999999, 0.5 - 2.0**-45)
    cauchy = [call("studentQuantile", [p, 1], -mpmath.cot(mpmath.pi * mpf(p))) for p in small]
    two = [call("studentQuantile", [p, 2], (2 * mpf(p) - 1) / mpmath.sqrt(2 * mpf(p) * (1 - mpf(p)))) for p in small]
    four = [call("studentQuantile", [p, 4], quantile_of_four(mpf(p))) for p in small]
    return [*survivals, *cauchy, *two, *four]


def student_density(df: mpf) -> Callable[[mpf], mpf]:
    """Student's density."""
    front = mpmath.exp(mpmath.loggamma((df + 1) / 2) - mpmath.loggamma(df / 2)) / mpmath.sqrt(df * mpmath.pi)
    return lambda t: front * mpmath.exp(-(df + 1) / 2 * mpmath.log1p(t * t / df))


def quantile_of_four(p: mpf) -> mpf:
    """With four degrees of freedom, for which there is a formula: Shaw, "Sampling Student's T distribution" (2006)."""
    alpha = mpmath.sqrt(4 * p * (1 - p))
    q = mpmath.cos(mpmath.acos(alpha) / 3) / alpha
    return mpmath.sign(p - mpf(1) / 2) * 2 * mpmath.sqrt(q - 1)


def fisher() -> list[dict[str, Any]]:
    """A table of a hundred million requests, at and off the mode."""
    tables = [
        (10**8, 10**8, 2_050, 1_950),
        (10**6, 10**8, 30, 2_020),
        (10**6, 10**8, 5_200, 495_000),
        (20_000, 3_000_000, 90, 9_000),
        (10**8, 3 * 10**8, 0, 12),
    ]
    return [
        call("fisherProbability", [*table, ratio], fisher_probability(*table, mpf(ratio)))
        for table in tables
        for ratio in (0.8, 1, 1.25)
    ]


def fisher_probability(candidate: int, stable: int, observed: int, stable_bad: int, ratio: mpf) -> mpf:
    """Fisher's non-central hypergeometric probability: a sum from the observed count both ways, while it grows."""
    bad = observed + stable_bad
    low, high = max(0, bad - stable), min(candidate, bad)

    def step_up(y: int) -> mpf:
        return mpf((candidate - y) * (bad - y)) / ((y + 1) * (stable - bad + y + 1)) * ratio

    total = mpf(1)
    for places, factor in (
        (range(observed, high), step_up),
        (range(observed - 1, low - 1, -1), lambda y: 1 / step_up(y)),
    ):
        term = mpf(1)
        for y in places:
            growth = factor(y)
            term *= growth
            total += term
            if growth < 1 and term < total * mpf(10) ** -DIGITS:
                break
    return 1 / total


def shares() -> list[dict[str, Any]]:
    """The evidence on the split of requests after a hundred million, right and slightly wrong."""
    counts = [
        (10**6, 99 * 10**6, 0.01),
        (1_003_500, 98_996_500, 0.01),
        (50_004_000, 49_996_000, 0.5),
        (10_000, 90_000, 0.1),
    ]
    return [call("logShareEvidence", list(case), share_evidence(*case)) for case in [*counts, (3, 997, 0.01)]]


def share_evidence(candidate: int, stable: int, share: float) -> mpf:
    """The beta-binomial mixture against the configured share, with a prior of a hundred requests."""
    p = mpf(share)
    a, b = 100 * p, 100 * (1 - p)

    def log_beta(x: mpf, y: mpf) -> mpf:
        return mpmath.loggamma(x) + mpmath.loggamma(y) - mpmath.loggamma(x + y)

    return log_beta(a + candidate, b + stable) - log_beta(a, b) - candidate * mpmath.log(p) - stable * mpmath.log(1 - p)
