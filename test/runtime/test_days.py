"""Days of held-out examples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainyard.days import number_days, split_days
from trainyard.errors import UserError
from trainyard.holdout import HoldoutColumns, load_holdout

DAY = 20_454  # 2026-01-01


@pytest.mark.parametrize(
    "times",
    [
        ["2026-01-01T23:59:59Z", "2026-01-02T01:00:00+02:00", "2026-01-02", None],
        pd.to_datetime(["2026-01-01 23:59:59", "2026-01-01 23:00:00", "2026-01-02 00:00:00", None]),
        np.array(["2026-01-01T23:59:59", "2026-01-01T23:00:00", "2026-01-02T00:00:00", "NaT"], dtype="datetime64[s]"),
        [DAY * 86_400 + 86_399, DAY * 86_400 + 82_800, (DAY + 1) * 86_400, np.nan],
    ],
)
def test_times_of_any_kind_have_the_same_days(times):
    assert number_days(times).tolist()[:3] == [DAY, DAY, DAY + 1]
    assert np.isnan(number_days(times)[3])


@pytest.mark.parametrize("times", [["yesterday"], [True], [{"a": 1}]])
def test_what_is_no_time_is_refused(times):
    with pytest.raises((TypeError, ValueError)):
        number_days(times)


def test_the_newest_four_weeks_count_and_rows_without_a_day_do_not():
    days = np.array([*np.repeat(np.arange(40.0), 3), np.nan])
    split = split_days(days)
    assert len(split) == 28
    assert [days[rows].tolist() for rows in split] == [[day] * 3 for day in range(12, 40)]


def test_less_than_two_weeks_say_nothing():
    assert len(split_days(np.arange(14.0))) == 14
    assert split_days(np.arange(13.0)) == []
    assert split_days(np.full(20, np.nan)) == []
    assert split_days(None) == []


def test_a_column_of_times_is_no_input_and_has_to_hold_times(tmp_path: Path):
    table = pd.DataFrame({"label": [0, 1], "income": [1.0, 2.0], "asked": ["2026-01-01", "2026-01-02"]})
    table.to_csv(tmp_path / "h.csv", index=False)
    holdout = load_holdout(tmp_path / "h.csv", HoldoutColumns("label", None, None, (), "asked"), None)
    assert list(holdout.inputs.columns) == ["income"]
    assert holdout.days is not None
    assert holdout.days.tolist() == [DAY, DAY + 1]
    table.assign(asked="soon").to_csv(tmp_path / "h.csv", index=False)
    with pytest.raises(UserError) as caught:
        load_holdout(tmp_path / "h.csv", HoldoutColumns("label", None, None, (), "asked"), None)
    assert caught.value.problem.code == "holdout-time-unreadable"


@pytest.mark.parametrize("per_second", [1, 1_000, 1_000_000, 1_000_000_000])
def test_the_unit_of_numbers_is_told_by_their_size(per_second: int):
    days = np.arange(20_000.0, 20_030.0)
    assert number_days(days * 86_400 * per_second).tolist() == days.tolist()
