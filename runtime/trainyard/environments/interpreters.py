"""The Python that an environment is made for: the runner's, or another that the runner has."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from trainyard.errors import UserError

# The oldest Python that the program of ours in the model's process runs with (model_worker.py).
OLDEST = (3, 10)
ASK_SECONDS = 60
QUESTION = """
import json, os, sys, sysconfig
print(json.dumps({
    "version": ".".join(map(str, sys.version_info[:3])),
    "implementation": sys.implementation.cache_tag,
    "platform": sysconfig.get_platform(),
    "executable": os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
    "prefix": sys.base_prefix,
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python without packages of its own: which one, for which machine, and where it lies."""

    version: str
    implementation: str
    platform: str
    executable: str
    prefix: str

    @property
    def minor(self) -> str:
        """`3.11`."""
        return ".".join(self.version.split(".")[:2])

    def to_json(self) -> dict[str, Any]:
        """What an environment that is made for it depends on."""
        return {"version": self.version, "platform": self.platform, "executable": self.executable}


def find_interpreter(wanted: str | None, uri: str) -> Interpreter:
    """The Python of a minor version (`3.11`). Raises UserError where the runner has none, or ours can't run with it."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if wanted is None or wanted == here:
        return ask_interpreter(sys.executable)
    if tuple(map(int, wanted.split("."))) < OLDEST:
        raise UserError(
            "python-too-old",
            f"{uri} was logged with Python {wanted}, and Trainyard runs models with Python 3.10 and later.",
            "Log the model again with a newer Python. For a champion, models.champion: stored judges by the "
            "predictions that are kept of it.",
        )
    found = shutil.which(f"python{wanted}")
    python = found and try_interpreter(found)
    if not python or python.minor != wanted:
        that = f"no python{wanted} on PATH" if found is None else f"{found}, which does not run as Python {wanted}"
        raise UserError(
            "python-not-here",
            f"{uri} was logged with Python {wanted}, and this runner has python{here} and {that}.",
            f"Put a python{wanted} on the runner's PATH (`uv python install {wanted}` does). Else set in trainyard.yml "
            "of the default branch models.champion: stored, or models.environment: runner.",
        )
    return python


def try_interpreter(python: str) -> Interpreter | None:
    """What it says of itself; None where it says nothing: a version manager may stand in for one that is not there."""
    try:
        return ask_interpreter(python)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def ask_interpreter(python: str) -> Interpreter:
    """What it says of itself."""
    asked = [python, "-I", "-c", QUESTION]
    said = subprocess.run(asked, capture_output=True, check=True, timeout=ASK_SECONDS, text=True)
    return Interpreter(**json.loads(said.stdout))
