"""What a model was logged with: its Python, and its packages as lines that an installer can take without running code.

The lines come from a model, so from somebody's pull request. Taken is `name==version`, with extras and a marker;
whatever could lead an installer elsewhere (an option, an address, a folder) is named and never handed on.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trainyard.requirements import REQUIREMENTS_FILE, tell_difference

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.requirements import Requirement

PYTHON_ENV_FILE = "python_env.yaml"
# Whoever has more lines than this has listed something else than packages.
MOST_LINES = 2000
MOST_SHOWN = 80
MLFLOW = ("mlflow", "mlflow-skinny")
# What the program of ours in the model's process imports (model_worker.py), beside MLflow.
NEEDED = ("numpy", "pandas")
PLAIN_VERSION = re.compile(r"[\w.+!-]+")
MINOR = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}(?![0-9])")
CREDENTIALS = re.compile(r"//[^/\s@]*@")


@dataclass(frozen=True)
class Line:
    """A line that is not taken: where it stands, what it says, and why."""

    number: int
    text: str
    why: str

    def __str__(self) -> str:
        """As a part of a sentence; what may be a password in it is left out."""
        shown = CREDENTIALS.sub("//…@", self.text)
        shown = shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"
        return f"line {self.number} `{shown}` ({self.why})"


@dataclass(frozen=True)
class Recipe:
    """What an environment is made of."""

    # `3.11`; None where the model does not say.
    python: str | None
    pinned: tuple[str, ...] = ()
    # Added for our own program in the model's process, which can't do without.
    added: tuple[str, ...] = ()
    # Lines that name a package without its one version.
    loose: tuple[Line, ...] = ()
    # Lines that name no package of an index.
    other: tuple[Line, ...] = ()
    # What this Python has otherwise.
    differences: tuple[str, ...] = field(default=(), compare=False)

    @property
    def lines(self) -> tuple[str, ...]:
        """What an installer is given, in an order that does not depend on the model's."""
        return tuple(sorted({*self.pinned, *self.added}))


def digest_recipe(recipe: Recipe, interpreter: dict[str, Any]) -> str:
    """`<hex>` of the packages, and of the Python and the machine that they are installed for."""
    made_of = json.dumps([recipe.lines, sorted(interpreter.items())])
    return hashlib.sha256(made_of.encode()).hexdigest()


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a logged model's folder."""
    logged = read_mapping(folder / "MLmodel")
    version = logged.get("mlflow_version")
    packages = _Packages(str(version) if version and PLAIN_VERSION.fullmatch(str(version)) else None)
    file = folder / REQUIREMENTS_FILE
    # What is no UTF-8 can be in a comment; in a name it is refused with its line.
    lines = file.read_text(encoding="utf-8-sig", errors="replace").split("\n") if file.is_file() else []
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        packages.read(number, re.split(r"(?:^|\s)#", line)[0].strip())
    if len(lines) > MOST_LINES:
        packages.other.append(Line(MOST_LINES + 1, "…", f"the file has {len(lines)} lines"))
    python_env = read_mapping(folder / PYTHON_ENV_FILE)
    flavor = take_mapping(take_mapping(logged.get("flavors")).get("python_function"))
    found = MINOR.match(str(flavor.get("python_version") or python_env.get("python")))
    return Recipe(
        python=found[0] if found else None,
        pinned=tuple(packages.pinned),
        added=packages.find_missing(find_setuptools(python_env)) if packages.pinned else (),
        loose=tuple(packages.loose),
        other=tuple(packages.other),
        differences=tuple(packages.differences),
    )


def read_mapping(file: Path) -> dict[str, Any]:
    """What a YAML file of the model says; nothing where it is not there or can't be read."""
    import yaml  # noqa: PLC0415 - MLflow brings it

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    # Beside its own, of what is no UTF-8, a date that is none, and brackets without end.
    except (yaml.YAMLError, ValueError, RecursionError):
        document = None
    return take_mapping(document)


def take_mapping(value: object) -> dict[str, Any]:
    """A mapping as it is; an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def find_setuptools(python_env: dict[str, Any]) -> str | None:
    """The line of the setuptools that was there where the model was logged."""
    tools = python_env.get("build_dependencies")
    lines = [str(tool) for tool in tools] if isinstance(tools, list) else []
    return next((line for line in lines if re.fullmatch(r"setuptools==[\w.]+", line)), None)


class _Packages:
    """What has been read of the lines."""

    def __init__(self, mlflow_version: str | None) -> None:
        self.mlflow_version = mlflow_version
        self.pinned: list[str] = []
        self.names: set[str] = set()
        self.loose: list[Line] = []
        self.other: list[Line] = []
        self.differences: list[str] = []

    def read(self, number: int, text: str) -> None:
        """One line without its comment."""
        from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 - MLflow brings it
        from packaging.utils import canonicalize_name  # noqa: PLC0415

        if text == "":
            return
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            why = "an option of pip" if text.startswith("-") else "not `name==version`"
            self.other.append(Line(number, text, why))
            return
        if wanted.url is not None:
            self.other.append(Line(number, text, "an address"))
            return
        name = canonicalize_name(wanted.name)
        version = self.find_version(wanted, name)
        difference = tell_difference(wanted)
        if difference is not None:
            self.differences.append(difference)
        if version is None:
            self.loose.append(Line(number, text, "names not one version"))
            return
        self.names.add(name)
        extras = f"[{','.join(sorted(wanted.extras))}]" if wanted.extras else ""
        marker = f"; {wanted.marker}" if wanted.marker else ""
        self.pinned.append(f"{name}{extras}=={version}{marker}")

    def find_version(self, wanted: Requirement, name: str) -> str | None:
        """The one version that a line names; of MLflow itself `MLmodel` says it."""
        specifiers = list(wanted.specifier)
        if len(specifiers) == 1 and specifiers[0].operator == "==" and "*" not in specifiers[0].version:
            return specifiers[0].version
        said = self.mlflow_version
        fits = said is not None and wanted.specifier.contains(said, prereleases=True)
        return said if name in MLFLOW and fits else None

    def find_missing(self, setuptools: str | None) -> tuple[str, ...]:
        """What our program in the model's process needs and the model does not name, in the model's own versions."""
        missing: list[str] = []
        if self.names.isdisjoint(MLFLOW):
            missing.append(f"mlflow=={self.mlflow_version}" if self.mlflow_version else "mlflow")
        # The small MLflow brings neither.
        if "mlflow" not in self.names and not missing:
            missing += [name for name in NEEDED if name not in self.names]
        # A virtual environment of before Python 3.12 had it, and older packages import `pkg_resources`.
        if setuptools is not None and "setuptools" not in self.names:
            missing.append(setuptools)
        return tuple(missing)
