"""Every kind there is, as JSON; needs nothing but Python and NumPy."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import families
from kind import KINDS, Kind

PARTS = ("name", "family", "title", "logged", "declares", "outcome", "file", "metric", "holdout")


def read_kinds() -> dict[str, Kind]:
    """All kinds by their names, in the order of the table."""
    for file in sorted(Path(families.__path__[0]).glob("[a-z]*.py")):
        importlib.import_module(f"families.{file.stem}")
    return KINDS


if __name__ == "__main__":
    listed = [{part: getattr(one, part) for part in PARTS} for one in read_kinds().values()]
    sys.stdout.write(f"{json.dumps(listed)}\n")
