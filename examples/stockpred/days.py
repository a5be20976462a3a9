"""Trading days: what was known when the exchange closed, and whether the next day closed higher."""

from pathlib import Path

import numpy as np
import pandas as pd

FEATURES = (
    "return_1",
    "return_2",
    "return_3",
    "return_5",
    "return_20",
    "volatility_20",
    "range_1",
    "volume_20",
    "weekday",
)
TARGET = "up"
# Places after the point: the same bytes on every machine, so that a digest can name them.
PLACES = 6


def describe(prices: pd.DataFrame) -> pd.DataFrame:
    """One row for each day with 20 days before it and one after it, of prices in order of time.

    No feature reads a day after its own. Returns are differences of the logarithm of the adjusted close.
    """
    close = np.log(prices["Adj Close"])
    returns = close.diff()
    days = pd.DataFrame(
        {
            "date": prices["Date"].dt.strftime("%Y-%m-%d"),
            "week": prices["Date"].dt.strftime("%G-W%V"),
            "return_1": returns,
            "return_2": returns.shift(1),
            "return_3": returns.shift(2),
            "return_5": close.diff(5),
            "return_20": close.diff(20),
            "volatility_20": returns.rolling(20).std(),
            "range_1": np.log(prices["High"] / prices["Low"]),
            "volume_20": np.log(prices["Volume"] / prices["Volume"].rolling(20).mean()),
            "weekday": prices["Date"].dt.day_of_week.astype(float),
            TARGET: (close.shift(-1) > close).astype(int),
        }
    )
    return days.iloc[:-1].dropna().round(PLACES)


def load(folder: Path) -> pd.DataFrame:
    """The training days of all files in the folder, one a year, in order of time."""
    files = sorted(folder.glob("*.csv"))
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
