"""Golden examples (core/serving/golden.ts): requests of a client, and what MLflow's own `predict` answers."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.inputs import Inputs, take_rows
from trainyard.models import predict_all
from trainyard.picture_requests import read_rows
from trainyard.scoring import replace_non_finite, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainyard.holdout import Holdout
    from trainyard.picture_steps import PictureSteps
    from trainyard.signature import Signature

EXAMPLES = 32
# Hosts read golden examples of 64 MiB (MAX_JSON_PART_BYTES in core/serving/package-manifest.ts), with their answers.
MOST_BYTES = 48_000_000


def write_requests(holdout: Holdout, signature: Signature) -> list[dict[str, Any]]:
    """Requests for single rows of the holdout, the same ones every time; with its pictures where it holds some.

    Of large rows they are as many as a host reads, one at least.
    """
    requests: list[dict[str, Any]] = []
    size = 0
    for row in choose_rows(holdout.rows):
        request = write_row(holdout, row, signature)
        size += len(json.dumps(request))
        if requests and size > MOST_BYTES:
            break
        requests.append(request)
    return requests


def write_row(holdout: Holdout, row: int, signature: Signature) -> dict[str, Any]:
    """A request for one row."""
    if holdout.pictures is None:
        return write_request(take_rows(holdout.inputs, slice(row, row + 1)))
    text = base64.b64encode(holdout.pictures[row]).decode()
    (spec,) = signature.tensors
    return {"inputs": [text] if spec.name is None else {spec.name: [text]}}


def choose_rows(rows: int, seed: int = 1) -> list[int]:
    """Which rows are examples."""
    return sorted(random.Random(seed).sample(range(rows), min(EXAMPLES, rows)))  # noqa: S311 - no secret


def make_golden(
    requests: list[dict[str, Any]],
    signature: Signature,
    predict: Callable[[Inputs], Any],
    steps: PictureSteps | None = None,
) -> tuple[list[dict[str, Any]], list[Inputs], list[Any]]:
    """The golden examples, the inputs as a server reads them from their requests, and the model's raw answers to those.

    The model is asked what it answers to the request as read back, so that a type lost in JSON shows here, not in live
    traffic.
    """
    inputs = [read_rows(request, signature, steps) for request in requests]
    answers = [predict_all(predict, one) for one in inputs]
    examples = [
        {"inputs": request, "predictions": to_json(answer)} for request, answer in zip(requests, answers, strict=True)
    ]
    return examples, inputs, answers


def write_request(row: Inputs) -> dict[str, Any]:
    """A request body in MLflow's scoring protocol."""
    if isinstance(row, np.ndarray):
        return {"inputs": replace_non_finite(row)}
    if isinstance(row, dict):
        return {"inputs": {name: replace_non_finite(values) for name, values in row.items()}}
    values = [[write_value(value) for value in record] for record in row.itertuples(index=False)]
    return {"dataframe_split": {"columns": [str(name) for name in row.columns], "data": values}}


def write_value(value: Any) -> Any:  # noqa: ANN401 - a cell of a table
    """A table's cell as JSON: times in ISO 8601, bytes in base64, arrays as lists, missing values as null."""
    if value is None or (not isinstance(value, np.ndarray | list | dict) and value != value):  # noqa: PLR0124 - NaN, NaT
        return None
    return value.isoformat() if hasattr(value, "isoformat") else to_json(value)
