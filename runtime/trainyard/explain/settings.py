"""What is asked for: by what method, on how many rows, in what time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trainyard.errors import UserError

if TYPE_CHECKING:
    import argparse

Method = Literal["auto", "captum", "shap", "permutation"]


@dataclass(frozen=True)
class ExplainSettings:
    """`explain` of trainyard.yml. `seconds` bounds all of it, `rows` are drawn from the holdout."""

    method: Method
    rows: int
    seconds: float


def add_explain_option(parser: argparse.ArgumentParser) -> None:
    """The options that ask for explanations; without them there are none."""
    parser.add_argument("--explain", help="also say what the answers hang on, as JSON: explain in trainyard.yml")
    parser.add_argument("--explanation", action="append", type=Path, help="JSON file, one per model; with --explain")


def read_explain(options: argparse.Namespace) -> ExplainSettings | None:
    """What the command line asks for. Raises UserError when it can't be read."""
    if options.explain is None:
        return None
    try:
        said = json.loads(options.explain)
        return ExplainSettings(said["method"], int(said["rows"]), float(said["seconds"]))
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            "explain-option", f"--explain can't be read: {error}.", "Pass what trainyard.yml says, as JSON."
        ) from error


class Budget:
    """A time that runs from the moment it is made."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = time.perf_counter()

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._started

    @property
    def left(self) -> float:
        """Seconds until it has run out; 0 from then on."""
        return max(0.0, self._seconds - self.spent)
