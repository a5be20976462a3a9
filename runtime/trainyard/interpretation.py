"""How a model's answers are read, and what one says once it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

OutputKind = Literal[
    "scores", "probability", "labels", "marginals", "indicators", "sets", "values", "quantiles", "relevance", "text"
]
MANY_LABELS: frozenset[OutputKind] = frozenset({"marginals", "indicators", "sets"})
Scale = Literal["probabilities", "logits"]
World = Literal["closed", "sample", "open"]
Task = Literal["binary", "multiclass", "multilabel", "regression", "quantiles", "ranking", "text", "open"]
# Kinds of which the task follows; of the others it does from how many classes there are.
TASK_OF_KIND: dict[OutputKind, Task] = {
    "values": "regression",
    "quantiles": "quantiles",
    "relevance": "ranking",
    "text": "text",
    "marginals": "multilabel",
    "indicators": "multilabel",
    "sets": "multilabel",
}
MATRIX_DIMENSIONS = 2
# What an answer is instead of a class's index.
NO_CLASS = -1
MISSING = -2
# Tasks whose truth is a number, and of whose answers one is counted.
NUMERIC_TASKS = frozenset({"regression", "quantiles", "ranking"})
# The bin of answers that are none of the classes, where those are not all that there can be.
OTHER_ANSWERS = "(other)"


@dataclass(frozen=True)
class Interpretation:
    """How to read raw answers: their kind, and the classes in order, the positive one of two last.

    `world` says whether the classes are all there can be (`closed`), those that the holdout happens to hold (`sample`),
    or no more than the commonest (`open`). `scale` is what scores are. `order` gives the class of each score column,
    where that is not its place. `prediction` and `columns` name the parts of an answer that has several. `sets` are the
    commonest answers of several classes, by which they are counted.
    """

    kind: OutputKind
    classes: tuple[str, ...]
    world: World = "closed"
    scale: Scale = "probabilities"
    order: tuple[int, ...] = ()
    prediction: str | None = None
    columns: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """The task, as the gate names it."""
        if self.kind in TASK_OF_KIND:
            return TASK_OF_KIND[self.kind]
        if self.world == "open":
            return "open"
        return "binary" if len(self.classes) == 2 else "multiclass"  # noqa: PLR2004


@dataclass(frozen=True)
class Outcome:
    """As read: per row the class's index (-1: none of them, -2: no answer) or the number, and class scores if any.

    Of a text the number is its length, of several classes the place of them among the commonest answers. `names` are
    the answers as they were written, where they are names or texts. `parts` are 1 or 0 for each class, or NaN;
    or quantiles.
    """

    chosen: np.ndarray
    scores: np.ndarray | None
    names: list[str] | None = None
    parts: np.ndarray | None = None

    @property
    def confidence(self) -> np.ndarray | None:
        """The score of the class chosen."""
        if self.scores is None or self.parts is not None:
            return None
        return self.scores[np.arange(len(self.chosen)), np.maximum(self.chosen, 0)]
