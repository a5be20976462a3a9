"""A model's predictions of the holdout as a Parquet file, and the figures everybody asks for first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.interpretation import NUMERIC_TASKS
from trainyard.row_metrics import RowMetric, compute_metrics
from trainyard.several import mark_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from trainyard.holdout import Holdout
    from trainyard.reading import Reading

PREDICTIONS_SCHEMA = "trainyard.predictions/4"
METADATA_KEY = b"trainyard"
SMALLEST_PROBABILITY = 1e-15


def describe_predictions(holdout: Holdout, reading: Reading, model_digest: str) -> dict[str, Any]:
    """What the file's metadata say of it: how the answers were read, and digests of what they were made from."""
    interpretation = reading.interpretation
    return {
        "schema": PREDICTIONS_SCHEMA,
        "task": interpretation.task,
        "classes": [] if interpretation.world == "open" else list(interpretation.classes),
        # Whether the classes are all that the model can answer, or those that the holdout happens to hold.
        "closed": interpretation.world == "closed",
        "answers": reading.contract.to_json(),
        "inferred": list(reading.inferred),
        "rows": holdout.rows,
        "modelDigest": model_digest,
        "holdoutDigest": holdout.digest,
    }


def write_predictions(
    path: Path,
    holdout: Holdout,
    reading: Reading,
    metadata: dict[str, Any],
    metrics: Sequence[RowMetric] = (),
) -> None:
    """One row per example: id, prediction, class scores, values of the user's own metrics.

    Labels, groups and slices are not in it: judge reads them itself. Neither are texts: nothing but metrics needs them.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    answers = list_answers(holdout, reading)
    columns = {name: values for name, values in answers.items() if name != "label"}
    if reading.interpretation.task == "text":
        columns["prediction"] = [""] * holdout.rows
    if metrics:
        values = compute_metrics(metrics, join_inputs(holdout, answers))
        columns |= {f"metric.{name}": numbers for name, numbers in values.items()}
    table = pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(metadata)})
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hardly two scores are the same: a dictionary would say each of them twice, and judge reads only so many values.
    pq.write_table(table, path, compression="snappy", use_dictionary=["prediction"])


def list_answers(holdout: Holdout, reading: Reading) -> dict[str, Any]:
    """Columns of ids, labels, predictions, class scores, and what of several parts an answer has."""
    outcome = reading.outcome
    columns: dict[str, Any] = {"id": holdout.ids, "label": reading.truth, "prediction": name_predictions(reading)}
    for position in range(0 if outcome.scores is None else outcome.scores.shape[1]):
        columns[f"score_{position}"] = outcome.scores[:, position] if outcome.scores is not None else []
    if outcome.parts is not None:
        columns |= {f"answer_{position}": part for position, part in enumerate(outcome.parts.T)}
    return columns


def join_inputs(holdout: Holdout, answers: dict[str, Any]) -> pd.DataFrame:
    """What a user's metric is computed from: the answers, the slices, and the inputs where they are a table."""
    import pandas as pd  # noqa: PLC0415

    table = holdout.inputs if isinstance(holdout.inputs, pd.DataFrame) else {}
    inputs = {name: table[name].to_numpy() for name in table}
    return pd.DataFrame({**inputs, **holdout.slices, **answers})


def name_predictions(reading: Reading) -> Any:  # noqa: ANN401 - an array or a list
    """Answers as names of classes, as texts, or as numbers."""
    outcome = reading.outcome
    if reading.interpretation.task in NUMERIC_TASKS:
        return outcome.chosen
    return outcome.names or [reading.interpretation.classes[index] for index in outcome.chosen]


def measure(reading: Reading) -> dict[str, float]:
    """Point figures for people; the gate computes its own, with intervals, from the Parquet file."""
    outcome, task = reading.outcome, reading.interpretation.task
    if task == "regression":
        difference = outcome.chosen - np.asarray(reading.truth)
        return {"mae": float(np.abs(difference).mean()), "rmse": float(np.sqrt((difference**2).mean()))}
    if task in {"text", "ranking"}:
        return {}
    if task == "quantiles":
        return {"mean-pinball": measure_pinball(reading)}
    if task == "multilabel":
        marked = mark_names(list(reading.truth), reading.interpretation.classes)
        wrong = float((marked != outcome.parts).mean())
        return {"subset-accuracy": float(reading.right.mean()), "hamming-loss": wrong}
    metrics = {"accuracy": float(reading.right.mean())}
    if outcome.scores is not None and (reading.places >= 0).all():
        given = outcome.scores[np.arange(len(reading.places)), reading.places]
        metrics["log-loss"] = float(-np.log(np.clip(given, SMALLEST_PROBABILITY, 1)).mean())
    return metrics


def measure_pinball(reading: Reading) -> float:
    """The mean over rows and quantiles of what an answer misses the target by, weighed as its quantile asks."""
    quantiles = np.array([float(name) for name in reading.interpretation.classes])
    above = np.asarray(reading.truth)[:, None] - np.asarray(reading.outcome.parts)
    return float(np.maximum(quantiles * above, (quantiles - 1) * above).mean())
