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
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.agreement import agree, choose_tolerances
from trainyard.command import run_command, say
from trainyard.errors import UserError
from trainyard.files import write_json
from trainyard.messages import OK
from trainyard.package import GOLDEN_FILE
from trainyard.packed_model import add_package_options, name_device, open_box_of, open_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.boxed_model import BoxedModel


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), measure, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.measure", description=__doc__.splitlines()[0] if __doc__ else "")
    add_package_options(parser)
    parser.add_argument("--calls", type=int, required=True, help="single requests to time")
    return parser


def measure(options: argparse.Namespace) -> None:
    """Checks every golden example once, then times them over and over."""
    golden = json.loads((options.package_dir / GOLDEN_FILE).read_bytes())
    with open_box_of(options) as box:
        open_package(box, options.package_dir, "serve")
        tolerances = choose_tolerances(golden, name_device(box, options.package_dir, options.gpu))
        bodies = [json.dumps(example["inputs"]).encode() for example in golden["examples"]]
        for body, example in zip(bodies, golden["examples"], strict=True):
            check_answer(box.ask("ask", body), example["predictions"], tolerances)
        latency = [time_answer(box, bodies[call % len(bodies)]) for call in range(options.calls)]
    write_json(options.out, {"examples": len(bodies), "latencyMs": latency})
    p50, p95 = np.percentile(latency, [50, 95])
    say(f"{len(bodies)} golden examples agree; {p50:.1f} ms in the median, {p95:.1f} ms in the 95th percentile")


def check_answer(answer: Any, expected: Any, tolerances: dict[str, Any]) -> None:  # noqa: ANN401 - of the model's process
    """Raises a UserError when the package answers something else than MLflow did."""
    status, body = answer if isinstance(answer, list) and len(answer) == 2 else (None, "")  # noqa: PLR2004
    given = json.loads(body) if status == OK else {}
    if "predictions" in given and agree(given["predictions"], expected, tolerances):
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
