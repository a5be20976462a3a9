"""Answers of several parts: which of the classes a row has, however a model says it.

Like `outputs` it looks at no other answers than those that it reads, and is carried by every package.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from trainyard.interpretation import MISSING, NO_CLASS, Interpretation, Outcome
from trainyard.naming import name_value

# Between the classes of a row, and alone where it has none (core/answers/contract.ts).
LABEL_SEPARATOR = "|"
PAIR = 2
# What a probability has to exceed: of equal ones scikit-learn's argmax takes the first, which is that the row has not.
HALF = 0.5
MIDDLE = 0.5


def is_by_class(raw: Any) -> bool:  # noqa: ANN401 - whatever a model returns
    """Whether there is an array for each class, of how likely a row has it not and has it (`predict_proba`)."""
    if not isinstance(raw, list | tuple) or len(raw) == 0:
        return False
    return all(isinstance(one, np.ndarray) and one.ndim == PAIR and one.shape == (len(raw[0]), PAIR) for one in raw)


def stack_classes(raw: Any) -> np.ndarray:  # noqa: ANN401 - what `is_by_class` holds for
    """How likely each row has each class."""
    return np.column_stack([one[:, 1] for one in raw]).astype(float)


def keep_rows(raw: Any) -> Any:  # noqa: ANN401 - whatever a model returns
    """Lists of different lengths as rows, of which NumPy makes no array; anything else as it is."""
    if not isinstance(raw, list) or not all(isinstance(one, list | tuple) for one in raw):
        return raw
    if len({len(one) for one in raw}) == 1:
        return raw
    rows = np.empty(len(raw), dtype=object)
    for place, one in enumerate(raw):
        rows[place] = one
    return rows


def split_labels(text: str) -> list[str]:
    """The classes that a text names, each once."""
    names = (name.strip() for name in text.split(LABEL_SEPARATOR))
    return list(dict.fromkeys(name for name in names if name))


def mark_names(rows: list[Any], classes: tuple[str, ...]) -> np.ndarray:
    """1 for each class that a row names, in a list or a text; NaN all over for a row that names another, or nothing."""
    index = {name: place for place, name in enumerate(classes)}
    marked = np.zeros((len(rows), len(classes)))
    for row, written in enumerate(rows):
        names = list_names(written)
        if names is None or not index.keys() >= set(names):
            marked[row] = np.nan
        else:
            marked[row, [index[name] for name in names]] = 1
    return marked


def list_names(written: Any) -> list[str] | None:  # noqa: ANN401 - whatever a model returns
    """The classes that one row names; None where it names nothing that could be some."""
    if isinstance(written, str):
        return split_labels(written)
    if isinstance(written, list | tuple | set | frozenset | np.ndarray):
        return [name_value(name) for name in written]
    return None


def are_names(values: np.ndarray) -> bool:
    """Whether rows name their classes; else they have a number or a flag for each."""
    return values.ndim == 1 or values.dtype.kind not in "biuf"


def mark_indicators(values: np.ndarray) -> np.ndarray:
    """What is 1 or 0 as it is, NaN for anything else."""
    numbers = values.astype(float)
    return np.where((numbers == 0) | (numbers == 1), numbers, np.nan)


def read_marginals(values: np.ndarray, *, are_logits: bool) -> np.ndarray:
    """How likely each row has each class; classes are alone, so logits go through no softmax."""
    numbers = values.astype(float)
    return 1 / (1 + np.exp(-numbers)) if are_logits else numbers


def mark_likely(scores: np.ndarray) -> np.ndarray:
    """1 for each class that is likelier than not."""
    return np.where(np.isfinite(scores), scores > HALF, np.nan)


def name_sets(marked: np.ndarray, classes: tuple[str, ...]) -> list[str]:
    """The classes of each row as one text, in their order; nothing where they are not known."""
    names = np.array(classes, dtype=object)
    return [
        (LABEL_SEPARATOR.join(names[row == 1]) or LABEL_SEPARATOR) if np.isfinite(row).all() else "" for row in marked
    ]


def read_many_labels(values: np.ndarray, beside: np.ndarray | None, interpretation: Interpretation) -> Outcome:
    """Which classes each row has. Raises IndexError where there is not a number for each class."""
    kind, classes = interpretation.kind, interpretation.classes
    for matrix in (None if kind == "sets" else values, beside):
        if matrix is not None and matrix.shape[1] != len(classes):
            raise IndexError(f"{matrix.shape[1]} numbers a row for {len(classes)} classes")
    are_logits = interpretation.scale == "logits"
    scores = None if beside is None else read_marginals(beside, are_logits=are_logits)
    if kind == "sets":
        marked = mark_names(values.tolist(), classes)
    elif kind == "indicators":
        marked = mark_indicators(values)
    else:
        scores = read_marginals(values, are_logits=are_logits)
        marked = mark_likely(scores)
    index = {name: place for place, name in enumerate(interpretation.sets)}
    names = name_sets(marked, classes)
    chosen = [index.get(name, NO_CLASS) if name else MISSING for name in names]
    return Outcome(np.array(chosen, dtype=int), scores, names, marked)


def read_quantiles(values: np.ndarray, interpretation: Interpretation) -> Outcome:
    """Every quantile, and as the number the middle one. Raises IndexError where there is not a number for each."""
    if values.shape[1] != len(interpretation.classes):
        raise IndexError(f"{values.shape[1]} numbers a row for {len(interpretation.classes)} quantiles")
    numbers = values.astype(float)
    middle = min(range(numbers.shape[1]), key=lambda place: abs(float(interpretation.classes[place]) - MIDDLE))
    return Outcome(np.where(np.isfinite(numbers).all(axis=1), numbers[:, middle], np.nan), None, parts=numbers)
