"""Measuring a built package: its answers are those of MLflow, and how long they take."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import Package
from trainyard.agreement import agree
from trainyard.measure import main

GOLDEN = {"absoluteTolerance": 1e-5, "relativeTolerance": 1e-4}


def measure(folder: Path, out: Path) -> int:
    return main(["--package-dir", str(folder), "--out", str(out), "--calls", "50"])


def with_first_answer(package: Package, folder: Path, answer: Any) -> Path:
    """A copy of the package whose first golden example expects something else."""
    shutil.copytree(package.folder, folder)
    golden = json.loads((folder / "golden.json").read_text())
    golden["examples"][0]["predictions"] = answer
    (folder / "golden.json").write_text(json.dumps(golden))
    return folder


@pytest.mark.parametrize("fixture", ["image_package", "tabular_package", "boosted_package"])
def test_a_package_gives_its_golden_answers_and_is_timed(fixture: str, request: pytest.FixtureRequest, tmp_path: Path):
    package: Package = request.getfixturevalue(fixture)
    assert measure(package.folder, tmp_path / "out.json") == 0
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["examples"] == 32
    assert len(result["latencyMs"]) == 50
    assert all(milliseconds > 0 for milliseconds in result["latencyMs"])


@pytest.mark.parametrize("answer", [None, [None], [[0.5, None]], "loan", [[2.0, -1.0]], [], {"a": 1.0}])
def test_a_package_that_answers_something_else_is_the_users_to_mend(
    tabular_package: Package, tmp_path: Path, answer: Any
):
    folder = with_first_answer(tabular_package, tmp_path / "package", answer)
    assert measure(folder, tmp_path / "out.json") == 2
    error = json.loads((tmp_path / "out.json").read_text())["error"]
    assert error["code"] == "parity-broken"
    assert json.dumps(answer) in error["message"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ([1.0, None], [1.0, None]),
        (0.500004, 0.5),
        (1e6 + 50, 1e6),
        (3, 3.0),
        ("cat", "cat"),
        ({"a": [True]}, {"a": [True]}),
    ],
)
def test_answers_within_the_tolerances_agree(given: Any, expected: Any):
    assert agree(given, expected, GOLDEN)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.5, None),
        (None, 0.5),
        (0.50007, 0.5),
        (4, 3),
        (1.0, True),
        (False, 0),
        ("0.5", 0.5),
        ([0.5], 0.5),
        ([0.5], [0.5, 0.5]),
        ({"a": 1.0}, {"b": 1.0}),
        (float("nan"), 0.5),
    ],
)
def test_other_answers_do_not(given: Any, expected: Any):
    assert not agree(given, expected, GOLDEN)
