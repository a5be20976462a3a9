"""Ids, groups and slices as texts: by the same rules as judge reads them (adapters/holdout), whatever the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

# Above this a float no longer stands for one whole number.
MOST_EXACT = 2**53


def name_rows(values: object) -> list[str]:
    """A column's values as texts."""
    column = np.asarray(values)
    if column.ndim != 1 or column.dtype.kind in "mMcV":
        raise UserError(
            "holdout-column-type",
            "A label, id, group or slice of the holdout is no column of numbers, flags or texts.",
            "Write one number, flag or text per example; dates as texts.",
        )
    return [name_value(value) for value in column.tolist()]


def name_value(value: Any) -> str:  # noqa: ANN401 - whatever a file holds
    """Whole numbers without a point, nothing for a missing value, everything else as Python writes it."""
    if value is None or value != value:  # noqa: PLR0124 - only NaN is not itself
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_EXACT:
        return str(int(value))
    return value.decode() if isinstance(value, bytes) else str(value)


def read_verbatim(path: Path, names: list[str]) -> dict[str, list[Any]]:
    """Columns as they are written, where the format does not type them or pandas would guess: `007` is not 7."""
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.strip()]
        return {name: [row.get(name) for row in rows] for name in names}
    if path.suffix != ".csv":
        return {}
    import pandas as pd  # noqa: PLC0415 - only where the data are a table

    frame = pd.read_csv(path, dtype=str, keep_default_na=False, usecols=names)
    return {name: frame[name].tolist() for name in names}
