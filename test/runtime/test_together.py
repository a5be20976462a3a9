"""How columns go together: directions of the profile, counted live as on the reference."""

import json
import tracemalloc

import numpy as np
import pandas as pd

from trainyard.contract import Contract
from trainyard.counters import Counters
from trainyard.dependence import profile_together
from trainyard.interpretation import Interpretation
from trainyard.outputs import interpret
from trainyard.parts import WHOLE
from trainyard.profile import make_profile
from trainyard.reading import Reading

IDENTITY = {"model": "thing", "version": "7", "created": "2026-01-01T00:00:00.000Z"}
CLASSES = Interpretation("scores", ("no", "yes"))
ROWS = 6000


def make_rows(seed: int, correlation: float, columns: int = 6) -> pd.DataFrame:
    """Normal columns, of which the first two go together so much; one in ten values of `c2` is missing."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(ROWS, columns))
    values[:, 1] = correlation * values[:, 0] + np.sqrt(1 - correlation**2) * values[:, 1]
    table = pd.DataFrame({f"c{column}": 10 + 3 * values[:, column] for column in range(columns)})
    if columns > 2:
        table.loc[random.random(ROWS) < 0.1, "c2"] = np.nan
    return table


def outcome_of(rows: int):
    return interpret(np.tile([0.4, 0.6], (rows, 1)), CLASSES)


def profile_of(inputs, **more) -> dict:
    rows = len(inputs)
    return make_profile(IDENTITY, inputs, Reading(CLASSES, outcome_of(rows), ["yes"] * rows, Contract(), ()), **more)


def together_of(profile: dict) -> list[dict]:
    return [feature for feature in profile["features"] if "together" in feature]


def count(profile: dict, inputs) -> dict:
    counters = Counters(json.loads(json.dumps(profile)))
    for start in range(0, len(inputs), 700):
        part = inputs[start : start + 700]
        counters.count(part, outcome_of(len(part)))
    return counters.take_snapshot()["features"]


def index_of(reference: list[int], live: list[int]) -> float:
    p, q = (np.array(counts) + 0.5 for counts in (reference, live))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def largest_index(profile: dict, inputs, of) -> float:
    live = count(profile, inputs)
    return max(index_of(f["counts"], live[f["name"]]["counts"]) for f in profile["features"] if of(f))


def test_counting_the_reference_rows_live_gives_the_reference_counts_whatever_came_together():
    rows = make_rows(1, 0.8)
    profile = profile_of(rows)
    live = count(profile, rows)
    alone = Counters(profile)
    for start in range(200):
        alone.count(rows[start : start + 1], outcome_of(1))
    first = Counters(profile)
    first.count(rows[:200], outcome_of(200))
    assert alone.take_snapshot()["features"] == first.take_snapshot()["features"]
    assert len(together_of(profile)) == 8
    for feature in together_of(profile):
        assert live[feature["name"]]["counts"] == feature["counts"]
        assert sum(feature["counts"]) == ROWS
        assert len(feature["counts"]) > 5


def test_what_goes_together_most_is_named_and_the_rest_is_watched_along_random_directions():
    features = together_of(profile_of(make_rows(1, 0.8)))
    names = [feature["name"] for feature in features]
    assert names[0] == "together/c0~c1"
    assert names[1:] == [f"together/all-{number}" for number in range(1, 8)]
    assert features[0]["together"]["columns"] == ["c0", "c1"]
    assert all(feature["together"]["columns"] == [f"c{c}" for c in range(6)] for feature in features[1:])
    assert all(feature["kind"] == "projection" for feature in features)


def test_columns_that_each_stay_as_they_were_and_go_together_otherwise_move_only_what_watches_that():
    profile = profile_of(make_rows(1, 0.8))
    flipped = make_rows(2, -0.8)
    assert largest_index(profile, flipped, lambda f: "together" not in f) < 0.02
    assert largest_index(profile, flipped, lambda f: "together" in f) > 0.25
    same = make_rows(3, 0.8)
    assert largest_index(profile, same, lambda f: "together" in f) < 0.02


def test_columns_that_come_to_go_together_are_seen_too():
    profile = profile_of(make_rows(1, 0.0, 2))
    assert [feature["name"] for feature in together_of(profile)] == ["together/all-1", "together/all-2"]
    assert largest_index(profile, make_rows(2, 0.9, 2), lambda f: "together" in f) > 0.1


def test_a_shift_of_one_column_is_not_magnified_by_one_that_goes_with_it_almost_exactly():
    profile = profile_of(make_rows(1, 0.995))
    wandered = make_rows(2, 0.995)
    wandered["c0"] += 0.3
    alone = largest_index(profile, wandered, lambda f: f["name"] == "c0")
    assert largest_index(profile, wandered, lambda f: "together" in f) < 3 * alone


def test_days_are_counted_in_the_same_bins():
    days = [np.arange(ROWS) % 20 == day for day in range(20)]
    for feature in together_of(profile_of(make_rows(1, 0.8), days=days)):
        assert np.array(feature["blocks"]).sum(axis=0).tolist() == feature["counts"]


def test_a_client_that_keeps_single_precision_falls_into_the_same_bins():
    rows = make_rows(1, 0.8)
    profile = profile_of(rows)
    live = count(profile, rows.astype("float32").astype("float64"))
    assert all(live[feature["name"]]["counts"] == feature["counts"] for feature in together_of(profile))


def test_nothing_is_added_where_fewer_than_two_numbers_vary():
    constant = pd.DataFrame({"a": np.arange(100.0), "b": np.ones(100), "c": ["x", "y"] * 50})
    assert together_of(profile_of(constant)) == []
    images = np.random.default_rng(1).random((50, 28, 28)).astype(np.float32)
    assert together_of(profile_of(images)) == []


def test_a_column_that_is_left_out_is_in_no_direction():
    profile = profile_of(make_rows(1, 0.8), declared={"c0": "left-out"})
    assert all("c0" not in feature["together"]["columns"] for feature in together_of(profile))


def test_the_columns_of_a_narrow_tensor_go_together_too():
    values = make_rows(1, 0.8)[["c0", "c1", "c3"]].to_numpy()
    features = together_of(profile_of(values))
    assert features[0]["together"]["columns"] == ["x0", "x1"]
    assert len(features) == 5


def test_a_column_that_bears_such_a_name_is_no_direction():
    table = make_rows(1, 0.8, 3).rename(columns={"c2": "together/c0~c1"})
    names = [feature["name"] for feature in profile_of(table)["features"]]
    assert len(names) == len(set(names))
    assert names == ["c0", "c1", "together/c0~c1"]


def test_how_many_columns_go_together_is_counted_in_little_memory():
    values = make_rows(1, 0.8, 64)
    features = [feature for feature in profile_of(values)["features"] if "together" not in feature]
    numbers = np.tile(values.to_numpy(), (8, 1))
    tracemalloc.start()
    directions = profile_together(features, numbers, WHOLE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * numbers.nbytes
    assert len(directions) == 8
