"""One training of the user's project, in its box and in a process group of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainyard.search.settings import Project

# Stand in the specification for the folder and the MLflow run of one training.
TEMP = "@temp"
RUN = "@run"
# How long a training gets between SIGTERM and SIGKILL.
END_SECONDS = 3
TAIL_LINES = 50
# How long the engine gets to say which containers there are, and to remove them.
ENGINE_SECONDS = 60


class ProjectProcess:
    """A training that has been started. It ends with this process, however that ends."""

    def __init__(self, project: Project, run: str, parameters: dict[str, Any], gpus: str | None) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._temp = tempfile.mkdtemp(prefix="trainyard-trial-")
        self._deadline = time.monotonic() + project.timeout_seconds
        variables = {name: value.replace(TEMP, self._temp) for name, value in project.variables.items()}
        self._variables = variables
        self._label = None if project.container_label is None else f"{project.container_label}={run}"
        if gpus is not None:
            variables["CUDA_VISIBLE_DEVICES"] = gpus
        self._process = subprocess.Popen(
            [*project.start, self._box(project, run, parameters)],
            cwd=project.cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _box(self, project: Project, run: str, parameters: dict[str, Any]) -> str:
        given = [part for name, value in parameters.items() for part in ("-P", f"{name}={spell(value)}")]
        # MLflow takes each name once, and `label` is the job's.
        labels = [] if self._label is None else ["--docker-args", f"l={self._label}"]
        command = [run if part == RUN else part for part in project.box["command"]] + labels + given
        return json.dumps({**project.box, "command": command, "temp": self._temp})

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self.tail.append(line.rstrip("\n"))
            print(f"  {line.rstrip()}", flush=True)

    def wait(self, seconds: float) -> int | None:
        """The exit code, once it has ended within that time."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def is_late(self) -> bool:
        """Whether it runs longer than it may."""
        return time.monotonic() > self._deadline

    def end(self) -> None:
        """Ends what still runs of it, with all that it started, and clears up."""
        for number, seconds in ((signal.SIGTERM, END_SECONDS), (signal.SIGKILL, END_SECONDS)):
            if self._process.poll() is not None:
                break
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            self.wait(seconds)
        # A helper that is left in the group would hold the pipe open.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._label is not None:
            self._remove_containers(self._label)
        self._reader.join(timeout=1)
        shutil.rmtree(self._temp, ignore_errors=True)

    def _remove_containers(self, label: str) -> None:
        """They are the engine's children, and outlive the program that asked. Says where they can't be removed."""
        try:
            found = self._ask_engine("ps", "--all", "--quiet", "--filter", f"label={label}").split()
            if found:
                self._ask_engine("rm", "--force", "--volumes", *found)
        except (OSError, subprocess.SubprocessError) as error:
            print(f"  Containers of this trial may still run: {error}", flush=True)

    def _ask_engine(self, *words: str) -> str:
        return subprocess.run(
            [shutil.which("docker", path=self._variables.get("PATH")) or "docker", *words],
            env=self._variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ENGINE_SECONDS,
            check=True,
        ).stdout


def spell(value: str | float | bool) -> str:  # noqa: FBT001 - the value of a parameter
    """A parameter as the command line of `mlflow run` takes it; flags as JavaScript writes them in other trainings."""
    return str(value).lower() if isinstance(value, bool) else str(value)
