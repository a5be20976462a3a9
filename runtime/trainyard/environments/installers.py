"""Installs packages as wheels, by uv where it is, else by pip; neither runs anything of what it installs.

Both get lines that were read and written anew (recipe.py), take wheels only, and put them into a folder that no Python
outside of a box looks into.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.boxed_model import START
from trainyard.command import say
from trainyard.errors import UserError

if TYPE_CHECKING:
    from trainyard.environments.interpreters import Interpreter

ATTEMPTS = 3
PAUSE_SECONDS = 5
INSTALL_SECONDS = 1800
MOST_SAID = 200
WORDS = 3
# Of the job's variables, those that say where packages are found and how they are reached; none that says what is
# installed, or where to.
VARIABLES = re.compile(
    r"^(PATH|HOME|USER|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE"
    r"|(PIP|UV)_(?!(USER|TARGET|PREFIX|ROOT|PYTHON|REQUIRE\w*|EDITABLE|NO_DEPS)$)\w+"
    r"|(https?|no|all)_proxy|XDG_CONFIG_HOME|NETRC)$",
    re.IGNORECASE,
)
# What may be otherwise a minute later; everything else is said once.
PASSING = re.compile(
    r"timed? ?out|connection|temporar|unreachable|dns error|reset by peer|incomplete|\b(429|50[0234])\b", re.IGNORECASE
)
FINAL = re.compile(r"No matching distribution|No solution found|ResolutionImpossible|not done", re.IGNORECASE)


@dataclass(frozen=True)
class Installer:
    """A program that installs, by its name, and its arguments before those of every call."""

    name: str
    command: tuple[str, ...]


def find_installer(interpreter: Interpreter) -> Installer:
    """Raises UserError where the runner has neither."""
    uv = shutil.which("uv")
    if uv is not None:
        # Copied, not linked: what is in a model's environment is no longer its user's cache.
        asked = (
            "--no-python-downloads",
            "--link-mode",
            "copy",
            "--compile-bytecode",
            "--color",
            "never",
            "--no-progress",
        )
        return Installer("uv", (uv, "pip", "install", "--python", interpreter.executable, *asked))
    pip = importlib.util.find_spec("pip")
    if pip is None or pip.origin is None:
        raise UserError(
            "no-installer",
            "This runner has neither uv on PATH nor pip in its Python, to build the model's environment with.",
            "Install one of them. Else set models.environment: runner in trainyard.yml of the default branch.",
        )
    alone = (interpreter.executable, "-I", "-S", "-u", str(START), "environments.wheels_only")
    asked = ("--disable-pip-version-check", "--no-input", "--no-warn-conflicts", "--progress-bar", "off", "--no-color")
    return Installer("pip", (*alone, str(Path(pip.origin).parents[1]), "install", *asked))


def install(installer: Installer, lines: tuple[str, ...], target: Path) -> str | None:
    """Installs into an empty folder; gives the installer's last words where it can't, after some attempts."""
    requirements = target.parent / "trainyard-requirements.txt"
    requirements.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    wanted = ["--only-binary", ":all:", "--target", str(target), "--requirement", str(requirements)]
    command = [*installer.command, *wanted]
    words = ""
    for attempt in range(1, ATTEMPTS + 1):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        code, words = run(command, target.parent, installer.name)
        if code == 0:
            return None
        if FINAL.search(words) or not PASSING.search(words):
            break
        if attempt < ATTEMPTS:
            say(f"{installer.name} failed ({words}); once more in {PAUSE_SECONDS} s")
            time.sleep(PAUSE_SECONDS)
    return words


def run(command: list[str], folder: Path, name: str) -> tuple[int, str]:
    """Runs the installer, tells its lines as they come, and gives its exit code and its last words."""
    variables = {key: value for key, value in os.environ.items() if VARIABLES.match(key)}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    late = threading.Event()
    timer = threading.Timer(INSTALL_SECONDS, lambda: (late.set(), process.kill()))
    timer.start()
    last: deque[str] = deque(maxlen=50)
    try:
        for line in process.stdout or ():
            if line.strip():
                last.append(line.strip()[:MOST_SAID])
                say(f"{name}: {last[-1]}")
        code = process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    words = choose_words(last)
    return code, f"it was ended after {INSTALL_SECONDS} s; {words}" if late.is_set() else words


def choose_words(lines: deque[str]) -> str:
    """The last lines that say what is wrong."""
    wrong = [line for line in lines if re.match(r"error|cause|hint|warning: retrying", line, re.IGNORECASE)]
    said = (wrong or list(lines))[-WORDS:]
    return " ".join(said) if said else "it said nothing"
