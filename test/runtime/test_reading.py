"""What answers to labelled rows are read as, and what is refused by its name."""

import numpy as np
import pandas as pd
import pytest

from trainyard.contract import Contract, Said
from trainyard.errors import UserError
from trainyard.outputs import interpret
from trainyard.reading import Reading, read_answers

ROWS = 400
VALUES = np.sin(np.arange(ROWS) * 12.9898 + 0.001) * 3
CHANCE = 1 / (1 + np.exp(-4 * VALUES))
# Right on 99 %: every hundredth label is the other one.
IS_POSITIVE = (VALUES > 0) != (np.arange(ROWS) % 100 == 0)
NOTHING = Contract()
SILENT = Said()


def read(raw, labels, contract: Contract = NOTHING, said: Said = SILENT) -> Reading:
    return read_answers(raw, np.asarray(labels), contract, said)


def truth(no, yes):
    return np.where(IS_POSITIVE, yes, no)


def choose(no, yes):
    return np.where(VALUES > 0, yes, no)


def refused(raw, labels, contract: Contract = NOTHING, said: Said = SILENT) -> UserError:
    with pytest.raises(UserError) as caught:
        read(raw, labels, contract, said)
    return caught.value


WAYS = {
    "probability": (CHANCE, truth(0, 1), NOTHING, SILENT),
    "logits": (VALUES * 4, truth(0, 1), Contract(scores="logits"), SILENT),
    "probability of yes": (CHANCE, truth("No", "Yes"), NOTHING, Said(("No", "Yes"))),
    "probability of yes, unsaid": (CHANCE, truth("No", "Yes"), NOTHING, SILENT),
    "probability of plus": (CHANCE, truth(-1, 1), NOTHING, SILENT),
    "probability of two": (CHANCE, truth(1, 2), Contract(positive="2"), SILENT),
    "None and Apnea": (choose("None", "Apnea"), truth("None", "Apnea"), NOTHING, SILENT),
    "two columns": (np.column_stack([1 - CHANCE, CHANCE]), truth("No", "Yes"), NOTHING, Said(("No", "Yes"))),
    "signs": (choose(-1, 1), truth(-1, 1), NOTHING, SILENT),
    "probability of true": (CHANCE, truth(False, True), NOTHING, SILENT),
    "flags": (VALUES > 0, truth(False, True), NOTHING, SILENT),
    "flags for numbers": ((VALUES > 0).astype(float), truth(0, 1), NOTHING, SILENT),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_binary_answer_is_the_same_however_it_is_written(way):
    reading = read(*WAYS[way])
    assert reading.interpretation.task == "binary"
    assert reading.right.mean() == 0.99


@pytest.mark.parametrize(
    ("raw", "labels", "said"),
    [(VALUES * 4, truth(0, 1), SILENT), (CHANCE, truth(1, 2), SILENT), (CHANCE, truth("legit", "fraud"), SILENT)],
)
def test_what_could_be_meant_otherwise_has_to_be_said(raw, labels, said):
    error = refused(raw, labels, said=said)
    assert error.problem.code == "answers-unstated"
    assert "answers: {" in error.problem.remedy


def test_a_table_of_prediction_and_probability_is_read_by_its_names():
    labels = truth(0, 1)
    good = pd.DataFrame({"prediction": choose(0, 1), "probability": CHANCE})
    bad = pd.DataFrame({"prediction": choose(1, 0), "probability": 1 - CHANCE})
    reading = read(good, labels)
    assert reading.right.mean() == 0.99
    assert read(bad, labels).right.mean() == 0.01
    assert reading.outcome.scores is not None
    assert np.allclose(reading.outcome.scores[:, 1], CHANCE)
    assert set(reading.inferred) == {"task", "prediction", "scoreColumns", "scores", "positive"}
    # The confidence of the class that is answered is no probability of the positive one: it is not read as that.
    sure = pd.DataFrame({"prediction": choose(0, 1), "probability": np.maximum(CHANCE, 1 - CHANCE)})
    assert read(sure, labels).outcome.scores is None
    one_by_one = interpret(bad.iloc[:1], read(bad, labels).interpretation)
    assert one_by_one.chosen.tolist() == [int(bad["prediction"].iloc[0])]


def test_two_unnamed_columns_that_are_no_distribution_are_refused():
    error = refused(np.column_stack([choose(0, 1), CHANCE]), truth(0, 1))
    assert error.problem.code == "answers-no-distribution"
    assert "answers.scores" in error.problem.remedy
    assert refused(np.column_stack([choose(-1, 1), CHANCE]), truth(-1, 1)).problem.code == "answers-no-distribution"


def test_parts_that_nothing_names_are_refused_until_they_are_named():
    raw = pd.DataFrame({"risk": CHANCE, "verdict": choose("no", "yes")})
    labels = truth("no", "yes")
    assert refused(raw, labels).problem.code == "answers-ambiguous"
    said = Contract(prediction="verdict", score_columns=("risk",))
    reading = read(raw, labels, said)
    assert reading.right.mean() == 0.99
    assert reading.outcome.scores is not None
    assert refused(raw, labels, Contract(prediction="verdicts")).problem.code == "answers-part-missing"
    rows = raw.to_dict("records")
    assert read(rows, labels, said).right.mean() == 0.99
    by_name = {name: raw[name].to_numpy() for name in raw}
    assert read(by_name, labels, said).right.mean() == 0.99


def test_columns_called_as_classes_are_read_by_their_names():
    raw = pd.DataFrame({"proba_yes": CHANCE, "proba_no": 1 - CHANCE})
    assert read(raw, truth("no", "yes")).right.mean() == 0.99
    assert read(raw.rename(columns=lambda name: name.removeprefix("proba_")), truth("no", "yes")).right.mean() == 0.99


def test_labels_and_answers_in_different_name_spaces_are_refused_until_they_are_mapped():
    error = refused(choose(0, 1), truth("no", "yes"))
    assert error.problem.code == "answers-unknown"
    assert "answers.labels" in error.problem.remedy
    assert "yes" not in error.problem.message
    mapped = Contract(labels={"no": "0", "yes": "1"})
    assert read(choose(0, 1), truth("no", "yes"), mapped).right.mean() == 0.99
    error = refused(choose(0, 1), truth("no", "yes"), said=Said(("0", "1")))
    assert error.problem.code == "labels-unknown"
    assert "None of the holdout's 400 labels" in error.problem.message


def five_classes(absent: int):
    labels = np.arange(ROWS) % (5 - absent) + 1
    scores = np.full((ROWS, 5), 0.02)
    scores[np.arange(ROWS), labels - 1] = 0.92
    return scores, labels


def test_score_columns_are_not_given_to_classes_by_what_the_holdout_happens_to_hold():
    scores, labels = five_classes(absent=1)
    error = refused(scores, labels)
    assert error.problem.code == "answers-unstated"
    assert "5 scores" in error.problem.message
    stated = Contract(classes=("1", "2", "3", "4", "5"))
    assert read(scores, labels, stated).right.all()
    assert read(scores, labels, said=Said(stated.classes)).right.all()
    assert read(*five_classes(absent=0)).right.all()
    whole = np.eye(4)[[0, 1, 3]]
    assert read(whole, [0, 1, 3]).interpretation.classes == ("0", "1", "2", "3")


def test_scores_in_another_order_than_the_classes_are_refused_not_measured():
    scores, labels = five_classes(absent=0)
    shifted = Contract(classes=("5", "1", "2", "3", "4"))
    error = refused(scores, labels, shifted)
    assert error.problem.code == "answers-permuted"
    assert "0 of 400 answers are right, fewer than by chance, and 400 would be" in error.problem.message
    rare = np.arange(ROWS) % 20 == 0
    risk = np.where(rare, 0.9, 0.02)
    assert refused(1 - risk, rare).problem.code == "answers-permuted"
    assert read(risk, rare).right.all()
    # A coin is no permutation.
    coin = np.random.default_rng(1).random(ROWS)
    assert 0.4 < read(coin, truth(0, 1)).right.mean() < 0.6


def test_a_model_that_was_judged_by_the_same_order_is_read_however_wrong_it_has_become():
    scores, labels = five_classes(absent=0)
    turned = Contract(classes=("5", "1", "2", "3", "4"), is_settled=True)
    assert not read(scores, labels, turned).right.any()


def test_the_model_orders_its_scores_and_the_contract_the_classes():
    scores = np.column_stack([CHANCE, 1 - CHANCE])
    said = Said(("fraud", "legit"))
    reading = read(scores, truth("legit", "fraud"), Contract(positive="fraud"), said)
    assert reading.interpretation.classes == ("legit", "fraud")
    assert reading.right.mean() == 0.99
    assert reading.contract.classes == ("fraud", "legit")
    wider = read(scores, truth("legit", "fraud"), Contract(classes=("fraud", "legit", "test")), said)
    assert wider.outcome.scores is not None
    assert wider.outcome.scores.shape == (ROWS, 3)
    assert wider.right.mean() == 0.99
    assert refused(scores, truth("a", "b"), Contract(classes=("a", "b")), said).problem.code == "classes-disagree"


def test_the_positive_class_of_two_names_is_unknown_until_it_is_said():
    scores = np.column_stack([CHANCE, 1 - CHANCE])
    assert read(scores, truth("legit", "fraud")).contract.positive is None
    assert read(scores[:, ::-1], truth("no", "yes")).contract.positive == "yes"
    assert refused(scores, truth("legit", "fraud"), Contract(positive="Fraud")).problem.code == "positive-unknown"


def test_labels_that_are_places_are_read_so_only_where_they_count_from_zero():
    named = Said(("ant", "bee", "cat"))
    reading = read(np.eye(3)[[2, 0, 1]], [2, 0, 1], said=named)
    assert reading.truth == ["cat", "ant", "bee"]
    assert refused(np.eye(3)[[1, 0, 1]], [2, 1, 2], said=named).problem.code == "labels-unknown"


def test_labels_that_are_some_of_the_places_are_read_so_only_where_the_answers_bear_it_out():
    named = Said(("ant", "bee", "cat"))
    labels = np.arange(ROWS) % 2
    assert read(np.eye(3)[labels], labels, said=named).right.all()
    other = refused(np.eye(3)[np.where(np.arange(ROWS) % 50 == 0, 0, 2)], labels, said=named)
    assert other.problem.code == "labels-unknown"
    assert "answers.labels" in other.problem.remedy
    # Numbers of an embedding are no scores of classes that nobody has named.
    assert read(np.eye(16)[labels], labels).right.all()
    embedding = np.random.default_rng(5).normal(size=(ROWS, 16))
    assert refused(embedding, labels).problem.code == "labels-unknown"
    # One of its axes may point at a label's own rows: the other labels then have a place that no label has.
    luckily = np.eye(16)[np.where(labels == 0, 0, 9)]
    assert refused(luckily, labels).problem.code == "labels-unknown"
    # Of many classes one may be taken for another that the holdout has, or now and then for one that it has not.
    confused = np.where(np.arange(ROWS) % 9 == 0, 7, np.arange(ROWS) % 4)
    taken = np.where(confused == 3, 0, confused)
    assert read(np.eye(16)[taken], np.arange(ROWS) % 4).right.mean() > 0.6
    said = Contract(labels={"0": "ant", "1": "bee", "2": "cat"})
    assert not read(np.eye(3)[np.full(ROWS, 2)], labels, said, named).right.any()


def test_rounded_probabilities_are_probabilities_and_one_row_decides_nothing():
    random = np.random.default_rng(3)
    scores = random.dirichlet([1, 1, 1, 1], ROWS)
    labels = np.array([random.choice(4, p=row) for row in scores])
    rounded = scores.copy()
    rounded[7] = np.round(rounded[7] + 0.004, 2)
    for raw in (np.round(scores, 2), rounded):
        reading = read(raw, labels)
        assert reading.contract.scores == "probabilities"
        assert reading.outcome.scores is not None
        assert np.allclose(reading.outcome.scores, raw)
        assert np.allclose(interpret(raw[:1], reading.interpretation).scores, raw[:1])
    logits = np.log(scores)
    assert read(logits - 1, labels).contract.scores == "logits"
    # A single row of logits that happens to be positive is still one of logits.
    settled = read(logits - 1, labels).interpretation
    assert np.allclose(interpret(np.array([[0.5, 0.5, 0.0, 0.0]]), settled).scores.sum(), 1)
    assert not np.allclose(interpret(np.array([[0.5, 0.5, 0.0, 0.0]]), settled).scores, [[0.5, 0.5, 0, 0]])


def test_whole_numbers_are_a_regression_or_classes_as_somebody_says_and_not_as_the_model_rounds():
    targets = np.arange(ROWS) % 65
    exact = targets + 0.3
    assert refused(np.round(exact), targets).problem.code == "answers-unstated"
    for raw in (exact, np.round(exact)):
        assert read(raw, targets, Contract(task="regression")).interpretation.task == "regression"
        assert read(raw, targets, said=Said(is_regressor=True)).interpretation.task == "regression"
    assert read(exact, targets).interpretation.task == "regression"
    assert read(targets, targets, Contract(task="multiclass")).right.all()
    assert read(targets, targets, said=Said(tuple(str(one) for one in range(65)))).right.all()


def test_an_answer_that_the_holdout_has_no_label_of_is_wrong_and_changes_no_task():
    answers = np.where(np.arange(ROWS) == 0, "rare", choose("no", "yes"))
    reading = read(answers, truth("no", "yes"))
    assert reading.interpretation.task == "binary"
    assert reading.interpretation.world == "sample"
    assert reading.contract.classes == ()
    assert reading.outcome.chosen[0] == -1


def test_labels_and_answers_that_are_missing_are_counted_and_refused():
    labels = truth(0.0, 1.0)
    labels[4] = np.nan
    error = refused(CHANCE, labels)
    assert error.problem.code == "holdout-label-missing"
    assert "1 of 400 examples of the holdout have no label: row 5 (the first example is 1)." in error.problem.message
    named = truth("no", "yes").astype(object)
    named[[4, 9]] = None
    assert "2 of 400 examples of the holdout have no label" in refused(CHANCE, named).problem.message
    for raw, known in ((CHANCE.copy(), truth(0, 1)), (VALUES.copy(), VALUES + 0.1)):
        raw[[1, 2]] = np.nan
        assert refused(raw, known).problem.code == "answers-missing"
    gone = choose("no", "yes").astype(object)
    gone[3] = None
    assert "1 of 400 answers" in refused(gone, truth("no", "yes")).problem.message


def test_texts_are_read_as_texts_and_open_names_as_names():
    texts = [f"answer {row}" for row in range(ROWS)]
    assert refused(np.array(texts), texts).problem.code == "answers-unstated"
    reading = read(np.array(texts), texts, Contract(task="text"))
    assert reading.interpretation.task == "text"
    assert reading.outcome.chosen[:2].tolist() == [8, 8]
    opened = read(np.array([*texts[:-1], "elsewhere"]), texts, Contract(task="open"))
    assert opened.right.sum() == ROWS - 1
    assert opened.interpretation.task == "open"


def test_several_numbers_for_a_row_are_no_regression():
    assert refused(np.column_stack([VALUES, VALUES]), VALUES).problem.code == "answers-unstated"
    quantiles = refused(np.column_stack([VALUES, VALUES]), VALUES, Contract(task="regression"))
    assert quantiles.problem.code == "answers-no-numbers"
    named = pd.DataFrame({"low": VALUES - 1, "middle": VALUES})
    assert read(named, VALUES, Contract(task="regression", prediction="middle")).right is not None


def test_fewer_answers_than_rows_are_refused():
    assert refused(CHANCE[:9], truth(0, 1)).problem.code == "answers-other-rows"


@pytest.mark.parametrize("scores", ["probabilities", "logits"])
def test_answers_that_name_a_class_are_no_scores_whatever_is_said_of_scores(scores):
    for answers in (choose(0, 1), choose(0.0, 1.0)):
        reading = read(answers, truth(0, 1), Contract(scores=scores))
        assert reading.right.mean() == 0.99
        assert reading.outcome.scores is None
    # Whole numbers that are no class are scores.
    assert read(np.round(VALUES * 4) * 3 + 2, truth(0, 1), Contract(scores="logits")).outcome.scores is not None


def test_probabilities_are_not_taken_for_logits_because_somebody_says_so():
    said = Contract(scores="logits")
    for raw in (CHANCE, np.column_stack([1 - CHANCE, CHANCE])):
        error = refused(raw, truth(0, 1), said)
        assert error.problem.code == "answers-no-logits"
        assert "answers.scores" in error.problem.remedy
    logits = np.column_stack([-2 * VALUES, 2 * VALUES])
    assert read(logits, truth(0, 1), said).outcome.scores is not None
    missing = np.full(ROWS, np.nan)
    assert refused(missing, truth(0, 1), said).problem.code == "answers-missing"


def test_flags_are_labels_for_a_model_that_answers_0_and_1():
    pair = Said(("0", "1"))
    columns = np.column_stack([1 - CHANCE, CHANCE])
    for raw, said in ((choose(0, 1), SILENT), (choose(0.0, 1.0), SILENT), (choose(0, 1), pair), (columns, pair)):
        reading = read(raw, truth(False, True), said=said)
        assert reading.right.mean() == 0.99
        assert reading.contract.labels == {"False": "0", "True": "1"}
        assert reading.contract.positive == "1"
    assert refused(choose(0, 2), truth(False, True)).problem.code == "answers-unknown"
    assert refused(choose(0, 1), truth(False, True), said=Said(("1", "2"))).problem.code == "labels-unknown"


def test_a_score_is_the_last_classs_whatever_type_the_answer_beside_it_has():
    for answers in (choose(0, 1), choose(0.0, 1.0)):
        reading = read(pd.DataFrame({"prediction": answers, "probability": CHANCE}), truth(0, 1))
        assert reading.outcome.scores is not None
        assert np.allclose(reading.outcome.scores[:, 1], CHANCE)


def test_scores_beside_an_answer_whose_order_nobody_states_are_refused_by_what_is_missing():
    both = {"label": choose(0, 1), "probabilities": np.column_stack([1 - CHANCE, CHANCE])}
    problem = refused(both, truth(0, 1)).problem
    assert problem.code == "answers-unstated"
    assert "answers: { classes: [legit, fraud] }, in the order of the scores" in problem.remedy
    assert read(both, truth(0, 1), said=Said(("0", "1"))).outcome.scores is not None


def test_numbers_are_numbers_in_a_column_of_objects_too():
    for answers in (choose(0.0, 1.0), choose(0, 1)):
        assert read(answers.astype(object), truth(0, 1)).right.mean() == 0.99
    targets = VALUES + 0.1
    reading = read(targets.astype(object), targets)
    assert reading.interpretation.task == "regression"
    assert read(pd.DataFrame({"prediction": targets.astype(object)}), targets.astype(object)).right is not None
    halves = np.array([0.5, 1.0, 1.5])[np.arange(ROWS) % 3]
    assert read(halves, halves, Contract(task="multiclass")).right.all()


def test_label_and_predict_are_the_answer_and_columns_called_as_places_its_scores():
    labels = truth("NEGATIVE", "POSITIVE")
    pipeline = pd.DataFrame({"label": choose("NEGATIVE", "POSITIVE"), "score": np.maximum(CHANCE, 1 - CHANCE)})
    assert read(pipeline, labels).right.mean() == 0.99
    assert read(pipeline, labels).outcome.scores is None
    columns = {"p0": 1 - CHANCE, "p1": CHANCE}
    reading = read(pd.DataFrame({"predict": choose(0, 1), **columns}), truth(0, 1))
    assert reading.right.mean() == 0.99
    assert reading.outcome.scores is not None
    assert np.allclose(reading.outcome.scores[:, 1], CHANCE)
    # What is no distribution is something else.
    other = read(pd.DataFrame({"predict": choose(0, 1), "p0": VALUES, "p1": CHANCE}), truth(0, 1))
    assert other.right.mean() == 0.99
    assert other.outcome.scores is None


def test_a_class_that_the_ledger_does_not_know_is_told_with_how_to_widen():
    scores = np.eye(3)[np.arange(ROWS) % 3]
    error = refused(
        scores, np.array(["a", "b", "c"])[np.arange(ROWS) % 3], Contract(classes=("a", "b")), Said(("a", "b", "c"))
    )
    assert error.problem.code == "classes-disagree"
    assert "the ledger" in error.problem.message
    assert "answers.classes" in error.problem.remedy
    assert "all 3" in error.problem.remedy


def test_many_classes_cost_no_table_of_all_pairs():
    import tracemalloc

    from trainyard.check_answers import refuse_permuted

    rows = np.arange(20_000) % 10_000
    tracemalloc.start()
    refuse_permuted(rows, rows, 10_000)
    assert tracemalloc.get_traced_memory()[1] < 50_000_000
    tracemalloc.stop()
