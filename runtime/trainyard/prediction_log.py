"""The log of single predictions, which late labels are joined with."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOG_BYTES = 64 * 1024 * 1024


class PredictionLog:
    """Lines `id, time, answer, confidence bin`, separated by tabs; at 64 MB the file becomes `.1`, a new one starts."""

    def __init__(self, path: Path, limit_bytes: int = LOG_BYTES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._file: IO[str] = path.open("a", encoding="utf-8")
        self._bytes = self._file.tell()

    def append(self, lines: list[tuple[str, str, int]]) -> None:
        """Appends one line per prediction: id, answer, confidence bin."""
        now = format_time(time.time())
        text = "".join(f"{clean(name)}\t{now}\t{clean(answer)}\t{confidence}\n" for name, answer, confidence in lines)
        self._file.write(text)
        self._bytes += len(text)
        if self._bytes >= self._limit_bytes:
            self._rotate()

    def flush(self) -> None:
        """Hands everything appended to the operating system."""
        self._file.flush()

    def _rotate(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._path.open("a", encoding="utf-8")
        self._bytes = 0


def clean(text: str) -> str:
    """A text that fits in one field of one line."""
    return " ".join(text.split())


def format_time(seconds: float) -> str:
    """A point in time in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
