"""Answers of any number of classes a row: the same however a model writes them, and what is refused by its name."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from trainyard.contract import Contract, Said
from trainyard.errors import UserError
from trainyard.interpretation import MISSING
from trainyard.models import predict_all
from trainyard.outputs import interpret
from trainyard.profile import profile_predictions
from trainyard.reading import Reading, read_answers

CLASSES = ("news", "sport", "film")
ROWS = 200
RANDOM = np.random.default_rng(5)
INDICATORS = (RANDOM.random((ROWS, 3)) < [0.6, 0.3, 0.2]).astype(int)
NAMES = [[name for name, has in zip(CLASSES, row, strict=True) if has] for row in INDICATORS]
TEXTS = np.array(["|".join(names) or "|" for names in NAMES], dtype=object)
CHANCES = np.where(INDICATORS == 1, 0.9, 0.2)
TRUTH = np.array(["|".join(reversed(names)) or "|" for names in NAMES], dtype=object)
MANY = Contract(task="multilabel", classes=CLASSES)


def read(raw, contract=MANY, truth=TRUTH) -> Reading:
    return read_answers(raw, truth, contract, Said((), False))


WAYS = {
    "indicators": (INDICATORS, MANY),
    "flags": (INDICATORS.astype(bool), MANY),
    "probabilities": (CHANCES, MANY),
    "logits": (np.log(CHANCES / (1 - CHANCES)), Contract(task="multilabel", classes=CLASSES, scores="logits")),
    "an array for each class": ([np.column_stack([1 - chance, chance]) for chance in CHANCES.T], MANY),
    "columns called as classes, in another order": (
        pd.DataFrame(CHANCES, columns=CLASSES)[["film", "news", "sport"]],
        MANY,
    ),
    "columns named in the contract": (
        pd.DataFrame(CHANCES, columns=["a", "b", "c"]),
        Contract(task="multilabel", classes=CLASSES, score_columns=("a", "b", "c")),
    ),
    "names": (NAMES, MANY),
    "texts": (TEXTS, MANY),
    "texts beside probabilities": (
        pd.DataFrame({"prediction": TEXTS, **{f"p_{name}": CHANCES[:, place] for place, name in enumerate(CLASSES)}}),
        MANY,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_classes_are_the_same_however_they_are_written(way):
    reading = read(*WAYS[way])
    assert reading.interpretation.task == "multilabel"
    assert reading.outcome.parts.tolist() == INDICATORS.tolist()
    assert reading.outcome.names == TEXTS.tolist() == reading.truth
    assert reading.right.all()
    has_scores = "probab" in way or way in {"logits", "an array for each class"} or "columns" in way
    assert (reading.outcome.scores is not None) == has_scores
    if has_scores:
        np.testing.assert_allclose(reading.outcome.scores, CHANCES)
    assert reading.contract.scores == {True: way if way == "logits" else "probabilities", False: "none"}[has_scores]


def test_what_a_model_decides_by_its_own_thresholds_counts_and_not_half():
    table = pd.DataFrame({"prediction": TEXTS, **dict(zip(CLASSES, (CHANCES / 10).T, strict=True))})
    assert read(table).right.all()


REFUSED = {
    "classes-unstated": (INDICATORS, Contract(task="multilabel")),
    "score-columns": (INDICATORS[:, :2], MANY),
    "answers-no-probabilities": (CHANCES * 3 - 1, MANY),
    "answers-no-indicators": (CHANCES, Contract(task="multilabel", classes=CLASSES, scores="none")),
    "answers-unknown": ([[*names, "music"] for names in NAMES], MANY),
    "answers-missing": (np.where(np.arange(ROWS)[:, None] == 7, np.nan, CHANCES), MANY),
    "answers-ambiguous": (pd.DataFrame(CHANCES, columns=["a", "b", "c"]), MANY),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_could_be_misread_is_refused_by_its_name(code):
    with pytest.raises(UserError) as caught:
        read(*REFUSED[code])
    assert caught.value.problem.code == code


def test_examples_of_a_class_that_nobody_lists_are_counted():
    with pytest.raises(UserError, match=r"3 of 200 examples .* none of the 3 classes") as caught:
        read(INDICATORS, truth=np.array(["music", "news|music", "x", *TRUTH[3:]], dtype=object))
    assert caught.value.problem.code == "labels-unknown"


def test_labels_of_the_holdout_may_be_written_otherwise():
    contract = Contract(task="multilabel", classes=CLASSES, labels={"N": "news", "S": "sport"})
    truth = np.array([text.replace("news", "N").replace("sport", "S") for text in TRUTH], dtype=object)
    assert read(INDICATORS, contract, truth).right.all()


def test_one_row_means_the_same_alone_as_among_all():
    reading = read(CHANCES)
    for row in range(20):
        alone = interpret(CHANCES[row : row + 1], reading.interpretation)
        assert alone.chosen[0] == reading.outcome.chosen[row]
        assert alone.names == [TEXTS[row]]


def test_an_answer_with_a_number_missing_is_none():
    outcome = interpret(np.array([[0.9, np.nan, 0.1]]), read(CHANCES).interpretation)
    assert outcome.chosen.tolist() == [MISSING]


def test_live_answers_are_counted_by_the_commonest_sets_of_classes():
    reading = read(CHANCES)
    profile = profile_predictions(reading)
    assert profile["classes"] == [*sorted(set(TEXTS)), "(other)"]
    assert profile["counts"] == [int((name == TEXTS).sum()) for name in sorted(set(TEXTS))] + [0]
    assert profile["open"] is True
    assert profile["truth"] == {"kind": "set", "labels": {}}
    right = sum(name == text for name, text in zip(reading.outcome.names, reading.truth, strict=True))
    assert profile["confidence"] == {"edges": [], "total": [len(TEXTS)], "correct": [right]}


def test_what_predict_proba_of_a_forest_gives_is_put_together_from_chunks(monkeypatch):
    monkeypatch.setattr("trainyard.models.PREDICT_ROWS", 64)
    inputs = RANDOM.normal(size=(ROWS, 4)) + INDICATORS @ RANDOM.normal(size=(3, 4)) * 3
    forest = RandomForestClassifier(n_estimators=10, random_state=1).fit(inputs, INDICATORS)
    raw = predict_all(forest.predict_proba, inputs)
    np.testing.assert_allclose(
        read(raw).outcome.scores, np.column_stack([one[:, 1] for one in forest.predict_proba(inputs)])
    )
    # As many rows as classes: an array for each class is no array for each row.
    np.testing.assert_array_equal(
        interpret(predict_all(forest.predict_proba, inputs[:3]), read(raw).interpretation).parts,
        forest.predict(inputs[:3]),
    )
