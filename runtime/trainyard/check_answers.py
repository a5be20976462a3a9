"""Answers that can't be meant as they are read: each is refused with how many there are, and with the key to set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainyard.errors import UserError
from trainyard.interpretation import MISSING
from trainyard.rows import place_rows

if TYPE_CHECKING:
    from trainyard.interpretation import Interpretation, Outcome

# Probabilities that were rounded to two digits miss one by this much for each class at the most.
ROUNDED_BY = 0.005
SUM_TOLERANCE = 1e-3
MOST_TOLERANCE = 0.05
# So many standard errors beside chance is no chance.
SURE = 4


def refuse_unanswered(outcome: Outcome, interpretation: Interpretation) -> None:
    """Raises UserError for rows that have no answer: none is ever left out."""
    unanswered = ~np.isfinite(outcome.chosen)
    if interpretation.kind == "labels" or interpretation.task == "multilabel":
        unanswered = outcome.chosen == MISSING
    if outcome.scores is not None:
        unanswered = unanswered | ~np.isfinite(outcome.scores).all(axis=1)
    count = int(unanswered.sum())
    if count == 0:
        return
    raise UserError(
        "answers-missing",
        f"{count} of {len(unanswered)} answers are missing, NaN or infinite: {place_rows(np.flatnonzero(unanswered))}.",
        "Find the examples that get no answer, and mend the model or the data; they are never left out.",
    )


def refuse_foreign(outcome: Outcome, interpretation: Interpretation) -> None:
    """Raises UserError where no answer is a class: then every model is wrong on every row, and all are alike."""
    rows = len(outcome.chosen)
    if (outcome.chosen >= 0).any():
        return
    different = len(set(outcome.names or ()))
    raise UserError(
        "answers-unknown",
        f"None of the model's {rows} answers is one of the {len(interpretation.classes)} classes of the holdout's "
        f"labels; there are {different} different answers.",
        "Say which label stands for which answer, as in answers.labels: { yes: 1, no: 0 } of trainyard.yml; or set "
        "answers.task to open where answers can't be listed, or to text.",
    )


def refuse_unborne(truth: np.ndarray, chosen: np.ndarray, size: int) -> None:
    """Raises UserError where labels that are some of the places from zero do not agree with the answers beyond chance.

    They may be places of other classes than the model's, or its numbers no scores of classes: only answers that are
    right more often than those of a model of something else show that they are not, and only where no label is mostly
    answered with a place that no label has.
    """
    rows = len(truth)
    by_label, by_answer = (np.bincount(places[places >= 0], minlength=size) for places in (truth, chosen))
    by_chance = (by_label * by_answer).sum() / rows
    right = (truth == chosen).sum()
    is_beyond_chance = right == rows or right > by_chance + SURE * spread(by_chance, rows)
    astray = [label for label in np.flatnonzero(by_label) if by_label[most_frequent(chosen[truth == label], size)] == 0]
    if is_beyond_chance and not astray:
        return
    but = f"{len(astray)} of them are mostly answered with a place that no label has"
    raise UserError(
        "labels-unknown",
        f"The holdout's labels are whole numbers that could be places of {np.count_nonzero(by_label)} of {size} "
        f"classes of the model, but read so {int(right)} of {rows} answers are right, "
        f"{'and ' + but if is_beyond_chance else 'no more than by chance'}.",
        "Say what the labels stand for, as in answers.labels: { 0: ant, 1: bee }, and what the model gives, under "
        "answers.classes; or correct data.holdout.target.",
    )


def most_frequent(places: np.ndarray, size: int) -> int:
    """The place that is answered most often."""
    return int(np.bincount(places[places >= 0], minlength=size).argmax())


def refuse_permuted(truth: np.ndarray, chosen: np.ndarray, size: int) -> None:
    """Raises UserError where answers are right less often than by chance, and would be right in another order."""
    rows = len(truth)
    known = truth >= 0
    pairs, counts = np.unique(np.column_stack([truth[known], chosen[known]]), axis=0, return_counts=True)
    labels, answers = pairs[:, 0], pairs[:, 1]
    by_label, by_answer = np.bincount(labels, counts, size), np.bincount(answers, counts, size)
    expected = by_label[labels] * by_answer[answers] / rows
    # For each answer the label that it comes with most beyond chance.
    ranked = np.lexsort((labels, -counts / np.maximum(expected, 1 / rows), answers))
    answered, first = np.unique(answers[ranked], return_index=True)
    best = ranked[first]
    is_permutation = len(set(labels[best].tolist())) == len(answered)
    right = counts[labels == answers].sum()
    by_chance = (by_label * by_answer).sum() / rows
    reordered, then = counts[best].sum(), expected[best].sum()
    is_below = right < by_chance - SURE * spread(by_chance, rows)
    if not (is_permutation and is_below and reordered > then + SURE * spread(then, rows)):
        return
    raise UserError(
        "answers-permuted",
        f"{int(right)} of {rows} answers are right, fewer than by chance, and {int(reordered)} would be with the "
        f"{size} classes in another order.",
        "Set answers.classes to the order of the model's scores; answers.positive where it gives one score.",
    )


def spread(count: float, rows: int) -> float:
    """The standard deviation of a count of that mean."""
    return float(np.sqrt(max(count * (1 - count / rows), 1)))


def count_no_distribution(scores: np.ndarray) -> int:
    """How many rows are no probabilities that sum to one, but for rounding. Rows with NaN are told elsewhere."""
    finite = scores[np.isfinite(scores).all(axis=1)]
    outside = ((finite < 0) | (finite > 1)).any(axis=1)
    tolerance = min(MOST_TOLERANCE, ROUNDED_BY * scores.shape[1] + SUM_TOLERANCE)
    return int((outside | (np.abs(finite.sum(axis=1) - 1) > tolerance)).sum())
