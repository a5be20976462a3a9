"""Tests and intervals, by SciPy and statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import statsmodels.api as sm
from scipy import stats
from scipy.integrate import quad
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from write import call

SEED = 20240517


def inference_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of core/statistics' tests and intervals."""
    return {
        "paired-proportions": [*mcnemar_tests(), *agresti_caffo(), *wilson(), *clopper_pearson()],
        "holm": holm(),
        "quantile-bounds": quantile_bounds(),
        "mean-difference": [*paired_t(), *clustered_t()],
        "normal-range": normal_range(),
    }


def mcnemar_tests() -> list[dict[str, Any]]:
    """Exact, two-sided and one-sided."""
    tables = [(15, 19), (19, 15), (121, 59), (0, 0), (0, 5), (12, 12), (3, 40)]
    two_sided = [
        call("mcnemarTwoSided", [b, c], mcnemar([[9, b], [c, 9]], exact=True).pvalue) for b, c in tables if b + c > 0
    ]
    harm = [
        call("mcnemarHarm", [b, c], stats.binomtest(b, b + c, 0.5, alternative="less").pvalue)
        for b, c in tables
        if b + c > 0
    ]
    return [*two_sided, *harm]


def agresti_caffo() -> list[dict[str, Any]]:
    """Lower bounds of a difference of two shares."""
    cases = [(30, 100, 18, 100), (0, 30, 5, 40), (299, 600, 250, 500), (7, 33, 33, 33)]
    vectors = []
    for x1, n1, x2, n2 in cases:
        for level in (0.9, 0.99):
            low, _ = confint_proportions_2indep(x1, n1, x2, n2, method="agresti-caffo", compare="diff", alpha=1 - level)
            z = stats.norm.ppf((1 + level) / 2)
            vectors.append(call("agrestiCaffoLower", [x1, n1, x2, n2, float(z)], low))
    return vectors


def clopper_pearson() -> list[dict[str, Any]]:
    """Exact upper bounds of a share, each end of a two-sided interval of twice the error."""
    cases = [(0, 12), (0, 1000), (1, 1000), (7, 400), (29, 30), (250, 100000)]
    return [
        call("shareAtMost", [x, n, alpha], proportion_confint(x, n, alpha=2 * alpha, method="beta")[1])
        for x, n in cases
        for alpha in (0.05, 0.001)
    ]


def wilson() -> list[dict[str, Any]]:
    """Lower bounds of a share."""
    cases = [(0, 30), (459, 500), (30, 30), (4, 2000)]
    return [
        call("wilsonLower", [x / n, n, level], proportion_confint(x, n, alpha=1 - level, method="wilson")[0])
        for x, n in cases
        for level in (0.9, 0.99)
    ]


def holm() -> list[dict[str, Any]]:
    """Families with ties, zeros and ones."""
    random = np.random.default_rng(SEED)
    families = [[0.01, 0.04, 0.03, 0.005], [0.2], [0.5, 0.5, 0.01], [1, 0, 1], random.random(20).round(6).tolist()]
    return [{"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()} for p in families]


def quantile_bounds() -> list[dict[str, Any]]:
    """Order statistics around the sizes from which they exist."""
    random = np.random.default_rng(SEED)
    vectors = []
    for n in (10, 58, 59, 200, 500, 1000):
        values = np.sort(random.gamma(2, 10, n)).round(6)
        for q in (0.5, 0.95, 0.99):
            bounds = {}
            for side, alternative in (("upper", "less"), ("lower", "greater")):
                interval = stats.quantile_test(values, p=q, alternative=alternative).confidence_interval(0.95)
                bound = interval.high if side == "upper" else interval.low
                bounds[side] = float(bound) if np.isfinite(bound) else None
            vectors.append({"values": values.tolist(), "q": q, **bounds, "quantile": float(np.quantile(values, q))})
    return vectors


def paired_t() -> list[dict[str, Any]]:
    """Means of differences."""
    random = np.random.default_rng(SEED)
    vectors = []
    for n in (2, 30, 400):
        differences = random.normal(0.1, 1, n).round(6)
        result = stats.ttest_1samp(differences, 0)
        interval = result.confidence_interval(0.9)
        vectors.append(
            {
                "differences": differences.tolist(),
                "estimate": float(differences.mean()),
                "standardError": float(stats.sem(differences)),
                "low": float(interval.low),
                "high": float(interval.high),
            }
        )
    return vectors


def clustered_t() -> list[dict[str, Any]]:
    """The cluster-robust variance of a mean in statsmodels, with t quantiles on groups - 1 degrees of freedom."""
    random = np.random.default_rng(SEED + 1)
    vectors = []
    for groups, rows in ((12, 60), (40, 333)):
        group_of = np.concatenate([np.arange(groups), random.integers(0, groups, rows - groups)])
        differences = (random.normal(0, 1, groups)[group_of] + random.normal(0, 1, rows)).round(6)
        fit = sm.OLS(differences, np.ones(rows)).fit(cov_type="cluster", cov_kwds={"groups": group_of}, use_t=True)
        low, high = fit.conf_int(0.1)[0]
        vectors.append(
            {
                "differences": differences.tolist(),
                "groupOf": group_of.tolist(),
                "groups": groups,
                "estimate": float(fit.params[0]),
                "standardError": float(fit.bse[0]),
                "low": float(low),
                "high": float(high),
            }
        )
    return vectors


def normal_range() -> list[dict[str, Any]]:
    """The studentised range with infinite degrees of freedom is the range of normals."""

    def expected(count: int) -> float:
        return quad(lambda q: stats.studentized_range.sf(q, count, np.inf), 0, 12, epsabs=1e-11, epsrel=1e-11)[0]

    return [call("expectedNormalRange", [count], expected(count)) for count in (2, 4, 6, 10)]
