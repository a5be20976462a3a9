"""Lets a model predict in the environment it was logged with: the runner's where that is it, else one that is built."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainyard.boxed_model import BoxedModel, WorkerPython
from trainyard.command import say
from trainyard.environments.installers import find_installer, install
from trainyard.environments.interpreters import Interpreter, find_interpreter
from trainyard.environments.recipe import Recipe, digest_recipe, read_recipe
from trainyard.environments.shelf import keep_environment
from trainyard.errors import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from trainyard.models import LoggedModel

SYSTEM_PREFIXES = {"/", "/usr", "/usr/local"}
WAY_OUT = (
    "Else set in trainyard.yml of the default branch models.environment: runner; or for a champion "
    "models.champion: stored, which judges by the predictions that are kept of it."
)


@dataclass(frozen=True)
class Environment:
    """What a model runs in: `python` is None for the runner's; and what is said of it to people."""

    python: WorkerPython | None
    said: dict[str, Any]


def add_environments_option(parser: argparse.ArgumentParser) -> None:
    """The option that lets each model run in its own environment."""
    parser.add_argument(
        "--environments",
        type=Path,
        help="folder of the environments that models were logged with (default: all run in this Python)",
    )


@contextmanager
def enter_environment(model: LoggedModel, box: BoxedModel, shelf: Path | None) -> Iterator[dict[str, Any]]:
    """Lets a box go on in the environment of its model until the block ends, and says which that is."""
    with open_environment(model, shelf) as environment:
        if environment.python is not None:
            box.move(environment.python)
        try:
            yield environment.said
        finally:
            # Before the environment may be taken away.
            box.close()


@contextmanager
def open_environment(model: LoggedModel, shelf: Path | None) -> Iterator[Environment]:
    """The environment for a model, there until the block ends. Raises UserError where it can't be built."""
    recipe = read_recipe(model.folder)
    here = ".".join(map(str, sys.version_info[:3]))
    differences = list_all_differences(recipe, here)
    if shelf is None or is_met(recipe, differences):
        for difference in differences:
            say(f"{model.uri}: {difference}; it may answer otherwise here than it did")
        yield Environment(None, {"kind": "runner", "python": here, "differences": differences})
        return
    require_plain(recipe, model.uri, differences)
    interpreter = find_interpreter(recipe.python, model.uri)
    digest = digest_recipe(recipe, interpreter.to_json())
    say(f"{model.uri} gets its own environment {digest[:12]}: {tell_why(differences)}")
    for line in recipe.added:
        say(f"{model.uri}: {line} is added to it, which the model does not name and loading it needs")

    def build(folder: Path) -> dict[str, Any]:
        return build_environment(recipe, interpreter, folder, model.uri)

    with keep_environment(shelf, digest, build) as (folder, said):
        own = {"kind": "own", "digest": f"sha256:{digest}", "python": interpreter.version, "differences": differences}
        say(f"{model.uri} predicts with Python {interpreter.version} and {len(said['packages'])} packages of its own")
        yield Environment(find_python(folder, interpreter), own)


def list_all_differences(recipe: Recipe, here: str) -> list[str]:
    """What of this Python is not as it was where the model was logged, the Python itself included."""
    minor = ".".join(here.split(".")[:2])
    python = [] if recipe.python in {None, minor} else [f"Python {here}, logged with {recipe.python}"]
    return [*python, *recipe.differences]


def is_met(recipe: Recipe, differences: list[str]) -> bool:
    """Whether this Python is the model's own; a model that names no packages asks for nothing else."""
    names_nothing = not (recipe.pinned or recipe.loose or recipe.other)
    return names_nothing or not (differences or recipe.other)


def tell_why(differences: list[str]) -> str:
    """Why another environment is needed than the one that is here."""
    return f"here is {'; '.join(differences)}"


def require_plain(recipe: Recipe, uri: str, differences: list[str]) -> None:
    """Raises UserError for lines that are not handed to an installer."""
    refused = [*recipe.other, *recipe.loose]
    if not refused:
        return
    why = f"It needs an environment of its own: {tell_why(differences)}." if differences else ""
    raise UserError(
        "requirements-not-plain",
        f"requirements.txt of {uri} has lines that are not installed, since they could lead anywhere: "
        f"{'; '.join(map(str, refused))}. {why}".rstrip(),
        f"Log the model with `name==version` for each package (pip_requirements=[…]). {WAY_OUT}",
    )


def build_environment(recipe: Recipe, interpreter: Interpreter, folder: Path, uri: str) -> dict[str, Any]:
    """Builds it in an empty folder. No Python ever runs with it but in a box: what is installed could run with it."""
    installer = find_installer(interpreter)
    making = [interpreter.executable, "-I", "-m", "venv", "--without-pip", str(folder)]
    made = subprocess.run(making, capture_output=True, check=False, text=True)
    site = folder / "lib" / f"python{interpreter.minor}" / "site-packages"
    words = made.stderr.strip() if made.returncode != 0 else install(installer, recipe.lines, site)
    if words is not None:
        raise UserError(
            "environment-not-built",
            f"The environment of {uri} (Python {interpreter.version}, {', '.join(recipe.lines)}) can't be built by "
            f"{installer.name}: {words}",
            f"Let the runner's index have these packages as wheels (PIP_INDEX_URL, UV_INDEX_URL). {WAY_OUT}",
        )
    packages = sorted(path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info"))
    return {"python": interpreter.to_json(), "lines": recipe.lines, "installer": installer.name, "packages": packages}


def find_python(folder: Path, interpreter: Interpreter) -> WorkerPython:
    """The environment's Python, and what a box must show for it."""
    base = {interpreter.prefix, str(Path(interpreter.executable).parents[1])} - SYSTEM_PREFIXES
    return WorkerPython(str(folder / "bin" / "python"), (str(folder), *sorted(base)))
