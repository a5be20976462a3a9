"""A model's answers to labelled rows: how they are read, what they say, and what was concluded to read them so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.check_answers import refuse_foreign, refuse_permuted, refuse_unanswered, refuse_unborne
from trainyard.errors import UserError
from trainyard.evidence import Evidence
from trainyard.infer import Settled, settle
from trainyard.interpretation import NUMERIC_TASKS, Interpretation, Outcome
from trainyard.labels import mark_truth, name_truth, refuse_missing_labels
from trainyard.outputs import interpret, to_numbers
from trainyard.several import name_sets

if TYPE_CHECKING:
    from trainyard.contract import Contract, Said


@dataclass(frozen=True)
class Reading:
    """Answers as they are read, and what is true: names of classes, or numbers.

    `contract` is what they were read by, key by key; `inferred` those of its keys that nobody has stated.
    """

    interpretation: Interpretation
    outcome: Outcome
    truth: list[str] | np.ndarray
    contract: Contract
    inferred: tuple[str, ...]

    @cached_property
    def places(self) -> np.ndarray:
        """The place of each label's class; -3 where it is none."""
        index = {name: position for position, name in enumerate(self.interpretation.classes)}
        return np.array([index.get(name, -3) for name in self.truth])

    @property
    def right(self) -> np.ndarray:
        """Per row whether the answer is the label."""
        if self.outcome.names is not None:
            return np.array(self.outcome.names) == np.array(self.truth)
        return self.places == self.outcome.chosen


def read_answers(raw: Any, labels: np.ndarray, contract: Contract, said: Said) -> Reading:  # noqa: ANN401
    """What the answers for labelled rows mean, and what they say.

    By the contract and by what the model says of itself; what neither says is concluded only where it can't be misread.
    Raises UserError when they can't be read so, and when they can't be meant so: of a model that was right by the
    same meaning before, they are meant so, however wrong the world has made them.
    """
    refuse_missing_labels(labels)
    labels = to_numbers(labels)
    try:
        settled = settle(Evidence(raw, labels, contract, said))
        outcome = interpret(raw, settled.interpretation)
        rows = len(outcome.chosen)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise UserError(
            "answers-unreadable",
            f"The model's answers can't be read: {type(error).__name__}: {error}.",
            "Let it answer with one array, list or table: class scores, labels or numbers, one for each row; and say "
            "under answers in trainyard.yml what they are.",
        ) from error
    if rows != len(labels):
        raise UserError(
            "answers-other-rows",
            f"The model gives {rows} answers for {len(labels)} examples.",
            "Let it give one answer for each row, in their order.",
        )
    refuse_unanswered(outcome, settled.interpretation)
    interpretation = settled.interpretation
    if interpretation.task in NUMERIC_TASKS:
        return Reading(interpretation, outcome, labels.astype(float), settled.contract, settled.inferred)
    if interpretation.task == "multilabel":
        marked = mark_truth(labels, settled.contract.labels, interpretation.classes)
        names = name_sets(marked, interpretation.classes)
        return Reading(interpretation, outcome, names, settled.contract, settled.inferred)
    truth = name_truth(labels, settled.contract.labels)
    reading = Reading(interpretation, outcome, truth, settled.contract, settled.inferred)
    if are_places(settled) and len(set(reading.truth)) < len(interpretation.classes):
        refuse_unborne(reading.places, outcome.chosen, len(interpretation.classes))
    if interpretation.kind == "labels" and interpretation.task != "open":
        refuse_foreign(outcome, interpretation)
    if interpretation.kind in {"scores", "probability"} and not contract.is_settled:
        refuse_permuted(reading.places, outcome.chosen, len(interpretation.classes))
    return reading


def are_places(settled: Settled) -> bool:
    """Whether labels are read as the places of classes, or of columns that nobody has named, without anybody's word."""
    classes = settled.interpretation.classes
    if "labels" in settled.inferred:
        return "0" in settled.contract.labels
    is_unnamed = "classes" in settled.inferred and settled.interpretation.kind == "scores"
    return is_unnamed and classes == tuple(str(place) for place in range(len(classes)))
