"""Reads tables for the worker of a model (table_reader.py), in a process that is held to memory and time.

Bodies come on standard input, answers go to standard output. Once the first body is there no file can be opened; what
takes more memory than it may is refused, or ends this process; what takes longer ends it, by the kernel's clock.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from trainyard.errors import InvalidInputError
from trainyard.table_forms import UnfitError, bound_frame
from trainyard.wire import decode, encode, read_frame, write_frame

if TYPE_CHECKING:
    from types import ModuleType

# What reading a body may take beside the program: a body's length for each form that it goes through, and heads.
LENGTHS_OF_BODY = 16
ROOM_BYTES = 64 << 20
# The share of its room that a reader may hold after an answer is one of so many: the next body needs the rest.
SHARES_KEPT = 4
SIZE_FILE = Path("/proc/self/statm")
# Where the machine, or the container, has no memory left, the kernel ends this process before the worker.
CHOICE_FILE, ENDED_FIRST = Path("/proc/self/oom_score_adj"), "1000"
# Characters of what is quoted.
MOST_SAID = 200


@dataclass(frozen=True)
class Room:
    """What the process held when it began, how much more it may hold, and the open file that says what it holds."""

    begun: int
    size: int
    file: BinaryIO

    def is_spent(self) -> bool:
        """Whether so much of it is held that the next body needs another process."""
        return measure_size(self.file) - self.begun > self.size // SHARES_KEPT


def main(arguments: list[str]) -> int:
    """Takes pipes and limits, and answers until nothing more is asked. Arguments: bytes of a body, seconds for each."""
    most_bytes, seconds = int(arguments[0]), float(arguments[1])
    bodies, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    try:
        tables = importlib.import_module("trainyard.arrow_tables")
        tables.load_all()
        room = hold_in(ROOM_BYTES + LENGTHS_OF_BODY * most_bytes)
    except UnfitError as error:
        write_frame(answers, encode({"unfit": str(error)}))
        return 1
    except Exception as error:  # noqa: BLE001 - whoever started this has to be told, whatever it is
        write_frame(answers, encode({"failed": type(error).__name__}))
        return 1
    write_frame(answers, encode({"ready": True}))
    while (frame := read_frame(bodies)) is not None:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        payload = answer(tables, frame, most_bytes, room)
        signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(answers, payload)
    return 0


def hold_in(more: int) -> Room:
    """Holds the process to so many bytes of addresses more than it has, and to the files that are open."""
    # A host may forbid it, and has the other limits all the same.
    with suppress(OSError):
        CHOICE_FILE.write_text(ENDED_FIRST)
    file = SIZE_FILE.open("rb")
    begun = measure_size(file)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = begun + more if hard == resource.RLIM_INFINITY else min(begun + more, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))
    return Room(begun, more, file)


def measure_size(file: BinaryIO) -> int:
    """Bytes of addresses that the process holds, as the kernel says in this file."""
    return int(os.pread(file.fileno(), MOST_SAID, 0).split()[0]) * resource.getpagesize()


def answer(tables: ModuleType, frame: bytes, most_bytes: int, room: Room) -> bytes:
    """What one request is answered: columns, or why there are none; and whether the process has had enough."""
    number = None
    try:
        asked = decode(frame)
        number = asked["number"]
        told = encode({"number": number, **read(tables, asked, most_bytes), "spent": room.is_spent()})
        if len(told) <= bound_frame(most_bytes):
            return told
    except MemoryError:
        pass
    return encode({"number": number, "refused": "memory", "spent": True})


def read(tables: ModuleType, asked: dict[str, Any], most_bytes: int) -> dict[str, Any]:
    """The rows of the table that is asked for and its columns, or what its sender is told."""
    kind = asked["kind"]
    try:
        rows, columns = tables.read_table(asked["body"], kind, asked["names"], most_bytes, by_place=asked["byPlace"])
    except MemoryError:
        raise
    except InvalidInputError as error:
        return {"refused": [error.code, error.message, error.status]}
    except Exception as error:  # noqa: BLE001 - whatever pyarrow makes of bytes that anybody wrote
        return {"refused": ["malformed-table", f"The body is no {kind} that can be read: {quote(error)}.", 400]}
    return {"rows": rows, "columns": columns}


def quote(error: Exception) -> str:
    """What went wrong, on one line."""
    return " ".join(str(error).split())[:MOST_SAID].rstrip(".") or type(error).__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
