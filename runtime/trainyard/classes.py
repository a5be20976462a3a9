"""How a classifier's answers are read: names, scores of every class, or one score."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.check_answers import count_no_distribution
from trainyard.errors import UserError
from trainyard.evidence import is_fractional, refuse_unstated
from trainyard.interpretation import MATRIX_DIMENSIONS, Interpretation
from trainyard.labels import FLAGS, find_positive, place_truth
from trainyard.outputs import name_labels

if TYPE_CHECKING:
    from trainyard.evidence import Evidence
    from trainyard.interpretation import Scale

PAIR = 2
SCORES = ("probabilities", "logits")
Found = tuple[Interpretation, dict[str, Any]]


def settle_classes(evidence: Evidence) -> Found:
    """How the answers are read, and what of the contract was concluded for it."""
    values, contract = evidence.values, evidence.contract
    if evidence.parts.prediction is None:
        if values.ndim == MATRIX_DIMENSIONS:
            return settle_columns(evidence)
        is_number = values.dtype.kind in "iuf" and contract.scores != "none"
        if is_number and (contract.scores in SCORES or is_fractional(values)) and not are_names(evidence):
            return settle_one_score(evidence)
    return settle_names(evidence)


def are_names(evidence: Evidence) -> bool:
    """Whether all answers are classes: then they are no scores, whatever is said of those of other models."""
    return set(name_labels(evidence.values)) <= set(evidence.stated or evidence.distinct)


def settle_names(evidence: Evidence) -> Found:
    """Answers that name a class. Where nobody lists the classes they are the holdout's, and not all there can be."""
    stated = evidence.stated or list_flags(evidence)
    mapping = place_truth(evidence.truth, stated) if stated else {}
    classes, positive = order_classes(stated or evidence.distinct, evidence.contract.positive)
    world = "closed" if stated else "sample"
    draft = Interpretation("labels", classes, world=world, prediction=evidence.parts.prediction)
    interpretation, scale = settle_scores_beside(evidence, draft)
    return interpretation, {**find(stated, positive, mapping), **({"scores": scale} if scale else {})}


def list_flags(evidence: Evidence) -> tuple[str, ...]:
    """0 and 1, where a model answers those to labels that are flags."""
    pair = tuple(FLAGS.values())
    return pair if set(evidence.distinct) <= set(FLAGS) and set(name_labels(evidence.values)) <= set(pair) else ()


def settle_scores_beside(evidence: Evidence, draft: Interpretation) -> tuple[Interpretation, str | None]:
    """Scores that stand beside the answer, and their scale; without them where what they are of could be misread."""
    scores, parts, contract = evidence.scores, evidence.parts, evidence.contract
    if scores is None:
        return draft, None
    if scores.ndim == MATRIX_DIMENSIONS:
        own = parts.classes or evidence.said.classes or contract.classes
        if not own:
            refuse_unstated(
                f"The model gives {scores.shape[1]} scores for each row beside its answer, and nothing says which is "
                "of which class.",
                "{ classes: [legit, fraud] }, in the order of the scores",
            )
        if len(own) != scores.shape[1] or not set(own) <= set(draft.classes):
            raise refuse_count(scores.shape[1], own)
    elif len(draft.classes) != PAIR or not (contract.score_columns or is_of_last(evidence, draft)):
        return draft, None
    else:
        own = draft.classes
    scale = find_scale(scores, contract.scores)
    return replace(draft, columns=parts.columns, scale=scale, order=place(own, draft.classes)), scale


def is_of_last(evidence: Evidence, draft: Interpretation) -> bool:
    """Whether a score can't be but the last class's: it is higher wherever that is answered."""
    scores = np.asarray(evidence.scores, dtype=float)
    last = np.array(name_labels(evidence.values)) == draft.classes[-1]
    if last.all() or not last.any() or not ((scores >= 0) & (scores <= 1)).all():
        return False
    return bool(scores[last].min() >= scores[~last].max())


def settle_columns(evidence: Evidence) -> Found:
    """A score for each class."""
    values, contract, said = evidence.values, evidence.contract, evidence.said
    width = values.shape[1]
    own = evidence.parts.classes or said.classes or contract.classes or name_columns(evidence, width)
    if len(own) != width:
        raise refuse_count(width, own)
    listed = evidence.stated or own
    mapping = place_truth(evidence.truth, listed)
    classes, positive = order_classes(listed, contract.positive)
    scale = find_scale(values, contract.scores)
    interpretation = Interpretation(
        "scores", classes, scale=scale, order=place(own, classes), columns=evidence.parts.columns
    )
    return interpretation, {**find(listed, positive, mapping), "scores": scale}


def name_columns(evidence: Evidence, width: int) -> tuple[str, ...]:
    """The classes of columns that nobody names: the labels, where there are as many, else their places from zero."""
    distinct = evidence.distinct
    if len(distinct) == width:
        return distinct
    positions = tuple(str(position) for position in range(width))
    if "0" in distinct and set(distinct) <= set(positions):
        return positions
    return refuse_unstated(
        f"The model gives {width} scores for each row, and the holdout has {len(distinct)} different labels: nothing "
        "says which score is of which.",
        "{ classes: [legit, fraud] }, in the order of the scores",
    )


def settle_one_score(evidence: Evidence) -> Found:
    """The score of the positive class alone: of the second, where two are listed."""
    contract, stated = evidence.contract, evidence.stated
    listed = stated or list_pair(evidence)
    if len(listed) != PAIR:
        raise refuse_count(1, listed)
    mapping = place_truth(evidence.truth, listed)
    classes, positive = order_classes(listed, contract.positive or find_positive(listed) or listed[-1])
    scale = find_scale(evidence.values, contract.scores)
    interpretation = Interpretation("probability", classes, scale=scale, columns=evidence.parts.columns)
    return interpretation, {**find(listed, positive, mapping), "scores": scale}


def list_pair(evidence: Evidence) -> tuple[str, ...]:
    """The two classes that one score tells apart, where nobody lists them and nobody could take one for the other."""
    distinct, positive = evidence.distinct, evidence.contract.positive
    for pair in (("0", "1"), ("False", "True")):
        if set(distinct) <= set(pair):
            return pair
    if len(distinct) == PAIR and (positive in distinct or find_positive(distinct)):
        return order_classes(distinct, positive)[0]
    return refuse_unstated(
        f"The model gives one score for each row, and the holdout has {len(distinct)} different labels: nothing says "
        "which it is the score of.",
        "{ positive: fraud }",
    )


def order_classes(names: tuple[str, ...], positive: str | None) -> tuple[tuple[str, ...], str | None]:
    """The classes as the gate counts them, and the positive one, where it is known: of two it stands last."""
    if positive is not None and positive not in names:
        raise UserError(
            "positive-unknown",
            f"answers.positive is none of the {len(names)} classes.",
            "Name one of them.",
        )
    if len(names) != PAIR:
        return names, None
    known = positive or find_positive(names)
    if known is None:
        return names, None
    return (*(name for name in names if name != known), known), known


def place(own: tuple[str, ...], classes: tuple[str, ...]) -> tuple[int, ...]:
    """For each score column the place of its class; nothing where that is its own."""
    return () if own == classes else tuple(classes.index(name) for name in own)


def find_scale(scores: np.ndarray, stated: str | None) -> Scale:
    """What the scores of all rows are. Raises UserError where they are not what is stated, or could be either."""
    numbers = scores.astype(float)
    rows = len(numbers)
    columns = numbers if numbers.ndim == MATRIX_DIMENSIONS else np.column_stack([1 - numbers, numbers])
    wrong = count_no_distribution(columns)
    if stated == "logits":
        if wrong == 0 and np.isfinite(numbers).any() and (numbers.ndim == MATRIX_DIMENSIONS or is_fractional(numbers)):
            raise refuse_logits(rows)
        return "logits"
    if wrong == 0:
        return "probabilities"
    if stated is None and numbers.ndim == MATRIX_DIMENSIONS and are_logits(numbers):
        return "logits"
    raise UserError(
        "answers-no-distribution",
        f"The scores of {wrong} of {rows} rows are no probabilities: they are not between 0 and 1, or do not sum to 1.",
        "Set answers.scores: logits if that is what they are, or name under answers.prediction and "
        "answers.score-columns what the columns hold.",
    )


def refuse_logits(rows: int) -> UserError:
    """The error that probabilities are called logits: a softmax of them would be another, flatter distribution."""
    return UserError(
        "answers-no-logits",
        f"answers.scores says logits, and the scores of all {rows} rows are probabilities: between 0 and 1, and of "
        "sum 1.",
        "Set answers.scores: probabilities, or let the model give its logits.",
    )


def are_logits(numbers: np.ndarray) -> bool:
    """Whether columns can be but logits: below zero somewhere, and none of them whole numbers, as classes are."""
    finite = numbers[np.isfinite(numbers).all(axis=1)]
    return bool((finite < 0).any()) and all(is_fractional(finite[:, column]) for column in range(finite.shape[1]))


def refuse_count(columns: int, classes: tuple[str, ...]) -> UserError:
    """The error that there are not as many scores as classes."""
    return UserError(
        "score-columns",
        f"The model gives {columns} scores for each row, and there are {len(classes)} classes.",
        "List the classes in the order of the scores under answers.classes, or in the model's own metadata.",
    )


def find(classes: tuple[str, ...], positive: str | None, mapping: dict[str, str]) -> dict[str, Any]:
    """What was concluded, as keys of a contract."""
    found: dict[str, Any] = {"classes": classes, "positive": positive, "labels": mapping}
    return {key: value for key, value in found.items() if value}
