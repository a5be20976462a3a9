"""Metrics of several classes a row, of rankings and of quantiles by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

SEED = 31_415
HALF = 0.5


def task_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of the tasks that are neither classes nor one number."""
    return {
        "multilabel": [multilabel(60, 3), multilabel(301, 6)],
        "ranking": [ranking(40, digits=4), ranking(60, digits=1)],
        "quantiles": [quantiles(80, (0.1, 0.5, 0.9)), quantiles(301, (0.05, 0.25, 0.5, 0.75, 0.95))],
    }


def multilabel(rows: int, classes: int) -> dict[str, Any]:
    """A model of several classes a row, some of them rare, the last answered now and then and true of no row."""
    random = np.random.default_rng(SEED + rows)
    truths = (random.random((rows, classes)) < np.linspace(0.6, 0.1, classes)).astype(int)
    truths[:, -1] = 0
    scores = np.clip(truths * 0.4 + random.random((rows, classes)) * 0.7, 0, 1).round(2)
    answers = (scores > HALF).astype(int)
    values = {
        "subset-accuracy": metrics.accuracy_score(truths, answers),
        "hamming-loss": metrics.hamming_loss(truths, answers),
        "jaccard": metrics.jaccard_score(truths, answers, average="samples", zero_division=1),
        "label-ranking-average-precision": metrics.label_ranking_average_precision_score(truths, scores),
    }
    of_classes = {"f1": metrics.f1_score, "precision": metrics.precision_score, "recall": metrics.recall_score}
    for name, score in of_classes.items():
        for suffix, average in (("", "macro"), ("-micro", "micro"), ("-weighted", "weighted")):
            values[f"{name}{suffix}"] = score(truths, answers, average=average, zero_division=0)
    return {
        "truths": truths.T.tolist(),
        "answers": answers.T.tolist(),
        "scores": scores.T.tolist(),
        "values": {name: float(value) for name, value in values.items()},
        "ofClass": [
            {"metric": name, "class": place, "value": float(value)}
            for name, score in of_classes.items()
            for place, value in enumerate(score(truths, answers, average=None, zero_division=0))
            if truths[:, place].any()
        ],
    }


def ranking(queries: int, digits: int) -> dict[str, Any]:
    """Queries of two to twelve rows, some without a relevant one; scores of one digit have ties."""
    random = np.random.default_rng(SEED + queries)
    sizes = random.integers(2, 13, queries)
    query = np.repeat(np.arange(queries), sizes)
    relevance = random.choice([0, 0, 0, 1, 2, 3], len(query))
    relevance[np.isin(query, [3, 17])] = 0
    scores = (relevance / 3 + random.normal(0, 0.6, len(query))).round(digits)
    judged = [(relevance[query == one], scores[query == one]) for one in range(queries)]
    counted = [pair for pair in judged if pair[0].any()]
    values = {}
    for most in (None, 3, 5):
        suffix = "" if most is None else f"@{most}"
        for name, worth in (("ndcg", ndcg), ("map", average_precision), ("mrr", reciprocal_rank)):
            values[f"{name}{suffix}"] = float(np.mean([worth(*pair, most) for pair in counted]))
    return {
        "queries": [f"q{one}" for one in query],
        "relevance": relevance.tolist(),
        "scores": scores.tolist(),
        "leftOut": len(judged) - len(counted),
        "values": values,
    }


def ndcg(relevance: np.ndarray, scores: np.ndarray, most: int | None) -> float:
    """One query."""
    return metrics.ndcg_score([relevance], [scores], k=most)


def average_precision(relevance: np.ndarray, scores: np.ndarray, most: int | None) -> float:
    """One query: over the rows that at most so many score as high as, as a part of all that are relevant."""
    relevant = relevance > 0
    if most is not None:
        ranks = (scores[:, None] <= scores[None, :]).sum(axis=1)
        within = ranks <= most
        if not relevant[within].any():
            return 0.0
        share = relevant[within].sum() / relevant.sum()
        return share * metrics.average_precision_score(relevant[within], scores[within])
    return metrics.average_precision_score(relevant, scores)


def reciprocal_rank(relevance: np.ndarray, scores: np.ndarray, most: int | None) -> float:
    """One query: the ranking precision of its best relevant row among those that are not is one over its rank."""
    relevant = relevance > 0
    if relevant.all():
        return 1.0
    best = scores[relevant].max()
    given = [best, *scores[~relevant]]
    value = metrics.label_ranking_average_precision_score([[1] + [0] * (len(given) - 1)], [given])
    return value if most is None or round(1 / value) <= most else 0.0


def quantiles(rows: int, levels: tuple[float, ...]) -> dict[str, Any]:
    """A model of quantiles that are too narrow, and now and then cross."""
    random = np.random.default_rng(SEED + rows)
    targets = random.normal(0, 3, rows).round(3)
    centre = targets + random.normal(0, 1, rows)
    spread = np.array([0.8 * (level - 0.5) * 4 for level in levels])
    predicted = (centre[:, None] + spread + random.normal(0, 0.3, (rows, len(levels)))).round(3)
    losses = {level: metrics.mean_pinball_loss(targets, predicted[:, i], alpha=level) for i, level in enumerate(levels)}
    covered = metrics.accuracy_score(np.ones(rows), (predicted[:, 0] <= targets) & (targets <= predicted[:, -1]))
    sorted_rows = (np.sort(predicted, axis=1) == predicted).all(axis=1)
    return {
        "levels": [str(level) for level in levels],
        "targets": targets.tolist(),
        "predicted": predicted.T.tolist(),
        "pinball": [{"quantile": level, "value": float(value)} for level, value in losses.items()],
        "values": {
            "pinball": float(losses[0.5]),
            "mean-pinball": float(np.mean(list(losses.values()))),
            "coverage": float(covered),
            "coverage-error": float(abs(covered - (levels[-1] - levels[0]))),
            "quantile-crossing": float(1 - sorted_rows.mean()),
        },
    }
