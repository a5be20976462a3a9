"""The contract of answers: what trainyard.yml, the ledger and the model say that a model answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.boxed_model import ModelError
from trainyard.errors import UserError
from trainyard.outputs import name_labels

if TYPE_CHECKING:
    import argparse

    from trainyard.boxed_model import BoxedModel
    from trainyard.models import LoggedModel


@dataclass(frozen=True)
class Contract:
    """What is said of the answers (core/answers/contract.ts); None, or empty, where nothing is."""

    task: str | None = None
    classes: tuple[str, ...] = ()
    positive: str | None = None
    quantiles: tuple[float, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    prediction: str | None = None
    score_columns: tuple[str, ...] = ()
    scores: str | None = None
    # Whether a judgement by it has settled what the answers of this model mean.
    is_settled: bool = False

    @property
    def says_classes(self) -> bool:
        """Whether anything is said that only classes have."""
        return bool(self.classes or self.positive or self.labels or self.scores in {"probabilities", "logits"})

    def to_json(self) -> dict[str, Any]:
        """What is said, key by key."""
        said = {
            "task": self.task,
            "classes": list(self.classes) or None,
            "positive": self.positive,
            "quantiles": list(self.quantiles) or None,
            "labels": self.labels or None,
            "prediction": self.prediction,
            "scoreColumns": list(self.score_columns) or None,
            "scores": self.scores,
        }
        return {key: value for key, value in said.items() if value is not None}

    def complete(self, found: dict[str, Any]) -> Contract:
        """The contract with what was found for those keys of which nothing is said."""
        return replace(self, **{key: value for key, value in found.items() if value and not getattr(self, key)})


@dataclass(frozen=True)
class Said:
    """What a model says of itself: its classes in the order of its scores, and whether it predicts numbers."""

    classes: tuple[str, ...] = ()
    is_regressor: bool = False


def add_answers_option(parser: argparse.ArgumentParser) -> None:
    """The option that says what the model answers."""
    parser.add_argument("--answers", default="{}", help="what the model answers, as JSON: answers in trainyard.yml")
    parser.add_argument("--settled", action="store_true", help="the model was judged by that: it is not misread")


def read_contract(options: argparse.Namespace) -> Contract:
    """What the command line says of the answers. Raises UserError when it can't be read."""
    try:
        said = json.loads(options.answers)
        return Contract(
            task=said.get("task"),
            classes=tuple(said.get("classes", ())),
            positive=said.get("positive"),
            quantiles=tuple(map(float, said.get("quantiles", ()))),
            labels=dict(said.get("labels", {})),
            prediction=said.get("prediction"),
            score_columns=tuple(said.get("scoreColumns", ())),
            scores=said.get("scores"),
            is_settled=options.settled,
        )
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(
            "answers-option", f"--answers is no JSON object: {error}.", "Pass what trainyard.yml says, as JSON."
        ) from error


def hear_model(model: LoggedModel, box: BoxedModel) -> Said:
    """What a loaded model says of itself: in its metadata (`classes`), else in its own attributes."""
    try:
        told = box.ask("describe")
    except ModelError:
        # Not every flavour hands out what it has loaded: such a model says nothing but in its metadata.
        told = None
    told = told if isinstance(told, dict) else {}
    classes = model.classes
    if classes is None and isinstance(told.get("classes"), list):
        classes = name_labels(np.asarray(told["classes"]))
    return Said(tuple(classes or ()), told.get("isRegressor") is True)
