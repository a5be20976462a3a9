"""What answers hang on: by shuffles, by Captum and by SHAP, in a time that is kept."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY, SavedModel, infer, make_table
from trainyard.evaluate import main
from trainyard.explain.explain import to_number
from trainyard.explain.layout import lay_out, shuffle_feature, sum_features
from trainyard.explain.permutation import permute
from trainyard.explain.settings import Budget

needs_shap = pytest.mark.skipif(find_spec("shap") is None, reason="shap is not installed")
needs_captum = pytest.mark.skipif(find_spec("captum") is None, reason="captum is not installed")


def explain(source: SavedModel, out: Path, *extra: str, method: str = "permutation", rows=200, seconds=60.0) -> dict:
    files = ["--predictions", str(out / "a.parquet"), "--out", str(out / "a.json")]
    asked = json.dumps({"method": method, "rows": rows, "seconds": seconds})
    arguments = ["--model-uri", str(source.folder), *files, "--holdout", str(source.holdout), *source.columns]
    told = out / "a-told.json"
    assert main([*arguments, "--explain", asked, "--explanation", str(told), *extra]) == 0
    return json.loads(told.read_text())


def values_of(told: dict) -> dict[str, float]:
    return {feature["name"]: feature["value"] for feature in told["features"]}


def test_shuffles_add_to_the_loss_what_scikit_learn_says_they_do():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.inspection import permutation_importance

    x, y = make_table(800, seed=5)[["income", "age"]], make_table(800, seed=5)["label"].to_numpy()
    x = x.assign(noise=np.random.default_rng(1).random(len(x)))
    forest = RandomForestClassifier(30, max_depth=5, random_state=0).fit(x[:400], y[:400])
    expected = permutation_importance(forest, x[400:], y[400:], n_repeats=50, random_state=0, scoring="accuracy")

    def lose(rows: pd.DataFrame) -> np.ndarray:
        return (forest.predict(rows) != y[400:]).astype(float)

    found = permute(lose, x[400:], lay_out(x), seed="a", budget=Budget(60), rows=400)
    # The standard error of a mean of five rounds, three of them.
    bounds = 3 * expected.importances_std / np.sqrt(found.rounds) + 1e-9
    assert found.rounds == 5
    assert np.all(np.abs(found.of_rows.mean(axis=0) - expected.importances_mean) <= bounds)
    assert np.all(np.abs(found.spreads - expected.importances_std) <= expected.importances_std)


def test_an_additive_model_of_squares_has_the_importance_that_its_formula_gives():
    random = np.random.default_rng(3)
    x = random.normal(size=(4000, 3))
    truth = 3 * x[:, 0] + x[:, 1]

    def lose(rows: np.ndarray) -> np.ndarray:
        return (3 * rows[:, 0] + rows[:, 1] - truth) ** 2

    found = permute(lose, x, lay_out(x), seed="a", budget=Budget(60), rows=4000).of_rows.mean(axis=0)
    # Fisher, Rudin and Dominici: E[(b x - b x')²] = 2 b² var(x).
    assert np.allclose(found, 2 * np.array([9, 1, 0]) * x.var(axis=0), rtol=0.05, atol=1e-12)


def test_columns_of_a_table_are_told_by_name_over_all_rows_and_by_slice(tabular_model: SavedModel, tmp_path: Path):
    told = explain(tabular_model, tmp_path, "--slices", "region")
    values = values_of(told)
    assert list(values) == ["income", "age", "region"]
    assert values["income"] > 0.2 > values["region"] > abs(values["age"])
    assert (told["method"], told["measure"], told["rows"], told["of"]) == ("permutation", "accuracy", 200, 400)
    assert (told["done"], told["rounds"]) == (3, 5)
    assert "stopped" not in told
    assert told["seconds"] < 60
    assert told["evaluationSeconds"] > 0
    sizes = {one["name"]: one["rows"] for one in told["slices"]}
    assert next(iter(sizes)) == "region=north"
    assert sum(sizes.values()) == 200
    weighted = sum(one["rows"] * one["values"][0] for one in told["slices"]) / 200
    assert weighted == pytest.approx(values["income"])


def test_the_same_holdout_gives_the_same_explanation(tabular_model: SavedModel, tmp_path: Path):
    assert values_of(explain(tabular_model, tmp_path)) == values_of(explain(tabular_model, tmp_path))


def test_a_regression_is_told_in_its_error(boosted_model: SavedModel, tmp_path: Path):
    told = explain(boosted_model, tmp_path)
    values = values_of(told)
    assert told["measure"] == "mae"
    assert values["income"] > 10 > abs(values["age"])


def test_a_picture_is_told_by_tiles(eager_model: SavedModel, tmp_path: Path):
    told = explain(eager_model, tmp_path)
    assert (told["grid"], told["values"], told["done"]) == ([7, 7], 144, 49)
    assert told["features"][0]["name"] == "rows 0 to 1, columns 0 to 1"


def test_many_columns_are_told_in_blocks():
    wide = lay_out(np.zeros((5, 784)))
    assert (len(wide.features), wide.size) == (40, 784)
    assert wide.features[0].name == "0 … 19"
    assert sorted(place for feature in wide.features for place in feature.places) == list(range(784))
    channels_last = lay_out(np.zeros((2, 28, 28, 3)))
    assert channels_last.grid == (7, 7)
    assert channels_last.features[0].places.tolist()[:6] == [0, 1, 2, 3, 4, 5]
    assert lay_out({"a": np.zeros((2, 3)), "b": np.zeros(2)}).size == 4


def test_a_shuffle_moves_a_part_of_rows_together_and_leaves_the_rest():
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": pd.Categorical(["u", "v", "u"])}, index=[9, 8, 7])
    order = np.array([2, 0, 1])
    shuffled = shuffle_feature(table, lay_out(table).features[1], order)
    assert shuffled["b"].tolist()[:2] == ["z", "x"]
    assert table["b"].tolist()[0] == "x"
    assert shuffled["a"].tolist() == [1, 2, 3]
    assert (shuffled.dtypes == table.dtypes).all()
    pictures = np.arange(3 * 16).reshape(3, 4, 4)
    layout = lay_out(pictures)
    moved = shuffle_feature(pictures, layout.features[5], order)
    assert (moved != pictures).sum() == 3
    assert moved[0, 1, 1] == pictures[2, 1, 1]
    assert sum_features(pictures, layout).sum() == pictures.sum()


@needs_captum
def test_captum_finds_the_pixels_that_a_network_looks_at(eager_model: SavedModel, tmp_path: Path):
    import mlflow.pytorch
    import torch
    from captum.attr import IntegratedGradients

    told = explain(eager_model, tmp_path, method="auto", rows=32)
    assert (told["method"], told["measure"], told["rows"]) == ("captum", "attribution", 32)
    holdout = np.load(eager_model.holdout)["x"]
    from trainyard.explain.permutation import make_random
    from trainyard.files import digest_file

    drawn = np.sort(make_random(digest_file(eager_model.holdout)).choice(400, 32, replace=False))
    x = torch.from_numpy(holdout[drawn])
    network = mlflow.pytorch.load_model(str(eager_model.folder)).eval()
    target = network(x).argmax(dim=1)
    expected = IntegratedGradients(network).attribute(x, baselines=x.mean(dim=0, keepdim=True), target=target)
    sums = np.abs(sum_features(expected.detach().numpy(), lay_out(holdout))).mean(axis=0)
    assert np.allclose(list(values_of(told).values()), sums, rtol=1e-3, atol=1e-5)


@needs_captum
def test_captum_looks_into_the_network_of_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import mlflow.pytorch
    import torch

    monkeypatch.syspath_prepend(str(REPOSITORY / "examples" / "mnist"))
    from network import DigitNetwork

    torch.manual_seed(0)
    x = np.random.default_rng(0).random((60, 28, 28)).astype(np.float32)
    mlflow.pytorch.save_model(
        DigitNetwork().eval(),
        tmp_path / "model",
        signature=infer(x, np.zeros((60, 10), dtype=np.float32)),
        serialization_format="pickle",
        code_paths=[str(REPOSITORY / "examples" / "mnist" / "network.py")],
        pip_requirements=["torch"],
    )
    np.savez(tmp_path / "digits.npz", x=x, label=np.arange(60) % 10, id=np.arange(60))
    told = explain(SavedModel(tmp_path / "model", tmp_path / "digits.npz"), tmp_path, method="auto", rows=20)
    assert (told["method"], told["grid"], told["values"], told["done"]) == ("captum", [7, 7], 784, 49)
    assert all(value >= 0 for value in values_of(told).values())


@needs_captum
def test_captum_looks_into_an_exported_program(pt2_model: SavedModel, tmp_path: Path):
    told = explain(pt2_model, tmp_path, method="auto", rows=32)
    assert (told["method"], told["done"]) == ("captum", 49)


@needs_shap
def test_shap_adds_up_to_what_trees_answer(boosted_model: SavedModel, tmp_path: Path):
    import mlflow.xgboost
    import xgboost

    told = explain(boosted_model, tmp_path, method="auto", rows=400)
    model = mlflow.xgboost.load_model(str(boosted_model.folder))
    rows = xgboost.DMatrix(pd.read_parquet(boosted_model.holdout)[["income", "age"]])
    # The library's own, by another implementation.
    expected = np.abs(model.get_booster().predict(rows, pred_contribs=True)[:, :2]).mean(axis=0)
    assert (told["method"], told["rows"]) == ("shap", 400)
    assert np.allclose(list(values_of(told).values()), expected, rtol=1e-4)


def test_what_no_method_looks_into_is_shuffled_and_told_so(tabular_model: SavedModel, tmp_path: Path):
    told = explain(tabular_model, tmp_path, method="auto")
    assert told["method"] == "permutation"
    assert "SHAP" in told["instead"] or "shap is not installed" in told["instead"]


def test_a_method_that_was_named_and_can_not_be_had_says_why_and_fails_nothing(
    tabular_model: SavedModel, tmp_path: Path
):
    told = explain(tabular_model, tmp_path, method="captum")
    assert told["why"] == "Captum explains models of the flavour mlflow.pytorch, and this is none"
    assert "features" not in told
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 400


SLOW = """
import os, time
import mlflow.pyfunc
import numpy as np

class Slow(mlflow.pyfunc.PythonModel):
    calls = 0

    def predict(self, context, model_input, params=None):
        if len(model_input) == 50:
            Slow.calls += 1
            {act}
        return (np.log(model_input["income"]) > 10).astype(int).to_numpy()

mlflow.models.set_model(Slow())
"""


def save_slow(folder: Path, act: str) -> SavedModel:
    """A model that does something else when it is asked about 50 rows at once, as it is to be explained."""
    import mlflow.pyfunc

    (folder / "slow.py").write_text(SLOW.format(act=act))
    table = make_table(400, seed=2)
    inputs = table[["income", "age", "region"]]
    mlflow.pyfunc.save_model(
        folder / "model",
        python_model=str(folder / "slow.py"),
        signature=infer(inputs, table["label"].to_numpy()),
        pip_requirements=["numpy"],
    )
    table.drop(columns="price").to_csv(folder / "loans.csv", index=False)
    return SavedModel(folder / "model", folder / "loans.csv")


def test_it_stops_in_time_and_tells_what_it_has(tmp_path: Path):
    told = explain(save_slow(tmp_path, "time.sleep(0.5)"), tmp_path, rows=50, seconds=1.9)
    assert told["stopped"] == "time"
    assert 1 <= told["done"] < 3
    assert [feature["value"] is None for feature in told["features"]] == [n >= told["done"] for n in range(3)]
    assert told["seconds"] < 2


def test_a_model_that_never_answers_is_ended_in_time_and_its_predictions_stand(tmp_path: Path):
    told = explain(save_slow(tmp_path, "time.sleep(600)"), tmp_path, rows=50, seconds=1)
    assert told["why"] == "time"
    assert told["seconds"] < 5
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 400


def test_what_was_measured_before_a_model_hangs_is_kept(tmp_path: Path):
    model = save_slow(tmp_path, "time.sleep(600 if Slow.calls == 3 else 0)")
    told = explain(model, tmp_path, rows=50, seconds=3)
    assert (told["done"], told["stopped"]) == (1, "time")


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("os._exit(3)", "The process of the model's code ended with 3."),
        ("raise ValueError('no ' + str(model_input['region'].iloc[0]))", "The model failed on the holdout: "),
    ],
)
def test_a_model_that_fails_while_it_is_explained_fails_nothing(tmp_path: Path, act: str, why: str):
    told = explain(save_slow(tmp_path, act), tmp_path, rows=50)
    assert told["why"].startswith(why)
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 400


def test_predictions_are_the_same_bytes_with_and_without_an_explanation(tabular_model: SavedModel, tmp_path: Path):
    asked = json.dumps({"method": "permutation", "rows": 20, "seconds": 30})

    def predict(name: str, *extra: str) -> bytes:
        files = ["--predictions", str(tmp_path / f"{name}.parquet"), "--out", str(tmp_path / f"{name}.json")]
        about = ["--holdout", str(tabular_model.holdout), *tabular_model.columns]
        assert main(["--model-uri", str(tabular_model.folder), *files, *about, *extra]) == 0
        return (tmp_path / f"{name}.parquet").read_bytes()

    plain = predict("plain")
    for name in ("one", "two"):
        assert predict(name, "--explain", asked, "--explanation", str(tmp_path / f"{name}-told.json")) == plain


def test_no_failure_of_an_explanation_is_one_of_the_predictions(
    tabular_model: SavedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def overflow(*_: object, **__: object) -> None:
        raise OverflowError("x" * 9000)

    monkeypatch.setattr("trainyard.explain.explain.permute", overflow)
    assert explain(tabular_model, tmp_path)["why"] == "x" * 499 + "…"
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 400


def test_a_number_that_no_picture_has_room_for_is_none():
    assert [to_number(value) for value in (1e308, -np.inf, np.nan, -0.5)] == [None, None, None, -0.5]
