"""The gate's metrics by scikit-learn, ROC comparison pair by pair, MLflow's thresholds by MLflow itself."""

from __future__ import annotations

import logging
from itertools import product
from typing import Any

import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.models.evaluation.validation import MetricThreshold, _validate
from sklearn import metrics

SEED = 7_654_321
TWO = 2
logging.getLogger("mlflow").setLevel(logging.ERROR)


def gate_vectors() -> dict[str, list[dict[str, Any]]]:
    """Vectors of core/gate, and of the ROC comparison it uses."""
    return {
        "metrics": [*classification(), regression()],
        "roc": roc_comparisons(),
        "mlflow-thresholds": mlflow_thresholds(),
    }


def classification() -> list[dict[str, Any]]:
    """Models of two and of four classes, with all their metrics."""
    random = np.random.default_rng(SEED)
    cases = []
    for classes, rows in ((2, 60), (2, 501), (4, 300)):
        labels = random.integers(0, classes, rows)
        scores = random.dirichlet(np.ones(classes), rows)
        scores[np.arange(rows), labels] += 0.5
        scores = (scores / scores.sum(axis=1, keepdims=True)).round(3)
        scores[:, -1] = (1 - scores[:, :-1].sum(axis=1)).round(3)
        predictions = scores.argmax(axis=1)
        cases.append(
            {
                "task": "binary" if classes == TWO else "multiclass",
                "classes": classes,
                "labels": labels.tolist(),
                "predictions": predictions.tolist(),
                "scores": scores.T.tolist(),
                "values": classification_values(labels, predictions, scores),
                "detailed": detailed_classification(labels, predictions, classes),
            }
        )
    return cases


def classification_values(labels: np.ndarray, predictions: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """The value in scikit-learn of every metric of classes and probabilities."""
    binary = scores.shape[1] == TWO
    average = "binary" if binary else "macro"
    ranking = scores[:, 1] if binary else scores
    per_class = {"average": average, "zero_division": 0}
    one_hot = labels if binary else np.eye(scores.shape[1])[labels]
    values = {
        "accuracy": metrics.accuracy_score(labels, predictions),
        "f1": metrics.f1_score(labels, predictions, **per_class),
        "precision": metrics.precision_score(labels, predictions, **per_class),
        "recall": metrics.recall_score(labels, predictions, **per_class),
        **{
            f"{name}-weighted": score(labels, predictions, average="weighted", zero_division=0)
            for name, score in (
                ("f1", metrics.f1_score),
                ("precision", metrics.precision_score),
                ("recall", metrics.recall_score),
            )
        },
        **({} if binary else many_class_values(labels, scores)),
        "balanced-accuracy": metrics.balanced_accuracy_score(labels, predictions),
        "mcc": metrics.matthews_corrcoef(labels, predictions),
        "log-loss": metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, ranking),
        "roc-auc": metrics.roc_auc_score(labels, ranking, multi_class="ovr"),
        "average-precision": metrics.average_precision_score(one_hot, ranking),
    }
    return {name: float(value) for name, value in values.items()}


def many_class_values(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Metrics that two classes have no use for."""
    known = range(scores.shape[1])
    return {
        "roc-auc-weighted": metrics.roc_auc_score(labels, scores, multi_class="ovr", average="weighted"),
        "top-3-accuracy": metrics.top_k_accuracy_score(labels, scores, k=3, labels=known),
        "top-5-accuracy": metrics.top_k_accuracy_score(labels, scores, k=5, labels=known),
    }


def detailed_classification(labels: np.ndarray, predictions: np.ndarray, classes: int) -> list[dict[str, Any]]:
    """Metrics of one class, and what the answers cost by a matrix of costs."""
    names = [f"class-{index}" for index in range(classes)]
    costs = np.random.default_rng(SEED).integers(1, 50, (classes, classes)) * (1 - np.eye(classes))
    confusion = metrics.confusion_matrix(labels, predictions, labels=range(classes))
    by_name = {
        label: {answer: float(costs[i, j]) for j, answer in enumerate(names) if i != j} for i, label in enumerate(names)
    }
    per_class = {"labels": [classes - 1], "average": None, "zero_division": 0}
    of_class = {"class": names[-1]}
    return [
        {"metric": "f1", "detail": of_class, "value": float(metrics.f1_score(labels, predictions, **per_class)[0])},
        {
            "metric": "precision",
            "detail": of_class,
            "value": float(metrics.precision_score(labels, predictions, **per_class)[0]),
        },
        {
            "metric": "recall",
            "detail": of_class,
            "value": float(metrics.recall_score(labels, predictions, **per_class)[0]),
        },
        {
            "metric": "expected-cost",
            "detail": {"costs": by_name},
            "value": float((confusion * costs).sum() / labels.size),
        },
    ]


def regression() -> dict[str, Any]:
    """Targets far from 0, where careless sums of squares lose their digits."""
    random = np.random.default_rng(SEED)
    labels = (1e4 + random.normal(0, 3, 120)).round(4)
    predictions = (labels + random.standard_t(3, 120)).round(4)
    values = {
        "mae": metrics.mean_absolute_error(labels, predictions),
        "mse": metrics.mean_squared_error(labels, predictions),
        "rmse": metrics.root_mean_squared_error(labels, predictions),
        "mape": metrics.mean_absolute_percentage_error(labels, predictions),
        "r2": metrics.r2_score(labels, predictions),
    }
    return {
        "task": "regression",
        "classes": 0,
        "labels": labels.tolist(),
        "predictions": predictions.tolist(),
        "scores": [],
        "values": {name: float(value) for name, value in values.items()},
        "detailed": [
            {
                "metric": "pinball",
                "detail": {"quantile": quantile},
                "value": float(metrics.mean_pinball_loss(labels, predictions, alpha=quantile)),
            }
            for quantile in (0.1, 0.5, 0.9)
        ],
    }


def roc_comparisons() -> list[dict[str, Any]]:
    """The variance of DeLong from its definition: the kernel of every positive with every negative, ties half."""
    random = np.random.default_rng(SEED)
    cases = []
    for positives, negatives, digits in ((12, 15, 6), (30, 70, 1), (41, 29, 0)):
        labels = np.concatenate([np.ones(positives), np.zeros(negatives)]).astype(int)
        order = random.permutation(labels.size)
        labels = labels[order]
        champion = (random.normal(0, 1, labels.size) + labels).round(digits)
        challenger = (champion + random.normal(0, 0.7, labels.size) + 0.3 * labels).round(digits)
        cases.append(
            {
                "positive": labels.tolist(),
                "champion": champion.tolist(),
                "challenger": challenger.tolist(),
                **delong_by_pairs(labels == 1, champion, challenger),
            }
        )
    return cases


def delong_by_pairs(positive: np.ndarray, champion: np.ndarray, challenger: np.ndarray) -> dict[str, float]:
    """Areas, their difference and its standard error."""
    kernels = []
    for scores in (champion, challenger):
        above = scores[positive][:, None] - scores[~positive][None, :]
        kernels.append((above > 0) + 0.5 * (above == 0))
    v10 = np.array([kernel.mean(axis=1) for kernel in kernels])
    v01 = np.array([kernel.mean(axis=0) for kernel in kernels])
    contrast = np.array([-1, 1])
    covariance = np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]
    aucs = [float(kernel.mean()) for kernel in kernels]
    return {
        "aucA": aucs[0],
        "aucB": aucs[1],
        "difference": aucs[1] - aucs[0],
        "standardError": float(np.sqrt(contrast @ covariance @ contrast)),
    }


def mlflow_thresholds() -> list[dict[str, Any]]:
    """Every combination of conditions on values that sit under, on and over them, baselines of 0 and below included."""
    baselines = [None, 0.0, 0.8, -0.5, 10.0]
    candidates = [None, 0.0, 1e-11, 1e-10, 0.8, 0.81, 0.82, 0.9, -0.4, -0.5, -0.6, 9.0, 11.0]
    conditions = [
        {"threshold": 0.8},
        {"min_absolute_change": 0.01},
        {"min_absolute_change": 0.1},
        {"min_relative_change": 0.1},
        {"threshold": 0.5, "min_absolute_change": 0.01, "min_relative_change": 0.02},
    ]
    vectors = []
    for condition, greater, candidate, baseline in product(conditions, (True, False), candidates, baselines):
        threshold = MetricThreshold(**condition, greater_is_better=greater)
        passes = mlflow_passes(threshold, candidate, baseline)
        if passes is None:
            continue
        vectors.append(
            {
                "condition": condition,
                "greaterIsBetter": greater,
                "candidate": candidate,
                "baseline": baseline,
                "passes": passes,
            }
        )
    return vectors


def mlflow_passes(threshold: MetricThreshold, candidate: float | None, baseline: float | None) -> bool | None:
    """Whether MLflow accepts the candidate; `None` where it fails itself."""
    candidate_metrics = {} if candidate is None else {"metric": candidate}
    baseline_metrics = {"other": 1.0} if baseline is None else {"metric": baseline, "other": 1.0}
    try:
        _validate({"metric": threshold}, candidate_metrics, baseline_metrics)
    except MlflowException:
        return False
    except KeyError:
        # MLflow looks the baseline up before it asks whether any condition needs it.
        return None
    return True
