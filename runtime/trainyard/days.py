"""Days of examples that have a time: how much usual days differ is learnt from them."""

from __future__ import annotations

from typing import Any

import numpy as np

SECONDS_PER_DAY = 86_400
# Numbers beyond these are of a finer unit: as seconds the first would be after the year 5000.
PER_SECOND = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
# Fewer days say too little (core/drift/usual-wobble.ts); more than four weeks add size and little else.
FEWEST_DAYS = 14
MOST_DAYS = 28


def number_days(values: Any) -> np.ndarray:  # noqa: ANN401 - a column of any type
    """The day (UTC) of each time, counted from 1970; NaN where there is none.

    Numbers are seconds since 1970, or milli-, micro- or nanoseconds where they are too large for that; texts ISO 8601.
    Raises ValueError for anything else.
    """
    import pandas as pd  # noqa: PLC0415 - only where the data have times

    column = pd.Series(np.asarray(values))
    if column.dtype.kind in "iuf":
        seconds = to_seconds(column.to_numpy(dtype=np.float64))
    else:
        times = pd.to_datetime(column, utc=True, format="ISO8601" if column.dtype.kind != "M" else None)
        since = times - pd.Timestamp("1970-01-01", tz="UTC")
        seconds = since.dt.total_seconds().to_numpy(dtype=np.float64)
    return np.where(np.isfinite(seconds), np.floor(seconds / SECONDS_PER_DAY), np.nan)


def to_seconds(numbers: np.ndarray) -> np.ndarray:
    """Numbers since 1970 as seconds; the largest tells the unit of all."""
    finite = np.abs(numbers[np.isfinite(numbers)])
    largest = finite.max() if len(finite) else 0.0
    return numbers / next((per for above, per in PER_SECOND if largest > above), 1.0)


def split_days(days: np.ndarray | None) -> list[np.ndarray]:
    """Which rows are of each of the newest days, oldest first; none when the days are too few to say anything."""
    if days is None:
        return []
    present = np.unique(days[np.isfinite(days)])[-MOST_DAYS:]
    return [days == day for day in present] if len(present) >= FEWEST_DAYS else []
