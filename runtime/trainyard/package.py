"""Builds the serving package of a model version: exported model, handler, reference profile and golden examples.

    python -I start.py package --model-uri models:/mnist/8 --model-digest sha256:… \
        --model mnist --version 8 --run-id … --holdout data/holdout.npz --target label --id id \
        --package-dir package --out package.json

The package depends on nothing but the model, the holdout and the options: built again it has the same digest.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainyard.archive import HANDLER_FILE, write_archive
from trainyard.boxed_model import BoxedModel, add_box_option, open_box
from trainyard.column_roles import add_columns_option, read_columns_option
from trainyard.command import make_scratch_folder, run_command, say
from trainyard.contract import add_answers_option, hear_model, read_contract
from trainyard.days import split_days
from trainyard.environments.own import add_environments_option, enter_environment
from trainyard.exactness import Exactness, tell_classes
from trainyard.export import EXPORTED, export_model
from trainyard.files import describe_blob, digest_file, write_json
from trainyard.golden import make_golden, write_requests
from trainyard.holdout import add_holdout_options, load_holdout, read_columns
from trainyard.models import (
    LoggedModel,
    fetch_model,
    load_predictor,
    predict_all,
    require_digest,
    require_signature,
)
from trainyard.picture_steps import add_steps_option, parse_steps, require_fit
from trainyard.pictures import require_decoder
from trainyard.probe import require_steady_answers
from trainyard.profile import make_profile
from trainyard.reading import read_answers
from trainyard.settings import PAYLOAD_FOLDER, PROFILE_FILE, SETTINGS_FILE, WARM_UP_FILE, Settings
from trainyard.slice_profile import profile_slices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.runners import PackageFormat

PACKAGE_SCHEMA = "trainyard.package/1"
MANIFEST_FILE = "trainyard.json"
ARCHIVE_FILE = "model.mar"
GOLDEN_FILE = "golden.json"
# What the handler imports; the rest of this package stays at home.
SERVED_MODULES = (
    "__init__",
    "array_file",
    "arrow_program",
    "arrow_tables",
    "binning",
    "capture",
    "cells",
    "counters",
    "errors",
    "features",
    "files",
    "handler",
    "inputs",
    "interpretation",
    "json_reader",
    "messages",
    "naming",
    "open_inference",
    "outputs",
    "packed",
    "picture_requests",
    "picture_steps",
    "pictures",
    "prediction_log",
    "protocols",
    "rows",
    "runners",
    "scoring",
    "service",
    "settings",
    "several",
    "signature",
    "slices",
    "table_bodies",
    "table_forms",
    "table_reader",
    "tensors",
    "text_requests",
    "texts",
    "time_limit",
    "together",
    "trace",
    "wire",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), package, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.package", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model-uri", required=True, help="models:/… or runs:/…")
    parser.add_argument("--model-digest", required=True, help="sha256:… that the model's bytes must have")
    parser.add_argument("--model", required=True, help="the model's registered name")
    parser.add_argument("--version", required=True, help="the model's version")
    parser.add_argument("--run-id", required=True, help="the MLflow run that trained it")
    parser.add_argument("--package-dir", type=Path, required=True, help="folder for the package")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the result")
    parser.add_argument("--format", choices=["auto", *EXPORTED, "pyfunc"], default="auto", help="form to serve it in")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--max-batch-delay-ms", type=int, default=10)
    parser.add_argument("--gpu", choices=["none", "all"], default="none")
    parser.add_argument("--response-timeout-seconds", type=int, default=120)
    add_holdout_options(parser)
    add_answers_option(parser)
    add_steps_option(parser)
    add_columns_option(parser)
    add_box_option(parser)
    add_environments_option(parser)
    return parser


def package(options: argparse.Namespace) -> None:
    """Builds the package and describes it in `--out`."""
    options.package_dir.mkdir(parents=True, exist_ok=True)
    manifest_path = options.package_dir / MANIFEST_FILE
    with open_box(options.box, "mlflow.pyfunc") as box, make_scratch_folder() as contents:
        model = fetch_model(options.model_uri, box)
        require_digest(model, options.model_digest)
        # Golden examples are what the gate judged; a Python that answers otherwise breaks parity when they are asked.
        with enter_environment(model, box, options.environments):
            package_format = fill_archive_folder(Path(contents), model, box, options)
        created = model.description.created
        write_archive(options.package_dir / ARCHIVE_FILE, Path(contents), options.model, options.version, created)
        write_json(manifest_path, describe_package(model, package_format, options))
    size = sum(file.stat().st_size for file in options.package_dir.iterdir())
    write_json(
        options.out,
        {"manifestDigest": digest_file(manifest_path), "sizeBytes": size, "format": package_format},
    )
    say(f"{options.model} {options.version}: {package_format}, {size} bytes")


def fill_archive_folder(
    folder: Path,
    model: LoggedModel,
    box: BoxedModel,
    options: argparse.Namespace,
) -> PackageFormat:
    """Puts together what goes into the archive; leaves profile and golden examples in the package folder, too."""
    signature = require_signature(model)
    steps = parse_steps(options.pictures)
    if steps is not None:
        require_fit(steps, signature)
        require_decoder()
    columns = read_columns(options)
    holdout = load_holdout(options.holdout, columns, signature, steps)
    predict = load_predictor(model, box)
    require_steady_answers(predict, holdout.inputs)
    raw = predict_all(predict, holdout.inputs)
    reading = read_answers(raw, holdout.labels, read_contract(options), hear_model(model, box))
    examples, samples, answers = make_golden(write_requests(holdout, signature), signature, predict, steps)
    exactness = Exactness(box, samples, answers, tell_classes(reading.interpretation))
    exactness.measure_model(model)
    package_format = export_model(model, box, folder / PAYLOAD_FOLDER, exactness, options.format)
    golden = exactness.write_golden(examples, package_format, options.gpu)
    identity = {"model": options.model, "version": options.version, "created": model.description.created}
    days = split_days(holdout.days)
    declared = columns.roles | read_columns_option(options)
    profile = make_profile(identity, holdout.inputs, reading, days, declared)
    profile["features"] += profile_slices(profile, (holdout.inputs, reading.outcome), tuple(holdout.slices), days)
    write_json(options.package_dir / PROFILE_FILE, profile)
    write_json(options.package_dir / GOLDEN_FILE, golden)
    write_json(folder / PROFILE_FILE, profile)
    write_json(folder / WARM_UP_FILE, golden["examples"][0]["inputs"])
    settings = Settings(options.model, options.version, package_format, signature, reading.interpretation, steps)
    settings.write(folder / SETTINGS_FILE)
    copy_handler(folder)
    return package_format


def copy_handler(folder: Path) -> None:
    """The handler's entry point at the archive's root, and the modules it imports beside it."""
    here = Path(__file__).parent
    (folder / here.name).mkdir()
    for module in SERVED_MODULES:
        shutil.copy2(here / f"{module}.py", folder / here.name)
    shutil.copy2(here / "torchserve_entry.py", folder / HANDLER_FILE)


def describe_package(model: LoggedModel, package_format: PackageFormat, options: argparse.Namespace) -> dict[str, Any]:
    """The package's manifest (core/serving/package-manifest.ts)."""
    folder = options.package_dir
    return {
        "schema": PACKAGE_SCHEMA,
        "model": options.model,
        "version": options.version,
        "runId": options.run_id,
        "modelDigest": model.digest,
        "createdAt": model.description.created,
        "format": package_format,
        "payload": {"kind": "mar", "file": ARCHIVE_FILE, **describe_blob(folder / ARCHIVE_FILE)},
        "profile": describe_blob(folder / PROFILE_FILE),
        "golden": describe_blob(folder / GOLDEN_FILE),
        "serving": {
            "workers": options.workers,
            "batchSize": options.batch_size,
            "maxBatchDelayMs": options.max_batch_delay_ms,
            "gpu": options.gpu,
            "responseTimeoutSeconds": options.response_timeout_seconds,
        },
    }


if __name__ == "__main__":
    sys.exit(main())
