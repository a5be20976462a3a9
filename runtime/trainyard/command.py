"""The frame of every command: parse, run, report. Machine output goes to `--out` only, words to stderr."""

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from trainyard.errors import UserError
from trainyard.files import write_json

EXIT_OK = 0
EXIT_INTERNAL = 1
EXIT_USER_ERROR = 2


def run_command(
    parser: argparse.ArgumentParser,
    body: Callable[[argparse.Namespace], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Runs `body` on the parsed options and gives the exit code: 0 ok, 2 the user's mistake, 1 ours."""
    options = parser.parse_args(argv)
    # Telemetry would start a thread and call out of the user's network.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        body(options)
    except UserError as error:
        for path in list_outputs(options):
            write_json(path, {"error": error.problem.to_json()})
        say(f"trainyard: {error}")
        return EXIT_USER_ERROR
    except Exception:  # noqa: BLE001 - the boundary: whatever is left is a defect, shown whole
        traceback.print_exc()
        say("trainyard: internal: this is a defect of Trainyard, please report it with the lines above")
        return EXIT_INTERNAL
    return EXIT_OK


def list_outputs(options: argparse.Namespace) -> list[Path]:
    """The `--out` files: one, one for each model, or none."""
    outputs = options.out if isinstance(options.out, list) else [options.out]
    return [path for path in outputs if path is not None]


def say(line: str) -> None:
    """One line for people."""
    print(line, file=sys.stderr, flush=True)


def make_scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that is gone when the `with` block ends."""
    return tempfile.TemporaryDirectory(prefix="trainyard-")
