"""How columns go together: directions of the profile, counted live as on the reference."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest

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
        assert live[feature["name"]]["missing"] == feature["missing"] == 0
        assert sum(feature["counts"]) == ROWS
        assert len(feature["counts"]) > 5


def test_what_goes_together_most_is_named_and_the_rest_is_watched_along_random_directions():
    features = together_of(profile_of(make_rows(1, 0.8)))
    names = [feature["name"] for feature in features]
    assert names[0] == "together/c0~c1"
    assert names[1:] == [f"together/all-{number}" for number in range(1, 8)]
    assert features[0]["together"]["columns"] == ["c0", "c1"]
    most_missing = "c2"
    there = [f"c{c}" for c in range(6) if f"c{c}" != most_missing]
    assert all(feature["together"]["columns"] == there for feature in features[1:])
    assert all(feature["kind"] == "projection" for feature in features)


def test_columns_that_each_stay_as_they_were_and_go_together_otherwise_move_only_what_watches_that():
    profile = profile_of(make_rows(1, 0.8))
    flipped = make_rows(2, -0.8)
    assert largest_index(profile, flipped, lambda f: "together" not in f) < 0.02
    assert largest_index(profile, flipped, lambda f: "together" in f) > 0.25
    same = make_rows(3, 0.8)
    assert largest_index(profile, same, lambda f: "together" in f) < 0.02


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_column_that_goes_missing_moves_no_direction_as_its_rows_are_missing_along_it(share):
    profile = profile_of(make_rows(1, 0.8))
    rows = make_rows(2, 0.8)
    gone = np.random.default_rng(5).random(ROWS) < share
    rows.loc[gone, "c1"] = np.where(np.arange(gone.sum()) % 2, np.nan, np.inf)
    live = count(profile, rows)
    for feature in together_of(profile):
        assert live[feature["name"]]["missing"] == gone.sum()
        assert sum(live[feature["name"]]["counts"]) == ROWS - gone.sum()
        assert not (~gone).any() or index_of(feature["counts"], live[feature["name"]]["counts"]) < 0.02


def make_gaps(share: float) -> pd.DataFrame:
    """The first two columns go together, and each is missing in so many rows."""
    rows = make_rows(1, 0.8)
    for column in ("c0", "c1"):
        rows.loc[np.random.default_rng(ord(column[1])).random(ROWS) < share, column] = np.nan
    return rows


def test_a_pair_is_judged_by_the_rows_that_have_both():
    rows = make_gaps(0.2)
    profile = profile_of(rows)
    live, both = count(profile, rows), rows[["c0", "c1"]].notna().all(axis=1).sum()
    pair, *through = together_of(profile)
    assert pair["name"] == "together/c0~c1"
    assert sum(pair["counts"]) == both
    assert pair["missing"] == live[pair["name"]]["missing"] == ROWS - both
    assert live[pair["name"]]["counts"] == pair["counts"]
    assert largest_index(profile, make_rows(2, -0.8), lambda f: f["name"] == pair["name"]) > 0.25
    assert all(feature["together"]["columns"] == ["c3", "c4", "c5"] for feature in through)


def test_a_pair_that_fewer_than_half_of_the_rows_have_is_none():
    assert together_of(profile_of(make_gaps(0.35)))[0]["name"] == "together/all-1"


def test_a_pair_of_which_one_hardly_varies_where_the_other_is_there_is_none():
    rows = make_rows(1, 0.8)
    rows.loc[(rows["c0"] - 10).abs() > 2.5, "c1"] = np.nan
    assert rows["c1"].notna().mean() > 0.5
    assert together_of(profile_of(rows))[0]["name"] == "together/all-1"


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_along_every_direction_the_reference_varies_enough(share):
    rows = make_gaps(share)
    profile = profile_of(rows)
    by_name = {feature["name"]: feature for feature in profile["features"]}
    for feature in together_of(profile):
        said = feature["together"]
        complete = rows[said["columns"]].dropna()
        places = [np.searchsorted(by_name[name]["edges"], complete[name]) for name in complete]
        sums = sum(np.array(scores)[place] for scores, place in zip(said["scores"], places, strict=True))
        assert 0.499 < np.var(sums) / 1e6 < (2.5 if "all-" in feature["name"] else 0.501)


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


@pytest.mark.parametrize("letters", [80, 200, 500])
def test_every_direction_has_a_name_that_can_be_muted_and_that_its_columns_give(letters):
    long = {f"c{number}": f"{'ü' * letters}{number}" for number in range(6)}
    rows = make_rows(1, 0.8).rename(columns=long)
    names = [feature["name"] for feature in together_of(profile_of(rows))]
    assert max(map(len, names)) <= 180
    moved = together_of(profile_of(rows[[long["c5"], *rows.columns[:-1]]]))
    assert moved[0]["name"] == names[0]
    assert (long["c0"] in names[0]) == (letters == 80)


@pytest.mark.parametrize(("others", "directions"), [(4088, 8), (4093, 3), (4096, 0), (5000, 0)])
def test_there_are_no_more_features_than_a_profile_can_have(others, directions):
    features = [f for f in profile_of(make_rows(1, 0.8))["features"] if "together" not in f]
    filled = [*features, *[{"name": f"more{n}", "kind": "categorical"} for n in range(others - len(features))]]
    assert len(profile_together(filled, make_rows(1, 0.8).to_numpy(), WHOLE)) == directions
