"""How a model is asked about rows, and what is believed of its answers."""

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainyard.boxed_model import ModelError
from trainyard.errors import UserError
from trainyard.models import predict_all, refuse_full_disk
from trainyard.probe import require_steady_answers
from trainyard.runners import load_runner
from trainyard.scoring import to_json


def refuse(predict, rows: int) -> str:
    with pytest.raises(UserError) as caught:
        predict_all(predict, np.arange(rows * 3.0).reshape(rows, 3))
    return caught.value.problem.code


@pytest.mark.parametrize("rows", [1, 200, 1001])
def test_answers_are_one_for_each_row(rows: int):
    assert refuse(lambda inputs: inputs[:-1], rows) == "answers-other-rows"
    assert refuse(lambda inputs: {"a": inputs[1:]}, rows) == "answers-other-rows"
    assert refuse(lambda _: 3.5, rows) == "answers-unreadable"
    assert refuse(lambda _: {}, rows) == "answers-unreadable"


def test_a_last_row_that_is_alone_keeps_its_axis():
    # A network that ends in `.squeeze()`: the answer for one row is as long as there are classes.
    assert refuse(np.squeeze, 1001) == "answers-other-rows"
    with pytest.raises(UserError) as caught:
        require_steady_answers(np.squeeze, np.zeros((200, 3)))
    assert caught.value.problem.code == "answers-other-rows"


def test_a_model_that_draws_at_random_is_told_so():
    random = np.random.default_rng(1)
    with pytest.raises(UserError) as caught:
        require_steady_answers(lambda inputs: random.random(len(inputs)), np.zeros((5, 3)))
    assert caught.value.problem.code == "model-answers-at-random"
    require_steady_answers(lambda inputs: inputs * np.nan, np.zeros((5, 3)))


def test_a_model_that_scales_by_what_else_it_is_asked_is_told_so():
    rows = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    with pytest.raises(UserError) as caught:
        require_steady_answers(lambda inputs: (inputs - inputs.mean(axis=0)) / (inputs.std(axis=0) + 1), rows)
    assert caught.value.problem.code == "model-answers-by-batch"
    # What rounding makes of a larger matrix is no other answer.
    weights = np.random.default_rng(2).normal(size=(3, 9)).astype(np.float32)
    require_steady_answers(lambda inputs: inputs @ weights * (1 + 1e-6 * len(inputs)), rows)
    require_steady_answers(lambda inputs: {"label": ["a"] * len(inputs), "score": inputs[:, 0]}, rows)


def by_class(inputs):
    return [np.column_stack([1 - column, column]) for column in inputs.T]


def name_classes(inputs):
    return [[["a", "b"], ["a"], []][int(row[0] * 100) % 3] for row in inputs]


@pytest.mark.parametrize("predict", [by_class, name_classes])
def test_rows_of_several_classes_are_the_same_alone_and_together(predict, monkeypatch: pytest.MonkeyPatch):
    rows = np.random.default_rng(3).uniform(size=(60, 2))
    require_steady_answers(predict, rows)
    with pytest.raises(UserError) as caught:
        require_steady_answers(lambda inputs: predict(inputs / inputs.max()), rows)
    assert caught.value.problem.code == "model-answers-by-batch"
    whole = predict_all(predict, rows)
    monkeypatch.setattr("trainyard.models.PREDICT_ROWS", 1)
    assert to_json(predict_all(predict, rows)) == to_json(whole)


def test_what_a_model_says_of_a_row_stays_in_its_job():
    def fail(_):
        raise ModelError("ValueError: could not convert string to float: 'Ada Lovelace', in 'name'")

    with pytest.raises(UserError) as caught:
        predict_all(fail, pd.DataFrame({"name": ["Ada Lovelace", "Bob"], "x": [1, 2]}))
    assert "could not convert string to float: '…', in 'name'" in caught.value.problem.message


def test_a_full_disk_is_told_as_one(tmp_path: Path):
    full = OSError(errno.ENOSPC, "No space left on device")
    wrapped = RuntimeError("download failed")
    wrapped.__cause__ = full
    with pytest.raises(UserError) as caught:
        refuse_full_disk(wrapped, tmp_path)
    assert caught.value.problem.code == "disk-full"
    refuse_full_disk(RuntimeError("other"), tmp_path)


def test_lists_of_many_rows_are_joined_as_rows():
    def named(inputs):
        return [{"label": float(row[0])} for row in inputs]

    def ragged(inputs):
        return [[0.0] * (1 + int(row[0]) % 2) for row in inputs]

    rows = np.arange(2_500.0)[:, None]
    assert [row["label"] for row in predict_all(named, rows)] == list(range(2_500))
    assert [len(row) for row in predict_all(ragged, rows)] == [1, 2] * 1_250


BACKEND = """
import os
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Told(PythonModel):
    def load_context(self, context):
        self.backend = os.environ.get("KERAS_BACKEND", "none")

    def predict(self, context, model_input, params=None):
        return [self.backend for _ in range(len(model_input))]

set_model(Told())
"""


@pytest.mark.parametrize(("set_before", "expected"), [(None, "torch"), ("jax", "jax")])
def test_a_model_of_keras_is_loaded_on_the_backend_it_was_logged_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, set_before: str | None, expected: str
):
    import mlflow.pyfunc
    import yaml

    (tmp_path / "told.py").write_text(BACKEND)
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=str(tmp_path / "told.py"), pip_requirements=[])
    written = tmp_path / "model" / "MLmodel"
    document = yaml.safe_load(written.read_text())
    document["flavors"]["keras"] = {"keras_backend": "torch", "keras_version": "3.15.1"}
    written.write_text(yaml.safe_dump(document))
    # Set first, so that what loading sets is undone with it.
    monkeypatch.setenv("KERAS_BACKEND", set_before or "")
    if set_before is None:
        monkeypatch.delenv("KERAS_BACKEND")
    rows = pd.DataFrame({"x": [1]})
    assert load_runner(tmp_path / "model", "pyfunc")(rows) == [expected]
