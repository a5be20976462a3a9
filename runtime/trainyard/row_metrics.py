"""Metrics of the user's own: functions that give one number per example, of which the mean is the metric."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    import pandas as pd


@dataclass(frozen=True)
class RowMetric:
    """A metric and where its function is."""

    name: str
    file: Path
    function: str

    @property
    def place(self) -> str:
        """The function as the user wrote it."""
        return f"{self.file}:{self.function}"


def add_metric_options(parser: argparse.ArgumentParser) -> None:
    """The option that names a metric."""
    parser.add_argument(
        "--metric",
        action="append",
        default=[],
        metavar="NAME=FILE:FUNCTION",
        help="a function that takes the predictions as a table and gives one number per row; may be repeated",
    )


def read_metrics(options: argparse.Namespace) -> tuple[RowMetric, ...]:
    """The metrics named on the command line."""
    return tuple(read_metric(text) for text in options.metric)


def read_metric(text: str) -> RowMetric:
    """`profit=metrics.py:profit`."""
    name, _, place = text.partition("=")
    file, _, function = place.rpartition(":")
    if not (name and file and function):
        raise UserError(
            "metric-unreadable",
            f"The metric {text!r} is not of the form NAME=FILE:FUNCTION.",
            "Write data.holdout.metrics as { profit: metrics.py:profit }.",
        )
    return RowMetric(name, Path(file), function)


def compute_metrics(metrics: Sequence[RowMetric], predictions: pd.DataFrame) -> dict[str, np.ndarray]:
    """The values of each metric. Each function gets a table of its own to change as it likes."""
    return {metric.name: compute_metric(metric, predictions.copy()) for metric in metrics}


def compute_metric(metric: RowMetric, predictions: pd.DataFrame) -> np.ndarray:
    """One number per row. Raises UserError when the function fails or gives anything else."""
    function = load_function(metric)
    try:
        values = np.asarray(function(predictions), dtype=np.float64)
    except Exception as error:  # the user's code may raise anything
        raise UserError(
            "metric-failed",
            f"{metric.place} failed on the predictions: {type(error).__name__}: {error}.",
            "Mend the function: it gets a table with id, label, prediction and the columns of the holdout.",
            str(metric.file),
        ) from error
    if values.shape == (len(predictions),):
        return values
    raise UserError(
        "metric-not-per-row",
        f"{metric.place} gave values of shape {values.shape} for {len(predictions)} rows.",
        "Give one number per row; the metric is their mean, and higher is better.",
        str(metric.file),
    )


def load_function(metric: RowMetric) -> Callable[[Any], Any]:
    """The function, from its file; modules beside the file can be imported by it."""
    spec = importlib.util.spec_from_file_location(f"trainyard_metric_{metric.file.stem}", metric.file)
    if spec is None or spec.loader is None or not metric.file.is_file():
        raise UserError(
            "metric-file-missing",
            f"{metric.file} is not there, or is no Python file.",
            f"Correct data.holdout.metrics.{metric.name}.",
            str(metric.file),
        )
    sys.path.insert(0, str(metric.file.resolve().parent))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(
            "metric-file-broken",
            f"{metric.file} cannot be loaded: {type(error).__name__}: {error}.",
            "Mend the file.",
            str(metric.file),
        ) from error
    finally:
        sys.path.pop(0)
    function = getattr(module, metric.function, None)
    if callable(function):
        return function
    raise UserError(
        "metric-function-missing",
        f"{metric.file} has no function {metric.function}.",
        f"Correct data.holdout.metrics.{metric.name}.",
        str(metric.file),
    )
