"""How answers of any number of classes a row are read: from a table or matrix, an array for each class, or names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.errors import UserError
from trainyard.interpretation import MATRIX_DIMENSIONS, Interpretation, OutputKind
from trainyard.labels import list_common
from trainyard.name_parts import find_parts
from trainyard.outputs import take_matrix
from trainyard.several import are_names, mark_indicators, mark_names, read_many_labels

if TYPE_CHECKING:
    from trainyard.evidence import Evidence


def settle_many_labels(evidence: Evidence) -> tuple[Interpretation, dict[str, Any]]:
    """How such answers are read, and what was found for the contract. Raises UserError for what can't be read so."""
    contract = evidence.contract
    if not contract.classes:
        raise UserError(
            "classes-unstated",
            "The task is multilabel, and nothing says which class each number of an answer is of.",
            "List the classes under answers.classes in trainyard.yml of the default branch, in the model's order.",
        )
    named = find_parts(evidence.raw, contract, contract.classes)
    called = dict(zip(named.columns, named.classes, strict=False))
    columns = order_columns(called, contract.classes) or named.columns
    parts = {"prediction": named.prediction, "columns": columns}
    values, beside = take_matrix(evidence.raw, Interpretation("sets", contract.classes, **parts))
    kind = choose_kind(values, contract.classes, None if beside is not None else contract.scores)
    scores = beside if kind != "marginals" else values
    scale = "none" if scores is None else choose_scale(scores, contract.classes, contract.scores)
    read = Interpretation(kind, contract.classes, scale="logits" if scale == "logits" else "probabilities", **parts)
    names = [name for name in read_many_labels(values, beside, read).names or () if name]
    return replace(read, sets=list_common(names) if names else ()), {"scores": scale}


def order_columns(classes_of: dict[str, str], classes: tuple[str, ...]) -> tuple[str, ...]:
    """The columns in the order of the classes that they are called by; nothing where they are called by none."""
    columns = {one: column for column, one in classes_of.items()}
    return tuple(columns[one] for one in classes) if columns.keys() >= set(classes) else ()


def choose_kind(values: np.ndarray, classes: tuple[str, ...], scores: str | None) -> OutputKind:
    """What an answer says of each class: that the row has it, or how likely it is."""
    if are_names(values):
        refuse_foreign_names(values, classes)
        return "sets"
    require_width(values, classes)
    are_indicators = bool(np.isfinite(mark_indicators(list_finite(values))).all())
    if are_indicators and scores in {None, "none"}:
        return "indicators"
    if scores != "none":
        return "marginals"
    raise UserError(
        "answers-no-indicators",
        "answers.scores says none, and answers are neither 1 (the row has the class) nor 0.",
        "Set answers.scores to probabilities or logits.",
    )


def choose_scale(
    scores: np.ndarray, classes: tuple[str, ...], stated: str | None
) -> Literal["probabilities", "logits"]:
    """What scores are. Raises UserError for those that are no probabilities, where nobody says that they are logits."""
    require_width(scores, classes)
    if stated == "logits":
        return "logits"
    given = list_finite(scores)
    outside = int(((given < 0) | (given > 1)).sum())
    if outside == 0:
        return "probabilities"
    raise UserError(
        "answers-no-probabilities",
        f"{outside} of {scores.size} scores lie outside 0 to 1.",
        "Set answers.scores to logits where they are; or let the model answer with probabilities.",
    )


def require_width(values: np.ndarray, classes: tuple[str, ...]) -> None:
    """Raises UserError unless there is a number for each class."""
    if values.ndim == MATRIX_DIMENSIONS and values.shape[1] == len(classes):
        return
    width = values.shape[1] if values.ndim == MATRIX_DIMENSIONS else f"an array of shape {values.shape[1:]}, not"
    raise UserError(
        "score-columns",
        f"The model gives {width} numbers for each row, and there are {len(classes)} classes.",
        "Name one class for each under answers.classes, or the columns under answers.score-columns.",
    )


def list_finite(values: np.ndarray) -> np.ndarray:
    """The numbers that are some."""
    numbers = values.astype(float)
    return numbers[np.isfinite(numbers)]


def refuse_foreign_names(values: np.ndarray, classes: tuple[str, ...]) -> None:
    """Raises UserError where rows name what is none of the classes: left out it would make a wrong answer right."""
    unknown = int(np.isnan(mark_names(values.tolist(), classes)).any(axis=1).sum())
    if unknown == 0:
        return
    raise UserError(
        "answers-unknown",
        f"{unknown} of {len(values)} answers name what is none of the {len(classes)} classes, or name nothing.",
        "List every class under answers.classes, by the names that the model gives them.",
    )
