"""True labels as the classes that a model's answers are named by."""

from __future__ import annotations

import numpy as np

from trainyard.errors import UserError
from trainyard.outputs import is_missing, name_labels
from trainyard.rows import place_rows
from trainyard.several import mark_names, split_labels

# Pairs of which nobody doubts which is the positive one, written small: it stands second.
KNOWN_PAIRS = (("0", "1"), ("-1", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("negative", "positive"))
# More different labels than this are no classes unless somebody says so.
MOST_CLASSES = 100
# What flags stand for where a model knows but numbers.
FLAGS = {"False": "0", "True": "1"}


def refuse_missing_labels(labels: np.ndarray) -> None:
    """Raises UserError where an example has no label: it can be neither right nor wrong."""
    rows = [row for row, label in enumerate(labels.tolist()) if is_missing(label)]
    if rows:
        raise UserError(
            "holdout-label-missing",
            f"{len(rows)} of {len(labels)} examples of the holdout have no label: {place_rows(rows)}.",
            "Label them, or leave them out of the file.",
        )


def name_truth(labels: np.ndarray, mapping: dict[str, str]) -> list[str]:
    """The true labels as names of classes: as `answers.labels` says, else as they are written."""
    return [mapping.get(name, name) for name in name_labels(labels)]


def mark_truth(labels: np.ndarray, mapping: dict[str, str], classes: tuple[str, ...]) -> np.ndarray:
    """1 for each class that an example has. Raises UserError where examples have one that is none of the classes."""
    written = [[mapping.get(name, name) for name in split_labels(text)] for text in name_labels(labels)]
    marked = mark_names(written, classes)
    unknown = int(np.isnan(marked).any(axis=1).sum())
    if unknown == 0:
        return marked
    raise UserError(
        "labels-unknown",
        f"{unknown} of {len(labels)} examples of the holdout have a class that is none of the {len(classes)} classes.",
        "List every class under answers.classes, and write those of an example with `|` between them (`a|b`, `|` alone "
        "for none); say under answers.labels what is written otherwise.",
    )


def list_common(names: list[str]) -> tuple[str, ...]:
    """The commonest names, in order of their letters."""
    distinct, counts = np.unique(names, return_counts=True)
    ranked = sorted(zip(distinct.tolist(), counts.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(name for name, _ in ranked[:MOST_CLASSES]))


def place_truth(truth: list[str], classes: tuple[str, ...]) -> dict[str, str]:
    """What labels stand for that are no classes, but flags for 0 and 1, or places of classes (0, 1, …); else nothing.

    Places they are only where no label is a class and the first is among them: else they may count from one. Raises
    UserError when no label is a class: the model and the holdout do not belong together.
    """
    names = set(truth)
    if not names.isdisjoint(classes):
        return {}
    if names <= set(FLAGS) and set(classes) == set(FLAGS.values()):
        return dict(FLAGS)
    positions = {str(position): name for position, name in enumerate(classes)}
    if "0" in names and names <= set(positions):
        return positions
    raise UserError(
        "labels-unknown",
        f"None of the holdout's {len(truth)} labels is a class that the model answers: {list_names(classes)}; "
        f"there are {len(names)} different ones.",
        "Say what they stand for, as in answers.labels: { yes: 1, no: 0 }; or correct answers.classes or "
        "data.holdout.target.",
    )


def find_positive(classes: tuple[str, ...]) -> str | None:
    """The class of two that is looked for, where nobody could take it for the other."""
    small = {name.lower(): name for name in classes}
    for pair in KNOWN_PAIRS:
        if set(small) == set(pair):
            return small[pair[1]]
    return None


def sort_labels(names: list[str]) -> tuple[str, ...]:
    """Distinct labels in order: by value when all are whole numbers, else by letters."""
    distinct = set(names)
    return tuple(sorted(distinct, key=int) if are_whole(distinct) else sorted(distinct))


def are_whole(names: set[str]) -> bool:
    """Whether all are whole numbers."""
    return all(name.removeprefix("-").isdecimal() for name in names)


def list_names(names: tuple[str, ...]) -> str:
    """The first few."""
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")  # noqa: PLR2004
