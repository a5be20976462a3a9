"""The reference profile and the live counts, which must speak of the same bins."""

import numpy as np
import pandas as pd

from trainyard.contract import Contract
from trainyard.counters import Counters
from trainyard.interpretation import Interpretation, Outcome
from trainyard.outputs import interpret
from trainyard.profile import make_profile
from trainyard.reading import Reading

IDENTITY = {"model": "thing", "version": "7", "created": "2026-01-01T00:00:00.000Z"}
CLASSES = Interpretation("scores", ("no", "yes"))
NUMBERS = Interpretation("values", ())


def make_inputs(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    income = random.lognormal(10, 1, rows)
    income[random.random(rows) < 0.05] = np.nan
    region = random.choice(["north", "south", "east", "atoll"], rows, p=[0.6, 0.2, 0.195, 0.005])
    return pd.DataFrame({"income": income, "age": random.integers(18, 30, rows), "region": region})


def make_outcome(rows: int, seed: int) -> Outcome:
    second = np.random.default_rng(seed).random(rows)
    return interpret(np.column_stack([1 - second, second]), CLASSES)


def profile_of(inputs: pd.DataFrame, outcome: Outcome, labels: np.ndarray) -> dict:
    return make_profile(IDENTITY, inputs, Reading(CLASSES, outcome, labels.tolist(), Contract(), ()))


def test_counting_the_reference_rows_live_gives_the_reference_counts():
    inputs, outcome = make_inputs(2000, 1), make_outcome(2000, 2)
    profile = profile_of(inputs, outcome, np.array(["yes", "no"] * 1000))
    counters = Counters(profile)
    for start in range(0, 2000, 150):
        part = slice(start, start + 150)
        counters.count(inputs.iloc[part], Outcome(outcome.chosen[part], outcome.scores[part]))
    snapshot = counters.take_snapshot()
    assert snapshot["n"] == 2000
    for feature in profile["features"]:
        live = snapshot["features"][feature["name"]]
        assert live["counts"] == feature["counts"]
        assert live["missing"] == feature["missing"]
        assert (live["below"], live["above"], live["unseen"]) == (0, 0, 0)
    assert snapshot["prediction"]["counts"] == profile["prediction"]["counts"]
    assert snapshot["prediction"]["confidence"] == profile["prediction"]["confidence"]["total"]


def test_every_row_is_in_a_bin_or_missing():
    inputs, outcome = make_inputs(500, 1), make_outcome(500, 2)
    for feature in profile_of(inputs, outcome, np.array(["no"] * 500))["features"]:
        assert sum(feature["counts"]) + feature["missing"] == 500


def test_rare_categories_are_other_and_new_ones_unseen():
    inputs, outcome = make_inputs(2000, 1), make_outcome(2000, 2)
    profile = profile_of(inputs, outcome, np.array(["no"] * 2000))
    region = next(feature for feature in profile["features"] if feature["name"] == "region")
    assert region["categories"] == ["north", "south", "east"]
    assert region["rare"] == ["atoll"]
    assert region["once"] == sum(count == 1 for count in pd.Series(inputs["region"]).value_counts())
    counters = Counters(profile)
    live = pd.DataFrame({"income": [1.0] * 4, "age": [20] * 4, "region": ["atoll", "moon", "north", None]})
    counters.count(live, make_outcome(4, 3))
    assert counters.take_snapshot()["features"]["region"] == {
        "counts": [1, 0, 0, 1, 1],
        "missing": 1,
        "below": 0,
        "above": 0,
        "unseen": 1,
    }


def test_values_outside_the_training_range_are_told_and_binned():
    inputs, outcome = make_inputs(500, 1), make_outcome(500, 2)
    counters = Counters(profile_of(inputs, outcome, np.array(["no"] * 500)))
    live = pd.DataFrame({"income": [0.001, 1e12, np.inf], "age": [17, 99, 20], "region": ["north"] * 3})
    counters.count(live, make_outcome(3, 3))
    income = counters.take_snapshot()["features"]["income"]
    assert (income["below"], income["above"], income["missing"]) == (1, 1, 1)
    assert (income["counts"][0], income["counts"][-1]) == (1, 1)


def test_confidence_bins_know_how_often_they_were_right():
    outcome = make_outcome(4000, 5)
    right = np.random.default_rng(6).random(4000) < outcome.confidence
    labels = np.where(right, outcome.chosen, 1 - outcome.chosen)
    confidence = profile_of(make_inputs(4000, 1), outcome, np.array(["no", "yes"])[labels])["prediction"]["confidence"]
    assert len(confidence["total"]) == 20
    assert sum(confidence["correct"]) == right.sum()
    assert confidence["correct"][-1] / confidence["total"][-1] > confidence["correct"][0] / confidence["total"][0] + 0.3


def test_numbers_are_profiled_in_bins():
    values = np.random.default_rng(1).normal(size=1000)
    outcome = interpret(values, NUMBERS)
    profile = make_profile(IDENTITY, make_inputs(1000, 1), Reading(NUMBERS, outcome, values, Contract(), ()))[
        "prediction"
    ]
    assert profile["kind"] == "numeric"
    assert profile["counts"] == [100] * 10


def test_answers_that_mean_nothing_are_invalid_and_in_no_bin():
    inputs, outcome = make_inputs(100, 1), make_outcome(100, 2)
    counters = Counters(profile_of(inputs, outcome, np.array(["no"] * 100)))
    bins = counters.count(inputs.head(2), interpret(np.array([[np.nan, 0.2], [0.1, 0.9]]), CLASSES))
    snapshot = counters.take_snapshot()
    assert bins.tolist()[0] == -1
    assert (snapshot["n"], snapshot["invalid"]) == (2, 1)
    assert sum(snapshot["prediction"]["counts"]) == 1


def test_a_class_that_the_holdout_happens_not_to_hold_is_valid_and_one_that_is_listed_as_none_is_not():
    inputs, labels = make_inputs(100, 1), ["no", "yes"] * 50
    live = np.array(["no", "later", None], dtype=object)
    for world, invalid, classes in (("sample", 1, ["no", "yes", "(other)"]), ("closed", 2, ["no", "yes"])):
        known = Interpretation("labels", ("no", "yes"), world=world)
        outcome = interpret(np.array(labels), known)
        profile = make_profile(IDENTITY, inputs, Reading(known, outcome, labels, Contract(), ()))
        counters = Counters(profile)
        counters.count(inputs.head(3), interpret(live, known))
        snapshot = counters.take_snapshot()
        assert profile["prediction"]["classes"] == classes
        assert snapshot["invalid"] == invalid
        assert sum(snapshot["prediction"]["counts"]) == 3 - invalid


def test_texts_are_counted_by_their_length_and_none_is_invalid_for_being_new():
    inputs, known = make_inputs(100, 1), Interpretation("text", ())
    texts = np.array([f"an answer of {row} " * (row % 7 + 1) for row in range(100)])
    profile = make_profile(IDENTITY, inputs, Reading(known, interpret(texts, known), texts.tolist(), Contract(), ()))
    counters = Counters(profile)
    counters.count(inputs.head(2), interpret(np.array(["something new", "and more"]), known))
    assert profile["prediction"]["kind"] == "numeric"
    assert "answer" not in str(profile["prediction"])
    assert (counters.n, counters.invalid) == (2, 0)


def test_a_column_of_names_is_no_category():
    inputs = pd.DataFrame({"name": [f"person {row}" for row in range(5000)], "age": [1, 2] * 2500})
    profile = profile_of(inputs, make_outcome(5000, 1), np.array(["no"] * 5000))
    assert [feature["name"] for feature in profile["features"]] == ["age"]


def test_a_model_of_numbers_promises_late_labels_how_near_most_of_its_answers_are():
    answers = np.arange(1000.0)
    truth = answers + np.where(np.arange(1000) % 10 < 8, 2.0, 50.0)
    outcome = Outcome(answers, None)
    profile = make_profile(IDENTITY, make_inputs(1000, 1), Reading(NUMBERS, outcome, truth, Contract(), ()))
    prediction = profile["prediction"]
    assert prediction["truth"] == {"kind": "number", "within": 2.0}
    assert prediction["confidence"] == {"edges": [], "total": [1000], "correct": [800]}
    counters = Counters(profile)
    bins = counters.count(make_inputs(3, 2), Outcome(np.array([1.0, np.nan, 3.0]), None))
    assert bins.tolist() == [0, -1, 0]
    assert counters.take_snapshot()["prediction"]["confidence"] == [2]


def test_a_model_without_scores_promises_how_often_it_is_right_in_one_bin():
    known = Interpretation("labels", ("no", "yes"))
    outcome = Outcome(np.array([0, 1, 1, 0] * 50), None)
    truth = ["no", "yes", "no", "no"] * 50
    contract = Contract(labels={"0": "no", "1": "yes"})
    profile = make_profile(IDENTITY, make_inputs(200, 1), Reading(known, outcome, truth, contract, ()))
    prediction = profile["prediction"]
    assert prediction["confidence"] == {"edges": [], "total": [200], "correct": [150]}
    assert prediction["truth"] == {"kind": "name", "labels": {"0": "no", "1": "yes"}}
    counters = Counters(profile)
    assert counters.count(make_inputs(2, 2), Outcome(np.array([1, 0]), None)).tolist() == [0, 0]


def test_right_answers_are_counted_in_the_bins_of_each_feature():
    inputs = make_inputs(2000, 1)
    right = inputs["age"].to_numpy() < 24
    outcome = interpret(np.tile([0.1, 0.9], (2000, 1)), CLASSES)
    for feature in profile_of(inputs, outcome, np.where(right, "yes", "no"))["features"]:
        assert all(one <= all_of for one, all_of in zip(feature["right"], feature["counts"], strict=True))
        if feature["name"] == "age":
            shares = [one / all_of for one, all_of in zip(feature["right"], feature["counts"], strict=True)]
            assert shares == [1.0] * 6 + [0.0] * 6
        if feature["missing"] == 0:
            assert sum(feature["right"]) == right.sum()


def test_of_numbers_those_are_right_that_are_near_to_their_labels():
    values = np.random.default_rng(1).normal(size=2000)
    truth = values + np.where(values > 1, 5.0, 0.1)
    reading = Reading(NUMBERS, interpret(values, NUMBERS), truth, Contract(), ())
    profile = make_profile(IDENTITY, pd.DataFrame({"x": values}), reading)
    assert profile["prediction"]["truth"]["within"] < 1
    shares = np.array(profile["features"][0]["right"]) / profile["features"][0]["counts"]
    assert shares[0] == 1
    assert shares[-1] == 0
