"""What raw answers mean."""

import numpy as np
import pandas as pd
import pytest

from trainyard.errors import UserError
from trainyard.outputs import Interpretation, infer_interpretation, interpret, name_labels, name_truth, to_probabilities


def test_two_columns_or_more_are_class_scores():
    raw = np.array([[0.9, 0.1], [0.2, 0.8]])
    found = infer_interpretation(raw, np.array(["no", "yes"]), None)
    assert found == Interpretation("scores", ("no", "yes"))
    assert found.task == "binary"
    assert interpret(raw, found).chosen.tolist() == [0, 1]


def test_score_columns_keep_their_positions_when_the_holdout_lacks_a_class():
    raw = np.eye(4)[[0, 1, 3]]
    assert infer_interpretation(raw, np.array([0, 1, 3]), None).classes == ("0", "1", "2", "3")


def test_the_models_own_class_names_win():
    raw = np.eye(3)
    assert infer_interpretation(raw, np.array([0, 1, 2]), ["ant", "bee", "cat"]).classes == ("ant", "bee", "cat")


def test_logits_become_probabilities_and_probabilities_stay():
    assert np.allclose(to_probabilities(np.array([[0.0, np.log(3)]])), [[0.25, 0.75]])
    assert to_probabilities(np.array([[0.3, 0.7]])).tolist() == [[0.3, 0.7]]


def test_one_probability_is_the_second_classs():
    raw = np.array([0.2, 0.9])
    found = infer_interpretation(raw, np.array([0, 1]), None)
    outcome = interpret(raw, found)
    assert found.kind == "probability"
    assert outcome.chosen.tolist() == [0, 1]
    assert outcome.confidence is not None
    assert np.allclose(outcome.confidence, [0.8, 0.9])


def test_labels_are_compared_as_names():
    found = infer_interpretation(np.array([1, 2, 10]), np.array([1, 2, 2]), None)
    assert found == Interpretation("labels", ("1", "2", "10"))
    assert interpret(np.array([2.0, 99]), found).chosen.tolist() == [1, -1]


def test_fractional_labels_make_a_regression():
    found = infer_interpretation(pd.DataFrame({"y": [0.1, 0.2]}), np.array([0.5, 1.5]), None)
    assert found.task == "regression"
    assert interpret(pd.DataFrame({"y": [0.1, 0.2]}), found).chosen.tolist() == [0.1, 0.2]


def test_scores_that_are_no_numbers_choose_no_class():
    outcome = interpret(np.array([[np.nan, 0.5], [0.1, 0.9]]), Interpretation("scores", ("a", "b")))
    assert outcome.chosen.tolist() == [-1, 1]


def test_whole_numbers_are_named_alike_in_every_type():
    for values in (np.array([1, 2]), np.array([1.0, 2.0]), np.array(["1", "2"])):
        assert name_labels(values) == ["1", "2"]


def test_labels_that_are_positions_stand_for_the_classes_there():
    assert name_truth(np.array([2, 0]), ("ant", "bee", "cat")) == ["cat", "ant"]
    assert name_truth(np.array([2, 0]), ("0", "1", "2")) == ["2", "0"]
    assert name_truth(np.array(["bee", "wasp"]), ("ant", "bee")) == ["bee", "wasp"]


def test_labels_of_another_model_are_the_users_to_mend():
    with pytest.raises(UserError) as caught:
        name_truth(np.array(["north"]), ("ant", "bee"))
    assert caught.value.problem.code == "labels-unknown"


def test_answers_by_name_are_read_when_there_is_one():
    found = infer_interpretation({"logits": np.eye(2)}, np.array([0, 1]), None)
    assert interpret({"logits": np.eye(2)}, found).chosen.tolist() == [0, 1]
    with pytest.raises(UserError) as caught:
        infer_interpretation({"a": np.eye(2), "b": np.eye(2)}, np.array([0, 1]), None)
    assert caught.value.problem.code == "answers-unreadable"
