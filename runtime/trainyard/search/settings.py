"""What a search is asked to do: the specification that the train action writes (adapters/mlflow/search.ts)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The address may hold a password, and so may the variables of trainings: they are in no file and on no command line.
STORAGE_VARIABLE = "TRAINYARD_SEARCH_STORAGE"
VARIABLES_VARIABLE = "TRAINYARD_SEARCH_VARIABLES"


@dataclass(frozen=True)
class Space:
    """The values that are tried of one parameter."""

    kind: str
    low: float = 0
    high: float = 0
    values: tuple[str | int | float | bool, ...] = ()


@dataclass(frozen=True)
class Project:
    """How one training is started: in its box, with `@run` for its run and `@temp` for a folder of its own."""

    start: tuple[str, ...]
    box: dict[str, Any]
    variables: dict[str, str]
    cwd: str
    parameters: dict[str, str | int | float | bool]
    timeout_seconds: float
    # Of the containers that it runs in (`docker_env`), with its run for a value; none where it runs in no container.
    container_label: str | None = None


@dataclass(frozen=True)
class Settings:
    """A search. Times are in seconds."""

    study: str
    trials: int
    jobs: int
    metric: str
    direction: str
    seed: int
    pruning: str
    timeout_seconds: float | None
    space: dict[str, Space]
    # Names the workers of this host, where several hosts share the study.
    host: str
    heartbeat_seconds: int
    grace_seconds: int
    poll_seconds: float
    parent_run: str
    tags: dict[str, str]
    project: Project


def read_settings(file: Path) -> Settings:
    """The specification in a file, with the variables of the trainings, which leave this process's environment."""
    said = json.loads(file.read_text())
    project = said.pop("project")
    space = {name: Space(**{**one, "values": tuple(one.get("values", ()))}) for name, one in said.pop("space").items()}
    start = tuple(project.pop("start"))
    variables = json.loads(os.environ.pop(VARIABLES_VARIABLE))
    return Settings(space=space, project=Project(start=start, variables=variables, **project), **said)


def read_storage() -> str:
    """The address of the storage. It is taken out of the environment, so that no program that is started has it."""
    return os.environ.pop(STORAGE_VARIABLE)
