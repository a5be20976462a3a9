"""Asks a built package its golden examples and checks and times the answers, as TorchServe's worker would give them.

    python -I start.py measure --package-dir package --out measured.json --calls 200

Times are of the handler's work on single requests in this process: parsing, prediction and counting, without HTTP.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.command import make_scratch_folder, run_command, say
from trainyard.errors import UserError
from trainyard.files import write_json
from trainyard.package import ARCHIVE_FILE, GOLDEN_FILE
from trainyard.service import OK, ModelService, Request, open_service

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_CALLS = 200


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), measure, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.measure", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--package-dir", type=Path, required=True, help="folder of the package")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the result")
    parser.add_argument("--calls", type=int, default=DEFAULT_CALLS, help="single requests to time")
    return parser


def measure(options: argparse.Namespace) -> None:
    """Checks every golden example once, then times them over and over."""
    golden = json.loads((options.package_dir / GOLDEN_FILE).read_bytes())
    with make_scratch_folder() as scratch:
        with zipfile.ZipFile(options.package_dir / ARCHIVE_FILE) as archive:
            archive.extractall(scratch)
        service = open_service(Path(scratch), environment={})
        bodies = [json.dumps(example["inputs"]).encode() for example in golden["examples"]]
        for body, example in zip(bodies, golden["examples"], strict=True):
            check_answer(service, body, example["predictions"], golden)
        latency = [time_answer(service, bodies[call % len(bodies)]) for call in range(options.calls)]
        service.close()
    write_json(options.out, {"examples": len(bodies), "latencyMs": latency})
    p50, p95 = np.percentile(latency, [50, 95])
    say(f"{len(bodies)} golden examples agree; {p50:.1f} ms in the median, {p95:.1f} ms in the 95th percentile")


def check_answer(service: ModelService, body: bytes, expected: Any, golden: dict[str, Any]) -> None:  # noqa: ANN401
    """Raises a UserError when the package answers something else than MLflow did."""
    (answer,) = service.answer([Request("measure", body)])
    given = json.loads(answer.body)
    if answer.status == OK and agree(given["predictions"], expected, golden):
        return
    raise UserError(
        "parity-broken",
        f"The package answers {answer.body[:200]} where MLflow's own predict gives {json.dumps(expected)[:200]}.",
        "Set serving.format: pyfunc, which serves the model through MLflow itself.",
    )


def agree(given: Any, expected: Any, golden: dict[str, Any]) -> bool:  # noqa: ANN401
    """Numbers within the golden document's tolerances, everything else (null among it) exactly."""
    if isinstance(expected, dict):
        return (
            isinstance(given, dict)
            and given.keys() == expected.keys()
            and all(agree(given[key], value, golden) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(given, list)
            and len(given) == len(expected)
            and all(agree(one, other, golden) for one, other in zip(given, expected, strict=True))
        )
    if is_number(given) and is_number(expected):
        if isinstance(given, int) and isinstance(expected, int):
            return given == expected
        return abs(given - expected) <= golden["absoluteTolerance"] + golden["relativeTolerance"] * abs(expected)
    return type(given) is type(expected) and bool(given == expected)


def is_number(value: Any) -> bool:  # noqa: ANN401 - a value of a JSON document
    """Whether it is a number; Python counts true and false among the integers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def time_answer(service: ModelService, body: bytes) -> float:
    """Milliseconds of one single request."""
    started = time.perf_counter()
    service.answer([Request("measure", body)])
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
