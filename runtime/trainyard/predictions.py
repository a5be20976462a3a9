"""A model's predictions of the holdout as a Parquet file, and the figures everybody asks for first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.outputs import Interpretation, Outcome, name_truth
from trainyard.row_metrics import RowMetric, compute_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from trainyard.holdout import Holdout

PREDICTIONS_SCHEMA = "trainyard.predictions/2"
METADATA_KEY = b"trainyard"
SMALLEST_PROBABILITY = 1e-15


def describe_predictions(holdout: Holdout, interpretation: Interpretation, model_digest: str) -> dict[str, Any]:
    """What the file's metadata say of it: the task, the classes, and digests of what it was made from."""
    return {
        "schema": PREDICTIONS_SCHEMA,
        "task": interpretation.task,
        "classes": list(interpretation.classes),
        "rows": holdout.rows,
        "modelDigest": model_digest,
        "holdoutDigest": holdout.digest,
    }


def write_predictions(
    path: Path,
    holdout: Holdout,
    interpretation: Interpretation,
    outcome: Outcome,
    metadata: dict[str, Any],
    metrics: Sequence[RowMetric] = (),
) -> None:
    """One row per example: id, prediction, class scores, values of the user's own metrics.

    Labels, groups and slices are not in it: judge reads them itself.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    answers = list_answers(holdout, interpretation, outcome)
    columns = {name: values for name, values in answers.items() if name != "label"}
    if metrics:
        values = compute_metrics(metrics, join_inputs(holdout, answers))
        columns |= {f"metric.{name}": numbers for name, numbers in values.items()}
    table = pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(metadata)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="snappy")


def list_answers(holdout: Holdout, interpretation: Interpretation, outcome: Outcome) -> dict[str, Any]:
    """Columns of ids, labels, predictions and class scores."""
    columns: dict[str, Any] = {"id": holdout.ids}
    columns["label"], columns["prediction"] = name_answers(holdout, interpretation, outcome)
    for position in range(0 if outcome.scores is None else outcome.scores.shape[1]):
        columns[f"score_{position}"] = outcome.scores[:, position] if outcome.scores is not None else []
    return columns


def join_inputs(holdout: Holdout, answers: dict[str, Any]) -> pd.DataFrame:
    """What a user's metric is computed from: the answers, the slices, and the inputs where they are a table."""
    import pandas as pd  # noqa: PLC0415

    table = holdout.inputs if isinstance(holdout.inputs, pd.DataFrame) else {}
    inputs = {name: table[name].to_numpy() for name in table}
    return pd.DataFrame({**inputs, **holdout.slices, **answers})


def name_answers(holdout: Holdout, interpretation: Interpretation, outcome: Outcome) -> tuple[Any, Any]:
    """Labels and predictions: class names, or numbers. A prediction that is none of the classes is an empty text."""
    if interpretation.task == "regression":
        return holdout.labels.astype(float), outcome.chosen
    names = [*interpretation.classes, ""]
    return name_truth(holdout.labels, interpretation.classes), [names[index] for index in outcome.chosen]


def measure(holdout: Holdout, interpretation: Interpretation, outcome: Outcome) -> dict[str, float]:
    """Point figures for people; the gate computes its own, with intervals, from the Parquet file."""
    if interpretation.task == "regression":
        difference = outcome.chosen - holdout.labels.astype(float)
        return {"mae": float(np.abs(difference).mean()), "rmse": float(np.sqrt((difference**2).mean()))}
    index = {name: position for position, name in enumerate(interpretation.classes)}
    truth = np.array([index.get(name, -2) for name in name_truth(holdout.labels, interpretation.classes)])
    metrics = {"accuracy": float((truth == outcome.chosen).mean())}
    if outcome.scores is not None and (truth >= 0).all():
        given = outcome.scores[np.arange(len(truth)), truth]
        metrics["log-loss"] = float(-np.log(np.clip(given, SMALLEST_PROBABILITY, 1)).mean())
    return metrics
