"""Asks a built package its golden examples and checks and times the answers, as TorchServe's worker would give them.

    python -I start.py measure --package-dir package --out measured.json --calls 200

The handler and the model run in a box. Times are of single requests, without HTTP, the way to the box and back
included: they are taken here, where the model's code has no say.
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

from trainyard.agreement import agree
from trainyard.boxed_model import BoxedModel, ModelError, add_box_option, open_box, without_gpus
from trainyard.command import run_command, say
from trainyard.errors import UserError
from trainyard.files import write_json
from trainyard.messages import OK
from trainyard.package import ARCHIVE_FILE, GOLDEN_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence


# A package that its own handler can't load.
UNLOADABLE = "package-unloadable"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), measure, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.measure", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--package-dir", type=Path, required=True, help="folder of the package")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the result")
    parser.add_argument("--calls", type=int, required=True, help="single requests to time")
    parser.add_argument("--gpu", choices=["none", "all"], default="none", help="whether it is served on a GPU")
    add_box_option(parser)
    return parser


def measure(options: argparse.Namespace) -> None:
    """Checks every golden example once, then times them over and over."""
    golden = json.loads((options.package_dir / GOLDEN_FILE).read_bytes())
    with open_box(options.box if options.gpu == "all" else without_gpus(options.box)) as box:
        open_package(box, options.package_dir, "serve")
        bodies = [json.dumps(example["inputs"]).encode() for example in golden["examples"]]
        for body, example in zip(bodies, golden["examples"], strict=True):
            check_answer(box.ask("ask", body), example["predictions"], golden)
        latency = [time_answer(box, bodies[call % len(bodies)]) for call in range(options.calls)]
    write_json(options.out, {"examples": len(bodies), "latencyMs": latency})
    p50, p95 = np.percentile(latency, [50, 95])
    say(f"{len(bodies)} golden examples agree; {p50:.1f} ms in the median, {p95:.1f} ms in the 95th percentile")


def open_package(box: BoxedModel, folder: Path, name: str, *more: str) -> None:
    """Loads the package as a server would, by what the worker calls that. Raises UserError when it can't be loaded."""
    with zipfile.ZipFile(folder / ARCHIVE_FILE) as archive:
        archive.extractall(box.files)
    try:
        box.ask(name, str(box.files), *more)
    except ModelError as error:
        raise UserError(
            UNLOADABLE,
            f"The package cannot be loaded: {error}.",
            "Log the code that the model needs with it (code_paths).",
        ) from error


def check_answer(answer: Any, expected: Any, golden: dict[str, Any]) -> None:  # noqa: ANN401 - of the model's process
    """Raises a UserError when the package answers something else than MLflow did."""
    status, body = answer if isinstance(answer, list) and len(answer) == 2 else (None, "")  # noqa: PLR2004
    given = json.loads(body) if status == OK else {}
    if "predictions" in given and agree(given["predictions"], expected, golden):
        return
    raise UserError(
        "parity-broken",
        f"The package answers {str(body)[:200]} where MLflow's own predict gives {json.dumps(expected)[:200]}.",
        "Set serving.format: pyfunc, which serves the model through MLflow itself.",
    )


def time_answer(box: BoxedModel, body: bytes) -> float:
    """Milliseconds of one single request, by our clock and not by that of the model's process."""
    started = time.perf_counter()
    box.ask("ask", body)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
