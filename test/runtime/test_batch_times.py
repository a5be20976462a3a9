"""Timing batches of a built package: which sizes are measured, and what ends the search."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from trainyard.batch_search import MEMORY_WORDS, Plan, Search, tell_failure
from trainyard.batches import main, read_tensor
from trainyard.interpretation import Interpretation
from trainyard.model_worker import Worker
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature
from trainyard.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Package

TOLERANCES = {"absoluteTolerance": 1e-5, "relativeTolerance": 1e-4}
NUMBERS = Schema([ColSpec("double", "x")])


def table_request(value: float) -> dict[str, Any]:
    return {"dataframe_split": {"columns": ["x"], "data": [[value]]}}


class Machine:
    """A worker that is asked as the box asks it, and a clock that goes by what its batches are said to take."""

    def __init__(self, run: Callable[[Any], Any], cost: Callable[[int], float], schema: Schema = NUMBERS) -> None:
        signature = parse_signature(ModelSignature(schema).to_dict())
        settings = Settings("m", "1", "pyfunc", signature, Interpretation("values", ()), None)
        self.worker = Worker()
        self.worker._watched = Watched(run)
        self.worker._service = ModelService(settings, self.worker._watched, "1", None)
        self.now = 0.0
        self.asked: list[int] = []
        self.content_types: list[str] = []
        self._cost = cost

    def ask(self, bodies: list[bytes], content_type: str) -> list[Any]:
        self.asked.append(len(bodies))
        self.content_types.append(content_type)
        self.now += self._cost(len(bodies)) / 1000
        return self.worker.ask_batch(bodies, content_type)

    def search(
        self, golden: dict[str, Any] | None = None, plan: Plan | None = None, tensor: TensorSpec | None = None
    ) -> dict[str, Any]:
        examples = [{"inputs": table_request(x), "predictions": [2.0 * x]} for x in range(6)]
        chosen = golden or {**TOLERANCES, "examples": examples}
        return Search(self.ask, chosen, plan or Plan(8, 60, 40, 10), tensor, lambda: self.now).time_sizes()


def double(table: Any) -> np.ndarray:
    return table["x"].to_numpy() * 2


def sizes_of(result: dict[str, Any]) -> list[int]:
    return [one["size"] for one in result["sizes"]]


def test_each_size_is_warmed_up_and_timed_so_often():
    machine = Machine(double, lambda size: 10 + size)
    result = machine.search()
    assert "ended" not in result
    assert sizes_of(result) == [1, 2, 4, 8]
    for one in result["sizes"]:
        assert one["batchMs"] == pytest.approx([10 + one["size"]] * 40)
        # Warm-ups are not among the times.
        assert machine.asked.count(one["size"]) == 46


def test_a_model_that_is_out_of_memory_ends_the_search_there():
    def run(table: Any) -> np.ndarray:
        if len(table) >= 4:
            raise MemoryError("Unable to allocate 9 GiB")
        return double(table)

    result = Machine(run, lambda _: 1).search()
    assert sizes_of(result) == [1, 2]
    assert result["ended"]["at"] == 4
    assert result["ended"]["why"] == "memory"
    assert result["ended"]["message"] == "Memory was not enough for a batch of 4 (MemoryError)."


def test_a_model_that_fails_with_a_batch_is_no_model_for_batches(capsys: pytest.CaptureFixture[str]):
    def run(table: Any) -> np.ndarray:
        if len(table) > 1:
            raise ValueError("one row, please, not 41 of Berlin")
        return double(table)

    result = Machine(run, lambda _: 1).search()
    assert result["ended"] == {
        "at": 2,
        "why": "failed",
        "message": "The model fails with a batch of 2 (ValueError); the log of the job says more.",
    }
    assert "41 of Berlin" in capsys.readouterr().err


def test_rows_of_different_shapes_are_not_answered_together():
    tensors = Schema([TensorSpec(np.dtype("float32"), (-1, -1))])
    inputs = [[[1.0, 2.0]], [[1.0, 2.0, 3.0]]]
    examples = [{"inputs": {"inputs": one}, "predictions": [sum(one[0])]} for one in inputs]
    machine = Machine(lambda x: x.sum(axis=1), lambda _: 1, tensors)
    result = machine.search({**TOLERANCES, "examples": examples})
    assert sizes_of(result) == [1]
    assert (result["ended"]["at"], result["ended"]["why"]) == (2, "apart")


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (lambda table: double(table) + (len(table) >= 4) * 0.01, "differs"),
        (lambda table: double(table)[: 3 if len(table) == 4 else None], "apart"),
    ],
)
def test_other_answers_in_a_batch_end_it(run: Callable[[Any], Any], why: str):
    result = Machine(run, lambda _: 1).search()
    assert (result["ended"]["at"], result["ended"]["why"]) == (4, why)


def test_answers_within_the_golden_tolerance_are_the_same():
    assert "ended" not in Machine(lambda table: double(table) + len(table) * 1e-7, lambda _: 1).search()


@pytest.mark.parametrize("said", [None, [], [1, None, None], [1, None, [[200, "no JSON"]]], [1, None, [[200, "{}"]]]])
def test_what_is_no_answer_ends_it(said: Any):
    search = Search(
        lambda *_: said, {**TOLERANCES, "examples": [{"inputs": {}, "predictions": [1]}]}, Plan(8, 60, 9, 3)
    )
    assert search.time_sizes()["ended"]["why"] in {"failed", "differs"}


def test_the_time_bounds_the_whole_search_and_a_slow_size_leaves_some_to_the_next():
    machine = Machine(double, lambda size: 1000 * size)
    result = machine.search(plan=Plan(64, 120, 1000, 5))
    assert machine.now <= 120 + 8
    # 6 s of warm-ups leave 114 s, of which a third is for single requests; and so on.
    assert [(one["size"], len(one["batchMs"])) for one in result["sizes"]] == [(1, 38), (2, 11), (4, 5)]
    assert (result["ended"]["at"], result["ended"]["why"]) == (8, "time")
    assert "120 s" in result["ended"]["message"]


def test_a_size_beyond_the_limit_is_the_last():
    result = Machine(double, lambda size: 10 * size).search(plan=Plan(64, 600, 40, 10, limit_ms=25))
    assert sizes_of(result) == [1, 2, 4]
    assert (result["ended"]["at"], result["ended"]["why"]) == (4, "limit")
    assert "one of 4 takes 40.0 ms in the median, and the rules leave 25 ms" in result["ended"]["message"]


def test_a_tensor_is_timed_as_bytes_and_checked_as_json():
    examples = [{"inputs": {"inputs": [[x, None]]}, "predictions": [x]} for x in (1.0, 2.0)]
    tensors = Schema([TensorSpec(np.dtype("float32"), (-1, 2))])
    machine = Machine(lambda x: x[:, 0], lambda _: 1, tensors)
    (spec,) = parse_signature(ModelSignature(tensors).to_dict()).tensors
    result = machine.search({**TOLERANCES, "examples": examples}, Plan(2, 60, 9, 3), spec)
    assert sizes_of(result) == [1, 2]
    kinds = ["application/json"] * 5 + ["application/x-npy"] * 10
    assert machine.content_types == kinds * 2


def test_what_is_refused_before_the_model_is_asked_ends_it():
    golden = {**TOLERANCES, "examples": [{"inputs": table_request("no number"), "predictions": [1]}]}
    result = Machine(double, lambda _: 1).search(golden)
    assert (result["ended"]["at"], result["ended"]["why"]) == (1, "failed")
    assert "before the model was asked" in result["ended"]["message"]


@pytest.mark.parametrize(
    "raised",
    [
        "MemoryError: ",
        "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB",
        "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
        "XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory",
    ],
)
def test_libraries_tell_want_of_memory_in_their_own_words(raised: str):
    assert tell_failure(8, raised, MEMORY_WORDS).why == "memory"
    assert tell_failure(8, "ValueError: x", MEMORY_WORDS).why == "failed"


def measure(folder: Path, out: Path, *options: str) -> dict[str, Any]:
    plan = ["--largest", "4", "--seconds", "60", "--batches", "10", "--fewest", "5"]
    assert main(["--package-dir", str(folder), "--out", str(out), *plan, *options]) == 0
    return json.loads(out.read_text())


@pytest.mark.parametrize("fixture", ["image_package", "tabular_package"])
def test_a_package_is_measured_in_its_box(fixture: str, request: pytest.FixtureRequest, tmp_path: Path):
    package: Package = request.getfixturevalue(fixture)
    result = measure(package.folder, tmp_path / "out.json")
    assert "ended" not in result
    assert sizes_of(result) == [1, 2, 4]
    assert all(milliseconds > 0 for one in result["sizes"] for milliseconds in one["batchMs"])
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["memoryBytes"] > 1e8
    assert result["machine"]["processor"] != ""
    assert "gpu" not in result["machine"]
    spec = read_tensor(SimpleNamespace(package_dir=package.folder))
    assert (spec is None) == (fixture == "tabular_package")


def test_a_package_for_gpus_is_measured_on_one_or_not_at_all(image_package: Package, tmp_path: Path):
    import torch

    result = measure(image_package.folder, tmp_path / "out.json", "--gpu", "all")
    if torch.cuda.is_available():
        assert result["machine"]["gpu"] == torch.cuda.get_device_name(0)
        assert sizes_of(result) == [1, 2, 4]
    else:
        assert result["sizes"] == []
        assert result["ended"]["why"] == "no-gpu"


def test_a_batch_that_never_ends_is_ended_with_the_time(tmp_path: Path):
    """The model sleeps for longer than any test: only the end of its process brings the search to its own."""
    import mlflow.pyfunc

    from conftest import SavedModel, build_package

    class Stuck(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):  # noqa: ARG002 - MLflow's own names
            import sys
            import threading

            # Packing asks for all rows of the holdout at once; a batch of the search has two.
            if len(model_input) == 2 and "trainyard.watched" in sys.modules:
                threading.Event().wait()
            return model_input["x"].to_numpy() * 2

    signature = ModelSignature(NUMBERS, Schema([ColSpec("double")]))
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=Stuck(), signature=signature, pip_requirements=["mlflow"])
    rows = "\n".join(f"{row},{row}.5,{2 * row + 1}" for row in range(40))
    (tmp_path / "held.csv").write_text(f"id,x,label\n{rows}\n")
    source = SavedModel(tmp_path / "model", tmp_path / "held.csv")
    package = build_package(source, tmp_path / "package", "--answers", '{"task": "regression"}')
    result = measure(package.folder, tmp_path / "out.json", "--seconds", "10")
    assert sizes_of(result) == [1]
    assert (result["ended"]["at"], result["ended"]["why"]) == (2, "time")
