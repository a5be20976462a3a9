"""The examples as their users have them: a repository of its own, outside of this one, on an MLflow of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from conftest import REPOSITORY

AUTHOR = ("-c", "user.name=ada", "-c", "user.email=ada@localhost")
SHELL_BLOCK = re.compile(r"^```sh\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
# What a README installs, the tests have already: by npm's lockfile and requirements.txt.
INSTALLS = ("npm install ", "pip install ")
# What asks a model that is served, or goes on doing so, is done beside one: test_torchserve_pictures.py.
SERVED = "http://localhost:8080"


@dataclass(frozen=True)
class ExampleRepository:
    """A clone with one commit, and what its commands get of the machine."""

    folder: Path
    environment: dict[str, str]

    @property
    def tracking(self) -> str:
        """The address of its MLflow."""
        return self.environment["MLFLOW_TRACKING_URI"]

    def run(self, command: str) -> str:
        """Runs lines of a shell in the clone, and gives what they print. The first that fails ends them, and throws."""
        shell = ["bash", "-euo", "pipefail", "-c", command]
        end = subprocess.run(shell, cwd=self.folder, env=self.environment, check=False, capture_output=True, text=True)
        if end.returncode != 0:
            raise AssertionError(f"{command}\n{end.stdout}\n{end.stderr}")
        return end.stdout + end.stderr

    def readme_blocks(self) -> list[str]:
        """The commands of each shell block of its README, but for what installs packages, or asks a host."""
        text = (self.folder / "README.md").read_text(encoding="utf-8")
        blocks = [match["commands"].splitlines() for match in SHELL_BLOCK.finditer(text)]
        return ["\n".join(filter(is_done_here, block)) for block in blocks]


def is_done_here(line: str) -> bool:
    """Whether a line of a README needs neither an index of packages nor a host."""
    return not line.startswith(INSTALLS) and SERVED not in line


def clone_example(name: str, folder: Path, variables: dict[str, str]) -> ExampleRepository:
    """Commits the files of the example, and nothing else, and clones what was committed."""
    origin, clone = folder / "origin", folder / "clone"
    shutil.copytree(REPOSITORY / "examples" / name, origin, ignore=shutil.ignore_patterns("__pycache__", "*.npz"))
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Begin"]):
        subprocess.run(["git", *AUTHOR, *arguments], cwd=origin, check=True)
    subprocess.run(["git", "clone", "--quiet", str(origin), str(clone)], check=True)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    database = f"sqlite:///{folder}/mlflow.db"
    own = {"PATH": path, "MLFLOW_TRACKING_URI": database, "MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1"}
    return ExampleRepository(clone, {**inherited, **own, **variables})


def run_notebook(repository: ExampleRepository, name: str) -> dict[str, str]:
    """What each cell of a notebook prints or shows, by its id, in a kernel of this Python; a cell that fails throws."""
    notebook = nbformat.read(repository.folder / name, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), f"{name} is committed without what it came to"
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(repository.folder)}},
    )
    client.execute(env={**repository.environment, "IPYTHONDIR": str(repository.folder.parent / "ipython")})
    return {cell["id"]: "\n".join(map(text_of, cell.get("outputs", []))) for cell in notebook.cells}


def text_of(output: dict[str, Any]) -> str:
    """A cell's output as text."""
    return output.get("text", "") or output.get("data", {}).get("text/plain", "")
