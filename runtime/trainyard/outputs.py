"""What a model's raw answer means, once settled: classes with scores, one score, labels, sets of them, numbers, texts.

Nothing here looks at other answers than the one it reads: one row means the same alone and among a thousand.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trainyard.errors import UserError
from trainyard.interpretation import MANY_LABELS, MATRIX_DIMENSIONS, MISSING, NO_CLASS, Interpretation, Outcome
from trainyard.naming import MOST_EXACT, name_value
from trainyard.several import is_by_class, keep_rows, read_many_labels, read_quantiles, stack_classes

# Of any number of classes a row: `marginals` are a score for each, `indicators` 1 or 0 for each, `sets` their names.


def to_array(raw: Any) -> np.ndarray:  # noqa: ANN401 - whatever a model returns
    """A raw answer as an array with one row per input row. A table gives its values; one column gives a flat array."""
    if isinstance(raw, dict):
        if len(raw) != 1:
            raise UserError(
                "answers-unreadable",
                f"The model answers with {len(raw)} things by name: {', '.join(map(str, raw))}.",
                "Say which of them is the answer: answers.prediction, or answers.score-columns, in trainyard.yml.",
            )
        raw = next(iter(raw.values()))
    values = to_numbers(raw.to_numpy() if hasattr(raw, "to_numpy") else np.asarray(raw))
    return values[:, 0] if values.ndim == MATRIX_DIMENSIONS and values.shape[1] == 1 else values


def to_parts(raw: Any) -> dict[str, np.ndarray] | None:  # noqa: ANN401 - whatever a model returns
    """The columns of a table, or the arrays of a mapping, by name; None for an answer of one part."""
    if isinstance(raw, list | np.ndarray) and len(raw) > 0 and all(isinstance(row, dict) for row in raw):
        names = list(dict.fromkeys(name for row in raw for name in row))
        raw = {name: [row.get(name) for row in raw] for name in names}
    if isinstance(raw, dict):
        return {str(name): to_array(values) for name, values in raw.items()}
    if hasattr(raw, "columns") and hasattr(raw, "iloc"):
        return {str(name): to_numbers(raw.iloc[:, place].to_numpy()) for place, name in enumerate(raw.columns)}
    return None


def interpret(raw: Any, interpretation: Interpretation) -> Outcome:  # noqa: ANN401 - whatever a model returns
    """Reads a raw answer. Raises KeyError where a part that it must have is not in it."""
    if interpretation.kind in MANY_LABELS:
        return read_many_labels(*take_matrix(raw, interpretation), interpretation)
    if interpretation.kind == "quantiles":
        return read_quantiles(take_matrix(raw, interpretation)[0], interpretation)
    values, scores = take_parts(raw, interpretation)
    if interpretation.kind in {"values", "relevance"}:
        return Outcome(values.astype(float), None)
    if interpretation.kind == "text":
        texts = [None if is_missing(value) else str(value) for value in values.tolist()]
        lengths = np.array([np.nan if text is None else len(text) for text in texts])
        return Outcome(lengths, None, [text or "" for text in texts])
    read = None if scores is None else read_scores(scores, interpretation)
    if interpretation.kind == "labels":
        return read_labels(values, read, interpretation)
    if read is None:
        raise KeyError("scores")
    return Outcome(np.where(np.isfinite(read).all(axis=1), read.argmax(axis=1), NO_CLASS), read)


def take_parts(raw: Any, interpretation: Interpretation) -> tuple[np.ndarray, np.ndarray | None]:  # noqa: ANN401
    """The answer proper, and the scores, where there are any."""
    parts = to_parts(raw) if interpretation.prediction is not None or interpretation.columns else None
    if parts is None:
        values = to_array(raw)
        return values, values if interpretation.kind in {"scores", "probability"} else None
    columns = [parts[name] for name in interpretation.columns]
    scores = None
    if columns:
        scores = columns[0] if len(columns) == 1 else np.column_stack(columns)
    if interpretation.prediction is not None:
        return parts[interpretation.prediction], scores
    return np.empty(0), scores


def take_matrix(raw: Any, interpretation: Interpretation) -> tuple[np.ndarray, np.ndarray | None]:  # noqa: ANN401
    """What an answer says of each class, or its classes by their names; and the scores that stand beside it, if any."""
    parts = to_parts(raw) if interpretation.prediction is not None or interpretation.columns else None
    if parts is None:
        return (stack_classes(raw) if is_by_class(raw) else to_array(keep_rows(raw))), None
    columns = np.column_stack([parts[name] for name in interpretation.columns]) if interpretation.columns else None
    if interpretation.prediction is None and columns is not None:
        return columns, None
    return parts[str(interpretation.prediction)], columns


def read_labels(values: np.ndarray, scores: np.ndarray | None, interpretation: Interpretation) -> Outcome:
    """Answers that are names of classes, or what a class is written as."""
    index = {name: position for position, name in enumerate(interpretation.classes)}
    missing = [is_missing(value) for value in values.tolist()]
    names = ["" if gone else name for name, gone in zip(name_labels(values), missing, strict=True)]
    chosen = [MISSING if gone else index.get(name, NO_CLASS) for name, gone in zip(names, missing, strict=True)]
    return Outcome(np.array(chosen, dtype=int), scores, names)


def read_scores(values: np.ndarray, interpretation: Interpretation) -> np.ndarray:
    """Scores as probabilities in the order of the classes; a class that has no column has none."""
    numbers = values.astype(float)
    if numbers.ndim == 1:
        return split_probability(1 / (1 + np.exp(-numbers)) if interpretation.scale == "logits" else numbers)
    found = to_probabilities(numbers) if interpretation.scale == "logits" else numbers
    if not interpretation.order:
        return found
    scores = np.zeros((len(found), len(interpretation.classes)))
    scores[:, list(interpretation.order)] = found
    return scores


def split_probability(values: np.ndarray) -> np.ndarray:
    """Scores of both classes from the probability of the second."""
    return np.column_stack([1 - values, values])


def to_probabilities(logits: np.ndarray) -> np.ndarray:
    """Class scores that sum to one, through a softmax."""
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def place_others(chosen: np.ndarray, other: int) -> np.ndarray:
    """Indices of classes, with answers that are none of them at `other`."""
    return np.where(chosen == NO_CLASS, other, chosen)


def place_kept(chosen: np.ndarray, kept: np.ndarray, other: int) -> np.ndarray:
    """Indices of classes as positions among those in `kept` (in order), and `other` for the rest; -1 stays."""
    positions = np.minimum(np.searchsorted(kept, chosen), len(kept) - 1)
    return np.where(chosen == NO_CLASS, NO_CLASS, np.where(kept[positions] == chosen, positions, other))


def is_missing(value: object) -> bool:
    """Whether there is no value: none at all, or NaN."""
    return value is None or value != value  # noqa: PLR0124 - only NaN is not itself


def name_labels(values: np.ndarray) -> list[str]:
    """Labels as texts, each by itself; a whole number is written without a point, whatever type it came as."""
    return [name_value(value) for value in values.tolist()]


def to_numbers(values: np.ndarray) -> np.ndarray:
    """Numbers that came as objects as numbers, what is missing as NaN; any other array as it is."""
    flat = values.ravel().tolist() if values.dtype.kind == "O" else []
    given = [value for value in flat if value is not None]
    return values.astype(float) if given and all(is_number(value) for value in given) else values


def is_number(value: object) -> bool:
    """Whether it is a number that a float can hold; flags, which Python takes for numbers, are none."""
    if isinstance(value, int | np.integer):
        return not isinstance(value, bool) and abs(int(value)) < MOST_EXACT
    return isinstance(value, float | np.floating)
