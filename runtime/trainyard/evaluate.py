"""Predicts the holdout with one model or several, for the gate to compare.

    python -I start.py evaluate --model-uri models:/m-1 --predictions challenger.parquet --out challenger.json \
        --model-uri models:/m-0 --predictions champion.parquet --out champion.json \
        --holdout data/holdout.npz --target label --id id --slices digit

Each model is loaded in a process of its own, forked after the heavy imports: two versions of a model often bring two
versions of the same module, and only one of them could be imported.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.command import make_scratch_folder, run_command, say
from trainyard.errors import UserError
from trainyard.files import digest_folder, write_json
from trainyard.holdout import Holdout, HoldoutColumns, add_holdout_options, load_holdout, read_columns
from trainyard.inputs import take_rows
from trainyard.models import LoggedModel, fetch_model, load_predictor, predict_all
from trainyard.outputs import infer_interpretation, interpret
from trainyard.predictions import describe_predictions, measure, write_predictions
from trainyard.row_metrics import RowMetric, add_metric_options, read_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WARM_UP_CALLS = 5


@dataclass(frozen=True)
class Target:
    """A model, and where its predictions and their description go."""

    uri: str
    predictions: Path
    out: Path


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), evaluate, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.evaluate", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model-uri", action="append", required=True, help="models:/… or runs:/…; may be repeated")
    parser.add_argument("--predictions", action="append", type=Path, required=True, help="Parquet file, one per model")
    parser.add_argument("--out", action="append", type=Path, required=True, help="JSON file, one per model")
    parser.add_argument("--time-latency", type=int, default=0, metavar="N", help="also time N single predictions")
    add_holdout_options(parser)
    add_metric_options(parser)
    return parser


def evaluate(options: argparse.Namespace) -> None:
    """Predicts the holdout with every model named."""
    if not len(options.model_uri) == len(options.predictions) == len(options.out):
        raise UserError(
            "options-unpaired",
            "--model-uri, --predictions and --out are not given equally often.",
            "Give one of each for every model.",
        )
    columns = read_columns(options)
    metrics = read_metrics(options)
    targets = zip(options.model_uri, options.predictions, options.out, strict=True)
    jobs = [(Target(*target), options.holdout, columns, metrics, options.time_latency) for target in targets]
    if len(jobs) == 1:
        evaluate_model(*jobs[0])
        return
    import mlflow.pyfunc  # noqa: F401, PLC0415 - imported once, before the fork

    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        pool.starmap(evaluate_model_apart, jobs, chunksize=1)


def evaluate_model_apart(*job: Any) -> None:  # noqa: ANN401 - the arguments of evaluate_model
    """`evaluate_model` in a process of its own; a user error crosses back as it is."""
    evaluate_model(*job)


def evaluate_model(
    target: Target,
    holdout_path: Path,
    columns: HoldoutColumns,
    metrics: tuple[RowMetric, ...],
    time_latency: int,
) -> None:
    """Predicts the holdout with one model; writes the Parquet file and its description."""
    with make_scratch_folder() as scratch:
        model = fetch_model(target.uri, Path(scratch))
        holdout = load_holdout(holdout_path, columns, model.description.signature)
        result = predict_holdout(model, holdout, metrics, target.predictions, time_latency)
    write_json(target.out, result)
    say(f"{target.uri}: {holdout.rows} examples, {result['metrics']}")


def predict_holdout(
    model: LoggedModel,
    holdout: Holdout,
    metrics: tuple[RowMetric, ...],
    predictions: Path,
    time_latency: int,
) -> dict[str, Any]:
    """Writes the Parquet file and gives its description."""
    predict = load_predictor(model)
    raw = predict_all(predict, holdout.inputs)
    interpretation = infer_interpretation(raw, holdout.labels, model.classes)
    outcome = interpret(raw, interpretation)
    metadata = describe_predictions(holdout, interpretation, digest_folder(model.folder))
    write_predictions(predictions, holdout, interpretation, outcome, metadata, metrics)
    signature = model.description.signature
    latency = {"latency": time_predictions(predict, holdout, time_latency)} if time_latency > 0 else {}
    return {
        **metadata,
        "signature": signature.document if signature else None,
        "metrics": measure(holdout, interpretation, outcome),
        **latency,
    }


def time_predictions(predict: Callable[[Any], Any], holdout: Holdout, calls: int) -> dict[str, float]:
    """Milliseconds of single-row predictions in this process: 50th, 95th and 99th percentile."""
    milliseconds = []
    for call in range(calls + WARM_UP_CALLS):
        row = call % holdout.rows
        inputs = take_rows(holdout.inputs, slice(row, row + 1))
        started = time.perf_counter()
        predict(inputs)
        milliseconds.append((time.perf_counter() - started) * 1000)
    p50, p95, p99 = np.percentile(milliseconds[WARM_UP_CALLS:], [50, 95, 99])
    return {"calls": calls, "p50": float(p50), "p95": float(p95), "p99": float(p99)}


if __name__ == "__main__":
    sys.exit(main())
