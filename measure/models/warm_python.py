"""A Python that has its imports behind it: a hundred models take a dozen processes each, which import for seconds.

    python warm_python.py serve SOCKET      forks for each command line that comes
    python warm_python.py make FOLDER SOCKET   writes FOLDER/python, which sends its command line there

What is forked runs what `python -I start.py` would, but for the box: the model's process is forked too, unboxed.
Every other command line goes to the Python itself.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import socket
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

PRELOADED = (
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "mlflow.models",
    "pandas",
    "pyarrow.parquet",
    "sklearn.metrics",
    "torch",
)
MOST_BYTES = 1 << 20

CLIENT = """#!{python} -IS
import json, os, socket, sys
argv = sys.argv[1:]
names = [one for one in argv if not one.startswith("-")]
if not names or not names[0].endswith(".py") or argv[:2] == ["-I", "-S"]:
    os.execv({python!r}, [{python!r}, *argv])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({place!r})
    asked = json.dumps({{"argv": argv[argv.index(names[0]):], "cwd": os.getcwd(), "env": dict(os.environ)}}).encode()
    socket.send_fds(server, [len(asked).to_bytes(8, "little")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(int(server.recv(16) or b"1"))
"""


class ForkedWorker:
    """The model's process: what `subprocess.Popen` would be to its owner."""

    def __init__(self, variables: dict[str, str], folder: Path, modules: tuple[str, ...]) -> None:
        """Forks it."""
        asked, asking = os.pipe()
        answered, answering = os.pipe()
        self._code: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            os.close(asking)
            os.close(answered)
            end_with(lambda: self._work((asked, answering), variables, folder, modules))
        os.close(asked)
        os.close(answering)
        self.stdin: BinaryIO = os.fdopen(asking, "wb")
        self.stdout: BinaryIO = os.fdopen(answered, "rb")

    @staticmethod
    def _work(pipes: tuple[int, int], variables: dict[str, str], folder: Path, modules: tuple[str, ...]) -> int:
        from trainyard.model_worker import main  # noqa: PLC0415 - on the path only now

        for target, pipe in enumerate(pipes):
            os.dup2(pipe, target)
        os.environ.clear()
        os.environ.update(variables)
        os.chdir(folder)
        return main(list(modules))

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative where a signal ended it."""
        del timeout
        if self._code is None:
            _, status = os.waitpid(self._pid, 0)
            self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def kill(self) -> None:
        """Ends it."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, 9)


def end_with(work: Any) -> None:  # noqa: ANN401 - a function of the caller's
    """Ends this process by what `work` gives."""
    code = 1
    try:
        code = work() or 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    except BaseException:  # noqa: BLE001 - the last word of a process
        importlib.import_module("traceback").print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def run(argv: list[str]) -> int:
    """Runs a script, or a command of the runtime as start.py does."""
    script = Path(argv[0]).resolve()
    sys.path.insert(0, str(script.parent))
    if script.name != "start.py":
        sys.argv = argv
        runpy.run_path(str(script), run_name="__main__")
        return 0
    boxed = importlib.import_module("trainyard.boxed_model")
    boxed.start_worker = partial(start_worker, boxed.start_worker)
    sys.argv = [argv[0], *argv[2:]]
    runpy.run_module(f"trainyard.{argv[1]}", run_name="__main__", alter_sys=True)
    return 0


def start_worker(own: Any, options: Any, folder: Path, preload: tuple[str, ...], python: Any = None) -> Any:  # noqa: ANN401
    """The worker without its box; `own` starts one in a model's own Python, which is not warm."""
    if python is not None:
        return own(options, folder, preload, python)
    temp = str(folder / "temp")
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_DISABLE_SCHEMA_DETAILS": "true"}
    variables = {**(os.environ if options is None else options.variables), "HOME": temp, "TMPDIR": temp, **quiet}
    return ForkedWorker(variables, folder / "files", preload)


def serve(place: str) -> None:
    """Forks for each command line."""
    for name in PRELOADED:
        importlib.import_module(name)
    Path(place).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen(64)
        while True:
            client, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                if os.fork() == 0:
                    answer(client)
                os._exit(0)
            client.close()
            os.wait()


def answer(client: socket.socket) -> None:
    """Runs one command line in a process of its own, and tells its exit code."""
    head, descriptors, _, _ = socket.recv_fds(client, 8, 3)
    wanted, text = int.from_bytes(head, "little"), b""
    while len(text) < wanted:
        text += client.recv(MOST_BYTES)
    asked = json.loads(text)
    pid = os.fork()
    if pid == 0:
        client.close()
        for target, descriptor in enumerate(descriptors):
            os.dup2(descriptor, target)
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["cwd"])
        end_with(lambda: run(asked["argv"]))
    _, status = os.waitpid(pid, 0)
    client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def make(folder: Path, place: str) -> None:
    """Writes the client."""
    folder.mkdir(parents=True, exist_ok=True)
    client = folder / "python"
    client.write_text(CLIENT.format(python=sys.executable, place=place))
    client.chmod(0o755)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]), sys.argv[3])
    else:
        serve(sys.argv[2])
