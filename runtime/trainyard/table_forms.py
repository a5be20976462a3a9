"""What a worker and its reader of tables say to each other: kinds of bodies, bounds, and columns as plain arrays.

A column is a mapping. Its `form` says what it holds: `numbers` (truth values, too) and `times` are in `values`, times
as counts of their `unit` since 1970; `texts` and `bytes` lie one behind the other in `bytes`, each as long as
`lengths` says; `nothing` is a column of gaps. Where cells are missing, `missing` has a truth value for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

STREAM_TYPE = "application/vnd.apache.arrow.stream"
FILE_TYPE = "application/vnd.apache.arrow.file"
PARQUET_TYPE = "application/vnd.apache.parquet"
CONTENT_TYPES = (STREAM_TYPE, FILE_TYPE, PARQUET_TYPE)
# Parquet before its type was registered.
KINDS = {**{one: one for one in CONTENT_TYPES}, "application/x-parquet": PARQUET_TYPE}
# Before 14.0.1 pyarrow runs what a schema names (CVE-2023-47248).
OLDEST_MAJOR = 15
# The least that a cell takes in a CSV file: itself, and what parts it from the next one.
BYTES_OF_CELL = 2
# Names and places of columns, beside what these hold.
HEAD_BYTES = 1 << 20
TIMES_AT_ONCE = 1 << 14
UNITS = ("D", "s", "ms", "us", "ns")


class UnfitError(Exception):
    """Why a Python reads no tables, however often it is started."""


def bound_frame(most_bytes: int) -> int:
    """Bytes of the longest request or answer, where a body has `most_bytes` at most."""
    return most_bytes + HEAD_BYTES


@dataclass(frozen=True)
class Column:
    """A column that was looked at.

    `array` has numbers and truth values, times (datetime64), or texts, bytes and gaps as objects; `gaps` are the
    places of missing cells.
    """

    form: str
    array: np.ndarray
    gaps: np.ndarray

    def list_cells(self) -> list[Any]:
        """The cells as JSON has them: a gap is None, a time a text in ISO 8601 (UTC)."""
        cells = list_times(self.array) if self.form == "times" else self.array.tolist()
        for place in self.gaps.tolist():
            cells[place] = None
        return cells


def take_column(column: dict[str, Any], rows: int) -> Column:
    """The column. Raises ValueError, TypeError or KeyError for what is no such column."""
    taking: dict[str, Callable[[dict[str, Any], int], np.ndarray]] = {
        "numbers": lambda one, count: take_array(one["values"], count, "biuf"),
        "times": take_times,
        "texts": lambda one, count: to_objects([cell.decode() for cell in take_bytes(one, count)]),
        "bytes": lambda one, count: to_objects(take_bytes(one, count)),
        "nothing": lambda _, count: np.full(count, None, dtype=object),
    }
    missing = column.get("missing")
    flags = np.zeros(0, bool) if missing is None else take_array(missing, rows, "b")
    return Column(column["form"], taking[column["form"]](column, rows), np.flatnonzero(flags))


def take_times(column: dict[str, Any], rows: int) -> np.ndarray:
    """Times, to the unit that the column has."""
    if column["unit"] not in UNITS:
        raise ValueError("times of no unit")
    return take_array(column["values"], rows, "i").astype(np.int64).view(f"datetime64[{column['unit']}]")


def list_times(times: np.ndarray) -> list[str]:
    """Times in ISO 8601, a part at a time: an array of texts takes four bytes for each of their characters."""
    parts = (times[start : start + TIMES_AT_ONCE] for start in range(0, len(times), TIMES_AT_ONCE))
    return [text for part in parts for text in np.datetime_as_string(part).tolist()]


def to_objects(cells: list[Any]) -> np.ndarray:
    """Cells as they are: an array of bytes or texts would lose the zeros with which they end."""
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    return objects


def take_bytes(column: dict[str, Any], rows: int) -> list[bytes]:
    """Bytes, cell by cell."""
    content = column["bytes"]
    ends = np.cumsum(take_array(column["lengths"], rows, "u"), dtype=np.int64).tolist()
    if not isinstance(content, bytes) or ends[-1] != len(content):
        raise ValueError("bytes that are no cell's")
    return [content[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def take_array(values: object, rows: int, kinds: str) -> np.ndarray:
    """The values, where they are so many and of one of these kinds. Raises ValueError."""
    if not isinstance(values, np.ndarray) or values.shape != (rows,) or values.dtype.kind not in kinds:
        raise ValueError("no values, or others than were announced")
    return values
