"""What the gate's figures show, by scikit-learn: counts of a confusion matrix, points of curves, bins of confidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

SEED = 4_321_765
THRESHOLD = 0.5


def figure_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of core/gate/figures."""
    random = np.random.default_rng(SEED)
    return {"figures": [curves(random, rows, digits) for rows, digits in ((40, 1), (300, 2), (300, 6))]}


def curves(random: np.random.Generator, rows: int, digits: int) -> dict[str, Any]:
    """Two classes; the fewer digits, the more rows have the same score."""
    labels = random.integers(0, 2, rows)
    scores = np.clip(0.25 * labels + 0.75 * random.random(rows), 0, 1).round(digits)
    predictions = (scores > THRESHOLD).astype(int)
    false_positive, true_positive, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores, drop_intermediate=False)
    confidence = np.where(predictions == 1, scores, 1 - scores)
    accuracy, mean_confidence = calibration_curve(predictions == labels, confidence, n_bins=10)
    return {
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "predictions": predictions.tolist(),
        "confusion": metrics.confusion_matrix(labels, predictions).tolist(),
        "roc": np.stack([false_positive, true_positive], axis=1).tolist(),
        # scikit-learn goes from the lowest threshold up and adds a point of no threshold at the end.
        "precisionRecall": np.stack([recall, precision], axis=1)[:-1][::-1].tolist(),
        "accuracy": accuracy.tolist(),
        "confidence": mean_confidence.tolist(),
    }
