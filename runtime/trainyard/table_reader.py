"""The process beside a worker that reads tables in Arrow and Parquet, and what becomes of it.

What pyarrow makes of a body of a few kilobytes can't be told from its heads. So it runs where it can be held to memory
and time (arrow_program.py): a body that goes too far ends its reader, and is refused to its sender alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from trainyard.errors import InvalidInputError
from trainyard.table_forms import BYTES_OF_CELL, OLDEST_MAJOR, bound_frame, take_column
from trainyard.time_limit import end_in_time
from trainyard.wire import UnreadableError, decode, encode, read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.table_forms import Column

# For one body; for all tables of a batch, whose other requests wait meanwhile; until a process is there.
BODY_SECONDS = 3
BATCH_SECONDS = 10
START_SECONDS = 30
# How much later than the kernel's clock in the reader ours ends it.
GRACE_SECONDS = 1
PROGRAM = "trainyard.arrow_program"
# Isolated, Python looks for modules neither in the working folder nor in the user's.
START = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module(sys.argv.pop(1), run_name='__main__')"
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
# One thread; memory that goes back to the system when it is freed, and holds nothing of another body when it is taken.
VARIABLES = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_PERTURB_": "165",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
REFUSED_MEMORY = "memory"
REFUSALS = (400, 413)


@dataclass(frozen=True)
class Table:
    """How many rows there are, and the columns by name."""

    rows: int
    columns: dict[str, Column]


class TableReader:
    """Reads tables in a process of its own, which the first one starts. Bodies have `most_bytes` at most."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._unfit: str | None = None
        self._asked = 0
        self._seconds_left = float(BATCH_SECONDS)
        self._lock = Lock()

    def begin_batch(self) -> None:
        """From here on the tables of another batch are read."""
        self._seconds_left = float(BATCH_SECONDS)

    def read(self, body: bytes, kind: str, names: Sequence[str], *, by_place: bool) -> Table:
        """The columns of these names, or all where there is none of them and places will do.

        Raises InvalidInputError for what can't be read, or takes too much.
        """
        if len(body) > self._most_bytes:
            raise too_large(f"has {len(body)} bytes, and may have {self._most_bytes}")
        with self._lock:
            if self._seconds_left <= 0:
                raise InvalidInputError(
                    "tables-too-slow",
                    f"The tables that came together with this one took {BATCH_SECONDS} seconds to read: send it again.",
                    429,
                )
            begun = time.monotonic()
            try:
                return self._ask({"body": body, "kind": kind, "names": list(names), "byPlace": by_place})
            finally:
                self._seconds_left -= time.monotonic() - begun

    def close(self) -> None:
        """Ends the process, where there is one."""
        with self._lock:
            self._end()

    def _ask(self, asked: dict[str, Any]) -> Table:
        if self._process is not None and self._process.poll() is not None:
            # It ended when nobody asked.
            self._end()
        process = self._process or self._start(asked["kind"])
        self._asked += 1
        numbered = encode({**asked, "number": self._asked})
        seconds = BODY_SECONDS + GRACE_SECONDS
        answer, is_late = self._exchange(process, numbered, bound_frame(self._most_bytes), seconds)
        try:
            table = take_table(answer, self._asked, self._most_bytes)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            code = self._end()
            if is_late or code == -signal.SIGALRM:
                raise too_large(f"takes more than {BODY_SECONDS} seconds to read") from error
            if code == -signal.SIGKILL and answer is None:
                raise too_large("takes more memory to read than this host has left") from error
            raise unreadable(asked["kind"], f"reading it ended its reader ({tell_end(code)})") from error
        finally:
            if is_late or not isinstance(answer, dict) or answer.get("spent") is not False:
                self._end()
        return table

    def _start(self, kind: str) -> subprocess.Popen[bytes]:
        """A process that is ready. Raises InvalidInputError where there can't be one, now or ever."""
        self._unfit = self._unfit or tell_absence()
        if self._unfit is not None:
            raise unfit(kind, self._unfit)
        try:
            process = self._process = start_process(self._most_bytes)
            said, _ = self._exchange(process, None, bound_frame(0), START_SECONDS)
        except Exception as error:
            # What it says may name what this host holds.
            raise not_started(type(error).__name__) from error
        told = said if isinstance(said, dict) else {}
        if told.get("ready") is True:
            return process
        code = self._end()
        if isinstance(told.get("unfit"), str):
            self._unfit = told["unfit"]
            raise unfit(kind, told["unfit"])
        raise not_started(told["failed"] if isinstance(told.get("failed"), str) else tell_end(code))

    def _exchange(
        self, process: subprocess.Popen[bytes], asked: bytes | None, most_bytes: int, seconds: float
    ) -> tuple[Any, bool]:
        """What the process says next, and whether it was ended for the time that it took."""
        try:
            with end_in_time(process.kill, seconds) as is_late:
                answer = exchange(process, asked, most_bytes)
            return answer, is_late()
        except BaseException:
            # An answer that is left in the pipe would be the next sender's.
            self._end()
            raise

    def _end(self) -> int:
        """Ends the process, where it has not ended by itself. Gives its code, 0 where there is none."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                # What could not be written would be tried once more.
                with suppress(OSError):
                    pipe.close()
        return code


def start_process(most_bytes: int) -> subprocess.Popen[bytes]:
    """The program, of this Python and of the folder that this module is in."""
    packages = str(Path(__file__).resolve().parents[1])
    limits = [str(most_bytes), str(BODY_SECONDS)]
    return subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", START, packages, PROGRAM, *limits],
        env={**{name: os.environ[name] for name in PASSED_ON if name in os.environ}, **VARIABLES},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # pyarrow may quote there what was sent.
        stderr=subprocess.DEVNULL,
    )


def exchange(process: subprocess.Popen[bytes], asked: bytes | None, most_bytes: int) -> Any:  # noqa: ANN401
    """What the process says next, asked or not, in `most_bytes` at most; None where it ends, {} for no answer."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the reader has no pipes")
    try:
        if asked is not None:
            write_frame(process.stdin, asked)
        frame = read_frame(process.stdout, most_bytes)
        return None if frame is None else decode(frame)
    except UnreadableError:
        return {}
    except OSError:
        return None


def take_table(answer: Any, number: int, most_bytes: int) -> Table:  # noqa: ANN401 - whatever the reader says
    """The table of the answer to the request of this number.

    Raises InvalidInputError where it refuses one; ValueError and others where it is none.
    """
    if answer["number"] != number:
        raise ValueError("an answer to another request")
    refused = answer.get("refused")
    if refused == REFUSED_MEMORY:
        raise too_large("takes more memory to read than it may")
    if refused is not None:
        code, message, status = refused
        if status not in REFUSALS:
            raise ValueError("a refusal with another status")
        raise InvalidInputError(str(code), str(message), status)
    rows, columns = answer["rows"], answer["columns"]
    if not isinstance(rows, int) or not 0 < rows * BYTES_OF_CELL * max(1, len(columns)) <= most_bytes:
        raise ValueError("more cells than are taken, or none")
    return Table(rows, {name: take_column(column, rows) for name, column in columns.items()})


def tell_absence() -> str | None:
    """Why nothing can be read by this Python; None where it can, as far as its packages say so."""
    try:
        found = version("pyarrow")
    except PackageNotFoundError:
        return "pyarrow is not installed"
    is_old = int(found.partition(".")[0]) < OLDEST_MAJOR
    return f"pyarrow is {found}, and {OLDEST_MAJOR} is the oldest that is used" if is_old else None


def tell_end(code: int) -> str:
    """How a process ended, by its code."""
    number = -code
    return signal.Signals(number).name if number in iter(signal.Signals) else f"code {code}"


def too_large(why: str) -> InvalidInputError:
    """Says of a table that it goes too far."""
    return InvalidInputError("body-too-large", f"The table {why}: send fewer rows at once, or text/csv or JSON.", 413)


def unreadable(kind: str, why: str) -> InvalidInputError:
    """Says of bytes that they are no table."""
    return InvalidInputError("malformed-table", f"The body is no {kind} that can be read: {why}.")


def unfit(kind: str, why: str) -> InvalidInputError:
    """Says that this Python reads no tables at all."""
    return InvalidInputError(
        "unknown-content-type", f"{kind} is not read on this host: {why}. Send text/csv or JSON.", 415
    )


def not_started(why: str) -> InvalidInputError:
    """Says that tables can't be read now, whatever is sent."""
    return InvalidInputError(
        "reader-not-started",
        f"The process that reads tables could not be started: {why}. Send text/csv or JSON, or try again.",
        503,
    )
