"""Predicts the holdout with one model or several, for the gate to compare.

    python -I start.py evaluate --model-uri models:/m-1 --predictions challenger.parquet --out challenger.json \
        --model-uri models:/m-0 --predictions champion.parquet --out champion.json \
        --holdout data/holdout.npz --target label --id id --slices digit

What the answers hang on (--explain) goes to a file of its own: it says how long it took, and predictions that are made
again are the same, byte for byte.

Each model is loaded in a box of its own, which is given inputs and gives answers, and never sees a label: its code has
no part in what is written here, and two models that bring two versions of the same module do not meet.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.boxed_model import BoxedModel, add_box_option, open_box
from trainyard.command import run_command, say
from trainyard.contract import Contract, add_answers_option, hear_model, read_contract
from trainyard.environments.own import add_environments_option, enter_environment
from trainyard.errors import UserError
from trainyard.examples import add_examples_option, answer_examples
from trainyard.explain.explain import Answered, write_explanation
from trainyard.explain.settings import ExplainSettings, add_explain_option, read_explain
from trainyard.files import write_json
from trainyard.holdout import Holdout, HoldoutColumns, add_holdout_options, load_holdout, read_columns
from trainyard.inputs import take_rows
from trainyard.models import LoggedModel, fetch_model, load_predictor, predict_all, require_signature
from trainyard.picture_steps import PictureSteps, add_steps_option, parse_steps
from trainyard.predictions import describe_predictions, measure, write_predictions
from trainyard.probe import require_steady_answers
from trainyard.reading import read_answers
from trainyard.row_metrics import RowMetric, add_metric_options, read_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WARM_UP_CALLS = 5


@dataclass(frozen=True)
class Target:
    """A model, and where its predictions, their description and, where one is wanted, its explanation go."""

    uri: str
    predictions: Path
    out: Path
    explanation: Path | None


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
    add_answers_option(parser)
    add_steps_option(parser)
    add_metric_options(parser)
    add_examples_option(parser)
    add_explain_option(parser)
    add_box_option(parser)
    add_environments_option(parser)
    return parser


def evaluate(options: argparse.Namespace) -> None:
    """Predicts the holdout with every model named."""
    if not len(options.model_uri) == len(options.predictions) == len(options.out):
        raise UserError(
            "options-unpaired",
            "--model-uri, --predictions and --out are not given equally often.",
            "Give one of each for every model.",
        )
    explain = read_explain(options)
    explanations = options.explanation or [None] * (0 if explain else len(options.model_uri))
    if len(explanations) != len(options.model_uri):
        raise UserError(
            "options-unpaired",
            "With --explain, --explanation is not given as often as --model-uri.",
            "Give one for every model.",
        )
    columns = read_columns(options)
    metrics = read_metrics(options)
    asked = Asked(
        options.holdout,
        columns,
        read_contract(options),
        metrics,
        options.time_latency,
        options.environments,
        tuple(options.examples),
        parse_steps(options.pictures),
        explain,
    )
    targets = list(map(Target, options.model_uri, options.predictions, options.out, explanations))
    with ExitStack() as boxes:
        # All of them import what they need while the first model is fetched.
        opened = [boxes.enter_context(open_box(options.box, "mlflow.pyfunc")) for _ in targets]
        for target, box in zip(targets, opened, strict=True):
            result, rows = evaluate_model(target, box, asked)
            write_json(target.out, result)
            say(f"{target.uri}: {rows} examples, {result['metrics']}")


@dataclass(frozen=True)
class Asked:
    """What is to be predicted, and measured."""

    holdout: Path
    columns: HoldoutColumns
    contract: Contract
    metrics: tuple[RowMetric, ...]
    time_latency: int
    # Where the environments of models are kept; None where all run in this Python.
    environments: Path | None
    examples: tuple[Path, ...]
    # How pictures become what the models take, where the holdout has some.
    pictures: PictureSteps | None
    # None where nobody asks what the answers hang on.
    explain: ExplainSettings | None


def evaluate_model(target: Target, box: BoxedModel, asked: Asked) -> tuple[dict[str, Any], int]:
    """Predicts the holdout with one model and writes the Parquet file; gives its description and its rows."""
    model = fetch_model(target.uri, box)
    signature = require_signature(model)
    with enter_environment(model, box, asked.environments) as environment:
        holdout = load_holdout(asked.holdout, asked.columns, signature, asked.pictures)
        result = predict_holdout(model, box, holdout, asked, target, environment)
    return result, holdout.rows


def predict_holdout(
    model: LoggedModel,
    box: BoxedModel,
    holdout: Holdout,
    asked: Asked,
    target: Target,
    environment: dict[str, Any],
) -> dict[str, Any]:
    """Writes the Parquet file, and the explanation where one is wanted; gives the description of the first."""
    predict = load_predictor(model, box)
    require_steady_answers(predict, holdout.inputs)
    started = time.perf_counter()
    raw = predict_all(predict, holdout.inputs)
    seconds = time.perf_counter() - started
    reading = read_answers(raw, holdout.labels, asked.contract, hear_model(model, box))
    signature = require_signature(model)
    metadata = {
        **describe_predictions(holdout, reading, model.digest),
        "environment": environment,
        "signature": signature.document,
        # Asked anew by other steps the same version would be another model.
        **({"pictures": asked.pictures.to_json()} if asked.pictures and holdout.pictures is not None else {}),
        "examples": [
            answer_examples(path, predict, reading, asked.columns.inputs, signature, asked.pictures)
            for path in asked.examples
        ],
    }
    calls = asked.time_latency
    latency = {"latency": time_predictions(predict, holdout, calls)} if calls > 0 else {}
    write_predictions(target.predictions, holdout, reading, metadata, asked.metrics)
    if asked.explain is not None and target.explanation is not None:
        # Last of all: it may end the model's process.
        write_explanation(target.explanation, Answered(box, holdout, reading, seconds), asked.explain)
    return {
        **metadata,
        "metrics": measure(reading),
        **latency,
    }


def time_predictions(predict: Callable[[Any], Any], holdout: Holdout, calls: int) -> dict[str, float]:
    """Milliseconds of single-row predictions, the way to the box and back included: 50th, 95th and 99th percentile."""
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
