"""What answers are settled by: the raw answers, the true labels beside them, and what is said of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from trainyard.errors import UserError
from trainyard.interpretation import Interpretation
from trainyard.labels import name_truth, sort_labels
from trainyard.name_parts import NamedParts, find_parts
from trainyard.outputs import take_parts

if TYPE_CHECKING:
    from trainyard.contract import Contract, Said

IN_CONFIG = "in trainyard.yml of the default branch"


@dataclass(frozen=True)
class Evidence:
    """Raw answers, the true labels beside them, what the contract says and what the model says."""

    raw: Any
    labels: np.ndarray
    contract: Contract
    said: Said

    @cached_property
    def truth(self) -> list[str]:
        """The labels as names."""
        return name_truth(self.labels, self.contract.labels)

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The different labels, in order."""
        return sort_labels(self.truth)

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """The classes that are stated. Raises UserError where the model knows some that the contract does not."""
        listed, own = self.contract.classes, self.said.classes
        if listed and not set(own) <= set(listed):
            raise UserError(
                "classes-disagree",
                f"The model has {len(own)} classes of its own, and {len(set(own) - set(listed))} of them are not among "
                f"the {len(listed)} that trainyard.yml states or, from an earlier model, the ledger has fixed.",
                f"To widen them, list all {len({*listed, *own})} under answers.classes {IN_CONFIG}. Where they are the "
                "same by other names, write them there as the model does, and say under answers.labels what the "
                "holdout's labels stand for.",
            )
        return listed or own

    @cached_property
    def parts(self) -> NamedParts:
        """Which parts of the answer are read."""
        return find_parts(self.raw, self.contract, self.stated or self.distinct)

    @cached_property
    def values(self) -> np.ndarray:
        """The answer proper: what holds the class or the number, else the scores."""
        values, scores = self._taken
        return scores if self.parts.prediction is None and scores is not None else values

    @cached_property
    def scores(self) -> np.ndarray | None:
        """The scores that stand beside the answer."""
        return self._taken[1]

    @cached_property
    def _taken(self) -> tuple[np.ndarray, np.ndarray | None]:
        draft = Interpretation("labels", (), prediction=self.parts.prediction, columns=self.parts.columns)
        return take_parts(self.raw, draft)


def refuse_unstated(message: str, example: str = "{ task: multiclass }, { task: regression }") -> NoReturn:
    """Raises UserError: somebody has to say what the answers are."""
    remedy = f"Say what they are {IN_CONFIG}, as in answers: {example}."
    raise UserError("answers-unstated", message, remedy)


def is_fractional(values: np.ndarray) -> bool:
    """Whether any value is a number with a fraction."""
    if values.dtype.kind != "f":
        return False
    return bool((np.mod(values[np.isfinite(values)], 1) != 0).any())
