"""Real models of each kind, logged once per test run, with holdouts they were not trained on."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["OMP_NUM_THREADS"] = "1"

REPOSITORY = Path(__file__).parents[2]
SIDE = 12


@dataclass(frozen=True)
class SavedModel:
    """A model folder and a holdout file for it."""

    folder: Path
    holdout: Path
    columns: tuple[str, ...] = ("--target", "label", "--id", "id")


def make_images(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy pictures of three patterns, and which pattern each shows."""
    patterns = np.random.default_rng(0).random((3, SIDE, SIDE)) > 0.5
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, rows)
    noise = random.normal(0, 0.8, (rows, SIDE, SIDE))
    return (patterns[labels] + noise).astype(np.float32), labels


def make_table(rows: int, seed: int):
    """Loans: two numbers, a category and a yes or no that depends on them."""
    import pandas as pd

    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": [f"loan-{seed}-{row}" for row in range(rows)],
            "income": random.lognormal(10, 0.5, rows),
            "age": random.integers(18, 80, rows),
            "region": random.choice(["north", "south", "east"], rows, p=[0.5, 0.3, 0.2]),
        }
    )
    score = np.log(table["income"]) - 10 + 0.3 * (table["region"] == "north") + random.normal(0, 0.3, rows)
    return table.assign(label=(score > 0).astype(int), price=score * 100)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of all saved models."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def image_holdout(models: Path) -> Path:
    x, labels = make_images(400, seed=2)
    path = models / "images.npz"
    np.savez(path, x=x, label=labels, id=np.array([f"image-{row}" for row in range(len(x))]))
    return path


@pytest.fixture(scope="session")
def loan_holdout(models: Path) -> Path:
    path = models / "loans.csv"
    make_table(400, seed=2).drop(columns="price").to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def network():
    """A trained network of a class MLflow can only load together with its code."""
    import torch

    sys.path.insert(0, str(Path(__file__).parent))
    from tiny_network import TinyNetwork

    torch.manual_seed(0)
    model = TinyNetwork(SIDE * SIDE, 3)
    x, labels = make_images(600, seed=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(40):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model.score(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        optimizer.step()
    return model.eval()


@pytest.fixture(scope="session")
def eager_model(models: Path, network, image_holdout: Path) -> SavedModel:
    """PyTorch, pickled, with its code."""
    import mlflow.pytorch

    x, _ = make_images(2, seed=3)
    mlflow.pytorch.save_model(
        network,
        models / "eager",
        signature=infer(x, np.zeros((2, 3), dtype=np.float32)),
        serialization_format="pickle",
        code_paths=[str(Path(__file__).parent / "tiny_network.py")],
        pip_requirements=["torch"],
        metadata={"classes": ["ant", "bee", "cat"]},
    )
    return SavedModel(models / "eager", image_holdout)


@pytest.fixture(scope="session")
def pt2_model(models: Path, network, image_holdout: Path) -> SavedModel:
    """PyTorch as MLflow saves it by default: an exported program."""
    import mlflow.pytorch

    x, _ = make_images(2, seed=3)
    mlflow.pytorch.save_model(
        network,
        models / "pt2",
        signature=infer(x, np.zeros((2, 3), dtype=np.float32)),
        input_example=x,
        pip_requirements=["torch"],
    )
    return SavedModel(models / "pt2", image_holdout)


@pytest.fixture(scope="session")
def tabular_model(models: Path, loan_holdout: Path) -> SavedModel:
    """A scikit-learn pipeline on numbers and a category, answering with probabilities."""
    import mlflow.sklearn
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = make_table(600, seed=1)
    inputs = table[["income", "age", "region"]]
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["region"]), (StandardScaler(), ["income", "age"])
    )
    model = make_pipeline(encoder, LogisticRegression()).fit(inputs, table["label"])
    mlflow.sklearn.save_model(
        model,
        models / "tabular",
        signature=infer(inputs, model.predict_proba(inputs)),
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    return SavedModel(models / "tabular", loan_holdout)


@pytest.fixture(scope="session")
def boosted_model(models: Path) -> SavedModel:
    """XGBoost on an array of numbers, answering with a number."""
    import mlflow.xgboost
    import xgboost

    table = make_table(600, seed=1)
    model = xgboost.XGBRegressor(n_estimators=20, max_depth=3, n_jobs=1)
    model.fit(table[["income", "age"]], table["price"])
    mlflow.xgboost.save_model(
        model,
        models / "boosted",
        signature=infer(table[["income", "age"]], model.predict(table[["income", "age"]])),
        pip_requirements=["xgboost"],
    )
    holdout = models / "prices.parquet"
    make_table(400, seed=2).drop(columns="label").to_parquet(holdout)
    return SavedModel(models / "boosted", holdout, ("--target", "price", "--id", "id"))


def infer(inputs, outputs):
    from mlflow.models import infer_signature

    return infer_signature(inputs, outputs)


@dataclass(frozen=True)
class Package:
    """A built package: its folder, and the model and holdout it was built from."""

    folder: Path
    source: SavedModel

    def unpack(self, folder: Path) -> Path:
        """The archive unpacked, as TorchServe does."""
        import zipfile

        with zipfile.ZipFile(self.folder / "model.mar") as archive:
            archive.extractall(folder)
        return folder


def build_package(source: SavedModel, folder: Path, *options: str) -> Package:
    """Builds a package with the real command."""
    from trainyard.files import digest_folder
    from trainyard.package import main

    judged = ["--model-uri", str(source.folder), "--model-digest", digest_folder(source.folder)]
    arguments = [*judged, "--model", "thing", "--version", "7", "--run-id", "run-1"]
    files = ["--holdout", str(source.holdout), "--package-dir", str(folder), "--out", str(folder / "out.json")]
    assert main([*arguments, *files, *source.columns, *options]) == 0
    (folder / "out.json").rename(folder.with_suffix(".out.json"))
    return Package(folder, source)


@pytest.fixture(scope="session")
def image_package(models: Path, eager_model: SavedModel) -> Package:
    return build_package(eager_model, models / "image-package")


@pytest.fixture(scope="session")
def pt2_package(models: Path, pt2_model: SavedModel) -> Package:
    return build_package(pt2_model, models / "pt2-package")


@pytest.fixture(scope="session")
def tabular_package(models: Path, tabular_model: SavedModel) -> Package:
    return build_package(tabular_model, models / "tabular-package")


@pytest.fixture(scope="session")
def boosted_package(models: Path, boosted_model: SavedModel) -> Package:
    return build_package(boosted_model, models / "boosted-package")
