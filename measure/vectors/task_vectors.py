"""Metrics of several classes a row, of rankings and of quantiles by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics

SEED = 31_415
HALF = 0.5


def task_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of the tasks that are neither classes nor one number."""
    return {"multilabel": [multilabel(60, 3), multilabel(301, 6)]}


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
