"""How wrong each answer is, in the measure that its task is told in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainyard.several import mark_names

if TYPE_CHECKING:
    from trainyard.interpretation import Outcome
    from trainyard.reading import Reading

# What a loss of each task is called; of those that are not here, whether the answer is the label.
MEASURES = {
    "regression": "mae",
    "quantiles": "mean-pinball",
    "multilabel": "hamming-loss",
    "ranking": "score-change",
    "text": "answers-changed",
}
ACCURACY = "accuracy"


def name_measure(reading: Reading) -> str:
    """What the losses of these answers are called."""
    return MEASURES.get(reading.interpretation.task, ACCURACY)


def list_losses(outcome: Outcome, reading: Reading, rows: np.ndarray) -> np.ndarray:  # noqa: PLR0911 - one per task
    """A loss for each of these rows of the holdout, whose answers are in `outcome`; larger is worse.

    A wrong class is 1 and a right one 0. What is judged by no label of its own row (a text, a score that ranks) is
    compared with the answer that was given at first.
    """
    task = reading.interpretation.task
    if task == "regression":
        return np.abs(outcome.chosen - np.asarray(reading.truth)[rows])
    if task == "ranking":
        return np.abs(outcome.chosen - reading.outcome.chosen[rows])
    if task == "text":
        return (np.array(outcome.names) != np.array(reading.outcome.names)[rows]).astype(float)
    if task == "quantiles":
        quantiles = np.array([float(name) for name in reading.interpretation.classes])
        above = np.asarray(reading.truth)[rows, None] - np.asarray(outcome.parts)
        return np.maximum(quantiles * above, (quantiles - 1) * above).mean(axis=1)
    if task == "multilabel":
        truth = [list(reading.truth)[row] for row in rows]
        return (mark_names(truth, reading.interpretation.classes) != outcome.parts).mean(axis=1)
    if outcome.names is not None:
        return (np.array(outcome.names) != np.array(reading.truth)[rows]).astype(float)
    return (reading.places[rows] != outcome.chosen).astype(float)
