"""Held-out examples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainyard.errors import UserError
from trainyard.holdout import Holdout, HoldoutColumns, load_holdout

COLUMNS = HoldoutColumns("label", "id", None, ("kind",))


def save_arrays(folder: Path, **changes) -> Path:
    arrays = {
        "x": np.zeros((3, 2, 2)),
        "label": np.arange(3),
        "id": np.array(["a", "b", "c"]),
        "kind": np.array([1, 1, 2]),
    }
    path = folder / "holdout.npz"
    np.savez(path, **{name: value for name, value in {**arrays, **changes}.items() if value is not None})
    return path


def refuse(path: Path, columns: HoldoutColumns = COLUMNS) -> str:
    with pytest.raises(UserError) as caught:
        load_holdout(path, columns, None)
    assert caught.value.problem.file == str(path)
    return caught.value.problem.code


def test_what_is_no_label_id_or_slice_is_the_input(tmp_path: Path):
    holdout = load_holdout(save_arrays(tmp_path), COLUMNS, None)
    assert isinstance(holdout, Holdout)
    assert holdout.inputs.shape == (3, 2, 2)
    assert holdout.ids == ["a", "b", "c"]
    assert holdout.slices == {"kind": ["1", "1", "2"]}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_table_is_read_in_each_of_its_formats(tmp_path: Path, suffix: str):
    table = pd.DataFrame({"a": [1.5, 2.5], "label": [0, 1], "user": ["u", "v"]})
    path = tmp_path / f"holdout.{suffix}"
    {"csv": lambda: table.to_csv(path, index=False), "parquet": lambda: table.to_parquet(path)}.get(
        suffix, lambda: table.to_json(path, orient="records", lines=True)
    )()
    holdout = load_holdout(path, HoldoutColumns("label", None, "user", ()), None)
    assert holdout.inputs.to_dict(orient="list") == {"a": [1.5, 2.5]}
    assert holdout.ids == ["0", "1"]
    assert holdout.group == ["u", "v"]


def test_problems_are_the_users_and_name_the_file(tmp_path: Path):
    assert refuse(tmp_path / "none.npz") == "holdout-missing"
    assert refuse(save_arrays(tmp_path, kind=None)) == "holdout-column-missing"
    assert refuse(save_arrays(tmp_path, id=np.array(["a", "a", "c"]))) == "holdout-id-repeated"
    assert refuse(save_arrays(tmp_path, x=np.zeros((2, 2, 2)))) == "holdout-ragged"
    assert refuse(save_arrays(tmp_path, y=np.zeros(3))) == "holdout-inputs-ambiguous"
    empty = {"x": np.zeros((0, 2)), "label": np.zeros(0), "id": np.zeros(0), "kind": np.zeros(0)}
    assert refuse(save_arrays(tmp_path, **empty)) == "holdout-empty"
    strange = tmp_path / "holdout.xlsx"
    strange.touch()
    assert refuse(strange) == "holdout-format"


def test_a_data_file_that_would_run_code_is_refused(tmp_path: Path):
    path = tmp_path / "holdout.npz"
    np.savez(path, x=np.array([{"a": 1}], dtype=object), label=np.array([1]), id=np.array([1]), kind=np.array([1]))
    assert refuse(path) == "holdout-unreadable"
    (tmp_path / "torn.npz").write_bytes(b"PK not really")
    assert refuse(tmp_path / "torn.npz") == "holdout-unreadable"
    (tmp_path / "torn.parquet").write_bytes(b"nothing")
    assert refuse(tmp_path / "torn.parquet") == "holdout-unreadable"
