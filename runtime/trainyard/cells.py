"""Values of one column of a table, in the type of the model's signature: none is changed into another."""

from __future__ import annotations

import base64
import warnings
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from trainyard.errors import InvalidInputError
from trainyard.rows import place_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.signature import ColumnSpec

INTEGER_TYPES = {"integer": np.int32, "long": np.int64}
NUMBER_TYPES = {"float": np.float32, "double": np.float64}
# The types that have a form for a missing value. MLflow has none for whole numbers, and no type for what is nested.
MISSING_TYPES = {*NUMBER_TYPES, "boolean", "string", "datetime", "binary"}
# What fits into 64 bits of nanoseconds since 1970, as a model is given times.
FIRST_TIME, LAST_TIME = (np.datetime64(day, "us") for day in ("1677-09-22", "2262-04-11"))


def convert_column(values: list[Any], spec: ColumnSpec) -> np.ndarray | list[Any]:  # noqa: PLR0911 - one line per type
    """One column's values in its type. Missing numbers become NaN; a missing whole number is refused.

    So is a missing truth value of a column that is required.
    """
    if spec.type in NUMBER_TYPES:
        check_values(values, spec, lambda v: v is None or fits_number(v, NUMBER_TYPES[spec.type]), "a number")
        return np.array([np.nan if v is None else v for v in values], dtype=NUMBER_TYPES[spec.type])
    if spec.type in INTEGER_TYPES:
        check_values(values, spec, lambda v: fits_whole(v, INTEGER_TYPES[spec.type]), f"a whole number ({spec.type})")
        return np.array([int(v) for v in values], dtype=INTEGER_TYPES[spec.type])
    if spec.type == "boolean":
        check_values(values, spec, lambda v: isinstance(v, bool) or (v is None and not spec.required), "true or false")
        return np.array(values, dtype=object if None in values else bool)
    if spec.type == "string":
        check_values(values, spec, lambda v: v is None or isinstance(v, str), "a text")
        return np.array(values, dtype=object)
    if spec.type == "datetime":
        return convert_times(values, spec)
    if spec.type == "binary":
        return convert_bytes(values, spec)
    return values


def fill_column(spec: ColumnSpec, rows: int) -> np.ndarray | list[Any] | None:
    """A column that was left out, as missing values; None where it may not be, or its type has no form for them."""
    return None if spec.required or spec.type not in MISSING_TYPES else convert_column([None] * rows, spec)


def check_values(values: list[Any], spec: ColumnSpec, fits: Any, wanted: str) -> None:  # noqa: ANN401
    """Refuses a column with a value that does not fit."""
    refuse_rows([row for row, value in enumerate(values) if not fits(value)], values, spec, wanted)


def refuse_rows(rows: Sequence[int], values: Any, spec: ColumnSpec, wanted: str) -> None:  # noqa: ANN401 - by its rows
    """Refuses a column for these rows of it; tells the first ones, and how many there are."""
    if len(rows) == 0:
        return
    what = f"{spec.name} in {place_rows(rows)} must be {wanted}; it is {shorten(values[int(rows[0])])}."
    raise InvalidInputError("wrong-type", what)


def fits_number(value: object, dtype: Any) -> bool:  # noqa: ANN401 - a numpy type
    """Whether it is a number that the type holds: a large one would become infinite."""
    if not is_number(value):
        return False
    endless = isinstance(value, float) and not np.isfinite(value)
    return endless or abs(value) <= float(np.finfo(dtype).max)


def fits_whole(value: object, dtype: Any) -> bool:  # noqa: ANN401 - a numpy type
    """Whether it is a whole number that the type holds: a large one would become another."""
    if not is_number(value) or (isinstance(value, float) and not value.is_integer()):
        return False
    bounds = np.iinfo(dtype)
    return int(bounds.min) <= int(value) <= int(bounds.max)


def convert_times(values: list[Any], spec: ColumnSpec) -> np.ndarray:
    """Points in time from texts in ISO 8601."""
    check_values(values, spec, fits_time, "a time in ISO 8601, from 1678 to 2261")
    return np.array([read_time(value, "ns") for value in values], dtype="datetime64[ns]")


def fits_time(value: object) -> bool:
    """Whether a model can be given it as a time; a missing one it can."""
    if value is None:
        return True
    try:
        return isinstance(value, str) and bool(FIRST_TIME <= read_time(value, "us") < LAST_TIME)
    except (ValueError, OverflowError):
        return False


def read_time(value: str | None, unit: str) -> np.datetime64:
    """A time of ISO 8601; with a zone it is told in UTC."""
    if value is None:
        return np.datetime64("NaT", unit)
    with warnings.catch_warnings():
        # NumPy reads zones, and warns of it.
        warnings.simplefilter("ignore")
        return np.datetime64(value, unit)


def convert_bytes(values: list[Any], spec: ColumnSpec) -> np.ndarray:
    """Bytes, also from texts in base64, the form that MLflow's protocol gives them."""
    decoded = np.empty(len(values), dtype=object)
    decoded[:] = [decode_base64(value) for value in values]
    given = [row for row, value in enumerate(values) if value is not None and decoded[row] is None]
    refuse_rows(given, values, spec, "a text in base64")
    return decoded


def decode_base64(value: object) -> bytes | None:
    """The bytes; None for what is neither bytes nor base64."""
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode("".join(value.split()), validate=True) if isinstance(value, str) else None
    except ValueError:
        return None


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a JSON value is a number (Python counts true and false among them)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shorten(value: object) -> str:
    """A value as it may stand in a message: its type only, since inputs must not get into logs."""
    return "null" if value is None else type(value).__name__
