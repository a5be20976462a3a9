"""What raw answers mean, once it is settled how they are read."""

import numpy as np
import pandas as pd
import pytest

from trainyard.interpretation import Interpretation
from trainyard.outputs import interpret, name_labels, to_parts, to_probabilities


def test_scores_choose_the_likeliest_class_in_the_order_that_their_columns_have():
    raw = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert interpret(raw, Interpretation("scores", ("no", "yes"))).chosen.tolist() == [0, 1]
    turned = interpret(raw, Interpretation("scores", ("no", "yes"), order=(1, 0)))
    assert turned.chosen.tolist() == [1, 0]
    assert turned.scores is not None
    assert turned.scores.tolist() == [[0.1, 0.9], [0.8, 0.2]]
    wider = interpret(raw, Interpretation("scores", ("a", "b", "c"), order=(2, 0)))
    assert wider.scores is not None
    assert wider.scores.tolist() == [[0.1, 0, 0.9], [0.8, 0, 0.2]]


def test_logits_become_probabilities_and_probabilities_stay():
    assert np.allclose(to_probabilities(np.array([[0.0, np.log(3)]])), [[0.25, 0.75]])
    logits = Interpretation("scores", ("a", "b"), scale="logits")
    assert np.allclose(interpret(np.array([[0.0, np.log(3)]]), logits).scores, [[0.25, 0.75]])
    assert interpret(np.array([[0.3, 0.7]]), Interpretation("scores", ("a", "b"))).scores.tolist() == [[0.3, 0.7]]
    one = Interpretation("probability", ("0", "1"), scale="logits")
    assert np.allclose(interpret(np.array([np.log(3)]), one).scores, [[0.25, 0.75]])


def test_one_probability_is_the_second_classs():
    outcome = interpret(np.array([0.2, 0.9]), Interpretation("probability", ("0", "1")))
    assert outcome.chosen.tolist() == [0, 1]
    assert outcome.confidence is not None
    assert np.allclose(outcome.confidence, [0.8, 0.9])


def test_the_confidence_is_of_the_class_that_is_answered_whatever_scores_highest():
    known = Interpretation("labels", ("0", "1"), prediction="prediction", columns=("probability",))
    outcome = interpret(pd.DataFrame({"prediction": [1, 0], "probability": [0.3, 0.2]}), known)
    assert outcome.chosen.tolist() == [1, 0]
    assert outcome.confidence is not None
    assert np.allclose(outcome.confidence, [0.3, 0.8])
    with pytest.raises(KeyError):
        interpret(pd.DataFrame({"prediction": [1]}), known)


def test_labels_are_compared_as_names():
    found = Interpretation("labels", ("1", "2", "10"))
    assert interpret(np.array([2.0, 99]), found).chosen.tolist() == [1, -1]
    assert interpret(np.array(["2", None], dtype=object), found).chosen.tolist() == [1, -2]


def test_numbers_are_taken_as_they_are():
    found = Interpretation("values", ())
    assert interpret(pd.DataFrame({"y": [0.1, 0.2]}), found).chosen.tolist() == [0.1, 0.2]
    assert interpret({"y": np.array([0.1, 0.2])}, found).chosen.tolist() == [0.1, 0.2]


def test_scores_that_are_no_numbers_choose_no_class():
    outcome = interpret(np.array([[np.nan, 0.5], [0.1, 0.9]]), Interpretation("scores", ("a", "b")))
    assert outcome.chosen.tolist() == [-1, 1]


def test_whole_numbers_are_named_alike_in_every_type():
    for values in (np.array([1, 2]), np.array([1.0, 2.0]), np.array(["1", "2"])):
        assert name_labels(values) == ["1", "2"]


def test_a_table_a_mapping_and_a_list_of_mappings_have_the_same_parts():
    table = pd.DataFrame({"a": [1, 2], "b": [3.5, 4.5]})
    for raw in (table, {name: table[name].to_numpy() for name in table}, table.to_dict("records")):
        parts = to_parts(raw)
        assert parts is not None
        assert {name: values.tolist() for name, values in parts.items()} == {"a": [1, 2], "b": [3.5, 4.5]}
    assert to_parts(np.eye(2)) is None


def test_a_class_is_named_alike_alone_and_among_others():
    halves = Interpretation("labels", ("0.5", "1", "1.5"))
    several = np.array([1.0, 0.5, np.nan, 1.5])
    assert interpret(several, halves).chosen.tolist() == [1, 0, -2, 2]
    for values in (several, several.astype(object)):
        alone = [interpret(values[row : row + 1], halves).chosen[0] for row in range(len(values))]
        assert alone == [1, 0, -2, 2]
    large = Interpretation("labels", ("9007199254740993", "True"))
    assert interpret(np.array([2**53 + 1, True], dtype=object), large).chosen.tolist() == [0, 1]
    pair = Interpretation("labels", ("0", "1"))
    assert interpret(np.array([1.0, 0.0, None], dtype=object), pair).chosen.tolist() == [1, 0, -2]
