"""What a worker and its reader of tables say to each other: kinds of bodies, bounds, and columns as plain arrays.

A column is a mapping. Its `form` says what it holds: `numbers` (truth values, too) and `times` are in `values`, times
as counts of their `unit` since 1970; `texts` and `bytes` lie one behind the other in `bytes`, each as long as
`lengths` says; `nothing` is a column of gaps. Where cells are missing, `missing` has a truth value for each.
"""

from __future__ import annotations

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
UNITS = ("D", "s", "ms", "us", "ns")


class UnfitError(Exception):
    """Why a Python reads no tables, however often it is started."""


def bound_frame(most_bytes: int) -> int:
    """Bytes of the longest request or answer, where a body has `most_bytes` at most."""
    return most_bytes + HEAD_BYTES


def list_cells(column: dict[str, Any], rows: int) -> list[Any]:
    """The cells as JSON has them: a gap is None, a time a text in ISO 8601 (UTC).

    Raises ValueError, TypeError or KeyError for what is no such column.
    """
    listing: dict[str, Callable[[dict[str, Any], int], list[Any]]] = {
        "numbers": list_numbers,
        "times": list_times,
        "texts": list_texts,
        "bytes": list_bytes,
        "nothing": lambda _, count: [None] * count,
    }
    cells = listing[column["form"]](column, rows)
    missing = column.get("missing")
    if missing is not None:
        for place in np.flatnonzero(take_array(missing, rows, "b")).tolist():
            cells[place] = None
    return cells


def list_numbers(column: dict[str, Any], rows: int) -> list[Any]:
    """Numbers and truth values as Python's own."""
    return take_array(column["values"], rows, "biuf").tolist()


def list_times(column: dict[str, Any], rows: int) -> list[Any]:
    """Times in ISO 8601, to the unit that the column has."""
    if column["unit"] not in UNITS:
        raise ValueError("times of no unit")
    counts = take_array(column["values"], rows, "i").astype(np.int64)
    return np.datetime_as_string(counts.view(f"datetime64[{column['unit']}]")).tolist()


def list_texts(column: dict[str, Any], rows: int) -> list[Any]:
    """Texts, which are in UTF-8."""
    return [one.decode() for one in list_bytes(column, rows)]


def list_bytes(column: dict[str, Any], rows: int) -> list[Any]:
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
