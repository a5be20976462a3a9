"""How answers of several quantiles of one number are read: a column, or a place in a row, for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainyard.errors import UserError
from trainyard.interpretation import MATRIX_DIMENSIONS, Interpretation
from trainyard.naming import name_value
from trainyard.outputs import take_matrix, to_parts

if TYPE_CHECKING:
    from trainyard.evidence import Evidence

MOST_CROSSED = 0.5
# Of a number in single precision; some of its last digits (core/gate/metrics/quantiles.ts).
ROUNDING = 1e-6


def settle_quantiles(evidence: Evidence) -> Interpretation:
    """How such answers are read. Raises UserError for what is no number for each quantile, in their order."""
    quantiles = evidence.contract.quantiles
    if not quantiles:
        raise UserError(
            "quantiles-unstated",
            "The task is quantiles, and nothing says which of them each number of an answer is.",
            "List them under answers.quantiles in trainyard.yml of the default branch, such as [0.1, 0.5, 0.9].",
        )
    names = tuple(name_value(quantile) for quantile in quantiles)
    prediction, columns = find_columns(evidence, quantiles)
    settled = Interpretation("quantiles", names, prediction=prediction, columns=columns)
    values = take_matrix(evidence.raw, settled)[0]
    if values.ndim != MATRIX_DIMENSIONS or values.shape[1] != len(quantiles):
        width = values.shape[1] if values.ndim == MATRIX_DIMENSIONS else "one" if values.ndim == 1 else "no"
        raise UserError(
            "quantiles-count",
            f"The model gives {width} number{'' if width == 'one' else 's'} for each row, and answers.quantiles lists "
            f"{len(quantiles)}.",
            "List one quantile for each number under answers.quantiles; or name the columns under "
            "answers.score-columns. One quantile alone is answers.task: regression, judged by pinball.",
        )
    if values.dtype.kind not in "biuf" or evidence.labels.dtype.kind not in "biuf":
        raise UserError(
            "answers-no-numbers",
            "The task is quantiles, and labels or answers are no numbers.",
            "Correct answers.task, answers.score-columns or data.holdout.target.",
        )
    refuse_crossed(values.astype(float))
    return settled


def find_columns(evidence: Evidence, quantiles: tuple[float, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The part that holds all of them, or the columns of each. Both empty for an answer of one part."""
    contract = evidence.contract
    parts = to_parts(evidence.raw)
    names = list(parts or ())
    wanted = contract.score_columns or tuple(filter(None, [contract.prediction]))
    absent = [name for name in wanted if name not in names]
    if absent:
        raise UserError(
            "answers-part-missing",
            f"The model's answer has no {', '.join(absent)}; it has {', '.join(names) or 'no parts with names'}.",
            "Correct answers.prediction or answers.score-columns in trainyard.yml.",
        )
    if contract.score_columns:
        return None, contract.score_columns
    if contract.prediction:
        return contract.prediction, ()
    if len(names) <= 1 or names == [str(place) for place in range(len(names))]:
        return None, ()
    called = [[name for name in names if name.lower() in name_quantile(quantile)] for quantile in quantiles]
    if all(len(found) == 1 for found in called):
        return None, tuple(found[0] for found in called)
    raise UserError(
        "answers-ambiguous",
        f"The model answers with {len(names)} parts: {', '.join(names)}; nothing says which quantile each is.",
        "Name the columns in the order of answers.quantiles under answers.score-columns in trainyard.yml.",
    )


def name_quantile(quantile: float) -> frozenset[str]:
    """What people call the column of a quantile: `q10`, `p10`, `q0.1`, `0.1`, `quantile_0.1`."""
    share, percent = f"{quantile:g}", f"{100 * quantile:g}"
    return frozenset({share, f"q{share}", f"quantile_{share}", f"q{percent}", f"p{percent}", f"q_{percent}"})


def refuse_crossed(values: np.ndarray) -> None:
    """Raises UserError where most rows have a higher quantile below a lower one: the columns are others than listed."""
    rounding = ROUNDING * np.maximum(np.abs(values[:, :-1]), np.abs(values[:, 1:]))
    crossed = int((np.diff(values, axis=1) < -rounding).any(axis=1).sum())
    if crossed <= MOST_CROSSED * len(values):
        return
    raise UserError(
        "quantiles-crossed",
        f"{crossed} of {len(values)} answers have a higher quantile below a lower one.",
        "List answers.quantiles, or answers.score-columns, in the order in which the model gives them.",
    )
