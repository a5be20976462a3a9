"""Columns that are no number and no category: recognised or declared, measured or left out, and kept nowhere."""

import json
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from trainyard.column_roles import find_roles, read_columns_option
from trainyard.contract import Contract
from trainyard.counters import Counters
from trainyard.errors import UserError
from trainyard.interpretation import Interpretation, Outcome
from trainyard.profile import make_profile, profile_features
from trainyard.reading import Reading

IDENTITY = {"model": "thing", "version": "7", "created": "2026-01-01T00:00:00.000Z"}
WORDS = ["the", "parcel", "came", "late", "again", "and", "nobody", "wrote", "back", "to", "me"]


def make_rows(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    numbers = [f"C-{number}" for number in random.integers(10**8, 10**9, rows)]
    return pd.DataFrame(
        {
            "amount": random.lognormal(3, 1, rows),
            "region": random.choice(["north", "south"], rows),
            "customer": numbers,
            "review": [" ".join(random.choice(WORDS, random.integers(3, 12))) + f" {i}" for i in range(rows)],
            "ordered_at": pd.Timestamp("2026-03-01") + pd.to_timedelta(np.arange(rows), unit="h"),
            "told_at": [f"2026-03-{1 + i % 28:02d}T08:00:00Z" for i in range(rows)],
            "japanese": ["荷物がまた遅れて届きました" + "あいうえお"[i % 5] * (i % 97) + str(i) for i in range(rows)],
        }
    )


def profile_of(inputs: object, declared: dict | None = None) -> dict:
    rows = len(next(iter(inputs.values()))) if isinstance(inputs, dict) else len(inputs)
    outcome = Outcome(np.zeros(rows), None)
    reading = Reading(Interpretation("values", ()), outcome, [0.0] * rows, Contract(), ())
    return make_profile(IDENTITY, inputs, reading, declared=declared)


def count(profile: dict, inputs: object) -> dict:
    counters = Counters(profile)
    rows = len(next(iter(inputs.values()))) if isinstance(inputs, dict) else len(inputs)
    counters.count(inputs, Outcome(np.zeros(rows), None))
    return counters.take_snapshot()["features"]


def test_ids_texts_and_times_are_told_from_categories_by_type_and_by_whether_values_come_again():
    roles = {name: (found.role, found.is_declared) for name, found in find_roles(make_rows(400, 1), {}).items()}
    assert roles == {
        "customer": ("id", False),
        "review": ("text", False),
        "ordered_at": ("time", False),
        "told_at": ("time", False),
        "japanese": ("text", False),
    }


def test_nothing_of_ids_and_texts_is_kept():
    rows = make_rows(400, 1)
    written = json.dumps(profile_of(rows), ensure_ascii=False)
    assert "C-" not in written
    assert not [word for word in WORDS if f"{word} " in written or f" {word}" in written]
    assert "荷" not in written


def test_a_profile_names_what_it_leaves_out_and_measures_texts():
    profile = profile_of(make_rows(400, 1))
    assert profile["leftOut"] == [
        {"name": "customer", "as": "id", "declared": False},
        {"name": "ordered_at", "as": "time", "declared": False},
        {"name": "told_at", "as": "time", "declared": False},
    ]
    names = [feature["name"] for feature in profile["features"]]
    assert names[0] == "amount"
    assert names[1:7] == [
        f"review/{name}" for name in ("length", "words", "capitals", "digits", "marks", "beyond-ascii")
    ]
    assert names[-1] == "region"


def test_texts_are_counted_live_in_the_bins_of_the_reference_and_a_change_of_language_moves_them():
    rows = make_rows(400, 1)
    profile = profile_of(rows)
    by_name = {feature["name"]: feature for feature in profile["features"]}
    again = count(profile, rows)
    assert all(again[name]["counts"] == feature["counts"] for name, feature in by_name.items())
    shouted = count(profile, rows.assign(review=rows["review"].str.upper()))
    assert shouted["review/capitals"]["above"] == 400
    foreign = count(profile, rows.assign(review="пожалуйста"))
    assert foreign["review/beyond-ascii"]["above"] == 400
    absent = count(profile, rows.drop(columns="review"))
    assert absent["review/words"]["missing"] == 400


def test_what_is_declared_counts_whatever_the_values_are():
    declared = {"customer": "category", "review": "left-out", "amount": "id", "region": "text", "told_at": "category"}
    profile = profile_of(make_rows(400, 1), declared)
    names = {feature["name"] for feature in profile["features"]}
    assert {"customer", "told_at", "region/length"} <= names
    assert "amount" not in names
    assert {"name": "amount", "as": "id", "declared": True} in profile["leftOut"]
    assert {"name": "review", "as": "left-out", "declared": True} in profile["leftOut"]


def test_numbers_are_never_taken_for_ids_and_few_values_for_nothing():
    rows = pd.DataFrame({"number": np.arange(400), "name": [f"n{i}" for i in range(400)]})
    assert set(find_roles(rows, {})) == {"name"}
    assert find_roles(rows.head(19), {}) == {}


def test_tensors_of_texts_are_measured_too():
    texts = np.array([" ".join(WORDS[i % 7 : 4 + i % 7]) + str(i) for i in range(60)], dtype=object)
    alone, named = profile_of(texts), profile_of({"q": texts, "x": np.zeros((60, 2))})
    assert alone["features"][0]["name"] == "text/length"
    assert {"q/length", "x/x0"} <= {feature["name"] for feature in named["features"]}
    assert count(named, {"q": texts, "x": np.zeros((60, 2))})["q/length"]["missing"] == 0
    assert count(alone, texts)["text/words"]["counts"] == alone["features"][1]["counts"]


def test_of_more_categories_than_can_be_named_every_other_one_is_one_of_the_rest():
    values = [f"c{i % 5000}" for i in range(20_000)]
    (feature,) = profile_features(pd.DataFrame({"city": values}), {})
    assert "rare" not in feature
    assert feature["counts"][-2:] == [20_000 - 4 * 20, 0]
    profile = profile_of(pd.DataFrame({"city": values}))
    counted = count(profile, pd.DataFrame({"city": ["c0", "c4999", "new"]}))["city"]
    assert counted["counts"][-2:] == [2, 0]


def test_of_too_many_classes_the_commonest_have_a_bin_each():
    classes = tuple(f"k{i}" for i in range(6000))
    chosen = np.concatenate([np.arange(6000), np.repeat(5999, 100)])
    reading = Reading(Interpretation("labels", classes), Outcome(chosen, None), [None] * 6100, Contract(), ())
    profile = make_profile(IDENTITY, pd.DataFrame({"x": np.arange(6100.0)}), reading)
    prediction = profile["prediction"]
    assert len(prediction["classes"]) == len(prediction["counts"]) == 4096
    assert prediction["classes"][-2] == "k5999"
    assert prediction["counts"][-2:] == [101, 6100 - 4094 - 101]
    counters = Counters(profile)
    counters.count(pd.DataFrame({"x": [1.0, 1, 1, 1]}), Outcome(np.array([5999, 5998, 0, -1]), None))
    snapshot = counters.take_snapshot()
    assert (snapshot["invalid"], snapshot["prediction"]["counts"][-2:]) == (1, [1, 1])


def test_roles_that_are_none_are_refused():
    assert read_columns_option(Namespace(columns='{"a": "text"}')) == {"a": "text"}
    for said in ("[1", '{"a": "txt"}', "3"):
        with pytest.raises(UserError, match="columns"):
            read_columns_option(Namespace(columns=said))
