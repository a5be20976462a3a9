"""Settles how a model's answers are read: by what is said of them, and for the rest by what can't be misread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.classes import settle_classes
from trainyard.errors import UserError
from trainyard.evidence import Evidence, is_fractional, refuse_unstated
from trainyard.interpretation import MATRIX_DIMENSIONS, Interpretation
from trainyard.labels import MOST_CLASSES, are_whole, list_common
from trainyard.many_labels import settle_many_labels
from trainyard.many_quantiles import settle_quantiles
from trainyard.outputs import name_labels

if TYPE_CHECKING:
    from trainyard.contract import Contract

TWO = 2


@dataclass(frozen=True)
class Settled:
    """How answers are read; the contract that this is; and the keys of it that nobody has stated."""

    interpretation: Interpretation
    contract: Contract
    inferred: tuple[str, ...]


def settle(evidence: Evidence) -> Settled:
    """How the answers are read. Raises UserError where nobody says it and it could be misread."""
    contract = evidence.contract
    interpretation, found = settle_task(evidence, contract.task or infer_task(evidence))
    if contract.task not in {None, interpretation.task}:
        raise UserError(
            "answers-other-task",
            f"answers.task says {contract.task}, and there are {len(interpretation.classes)} classes.",
            "Name the classes under answers.classes, or correct answers.task.",
        )
    found |= {"task": interpretation.task, "prediction": interpretation.prediction}
    found["score_columns"] = interpretation.columns
    stated = contract.to_json()
    resolved = contract.complete(found)
    return Settled(interpretation, resolved, tuple(key for key in resolved.to_json() if key not in stated))


def settle_task(evidence: Evidence, task: str) -> tuple[Interpretation, dict[str, Any]]:
    """The same for a task that is known."""
    if task in {"regression", "ranking"}:
        return settle_numbers(evidence, "values" if task == "regression" else "relevance"), {}
    if task == "quantiles":
        return settle_quantiles(evidence), {}
    if task == "multilabel":
        return settle_many_labels(evidence)
    prediction = evidence.parts.prediction
    if task == "text":
        return Interpretation("text", (), prediction=prediction), {}
    if task == "open":
        return Interpretation("labels", list_common(evidence.truth), world="open", prediction=prediction), {}
    return settle_classes(evidence)


def infer_task(evidence: Evidence) -> str:
    """`regression`, or `classes` for either of the tasks that have some."""
    values, labels = evidence.values, evidence.labels
    if evidence.contract.says_classes or evidence.stated:
        return "classes"
    if evidence.said.is_regressor:
        return "regression"
    if values.ndim == MATRIX_DIMENSIONS:
        if is_fractional(labels):
            refuse_unstated(f"The model gives {values.shape[1]} numbers for each row, and the labels have fractions.")
        return "classes"
    if is_fractional(labels):
        return "regression"
    if values.dtype.kind in "iuf":
        return infer_task_of_numbers(values, set(evidence.distinct))
    if len(evidence.distinct) > MOST_CLASSES:
        refuse_unstated(
            f"The holdout has {len(evidence.distinct)} different labels, more than are taken for classes.",
            "{ task: multiclass }, { task: open }, { task: text }",
        )
    return "classes"


def infer_task_of_numbers(values: np.ndarray, distinct: set[str]) -> str:
    """What one number for each row is, beside labels without fractions."""
    if not are_whole(distinct):
        return "classes"
    fractional = is_fractional(values)
    if len(distinct) > TWO:
        if fractional:
            return "regression"
        refuse_unstated(
            f"Labels and answers are whole numbers, and there are {len(distinct)} different labels: they may be "
            "classes or counts."
        )
    numbers = np.nan_to_num(values)
    within = bool((numbers >= 0).all() and (numbers <= 1).all())
    if within if fractional else set(name_labels(numbers)) <= {*distinct, "0", "1"}:
        return "classes"
    return refuse_unstated(
        f"There are {len(distinct)} different labels, and the answers are numbers beyond them.",
        "{ task: binary, scores: logits }, { task: regression }",
    )


def settle_numbers(evidence: Evidence, kind: Literal["values", "relevance"]) -> Interpretation:
    """One number a row: a value, or how relevant the row is."""
    values, labels = evidence.values, evidence.labels
    if values.ndim != 1:
        raise UserError(
            "answers-no-numbers",
            f"The model gives {values.shape[1]} numbers for each row, and one is judged.",
            "Name the one under answers.prediction; several quantiles of one target are answers.task: quantiles.",
        )
    if values.dtype.kind not in "biuf" or labels.dtype.kind not in "biuf":
        raise UserError(
            "answers-no-numbers",
            f"The task is {evidence.contract.task or 'regression'}, and labels or answers are no numbers.",
            "Correct answers.task, answers.prediction or data.holdout.target.",
        )
    return Interpretation(kind, (), prediction=evidence.parts.prediction)
