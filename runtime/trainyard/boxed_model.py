"""A model that runs in a box of its own: our process hands it inputs and reads its answers, and shares nothing else."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainyard.box.keeper import LIMIT_BROKEN, UNBOXED, list_descendants
from trainyard.errors import UserError
from trainyard.wire import UnreadableError, decode, read_frame, write_request

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

START = Path(__file__).resolve().parents[1] / "start.py"
# What the worker has time for when nothing more is asked of it.
END_SECONDS = 10
# A shell, and the keeper of a box, tell a signal by its number above this.
SIGNAL_CODE = 128
NO_GPUS = {"CUDA_VISIBLE_DEVICES": ""}


class ModelError(Exception):
    """The model's own code raised; the message says what."""


@dataclass(frozen=True)
class BoxOptions:
    """How a box is made (adapters/box): its specification, without what differs from one to the next; and variables."""

    spec: dict[str, Any]
    variables: dict[str, str]


def add_box_option(parser: argparse.ArgumentParser) -> None:
    """The option that says what box the model's code runs in."""
    parser.add_argument("--box", type=read_box, help="the box of the model's code, as JSON (default: a process)")


def read_box(text: str) -> BoxOptions:
    """The box of the command line."""
    said = json.loads(text)
    return BoxOptions(said["spec"], said["variables"])


def without_gpus(options: BoxOptions | None) -> BoxOptions | None:
    """The box with no GPU in its sight, as hosts have it for a version that is served without (server-variables.ts)."""
    if options is None:
        os.environ |= NO_GPUS
        return None
    return replace(options, variables={**options.variables, **NO_GPUS})


@dataclass(frozen=True)
class WorkerPython:
    """A Python of the model's own, and the folders that a box must show for it."""

    executable: str
    places: tuple[str, ...]


class BoxedModel:
    """One box. `files` is shown in it, to be read; `out` is the one folder it may write that outlives it."""

    def __init__(self, options: BoxOptions | None, folder: Path, preload: tuple[str, ...]) -> None:
        self.files = folder / "files"
        self.out = folder / "out"
        self._asked = (options, folder, preload)
        self._worker = start_worker(options, folder, preload)
        self.has_own_python = False

    def move(self, python: WorkerPython) -> None:
        """Goes on with another Python, in a new box: nothing has run in the old one but our own program."""
        self.close()
        self._worker = start_worker(*self._asked, python)
        self.has_own_python = True

    def ask(self, name: str, *arguments: Any) -> Any:  # noqa: ANN401 - whatever is asked for
        """Asks the worker (model_worker.py). Raises ModelError for what the model's code raised."""
        worker = self._worker
        if worker.stdin is None or worker.stdout is None:
            raise RuntimeError("the worker has no pipes")
        try:
            write_request(worker.stdin, name, arguments, same_python=not self.has_own_python)
            frame = read_frame(worker.stdout)
        except BrokenPipeError:
            frame = None
        except UnreadableError as error:
            raise self._refuse_answer(error) from error
        except TypeError as error:
            raise UserError(
                "inputs-not-carried",
                f"The inputs can't be given to a model in an environment of its own: {error}.",
                "Log the model with a signature of plain columns (infer_signature), or set models.environment: runner "
                "in trainyard.yml of the default branch.",
            ) from error
        if frame is None:
            raise self._tell_end()
        try:
            answer = decode(frame)
        except UnreadableError as error:
            raise self._refuse_answer(error) from error
        if not isinstance(answer, dict) or len(answer) != 1:
            raise self._refuse_answer(UnreadableError("no answer"))
        if "error" in answer:
            raise ModelError(str(answer["error"]))
        return answer.get("value")

    def predict(self, inputs: Any) -> Any:  # noqa: ANN401 - whatever a model takes and returns
        """The raw answer of the model that was loaded."""
        return self.ask("predict", inputs)

    def _refuse_answer(self, error: UnreadableError) -> UserError:
        return UserError(
            "answers-unreadable",
            f"What came from the model's process is no answer: {error}.",
            "Let the model answer with an array, a list or a table, and leave the process's pipes alone.",
        )

    def _tell_end(self) -> Exception:
        code = self._worker.wait()
        if code == UNBOXED:
            return RuntimeError("the box of the model's code could not be made; the line above says why")
        killed = tell_signal(code)
        if killed is not None:
            return UserError(
                "model-killed",
                f"The process of the model's code was ended by {killed}; {tell_memory()}.",
                "SIGKILL comes from a machine that is out of memory: take a larger runner or a smaller model. "
                "What the model said last stands in the log above.",
            )
        why = "broke a limit of its box, which the line above names" if code == LIMIT_BROKEN else f"ended with {code}"
        return UserError(
            "model-ended",
            f"The process of the model's code {why}.",
            "See the log above; limits are set by box in the trainyard.yml of the default branch.",
        )

    def kill(self) -> None:
        """Ends the box at once, also while it is asked something: that then raises UserError.

        What runs in it, too: it could go on with our pipe in its hands.
        """
        below = list_descendants(self._worker.pid)
        self._worker.kill()
        for process in below:
            # Those of another user end with the namespace that they are in.
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)

    def close(self) -> None:
        """Ends the box, and all that runs in it."""
        if self._worker.stdin is not None:
            with suppress(BrokenPipeError):
                self._worker.stdin.close()
        try:
            self._worker.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()
        if self._worker.stdout is not None:
            self._worker.stdout.close()


def tell_signal(code: int) -> str | None:
    """The name of the signal that ended a process, by its own code or by that of the keeper which saw it end."""
    number = -code if code < 0 else code - SIGNAL_CODE
    return signal.Signals(number).name if number in iter(signal.Signals) else None


def tell_memory() -> str:
    """What the processes that have ended held at most, and what the machine has."""
    held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"it held {held / 1e9:.1f} GB of the machine's {whole / 1e9:.1f} GB of memory"


@contextmanager
def open_box(options: BoxOptions | None, *preload: str) -> Iterator[BoxedModel]:
    """A box for one model, with a worker that already imports what is to be preloaded."""
    with tempfile.TemporaryDirectory(prefix="trainyard-box-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # The box may be another user's, who has to find its way to the folders, and to read what is put there.
        folder.chmod(0o711)
        os.umask(0o022)
        for part in ("files", "out", "temp"):
            (folder / part).mkdir(mode=0o755)
        model = BoxedModel(options, folder, preload)
        try:
            yield model
        finally:
            model.close()


def start_worker(
    options: BoxOptions | None, folder: Path, preload: tuple[str, ...], python: WorkerPython | None = None
) -> subprocess.Popen[bytes]:
    """The worker, in its box if there is one; in this Python, unless the model has its own."""
    temp = str(folder / "temp")
    executable = sys.executable if python is None else python.executable
    command = [executable, "-I", "-u", str(START), "model_worker", *preload]
    variables = {**(os.environ if options is None else options.variables), "HOME": temp, "TMPDIR": temp}
    if python is not None:
        variables["PATH"] = os.pathsep.join([str(Path(executable).parent), variables.get("PATH", "")])
    if options is not None:
        own = () if python is None else python.places
        paths = {
            "show": [*options.spec["show"], str(folder / "files"), str(START.parent), *own],
            "write": [str(folder / "out")],
        }
        spec = {**options.spec, **paths, "temp": temp, "cwd": str(folder / "files"), "command": command}
        command = [sys.executable, "-I", "-S", str(START), "box", json.dumps(spec)]
        if spec["level"] == "namespaces":
            variables |= {"HOME": "/tmp", "TMPDIR": "/tmp"}  # noqa: S108 - the box's own
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        # What MLflow refuses it would tell with the rows that do not fit.
        "MLFLOW_DISABLE_SCHEMA_DETAILS": "true",
    }
    return subprocess.Popen(
        command,
        env={**variables, **quiet},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
