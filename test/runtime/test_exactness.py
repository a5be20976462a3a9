"""What is measured of a model when it is packed, on each device, of a box that answers as it is told to."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainyard.arithmetic import limit_threads
from trainyard.boxed_model import ModelError
from trainyard.exactness import Exactness
from trainyard.tolerances import EPSILON, FLOOR_ULPS, SAFETY

SAMPLES = [np.array([[row, 1.0]], dtype=np.float32) for row in range(10)]


def exact(sample: np.ndarray) -> np.ndarray:
    """Half of the first number, and a whole one: all of a size of about one."""
    return np.column_stack([sample[:, 0] / 10, sample[:, 1]])


class FakeBox:
    """Errs by `error` on rows that are asked together, by `gpu_error` on a GPU."""

    files = Path("files")

    def __init__(self, error: float = 0.0, gpu: str | None = None, gpu_error: float = 0.0) -> None:
        self.error = error
        self.gpu = gpu
        self.gpu_error = gpu_error
        self.threads: set[int] = set()

    def ask(self, name: str, *arguments: Any) -> Any:
        if name == "name_arithmetic":
            return self.gpu
        if name == "predict_each":
            samples, threads = arguments
            return self.answer(samples, threads, 0)
        samples, device, threads = (*arguments[2:], "cpu", 1)[:3]
        return self.answer(samples, threads, self.gpu_error if device != "cpu" else 0)

    def answer(self, samples: list[np.ndarray], threads: int, more: float) -> list[np.ndarray]:
        self.threads.add(threads)
        answers = [exact(sample) + more + (self.error if len(sample) > 1 else 0) for sample in samples]
        return [answer.astype(np.float32) for answer in answers]


class OneByOne(FakeBox):
    """Fails on several rows."""

    def answer(self, samples: list[np.ndarray], threads: int, more: float) -> list[np.ndarray]:
        if any(len(sample) > 1 for sample in samples):
            raise ModelError("ValueError: one row at a time")
        return super().answer(samples, threads, more)


NOT_A_NETWORK = SimpleNamespace(description=SimpleNamespace(flavors={}, signature=None))


def look(box: FakeBox, package_format: str = "torchscript", gpu: str = "none") -> dict[str, Any]:
    answers = [exact(sample).astype(np.float32) for sample in SAMPLES]
    exactness = Exactness(box, SAMPLES, answers, {})
    exactness.measure_model(NOT_A_NETWORK)
    return exactness.write_golden([], package_format, gpu)


def relative(golden: dict[str, Any]) -> dict[str, float]:
    return {one["device"]: one["relativeTolerance"] for one in golden["measured"]}


def test_rows_together_and_threads_are_part_of_what_is_seen():
    box = FakeBox(error=1e-5)
    allowed = relative(look(box))["cpu"]
    scale = np.abs(np.concatenate([exact(sample) for sample in SAMPLES])).mean()
    # The largest of it is at the smallest answer, nought; the spread is taken for the next power of two.
    assert SAFETY * 1e-5 / scale == pytest.approx(allowed, rel=1)
    assert allowed >= SAFETY * 0.99e-5 / scale
    assert min(box.threads) == 1
    assert len(box.threads) == 2


def test_what_differs_in_nothing_is_allowed_some_roundings():
    assert relative(look(FakeBox())) == {"cpu": FLOOR_ULPS * EPSILON["float32"]}


def test_a_gpu_is_measured_beside_the_cpu_where_hosts_have_one():
    box = FakeBox(gpu="tf32", gpu_error=2e-4)
    golden = look(box, gpu="all")
    assert relative(golden)["cpu"] == FLOOR_ULPS * EPSILON["float32"]
    assert relative(golden)["cuda"] > 8 * 2e-4
    assert [one["numberForm"] for one in golden["measured"]] == ["float32", "tf32"]
    # What an agent goes by that knows of no devices.
    assert golden["relativeTolerance"] == relative(golden)["cpu"]
    assert set(relative(look(box))) == {"cpu"}


def test_mlflows_own_form_is_measured_where_it_calculates_and_nowhere_else():
    assert set(relative(look(FakeBox(gpu="tf32"), "pyfunc", "all"))) == {"cuda"}
    assert set(relative(look(FakeBox(), "pyfunc", "all"))) == {"cpu"}
    # It took the GPU of this machine, and hosts will give it none.
    golden = look(FakeBox(gpu="tf32"), "pyfunc")
    assert golden["measured"] == []
    assert golden["relativeTolerance"] == golden["elsewhere"]["relativeTolerance"] == 2.0**-5


def test_what_takes_one_row_at_a_time_is_asked_that_way():
    assert relative(look(OneByOne())) == {"cpu": FLOOR_ULPS * EPSILON["float32"]}


def test_a_form_is_admitted_by_what_the_model_itself_was_seen_to_differ_by():
    answers = [exact(sample).astype(np.float32) for sample in SAMPLES]
    for error, admitted in ((1e-6, True), (1e-4, False)):
        exactness = Exactness(FakeBox(), SAMPLES, answers, {})
        exactness.measure_model(NOT_A_NETWORK)
        exactness._box.answer = lambda samples, *_, error=error: [exact(sample) + error for sample in samples]
        assert exactness.admits("pt2") == admitted


def test_threads_are_as_before_afterwards():
    import torch

    before = torch.get_num_threads()
    with limit_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
