"""What a model's raw answer means: classes with scores, one probability, labels, or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from trainyard.errors import UserError

OutputKind = Literal["scores", "probability", "labels", "values"]
Task = Literal["binary", "multiclass", "regression"]
SUM_TOLERANCE = 1e-3
MATRIX_DIMENSIONS = 2


@dataclass(frozen=True)
class Interpretation:
    """How to read raw answers: their kind, and the classes in order (empty for numbers)."""

    kind: OutputKind
    classes: tuple[str, ...]

    @property
    def task(self) -> Task:
        """The task, as the gate names it."""
        if not self.classes:
            return "regression"
        return "binary" if len(self.classes) == 2 else "multiclass"  # noqa: PLR2004


@dataclass(frozen=True)
class Outcome:
    """As read: per row the class's index (-1: none of them) or the number, and class scores if there are any."""

    chosen: np.ndarray
    scores: np.ndarray | None

    @property
    def confidence(self) -> np.ndarray | None:
        """The score of the class chosen."""
        return None if self.scores is None else self.scores.max(axis=1)


def to_array(raw: Any) -> np.ndarray:  # noqa: ANN401 - whatever a model returns
    """A raw answer as an array with one row per input row. A table gives its values; one column gives a flat array."""
    if isinstance(raw, dict):
        if len(raw) != 1:
            raise UserError(
                "answers-unreadable",
                f"The model answers with {len(raw)} things by name: {', '.join(map(str, raw))}.",
                "Let it answer with one array, list or table: class scores, labels or numbers.",
            )
        raw = next(iter(raw.values()))
    values = raw.to_numpy() if hasattr(raw, "to_numpy") else np.asarray(raw)
    return values[:, 0] if values.ndim == MATRIX_DIMENSIONS and values.shape[1] == 1 else values


def interpret(raw: Any, interpretation: Interpretation) -> Outcome:  # noqa: ANN401 - whatever a model returns
    """Reads a raw answer."""
    values = to_array(raw)
    if interpretation.kind == "values":
        return Outcome(values.astype(float), None)
    if interpretation.kind == "labels":
        index = {name: position for position, name in enumerate(interpretation.classes)}
        return Outcome(np.array([index.get(name, -1) for name in name_labels(values)], dtype=int), None)
    scores = to_probabilities(values) if interpretation.kind == "scores" else split_probability(values)
    return Outcome(np.where(np.isfinite(scores).all(axis=1), scores.argmax(axis=1), -1), scores)


def read_answers(
    raw: Any,  # noqa: ANN401 - whatever a model returns
    labels: np.ndarray,
    named_classes: list[str] | None,
) -> tuple[Interpretation, Outcome]:
    """What the answers for labelled rows mean, and what they say. Raises UserError when they can't be read so."""
    try:
        interpretation = infer_interpretation(raw, labels, named_classes)
        outcome = interpret(raw, interpretation)
        rows = len(outcome.chosen)
    except (TypeError, ValueError, IndexError) as error:
        raise UserError(
            "answers-unreadable",
            f"The model's answers can't be read: {type(error).__name__}: {error}.",
            "Let it answer with one array, list or table: class scores, labels or numbers, one for each row.",
        ) from error
    if rows == len(labels):
        return interpretation, outcome
    raise UserError(
        "answers-other-rows",
        f"The model gives {rows} answers for {len(labels)} examples.",
        "Let it give one answer for each row, in their order.",
    )


def split_probability(values: np.ndarray) -> np.ndarray:
    """Scores of both classes from the probability of the second."""
    second = values.astype(float)
    return np.column_stack([1 - second, second])


def to_probabilities(values: np.ndarray) -> np.ndarray:
    """Class scores that sum to one: as they are, or through a softmax when they are logits."""
    scores = values.astype(float)
    if (scores >= 0).all() and np.abs(scores.sum(axis=1) - 1).max(initial=0) <= SUM_TOLERANCE:
        return scores
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def name_labels(values: np.ndarray) -> list[str]:
    """Labels as texts; a whole number is written without a point, whatever type it came as."""
    if values.dtype.kind == "f" and np.equal(np.mod(values, 1), 0).all():
        values = values.astype(int)
    return [str(value) for value in values.tolist()]


def name_truth(labels: np.ndarray, classes: tuple[str, ...]) -> list[str]:
    """True labels as class names. Labels that are no names but positions (0, 1, …) stand for the classes there.

    Raises UserError when no label is a class: the model and the holdout do not belong together.
    """
    names = name_labels(labels)
    if not set(names).isdisjoint(classes):
        return names
    positions = {str(position): name for position, name in enumerate(classes)}
    if set(names) <= set(positions):
        return [positions[name] for name in names]
    raise UserError(
        "labels-unknown",
        f"The holdout's labels (such as {names[0]}) are none of the model's classes ({', '.join(classes[:5])}, …).",
        "Correct data.holdout.target, or the classes in the model's metadata.",
    )


def infer_interpretation(raw: Any, labels: np.ndarray, named_classes: list[str] | None) -> Interpretation:  # noqa: ANN401
    """Works out how to read a model's answers from the answers and the true labels.

    Two columns or more are class scores. One column is numbers when the labels are fractional, one probability when the
    labels are two classes and the answers lie between them, and labels otherwise. `named_classes` (from the model) wins
    over names taken from the labels.
    """
    values = to_array(raw)
    if values.ndim == MATRIX_DIMENSIONS:
        return Interpretation("scores", name_score_columns(values.shape[1], labels, named_classes))
    if is_fractional(labels):
        return Interpretation("values", ())
    classes = sort_labels(name_labels(labels))
    if is_fractional(values):
        within = bool((values >= 0).all() and (values <= 1).all())
        probability = within and len(classes) <= 2  # noqa: PLR2004
        return Interpretation("probability", ("0", "1")) if probability else Interpretation("values", ())
    if named_classes is None and values.dtype.kind in "iuf" and len(classes) > MAX_INTEGER_CLASSES:
        return Interpretation("values", ())
    return Interpretation("labels", tuple(named_classes or sort_labels([*classes, *name_labels(values)])))


MAX_INTEGER_CLASSES = 100


def name_score_columns(columns: int, labels: np.ndarray, named_classes: list[str] | None) -> tuple[str, ...]:
    """Names for score columns: the model's, else the labels' when there are as many, else their positions."""
    if named_classes is not None and len(named_classes) == columns:
        return tuple(named_classes)
    positions = [str(position) for position in range(columns)]
    seen = sort_labels(name_labels(labels))
    return tuple(positions if len(seen) != columns or set(seen) <= set(positions) else seen)


def is_fractional(values: np.ndarray) -> bool:
    """Whether any value is a number with a fraction."""
    return values.dtype.kind == "f" and not bool(np.equal(np.mod(values, 1), 0).all())


def sort_labels(names: list[str]) -> list[str]:
    """Distinct labels in order: by value when all are whole numbers, else by letters."""
    distinct = set(names)
    whole = all(name.lstrip("-").isdigit() for name in distinct)
    return sorted(distinct, key=int) if whole else sorted(distinct)
