"""Special functions and distributions, by SciPy, and by mpmath with 40 digits where the error of SciPy is too large."""

from __future__ import annotations

from itertools import product
from typing import Any

import mpmath
from scipy import special, stats
from write import call

mpmath.mp.dps = 40

MOST_FOR_MPMATH = 400
SMALLEST = 1e-290  # below this a double has nothing to compare


def special_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of core/statistics' special functions."""
    return {
        "gamma": [*log_gamma(), *incomplete_gamma()],
        "beta": incomplete_beta(),
        "distributions": [*normal(), *chi_square(), *f_and_t(), *binomial()],
    }


def log_gamma() -> list[dict[str, Any]]:
    """Near its zeros, small, and large."""
    points = [
        1e-10,
        0.1,
        0.25,
        0.5,
        0.9,
        1 - 1e-7,
        1 + 1e-7,
        1.5,
        2 - 1e-7,
        2 + 1e-9,
        2.4,
        2.5,
        3.3,
        9.99,
        10,
        123.4,
        1e4,
        1e8,
    ]
    return [call("logGamma", [x], mpmath.loggamma(mpmath.mpf(x))) for x in points]


def incomplete_gamma() -> list[dict[str, Any]]:
    """Both halves, far into their tails."""
    shapes = [0.01, 0.5, 1, 4.5, 10, 77.7, 1000, 12345.6]
    vectors = []
    for a, ratio in product(shapes, [0.01, 0.3, 0.9, 1, 1.1, 2, 5]):
        x = a * ratio
        lower, upper = gamma_halves(a, x)
        vectors.append(call("gammaP", [a, x], lower))
        vectors.append(call("gammaQ", [a, x], upper))
    return [vector for vector in vectors if vector["value"] > SMALLEST]


def gamma_halves(a: float, x: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """P(a, x) by its series of positive terms and Q = 1 - P, with digits enough for any Q that a double can hold."""
    with mpmath.workdps(340):
        shape, point = mpmath.mpf(a), mpmath.mpf(x)
        term = mpmath.exp(shape * mpmath.log(point) - point - mpmath.loggamma(shape + 1))
        total = mpmath.mpf(0)
        step = 0
        while term > total * mpmath.mpf(10) ** -335:
            total += term
            step += 1
            term *= point / (shape + step)
        return total, 1 - total


def incomplete_beta() -> list[dict[str, Any]]:
    """Even and lopsided shapes."""
    shapes = [0.3, 1, 2, 17.5, 300, 4321]
    vectors = []
    for a, b, x in product(shapes, shapes, [0.001, 0.05, 0.4, 0.5, 0.93, 0.999]):
        exact = a + b < MOST_FOR_MPMATH
        value = mpmath.betainc(a, b, 0, mpmath.mpf(x), regularized=True) if exact else special.betainc(a, b, x)
        vectors.append(call("betaI", [a, b, x], value))
    return [vector for vector in vectors if vector["value"] > SMALLEST]


def normal() -> list[dict[str, Any]]:
    """Distribution function and quantile."""
    cdf = [
        call("normalCdf", [x], mpmath.ncdf(x)) for x in [-37, -12.3, -5, -1.96, -0.01, 0, 0.3, 1.6448536269514722, 4, 8]
    ]
    probabilities = [1e-300, 1e-20, 1e-9, 1e-4, 0.025, 0.3, 0.5, 0.7, 0.95, 0.975, 0.9999, 1 - 1e-12]
    return [*cdf, *(call("normalQuantile", [p], stats.norm.ppf(p)) for p in probabilities)]


def chi_square() -> list[dict[str, Any]]:
    """Central and non-central survival."""
    central = [
        call("chiSquareSurvival", [x, df], gamma_halves(df / 2, x / 2)[1])
        for df, x in product([1, 2.5, 9, 100], [0.001, 0.7, 9, 21.6659943, 150, 700])
    ]
    points = [
        (33, 9, 5),
        (150, 9, 100),
        (2300, 9, 2000),
        (0.5, 9, 3),
        (9, 9, 0.01),
        (40, 3, 10),
        (20, 1.5, 200),
        (5000, 19, 3000),
    ]
    return [*central, *(call("noncentralChiSquareSurvival", list(p), noncentral_survival(*p)) for p in points)]


def noncentral_survival(x: float, df: float, nc: float) -> mpmath.mpf:
    """The Poisson mixture of central survivals, summed with 40 digits far beyond what matters."""
    half = mpmath.mpf(nc) / 2
    last = int(half + 40 * mpmath.sqrt(half) + 60 + x / 2)
    a = mpmath.mpf(df) / 2
    y = mpmath.mpf(x) / 2
    survival = gamma_halves(df / 2, x / 2)[1]
    density = mpmath.exp(a * mpmath.log(y) - y - mpmath.loggamma(a + 1))
    weight = mpmath.exp(-half)
    total = mpmath.mpf(0)
    for j in range(last):
        total += weight * survival
        survival += density
        density *= y / (a + j + 1)
        weight *= half / (j + 1)
    return total


def f_and_t() -> list[dict[str, Any]]:
    """Fisher's F and Student's t."""
    f = [
        call("fSurvival", [x, d1, d2], stats.f.sf(x, d1, d2))
        for d1, d2, x in product([1, 3, 9.3], [4, 60, 252.7], [0.1, 1, 2.5, 5, 20])
    ]
    t = [
        call("studentSurvival", [x, df], stats.t.sf(x, df)) for df, x in product([1, 7, 120.5], [-2.2, 0, 0.4, 1.98, 9])
    ]
    quantiles = [
        call("studentQuantile", [p, df], stats.t.ppf(p, df))
        for df, p in product([1, 5, 29, 4999], [0.001, 0.05, 0.5, 0.95, 0.9999])
    ]
    return [*f, *t, *quantiles]


def binomial() -> list[dict[str, Any]]:
    """Probabilities, both tails, quantiles."""
    vectors = []
    for n, p in product([1, 10, 180, 5000], [0.01, 0.3, 0.5, 0.95]):
        for k in sorted({0, n // 10, n // 3, n // 2, int(n * p), n - 1}):
            vectors.append(call("binomialProbability", [k, n, p], stats.binom.pmf(k, n, p)))
            vectors.append(call("binomialCdf", [k, n, p], stats.binom.cdf(k, n, p)))
            vectors.append(call("binomialSurvival", [k, n, p], stats.binom.sf(k, n, p)))
    vectors = [vector for vector in vectors if vector["value"] > SMALLEST]
    quantiles = [
        call("binomialQuantile", [q, n, p], stats.binom.ppf(q, n, p))
        for n, p, q in product([10, 200, 1000], [0.5, 0.95, 0.99], [0.05, 0.5, 0.95])
    ]
    return [*vectors, *quantiles]
