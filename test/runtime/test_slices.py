"""Answers and confidences by slice, counted live as on the reference."""

import hashlib
import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from trainyard.contract import Contract
from trainyard.counters import Counters
from trainyard.interpretation import Interpretation
from trainyard.outputs import interpret
from trainyard.profile import make_profile
from trainyard.reading import Reading
from trainyard.slice_profile import describe_slice, profile_slices

IDENTITY = {"model": "thing", "version": "7", "created": "2026-01-01T00:00:00.000Z"}
CLASSES = Interpretation("scores", ("no", "yes"))
ROWS = 4000


def make_rows(seed: int, north: float = 0.3):
    """Rows of three regions, one of them rare, and answers that go by the region: `north` is the chance there."""
    random = np.random.default_rng(seed)
    region = random.choice(["north", "south", "isle"], ROWS, p=[0.4, 0.55, 0.05])
    chance = np.clip(np.where(region == "north", north, 0.6) + random.normal(0, 0.15, ROWS), 0.01, 0.99)
    inputs = pd.DataFrame({"region": region.astype(object), "age": random.integers(18, 90, ROWS)})
    inputs.loc[random.random(ROWS) < 0.02, "region"] = None
    return inputs, interpret(np.column_stack([1 - chance, chance]), CLASSES)


def profile_of(inputs, outcome, slices=("region",), days=()) -> dict:
    reading = Reading(CLASSES, outcome, ["yes"] * len(inputs), Contract(), ())
    profile = make_profile(IDENTITY, inputs, reading, days)
    profile["features"] += profile_slices(profile, (inputs, outcome), slices, days)
    return json.loads(json.dumps(profile))


def slices_of(profile: dict) -> dict:
    return {feature["name"]: feature for feature in profile["features"] if "slice" in feature}


def test_the_answers_and_confidences_of_each_large_slice_are_counted_as_all_are():
    inputs, outcome = make_rows(1)
    profile = profile_of(inputs, outcome)
    slices = slices_of(profile)
    assert list(slices) == [
        "slice/region=south",
        "slice/region=south/confidence",
        "slice/region=north",
        "slice/region=north/confidence",
    ]
    north = (inputs["region"] == "north").to_numpy()
    answers = np.bincount(outcome.chosen[north], minlength=2).tolist()
    assert slices["slice/region=north"]["counts"] == [*answers, 0, 0]
    assert slices["slice/region=north"]["categories"] == ["no", "yes"]
    confidence = slices["slice/region=north/confidence"]
    assert confidence["edges"] == profile["prediction"]["confidence"]["edges"]
    assert sum(confidence["counts"]) == north.sum()
    assert confidence["slice"] == {"column": "region", "value": "north", "of": "confidence"}


def test_live_rows_fall_into_the_same_bins_one_by_one():
    inputs, outcome = make_rows(1)
    profile = profile_of(inputs, outcome)
    counters = Counters(profile)
    for row in range(300):
        one = interpret(outcome.scores[row : row + 1], CLASSES)
        counters.count(inputs[row : row + 1], one)
    together = Counters(profile)
    together.count(inputs[:300], interpret(outcome.scores[:300], CLASSES))
    assert counters.take_snapshot()["features"] == together.take_snapshot()["features"]


def test_what_changes_in_one_slice_alone_shows_there():
    inputs, outcome = make_rows(1)
    profile = profile_of(inputs, outcome)
    counters = Counters(profile)
    counters.count(*make_rows(2, north=0.7))
    live = counters.take_snapshot()["features"]
    shares = {
        name: (feature["counts"][1] / sum(feature["counts"]), live[name]["counts"][1] / sum(live[name]["counts"]))
        for name, feature in slices_of(profile).items()
        if feature["slice"]["of"] == "answers"
    }
    assert abs(np.subtract(*shares["slice/region=south"])) < 0.05
    assert abs(np.subtract(*shares["slice/region=north"])) > 0.5


def test_days_are_counted_in_the_same_bins():
    days = [np.arange(ROWS) % 20 == day for day in range(20)]
    for feature in slices_of(profile_of(*make_rows(1), days=days)).values():
        assert np.array(feature["blocks"]).sum(axis=0).tolist() == feature["counts"]


def test_only_columns_that_requests_bring_and_that_are_counted_by_value_have_slices():
    inputs, outcome = make_rows(1)
    assert slices_of(profile_of(inputs, outcome, ("age", "elsewhere"))) == {}
    assert slices_of(profile_of(inputs, outcome, ())) == {}


def test_an_answer_that_is_none_is_in_no_slice():
    inputs, outcome = make_rows(1)
    counters = Counters(profile_of(inputs, outcome))
    one = pd.DataFrame({"region": ["north"], "age": [30]})
    counters.count(one, interpret(np.array([[np.nan, 0.2]]), CLASSES))
    counted = counters.take_snapshot()["features"]
    assert sum(sum(counted[name]["counts"]) for name in counted if name.startswith("slice/")) == 0


@pytest.mark.parametrize(("slices", "most"), [((), 1_000_000), (("region",), 20_000_000)])
def test_slices_of_many_rows_are_counted_in_little_memory_and_none_in_none(slices, most):
    rows = 20_000
    inputs = pd.DataFrame(np.random.default_rng(1).random((rows, 100)), columns=[f"c{c}" for c in range(100)])
    inputs["region"] = ["north", "south"] * (rows // 2)
    outcome = interpret(np.tile([0.4, 0.6], (rows, 1)), CLASSES)
    profile = profile_of(inputs[["region"]], outcome, ())
    tracemalloc.start()
    features = profile_slices(profile, (inputs, outcome), slices, [np.arange(rows) % 20 == day for day in range(20)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < most
    assert [sum(feature["counts"]) for feature in features] == [rows // 2] * 2 * len(slices)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("region", "n" * 170),
        ("r" * 300, "north"),
        ("region", "n" * 512),
        ("region", "😀" * 80),
        ("region", "no\nrth"),
        ("region", "north "),
    ],
)
def test_a_slice_that_no_mute_can_name_goes_by_what_its_column_and_value_give(column, value):
    inputs, outcome = make_rows(1)
    inputs = inputs.rename(columns={"region": column}).replace("north", value)
    slices = slices_of(profile_of(inputs, outcome, (column,)))
    named = {name: feature for name, feature in slices.items() if feature["slice"]["value"] == value}
    code = hashlib.sha256(f"{column}={value}".encode()).hexdigest()[:16]
    assert list(named) == [f"slice/{code}", f"slice/{code}/confidence"]
    assert {feature["slice"]["column"] for feature in named.values()} == {column}


@pytest.mark.parametrize(
    "slices",
    [
        [("a=b", "c"), ("a", "b=c")],
        [("a\\", "b"), ("a", "\\=b"), ("a\\=", "b")],
        [("region", "north"), ("region", "north/confidence"), ("region", "north\\/confidence")],
        [("a" * 200, "b=c"), ("a" * 200 + "=b", "c")],
    ],
)
def test_slices_that_spell_alike_have_names_of_their_own(slices):
    prediction = {"kind": "classes", "classes": ["no", "yes"], "confidence": {"edges": [0.5], "total": [1, 1]}}
    names = [feature["name"] for column, value in slices for feature in describe_slice(prediction, column, value)]
    assert len(set(names)) == 2 * len(slices)


def test_a_slice_keeps_its_name_as_long_as_a_mute_can_hold_it():
    inputs, outcome = make_rows(1)
    value = "n" * (180 - len("slice/region=/confidence"))
    assert f"slice/region={value}/confidence" in slices_of(profile_of(inputs.replace("north", value), outcome))


def test_slices_have_rows_enough_for_a_shift_to_be_told_beside_the_noise_of_the_reference():
    inputs, outcome = make_rows(1)
    inputs["region"] = np.repeat(["few", "enough", "most"], [999, 1000, ROWS - 1999])
    values = [feature["slice"]["value"] for feature in slices_of(profile_of(inputs, outcome)).values()]
    assert list(dict.fromkeys(values)) == ["most", "enough"]


def test_a_value_that_a_profile_cannot_hold_is_no_slice():
    inputs, outcome = make_rows(1)
    values = {f["slice"]["value"] for f in slices_of(profile_of(inputs.replace("north", "n" * 513), outcome)).values()}
    assert values == {"south"}


@pytest.mark.parametrize(("room", "slices"), [(4, 4), (3, 3), (0, 0)])
def test_there_are_no_more_features_than_a_profile_can_have(room, slices):
    inputs, outcome = make_rows(1)
    profile = profile_of(inputs, outcome, ())
    more = 4096 - room - len(profile["features"])
    profile["features"] += [{"name": f"more{number}", "kind": "scalar"} for number in range(more)]
    assert len(profile_slices(profile, (inputs, outcome), ("region",))) == slices
