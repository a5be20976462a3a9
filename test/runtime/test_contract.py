"""What the runtime writes is what the TypeScript side reads: its own schemas are the judge."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import REPOSITORY, Package, SavedModel, build_package, make_table
from trainyard.messages import Request
from trainyard.service import open_service

NODE = REPOSITORY / "node_modules/.bin/node"
CHECK = REPOSITORY / "test/runtime/check-contract.ts"


def check(*pairs: str) -> None:
    result = subprocess.run([str(NODE), str(CHECK), *pairs], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(not NODE.exists(), reason="the Node packages are not installed")
@pytest.mark.parametrize("fixture", ["image_package", "tabular_package", "boosted_package"])
def test_package_files_and_captures_satisfy_the_shared_schemas(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
):
    package: Package = request.getfixturevalue(fixture)
    folder = package.unpack(tmp_path / "archive")
    environment = {"TRAINYARD_CAPTURE_DIR": str(tmp_path / "capture"), "TRAINYARD_CAPTURE_SECONDS": "60"}
    service = open_service(folder, environment)
    for example in json.loads((package.folder / "golden.json").read_text())["examples"]:
        service.answer([Request("r", example["inputs"])])
    service.close()
    (snapshot,) = (tmp_path / "capture").glob("*.json")
    files = {name: str(package.folder / f"{name}.json") for name in ("profile", "golden")}
    check(
        "manifest", str(package.folder / "trainyard.json"), "profile", files["profile"], "golden", files["golden"],
        "capture", str(snapshot),
    )  # fmt: skip


@pytest.mark.skipif(not NODE.exists(), reason="the Node packages are not installed")
def test_a_holdout_with_times_gives_a_profile_with_days(tabular_model: SavedModel, tmp_path: Path):
    table = pd.read_csv(tabular_model.holdout)
    table["asked"] = pd.date_range("2026-01-01", periods=len(table), freq="2h").strftime("%Y-%m-%dT%H:%M:%SZ")
    table.to_csv(tmp_path / "loans.csv", index=False)
    source = SavedModel(tabular_model.folder, tmp_path / "loans.csv", (*tabular_model.columns, "--time", "asked"))
    package = build_package(source, tmp_path / "package")
    profile = json.loads((package.folder / "profile.json").read_text())
    histograms = {feature["name"]: feature["blocks"] for feature in profile["features"]}
    assert set(histograms) == {"income", "age", "region", "together/all-1", "together/all-2"}
    # 400 rows, 12 a day: 33 days and a third, of which the newest 28 are kept.
    assert all([sum(day) for day in blocks] == [12] * 27 + [4] for blocks in histograms.values())
    assert [sum(day) for day in profile["prediction"]["blocks"]] == [12] * 27 + [4]
    check("profile", str(package.folder / "profile.json"))


def test_a_column_of_numbers_without_a_value_is_left_out():
    from trainyard.profile import profile_features

    table = make_table(20, seed=1).assign(empty=np.nan)[["income", "empty"]]
    assert [feature["name"] for feature in profile_features(table, {})] == ["income"]
