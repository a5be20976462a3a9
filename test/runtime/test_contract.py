"""What the runtime writes is what the TypeScript side reads: its own schemas are the judge."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from conftest import REPOSITORY, Package, make_table
from trainyard.service import Request, open_service

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


def test_a_column_of_numbers_without_a_value_is_left_out():
    from trainyard.profile import profile_features

    table = make_table(20, seed=1).assign(empty=np.nan)[["income", "empty"]]
    assert [feature["name"] for feature in profile_features(table)] == ["income"]
