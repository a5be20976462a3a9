"""Answers of several quantiles, and scores of rows within a query: however a model writes them, or refused by name."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_pinball_loss

from trainyard.contract import Contract, Said
from trainyard.errors import UserError
from trainyard.outputs import interpret
from trainyard.predictions import list_answers, measure
from trainyard.profile import profile_predictions
from trainyard.reading import Reading, read_answers

ROWS = 300
RANDOM = np.random.default_rng(3)
TRUTH = RANDOM.normal(10, 2, ROWS)
LEVELS = (0.1, 0.5, 0.9)
GIVEN = TRUTH[:, None] + RANDOM.normal(0, 1, (ROWS, 1)) + np.array([-1.5, 0, 1.5])
THREE = Contract(task="quantiles", quantiles=LEVELS)
NAMED = Contract(task="quantiles", quantiles=LEVELS, score_columns=("low", "mid", "high"))


def read(raw, contract=THREE, truth=TRUTH) -> Reading:
    return read_answers(raw, truth, contract, Said((), True))


WAYS = {
    "a matrix": (GIVEN, THREE),
    "lists": (GIVEN.tolist(), THREE),
    "columns called by their quantiles": (
        pd.DataFrame(GIVEN, columns=["q10", "q50", "q90"])[["q90", "q10", "q50"]],
        THREE,
    ),
    "columns by shares": (pd.DataFrame(GIVEN, columns=["0.1", "0.5", "0.9"]), THREE),
    "columns that the contract names": (pd.DataFrame(GIVEN, columns=["low", "mid", "high"]), NAMED),
    "a mapping": ({"low": GIVEN[:, 0], "mid": GIVEN[:, 1], "high": GIVEN[:, 2]}, NAMED),
}


@pytest.mark.parametrize("way", WAYS)
def test_quantiles_are_the_same_however_they_are_written(way):
    reading = read(*WAYS[way])
    assert reading.interpretation.task == "quantiles"
    assert reading.interpretation.classes == ("0.1", "0.5", "0.9")
    np.testing.assert_array_equal(reading.outcome.parts, GIVEN)
    np.testing.assert_array_equal(reading.outcome.chosen, GIVEN[:, 1])
    assert reading.contract.quantiles == LEVELS


def test_quantiles_that_are_the_same_but_for_rounding_have_not_crossed():
    middle = GIVEN[:, 1:2].astype(np.float32)
    reading = read(np.hstack([middle, middle * np.float32(1 - 1e-7), middle]), THREE)
    assert reading.interpretation.task == "quantiles"


REFUSED = {
    "quantiles-unstated": (GIVEN, Contract(task="quantiles")),
    "quantiles-count": (GIVEN[:, :2], THREE),
    "quantiles-crossed": (GIVEN[:, ::-1], THREE),
    "answers-ambiguous": (pd.DataFrame(GIVEN, columns=["low", "mid", "high"]), THREE),
    "answers-part-missing": (pd.DataFrame(GIVEN, columns=["a", "b", "c"]), NAMED),
    "answers-missing": (np.where(np.arange(ROWS)[:, None] == 3, np.nan, GIVEN), THREE),
    "answers-no-numbers": (GIVEN.astype(str), THREE),
}


@pytest.mark.parametrize("code", REFUSED)
def test_quantiles_that_could_be_misread_are_refused_by_name(code):
    with pytest.raises(UserError) as caught:
        read(*REFUSED[code])
    assert caught.value.problem.code == code


def test_one_number_for_each_row_is_no_quantiles():
    with pytest.raises(UserError, match=r"gives one number for each row, and answers\.quantiles lists 3"):
        read(GIVEN[:, 0])


def test_the_pinball_loss_is_scikit_learns_mean_over_quantiles():
    expected = np.mean([mean_pinball_loss(TRUTH, GIVEN[:, place], alpha=level) for place, level in enumerate(LEVELS)])
    assert measure(read(GIVEN)) == {"mean-pinball": pytest.approx(expected)}


def test_live_quantiles_are_counted_by_the_middle_one():
    profile = profile_predictions(read(GIVEN))
    assert profile["kind"] == "numeric"
    middle = profile_predictions(read_answers(GIVEN[:, 1], TRUTH, Contract(task="regression"), Said()))
    # Late labels are promised nothing: nobody says how near several numbers are to one.
    assert profile == {key: value for key, value in middle.items() if key not in {"confidence", "truth"}}
    outcome = interpret(np.array([[1.0, np.nan, 2.0], [1.0, 2.0, 3.0]]), read(GIVEN).interpretation)
    assert np.isfinite(outcome.chosen).tolist() == [False, True]


def test_every_quantile_has_its_column_in_the_predictions():
    rows = SimpleNamespace(ids=[str(row) for row in range(ROWS)])
    columns = list_answers(rows, read(GIVEN))
    assert list(columns) == ["id", "label", "prediction", "answer_0", "answer_1", "answer_2"]
    np.testing.assert_array_equal(columns["answer_2"], GIVEN[:, 2])


RELEVANCE = RANDOM.integers(0, 4, ROWS)
RANKING = Contract(task="ranking")


@pytest.mark.parametrize(
    ("raw", "contract"),
    [
        (RELEVANCE * 0.7 - 1, RANKING),
        ((RELEVANCE * 0.7 - 1)[:, None], RANKING),
        (pd.DataFrame({"score": RELEVANCE * 0.7 - 1, "rank": 1}), Contract(task="ranking", prediction="score")),
    ],
)
def test_a_ranking_is_one_score_for_each_row_beside_its_relevance(raw, contract):
    reading = read(raw, contract, RELEVANCE)
    assert reading.interpretation.task == "ranking"
    np.testing.assert_allclose(reading.outcome.chosen, RELEVANCE * 0.7 - 1)
    np.testing.assert_array_equal(reading.truth, RELEVANCE)
    assert profile_predictions(reading)["kind"] == "numeric"
    assert measure(reading) == {}


@pytest.mark.parametrize(
    ("raw", "truth", "code"),
    [
        (np.column_stack([RELEVANCE, RELEVANCE]), RELEVANCE, "answers-no-numbers"),
        (RELEVANCE, np.array(["good", "bad"] * (ROWS // 2), dtype=object), "answers-no-numbers"),
        (np.where(RELEVANCE == 1, np.nan, 1.0), RELEVANCE, "answers-missing"),
    ],
)
def test_a_ranking_that_could_be_misread_is_refused_by_name(raw, truth, code):
    with pytest.raises(UserError) as caught:
        read(raw, RANKING, truth)
    assert caught.value.problem.code == code
