"""Which of the named parts of an answer holds what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.check_answers import count_no_distribution
from trainyard.errors import UserError
from trainyard.outputs import to_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.contract import Contract

# What people call the answer, and its score.
PREDICTION_NAMES = frozenset({"prediction", "predictions", "predicted_label", "predicted_class"})
# What they call so where nothing is called by those: `label` may be an echo of what is true.
OTHER_PREDICTION_NAMES = frozenset({"label", "predict"})
SCORE_NAMES = frozenset({"probability", "probabilities", "proba", "score", "confidence"})


@dataclass(frozen=True)
class NamedParts:
    """The part that holds the answer, those that hold scores, and the classes of those, where their names say it.

    Both are empty for an answer of one part.
    """

    prediction: str | None = None
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def find_parts(raw: Any, contract: Contract, classes: Sequence[str]) -> NamedParts:  # noqa: ANN401
    """What the contract names, else what the names can't but mean. Raises UserError for any other answer of several."""
    parts = to_parts(raw)
    names = list(parts or ())
    wanted = [*filter(None, [contract.prediction]), *contract.score_columns]
    absent = [name for name in wanted if name not in names]
    if absent:
        has = f"it has {', '.join(names)}" if names else "its parts have no names"
        raise UserError(
            "answers-part-missing",
            f"The model's answer has no {', '.join(absent)}; {has}.",
            "Correct answers.prediction or answers.score-columns in trainyard.yml.",
        )
    if wanted:
        return NamedParts(contract.prediction, () if contract.scores == "none" else contract.score_columns)
    if len(names) <= 1 or names == [str(place) for place in range(len(names))]:
        return NamedParts()
    columns = match_classes(names, classes) or match_places(parts or {}, classes)
    if len(columns) == len(names):
        return NamedParts(None, tuple(columns), tuple(columns.values()))
    predictions = [name for name in names if name in PREDICTION_NAMES]
    predictions = predictions or [name for name in names if name in OTHER_PREDICTION_NAMES]
    if len(predictions) != 1:
        raise UserError(
            "answers-ambiguous",
            f"The model answers with {len(names)} parts: {', '.join(names)}; nothing says which is the answer.",
            "Name it under answers.prediction in trainyard.yml, or the columns of scores under answers.score-columns.",
        )
    beside = [name for name in names if name in SCORE_NAMES]
    if contract.scores == "none" or (len(beside) != 1 and not columns):
        return NamedParts(predictions[0])
    if columns:
        return NamedParts(predictions[0], tuple(columns), tuple(columns.values()))
    return NamedParts(predictions[0], (beside[0],))


def match_classes(names: list[str], classes: Sequence[str]) -> dict[str, str]:
    """The columns that are called as classes are, or end so (`proba_yes`): one for each class, else none."""
    found: dict[str, str] = {}
    for one in classes:
        called = [name for name in names if name == one] or [name for name in names if name.endswith(f"_{one}")]
        if len(called) != 1 or called[0] in found:
            return {}
        found[called[0]] = one
    return found


def match_places(parts: dict[str, np.ndarray], classes: Sequence[str]) -> dict[str, str]:
    """The columns `p0`, `p1`, … of classes that are whole numbers, where they are a distribution; else none."""
    found = {f"p{one}": one for one in classes if one.isdecimal()}
    columns = [parts[name] for name in found if name in parts]
    if len(columns) != len(classes) or not columns or any(column.dtype.kind not in "iuf" for column in columns):
        return {}
    return {} if count_no_distribution(np.column_stack(columns).astype(float)) else found
