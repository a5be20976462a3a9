"""Predictions of the holdout."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY, SavedModel, infer, make_images, make_table
from trainyard.evaluate import main
from trainyard.files import digest_folder
from trainyard.package import main as package


def evaluate(out: Path, *sources: SavedModel, extra: tuple[str, ...] = ()) -> int:
    arguments = []
    for number, source in enumerate(sources):
        files = ["--predictions", str(out / f"{number}.parquet"), "--out", str(out / f"{number}.json")]
        arguments += ["--model-uri", str(source.folder), *files]
    return main([*arguments, "--holdout", str(sources[0].holdout), *sources[0].columns, *extra])


def truth_of(source: SavedModel) -> np.ndarray:
    return pd.read_csv(source.holdout)["label"].astype(str).to_numpy()


def test_scores_of_a_network_are_written_as_mlflow_predicts_them(eager_model: SavedModel, tmp_path: Path):
    import mlflow.pyfunc

    assert evaluate(tmp_path, eager_model) == 0
    table = pq.read_table(tmp_path / "0.parquet")
    scores = [pq.read_metadata(tmp_path / "0.parquet").row_group(0).column(place) for place in range(2, 4)]
    # Judge reads 100,000,000 values at most: 50,000 rows of 1,000 classes, each score once.
    assert [(one.path_in_schema, one.has_dictionary_page) for one in scores] == [("score_0", False), ("score_1", False)]
    metadata = json.loads(table.schema.metadata[b"trainyard"])
    assert metadata["task"] == "multiclass"
    assert metadata["classes"] == ["ant", "bee", "cat"]
    assert metadata["rows"] == table.num_rows == 400
    assert metadata["modelDigest"] == digest_folder(eager_model.folder)
    images, labels = make_images(400, seed=2)
    expected = mlflow.pyfunc.load_model(str(eager_model.folder)).predict(images)
    found = np.column_stack([table[f"score_{number}"].to_numpy() for number in range(3)])
    assert np.allclose(found, expected)
    assert set(table["prediction"].to_pylist()) <= {"ant", "bee", "cat"}
    truth = np.array(["ant", "bee", "cat"])[labels]
    assert np.mean(np.array(table["prediction"].to_pylist()) == truth) > 0.8
    assert "inputs" in metadata["signature"]


def test_a_pipeline_on_a_table_gets_figures_and_writes_answers_alone(tabular_model: SavedModel, tmp_path: Path):
    assert evaluate(tmp_path, tabular_model, extra=("--slices", "region", "--time-latency", "20")) == 0
    result = json.loads((tmp_path / "0.json").read_text())
    table = pq.read_table(tmp_path / "0.parquet")
    agree = truth_of(tabular_model) == np.array(table["prediction"].to_pylist())
    assert result["task"] == "binary"
    assert result["metrics"]["accuracy"] == agree.mean() > 0.8
    assert table.column_names == ["id", "prediction", "score_0", "score_1"]
    assert 0 < result["latency"]["p50"] <= result["latency"]["p95"] <= result["latency"]["p99"]
    assert "income" in result["signature"]["inputs"]


def test_a_regression_writes_numbers(boosted_model: SavedModel, tmp_path: Path):
    assert evaluate(tmp_path, boosted_model) == 0
    result = json.loads((tmp_path / "0.json").read_text())
    table = pq.read_table(tmp_path / "0.parquet")
    assert result["task"] == "regression"
    assert result["classes"] == []
    assert str(table.schema.field("prediction").type) == "double"
    assert "score_0" not in table.column_names


METRICS = """
from weights import WEIGHT

def gain(rows):
    right = rows["label"] == rows["prediction"]
    return rows["income"].where(right, -WEIGHT * rows["income"])

def broken(rows):
    return rows["no such column"]

def total(rows):
    return 1.0
"""


def test_a_metric_of_the_users_own_is_written_row_by_row(tabular_model: SavedModel, tmp_path: Path):
    (tmp_path / "metrics.py").write_text(METRICS)
    (tmp_path / "weights.py").write_text("WEIGHT = 3")
    assert evaluate(tmp_path, tabular_model, extra=("--metric", f"gain={tmp_path}/metrics.py:gain")) == 0
    table = pq.read_table(tmp_path / "0.parquet")
    right = truth_of(tabular_model) == np.array(table["prediction"].to_pylist())
    income = pd.read_csv(tabular_model.holdout)["income"].to_numpy()
    assert 0 < right.sum() < len(right)
    assert np.allclose(table["metric.gain"].to_numpy(), np.where(right, income, -3 * income))


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("metrics.py:broken", "metric-failed"),
        ("metrics.py:total", "metric-not-per-row"),
        ("metrics.py:absent", "metric-function-missing"),
        ("nowhere.py:gain", "metric-file-missing"),
        ("raises.py:gain", "metric-file-broken"),
        ("metrics.py", "metric-unreadable"),
    ],
)
def test_a_metric_that_can_not_be_computed_is_the_users_to_mend(
    tabular_model: SavedModel, tmp_path: Path, place: str, code: str
):
    (tmp_path / "metrics.py").write_text(METRICS)
    (tmp_path / "weights.py").write_text("WEIGHT = 3")
    (tmp_path / "raises.py").write_text("1 / 0")
    assert evaluate(tmp_path, tabular_model, extra=("--metric", f"gain={tmp_path}/{place}")) == 2
    assert json.loads((tmp_path / "0.json").read_text())["error"]["code"] == code


def test_two_models_in_one_call_do_not_share_their_code(eager_model: SavedModel, tmp_path: Path):
    shutil.copytree(eager_model.folder, tmp_path / "other")
    code = tmp_path / "other" / "code" / "tiny_network.py"
    code.write_text(code.read_text().replace("dim=1)", "dim=1).flip(1)"))
    arguments = []
    for number, folder in enumerate((eager_model.folder, tmp_path / "other")):
        files = ["--predictions", str(tmp_path / f"{number}.parquet"), "--out", str(tmp_path / f"{number}.json")]
        arguments += ["--model-uri", str(folder), *files]
    command = [sys.executable, "-m", "trainyard.evaluate", *arguments, "--holdout", str(eager_model.holdout)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "runtime")}
    subprocess.run([*command, *eager_model.columns], check=True, env=environment)
    first, second = (pq.read_table(tmp_path / f"{number}.parquet") for number in range(2))
    assert np.allclose(first["score_0"].to_numpy(), second["score_2"].to_numpy())
    assert not np.allclose(first["score_0"].to_numpy(), second["score_0"].to_numpy())


def test_a_users_mistake_is_told_with_its_remedy(
    eager_model: SavedModel, tmp_path: Path, capsys: pytest.CaptureFixture
):
    missing = SavedModel(tmp_path / "nowhere", eager_model.holdout)
    assert evaluate(tmp_path, missing) == 2
    error = json.loads((tmp_path / "0.json").read_text())["error"]
    assert error["code"] == "model-not-found"
    assert (
        capsys.readouterr().err.splitlines()[-1] == f"trainyard: {error['code']}: {error['message']} {error['remedy']}"
    )


def test_a_mistake_in_the_second_model_is_told_as_well(eager_model: SavedModel, tmp_path: Path):
    assert evaluate(tmp_path, eager_model, SavedModel(tmp_path / "nowhere", eager_model.holdout)) == 2
    assert json.loads((tmp_path / "1.json").read_text())["error"]["code"] == "model-not-found"


def test_a_model_that_fails_on_the_holdout_is_the_users_to_mend(
    tabular_model: SavedModel, image_holdout: Path, tmp_path: Path
):
    assert evaluate(tmp_path, SavedModel(tabular_model.folder, image_holdout)) == 2
    assert json.loads((tmp_path / "0.json").read_text())["error"]["code"] == "holdout-input-missing"


PEEKING = """
import mlflow.pyfunc
from mlflow.models import set_model


class Peeking(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return list(model_input["label"])


set_model(Peeking())
"""


def save_peeking_model(folder: Path) -> SavedModel:
    """A model that gives back the label, which its signature takes as an optional input."""
    import mlflow.pyfunc
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("long", "x"), ColSpec("string", "label", required=False)])
    (folder / "peeking.py").write_text(PEEKING)
    mlflow.pyfunc.save_model(
        folder / "peeking",
        python_model=str(folder / "peeking.py"),
        signature=ModelSignature(inputs=inputs, outputs=Schema([ColSpec("string")])),
        pip_requirements=[],
    )
    holdout = folder / "holdout.csv"
    holdout.write_text("x,label\n" + "".join(f"{row},{'ab'[row % 2]}\n" for row in range(40)))
    return SavedModel(folder / "peeking", holdout, ("--target", "label"))


def test_a_model_that_answers_with_the_label_it_was_given_is_neither_judged_nor_packed(tmp_path: Path):
    source = save_peeking_model(tmp_path)
    assert evaluate(tmp_path, source) == 2
    assert json.loads((tmp_path / "0.json").read_text())["error"]["code"] == "model-takes-the-label"
    assert not (tmp_path / "0.parquet").exists()
    judged = ["--model-uri", str(source.folder), "--model-digest", digest_folder(source.folder)]
    names = [*judged, "--model", "thing", "--version", "1", "--run-id", "r", *source.columns]
    files = ["--holdout", str(source.holdout), "--package-dir", str(tmp_path / "package")]
    assert package([*names, *files, "--out", str(tmp_path / "package.json")]) == 2
    assert json.loads((tmp_path / "package.json").read_text())["error"]["code"] == "model-takes-the-label"
    assert not list((tmp_path / "package").iterdir())


def test_options_must_come_in_threes(eager_model: SavedModel, tmp_path: Path):
    assert evaluate(tmp_path, eager_model, extra=("--out", str(tmp_path / "more.json"))) == 2


def test_a_models_digest_ignores_what_loading_it_leaves_behind(eager_model: SavedModel, tmp_path: Path):
    shutil.copytree(eager_model.folder, tmp_path / "copy")
    (tmp_path / "copy" / "registered_model_meta").write_text("model_name: thing")
    assert digest_folder(tmp_path / "copy") == digest_folder(eager_model.folder)
    (tmp_path / "copy" / "MLmodel").open("a").write("\n")
    assert digest_folder(tmp_path / "copy") != digest_folder(eager_model.folder)


def test_a_model_is_found_by_its_run_and_by_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tabular_model: SavedModel
):
    import mlflow

    address = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    mlflow.set_tracking_uri(address)
    experiment = mlflow.create_experiment("loans", artifact_location=str(tmp_path / "artifacts"))
    with mlflow.start_run(experiment_id=experiment) as run:
        inputs = make_table(50, seed=1)[["income", "age", "region"]]
        model = mlflow.sklearn.load_model(str(tabular_model.folder))
        options = {"pyfunc_predict_fn": "predict_proba", "serialization_format": "cloudpickle", "pip_requirements": []}
        logged = mlflow.sklearn.log_model(model, name="model", signature=infer(inputs, None), **options)
    for uri in (f"runs:/{run.info.run_id}/model", f"models:/{logged.model_id}"):
        files = ["--predictions", str(tmp_path / "p.parquet"), "--out", str(tmp_path / "p.json")]
        columns = ["--holdout", str(tabular_model.holdout), "--target", "label"]
        assert main(["--model-uri", uri, *columns, *files]) == 0
    mlflow.set_tracking_uri(None)


def test_a_model_without_a_signature_is_refused_before_it_predicts(loan_holdout: Path, tmp_path: Path):
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.sklearn.save_model(model, tmp_path / "bare", serialization_format="cloudpickle", pip_requirements=[])
    assert evaluate(tmp_path, SavedModel(tmp_path / "bare", loan_holdout)) == 2
    assert json.loads((tmp_path / "0.json").read_text())["error"]["code"] == "signature-missing"
    assert not (tmp_path / "0.parquet").exists()


def test_examples_are_answered_beside_the_holdout(tabular_model: SavedModel, tmp_path: Path):
    import mlflow.pyfunc

    held = pd.read_csv(tabular_model.holdout).head(6)
    inputs = held[["income", "age", "region"]]
    examples = tmp_path / "behaviour.csv"
    inputs.assign(expect=held["label"], pair="", relation="").to_csv(examples, index=False)
    assert evaluate(tmp_path, tabular_model, extra=("--examples", str(examples))) == 0
    metadata = json.loads(pq.read_table(tmp_path / "0.parquet").schema.metadata[b"trainyard"])
    (answered,) = metadata["examples"]
    expected = mlflow.pyfunc.load_model(str(tabular_model.folder)).predict(inputs)
    assert np.allclose(answered["scores"], np.asarray(expected)[:, 1])
    assert answered["answers"] == [metadata["classes"][index] for index in np.asarray(expected).argmax(axis=1)]
    assert answered["digest"].startswith("sha256:")


def test_examples_of_a_regression_are_numbers(boosted_model: SavedModel, tmp_path: Path):
    held = pd.read_parquet(boosted_model.holdout).head(4)
    examples = tmp_path / "behaviour.csv"
    held[["income", "age"]].assign(pair=[1, 1, 2, 2]).to_csv(examples, index=False)
    assert evaluate(tmp_path, boosted_model, extra=("--examples", str(examples))) == 0
    table = pq.read_table(tmp_path / "0.parquet")
    (answered,) = json.loads(table.schema.metadata[b"trainyard"])["examples"]
    assert answered["answers"] == pytest.approx(table["prediction"].to_pylist()[:4])
    assert answered["scores"] is None


def test_examples_without_the_inputs_of_the_model_are_refused(
    tabular_model: SavedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    examples = tmp_path / "behaviour.csv"
    examples.write_text("expect,income\n1,100\n")
    assert evaluate(tmp_path, tabular_model, extra=("--examples", str(examples))) != 0
    assert "lacks the model's inputs" in capsys.readouterr().err
