"""Serving packages."""

import ast
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import Package, SavedModel, build_package
from trainyard import package as package_module
from trainyard.boxed_model import open_box
from trainyard.files import digest_file, digest_folder
from trainyard.golden import write_request
from trainyard.messages import Request
from trainyard.models import fetch_model
from trainyard.package import SERVED_MODULES, main
from trainyard.service import open_service


def read(package: Package, name: str) -> dict:
    return json.loads((package.folder / name).read_text())


@pytest.mark.parametrize(
    ("fixture", "package_format"),
    [
        ("image_package", "torchscript"),
        ("pt2_package", "pt2"),
        ("tabular_package", "pyfunc"),
        ("boosted_package", "pyfunc"),
    ],
)
def test_each_kind_of_model_answers_as_mlflow_does(
    fixture: str, package_format: str, request: pytest.FixtureRequest, tmp_path: Path
):
    package = request.getfixturevalue(fixture)
    assert read(package, "trainyard.json")["format"] == package_format
    service = open_service(package.unpack(tmp_path), {})
    examples = read(package, "golden.json")["examples"]
    assert len(examples) == 32
    for example in examples:
        (answer,) = service.answer([Request("r", example["inputs"])])
        found = json.loads(answer.body)["predictions"]
        assert np.allclose(found, example["predictions"], atol=1e-5, rtol=1e-5)


def test_the_manifest_pins_every_part(image_package: Package):
    manifest = read(image_package, "trainyard.json")
    result = json.loads(image_package.folder.with_suffix(".out.json").read_text())
    assert result["manifestDigest"] == digest_file(image_package.folder / "trainyard.json")
    assert result["sizeBytes"] == sum(file.stat().st_size for file in image_package.folder.iterdir())
    assert manifest["modelDigest"] == digest_folder(image_package.source.folder)
    for part, name in (("payload", "model.mar"), ("profile", "profile.json"), ("golden", "golden.json")):
        assert manifest[part]["digest"] == digest_file(image_package.folder / name)
        assert manifest[part]["size"] == (image_package.folder / name).stat().st_size


def test_built_again_it_is_the_same_package(tabular_package: Package, tabular_model: SavedModel, tmp_path: Path):
    again = build_package(tabular_model, tmp_path / "again")
    assert digest_file(again.folder / "trainyard.json") == digest_file(tabular_package.folder / "trainyard.json")


def test_an_exported_model_needs_none_of_its_code(image_package: Package):
    with zipfile.ZipFile(image_package.folder / "model.mar") as archive:
        names = archive.namelist()
    assert "payload/model.pt" in names
    assert not any("tiny_network" in name for name in names)


def test_the_profile_is_of_the_holdout(tabular_package: Package):
    profile = read(tabular_package, "profile.json")
    assert profile["rows"] == 400
    columns = [feature["name"] for feature in profile["features"] if "together" not in feature]
    assert columns == ["income", "age", "region"]
    assert sum(profile["prediction"]["confidence"]["total"]) == 400


def test_the_form_can_be_chosen(eager_model: SavedModel, tmp_path: Path):
    package = build_package(eager_model, tmp_path / "pyfunc", "--format", "pyfunc")
    assert read(package, "trainyard.json")["format"] == "pyfunc"


def test_a_form_that_is_not_possible_is_the_users_to_change(tabular_model: SavedModel, tmp_path: Path):
    assert refuse(tabular_model, tmp_path, "--format", "torchscript") == "format-impossible"


def test_a_model_without_a_signature_is_not_packaged(loan_holdout: Path, tmp_path: Path):
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.sklearn.save_model(model, tmp_path / "bare", serialization_format="cloudpickle", pip_requirements=[])
    assert refuse(SavedModel(tmp_path / "bare", loan_holdout), tmp_path) == "signature-missing"


def test_bytes_that_changed_since_they_were_judged_are_not_even_loaded(tabular_model: SavedModel, tmp_path: Path):
    altered = SavedModel(tmp_path / "altered", tabular_model.holdout, tabular_model.columns)
    shutil.copytree(tabular_model.folder, altered.folder)
    judged = digest_folder(altered.folder)
    # Whoever loads it learns that the pickle is none: the digest is compared before.
    next(altered.folder.glob("*.pkl")).write_bytes(b"poison")
    assert refuse(altered, tmp_path, "--model-digest", judged) == "model-altered"
    assert not list((tmp_path / "package").iterdir())


def test_a_cached_module_that_no_digest_counts_is_not_loaded_in_place_of_its_source(
    tabular_model: SavedModel, tmp_path: Path
):
    planted = tmp_path / "planted"
    shutil.copytree(tabular_model.folder, planted)
    judged = digest_folder(planted)
    source = planted / "code" / "__pycache__" / "thing.cpython-311.pyc"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"poison")
    (planted / "registered_model_meta").write_text("x")
    assert digest_folder(planted) == judged
    with open_box(None) as box:
        fetched = fetch_model(str(planted), box)
        assert source.exists()
        assert fetched.digest == judged
        assert not list(fetched.folder.rglob("*.pyc"))
        assert not (fetched.folder / "registered_model_meta").exists()


def refuse(source: SavedModel, folder: Path, *options: str) -> str:
    out = folder / "out.json"
    judged = ["--model-uri", str(source.folder), "--model-digest", digest_folder(source.folder)]
    names = [*judged, "--model", "thing", "--version", "1", "--run-id", "r"]
    files = [
        "--holdout",
        str(source.holdout),
        *source.columns,
        "--package-dir",
        str(folder / "package"),
        "--out",
        str(out),
    ]
    assert main([*names, *files, *options]) == 2
    return json.loads(out.read_text())["error"]["code"]


def test_an_exported_program_moves_to_the_device_it_is_given(pt2_package: Package, tmp_path: Path):
    from trainyard.runners import load_program

    program = load_program(pt2_package.unpack(tmp_path) / "payload" / "model.pt2", "meta")
    assert {parameter.device.type for parameter in program.parameters()} == {"meta"}


def test_a_request_can_say_whatever_a_table_holds():
    row = pd.DataFrame(
        {
            "image": [b"\x01\x02"],
            "list": [np.array([1.5, np.nan])],
            "lists": [np.array([np.array([1]), np.array([2, 3])], dtype=object)],
            "asked": [pd.Timestamp("2026-01-02")],
            "late": [pd.NaT],
            "text": ["NaT"],
            "gap": [float("nan")],
        }
    )
    (values,) = write_request(row)["dataframe_split"]["data"]
    assert values == ["AQI=", [1.5, None], [[1], [2, 3]], "2026-01-02T00:00:00", None, "NaT", None]


def test_the_handler_has_every_module_that_it_imports():
    folder = Path(package_module.__file__).parent
    for module in SERVED_MODULES:
        for node in ast.walk(ast.parse((folder / f"{module}.py").read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trainyard."):
                assert (node.module or "").removeprefix("trainyard.") in SERVED_MODULES, f"{module} of {node.module}"
