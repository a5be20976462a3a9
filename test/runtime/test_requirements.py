"""What a model was logged with, beside what is here."""

from importlib.metadata import version
from pathlib import Path

from trainyard.requirements import list_differences


def write(folder: Path, *lines: str) -> Path:
    (folder / "requirements.txt").write_text("\n".join(lines))
    return folder


def test_a_model_whose_requirements_are_met_differs_in_nothing(tmp_path: Path):
    assert list_differences(tmp_path) == []
    met = [f"numpy=={version('numpy')}", "pandas", "mlflow>=2,<99  # as logged", "", "# nothing"]
    others = ["-c constraints.txt", "absent @ https://example.com/a.whl", "./folder", "absent==1; python_version < '3'"]
    assert list_differences(write(tmp_path, *met, *others)) == []


def test_another_build_of_the_same_package_is_it(tmp_path: Path):
    assert list_differences(write(tmp_path, f"xgboost=={version('xgboost-cpu')}")) == []
    assert list_differences(write(tmp_path, "xgboost==1.0.0")) == [
        f"xgboost {version('xgboost-cpu')}, logged with ==1.0.0"
    ]


def test_other_versions_and_absent_packages_are_told(tmp_path: Path):
    differences = list_differences(write(tmp_path, "numpy==1.21.0", "no-such-package"))
    found = [f"numpy {version('numpy')}, logged with ==1.21.0", "no-such-package is not here, logged with any version"]
    assert differences == found


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path):
    (tmp_path / "requirements.txt").write_bytes(b"# caf\xe9\nno-such-package\n")
    assert list_differences(tmp_path) == ["no-such-package is not here, logged with any version"]
