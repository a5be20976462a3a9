"""Held-out examples."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainyard.errors import UserError
from trainyard.features import Extractor, list_features
from trainyard.holdout import Holdout, HoldoutColumns, load_holdout
from trainyard.scoring import parse_request
from trainyard.signature import Signature, parse_signature

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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number.csv", "id,label,kind,x\na,1,u,1\nb,NA,u,2\n"),
        ("flag.csv", "id,label,kind,x\na,True,u,1\nb,NA,u,2\n"),
        ("text.csv", 'id,label,kind,x\na,Apnea,u,1\nb,"",u,2\n'),
        ("null.jsonl", '{"id":"a","label":"yes","kind":1,"x":1}\n{"id":"b","label":null,"kind":1,"x":1}\n'),
        ("absent.jsonl", '{"id":"a","label":1,"kind":1,"x":1}\n{"id":"b","kind":1,"x":1}\n'),
    ],
)
def test_an_example_without_a_label_is_told_by_its_row(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text)
    error = ask_for(tmp_path / name, COLUMNS, None)
    assert error.problem.code == "holdout-label-missing"
    assert "1 of 2 examples" in error.problem.message
    assert "have no label: row 2 (the first example is 1)." in error.problem.message


@pytest.mark.parametrize(
    ("dtype", "value", "name"), [("string", "a", "a"), ("boolean", True, "True"), ("Int64", 7, "7")]
)
def test_a_gap_in_a_column_of_pandas_own_types_is_one(tmp_path: Path, dtype: str, value: object, name: str):
    path = tmp_path / "holdout.parquet"
    pd.DataFrame({"x": [1.5, 2.5], "label": [0, 1], "kind": pd.array([value, None], dtype=dtype)}).to_parquet(path)
    assert load_holdout(path, HoldoutColumns("label", None, None, ("kind",)), None).slices == {"kind": [name, ""]}
    assert refuse(path, HoldoutColumns("kind", None, None, ())) == "holdout-label-missing"


def test_classes_and_texts_that_are_called_as_gaps_are_none(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("country,note,rate,label\nNA,null,NA,None\nDE,,1.5,Apnea\nFR,x,2,nan\n")
    for signature in (None, sign(country="string", note="string", rate="double")):
        held = load_holdout(path, HoldoutColumns("label", None, None, ()), signature)
        assert held.labels.tolist() == ["None", "Apnea", "nan"]
        assert held.inputs["country"].tolist() == ["NA", "DE", "FR"]
        assert held.inputs["note"].isna().tolist() == [False, True, False]
        assert held.inputs["rate"].isna().tolist() == [True, False, False]


def test_texts_of_json_lines_stay_what_they_are(tmp_path: Path):
    path = tmp_path / "holdout.jsonl"
    rows = [{"zip": "02139", "asked": "2026-01-02", "x": 1, "label": 0}, {"zip": "00501", "label": 1, "x": None}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), None).inputs
    assert list(held) == ["zip", "asked", "x"]
    assert held["zip"].tolist() == ["02139", "00501"]
    assert held["asked"][0] == "2026-01-02"
    typed = sign(zip="string", asked="datetime", x="double")
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), typed).inputs
    assert held["zip"].tolist() == ["02139", "00501"]
    assert held["asked"].tolist() == [pd.Timestamp("2026-01-02"), pd.NaT]
    assert np.isnan(held["x"][1])


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("integer", [3, 2**31]),
        ("integer", [1, 1e300]),
        ("long", [1.0, 2.0**63]),
        ("float", [1.0, 1e39]),
        ("double", [True, False]),
        ("string", [1, 2]),
        ("datetime", [pd.Timestamp("2026-01-01").as_unit("us"), pd.Timestamp.max.as_unit("us") + pd.Timedelta(days=9)]),
        ("datetime", ["2026-01-01", "9999-12-31"]),
        ("datetime", [1, 2]),
        ("binary", ["AQID", "no base64!"]),
    ],
)
def test_a_value_that_would_become_another_is_refused_without_being_shown(tmp_path: Path, kind: str, cells: list):
    path = tmp_path / "holdout.parquet"
    pd.DataFrame({"a": cells, "label": [0, 1]}).to_parquet(path)
    error = ask_for(path, HoldoutColumns("label", None, None, ()), sign(a=kind))
    assert error.problem.code == "holdout-input-type"
    assert re.search(r"a in rows? (1, )?2 \(the first example is 1\) must be", error.problem.message)
    assert not any(shown in error.problem.message for shown in ("9999", "base64!", "2147483648", "1e+39"))


def test_gaps_in_whole_numbers_are_told_by_their_number(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("age,label\n31,0\n,1\n40,0\n,1\n")
    error = ask_for(path, HoldoutColumns("label", None, None, ()), sign(age="long"))
    told = "age in rows 2, 4 (the first example is 1) must be a whole number (long); it is null."
    assert told in error.problem.message
    assert "double" in error.problem.remedy


def test_numbers_for_names_of_columns_are_the_models_own(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("0,1,label\n1.5,2.5,0\n3.5,4.5,1\n")
    columns = [{"type": "double", "name": place, "required": True} for place in range(2)]
    signature = parse_signature({"inputs": json.dumps(columns)})
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), signature).inputs
    assert list(held.columns) == [0, 1]
    request = {"dataframe_split": {"columns": ["0", "1"], "data": [[1.5, 2.5], [3.5, 4.5]]}}
    assert parse_request(request, signature).equals(held)
    assert parse_request({"dataframe_records": [{"1": 2.5, "0": 1.5}]}, signature).equals(held.head(1))


def test_columns_without_names_are_known_by_their_place(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("text,label\nNA,0\n007,1\n")
    signature = parse_signature({"inputs": json.dumps([{"type": "string", "required": True}])})
    columns = HoldoutColumns("label", None, None, ())
    held = load_holdout(path, columns, signature).inputs
    for body in ({"inputs": ["NA", "007"]}, {"dataframe_split": {"columns": ["text"], "data": [["NA"], ["007"]]}}):
        assert parse_request(body, signature).equals(held)
    path.write_text("text,more,label\nNA,1,0\n007,2,1\n")
    assert ask_for(path, columns, signature).problem.code == "holdout-inputs-many"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("dtype", ["float32", "int64", "float64"])
def test_a_column_more_than_a_nameless_model_takes_is_refused_by_name(tmp_path: Path, suffix: str, dtype: str):
    table = pd.DataFrame(
        {"a": [1, 2], "band": ["low", "high"], "b": [3, 4], "c": [5, 6], "label": [0, 1], "id": ["u", "v"]}
    )
    path = tmp_path / f"holdout.{suffix}"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    columns = HoldoutColumns("label", "id", None, ())
    error = ask_for(path, columns, sign_tensor(dtype, 3))
    assert error.problem.code == "holdout-inputs-many"
    assert f"takes 3 columns without names, and {path} has 4 for it: a, band, b, c" in error.problem.message
    assert "`band` holds no numbers" in error.problem.message
    assert "data.holdout.inputs: [a, b, c]" in error.problem.remedy
    held = load_holdout(path, replace(columns, inputs=("c", "a", "b")), sign_tensor(dtype, 3)).inputs
    assert held.tolist() == [[5, 1, 3], [6, 2, 4]]


def test_columns_that_could_all_be_inputs_are_named_and_none_is_chosen(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("a,b,c,d,label\n1,2,3,4,0\n")
    error = ask_for(path, HoldoutColumns("label", None, None, ()), sign_tensor("float32", 3))
    assert "has 4 for it: a, b, c, d." in error.problem.message
    assert "data.holdout.inputs: [..]" in error.problem.remedy
    listed = ask_for(path, HoldoutColumns("label", None, None, (), None, ("a", "b", "c", "d")), sign_tensor("float", 3))
    assert "data.holdout.inputs lists 4" in listed.problem.message
    few = ask_for(path, HoldoutColumns("label", None, None, ("a", "b")), sign_tensor("float32", 3))
    assert few.problem.code == "holdout-inputs-few"
    assert "has 2 for it: c, d." in few.problem.message


def test_an_optional_column_may_be_left_out_of_the_holdout(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("x,label\n1,0\n2,1\n")
    columns = [{"type": "long", "name": "x"}, {"type": "long", "name": "y", "required": False}]
    signature = parse_signature({"inputs": json.dumps(columns)})
    assert list(load_holdout(path, HoldoutColumns("label", None, None, ()), signature).inputs) == ["x"]


def test_an_optional_column_that_the_holdout_lacks_comes_as_in_a_request_without_it(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("x,label\n1,0\n2,1\n")
    kinds = ("double", "float", "string", "boolean", "datetime", "long")
    columns = [{"type": kind, "name": kind, "required": False} for kind in kinds]
    signature = parse_signature({"inputs": json.dumps([{"type": "long", "name": "x"}, *columns])})
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), signature).inputs
    asked = parse_request({"dataframe_records": [{"x": 1}, {"x": 2}]}, signature)
    assert held.equals(asked)
    assert held.dtypes.to_dict() == asked.dtypes.to_dict()


def sign(**types: str) -> Signature:
    columns = [{"type": kind, "name": name, "required": True} for name, kind in types.items()]
    return parse_signature({"inputs": json.dumps(columns)})


def sign_tensor(dtype: str, *shape: int) -> Signature:
    spec = {"dtype": dtype, "shape": [-1, *shape]}
    return parse_signature({"inputs": json.dumps([{"type": "tensor", "tensor-spec": spec}])})


@pytest.mark.parametrize("suffix", ["npz", "csv", "parquet", "jsonl"])
def test_a_pointer_of_git_lfs_is_told_by_its_name(tmp_path: Path, suffix: str):
    path = tmp_path / f"holdout.{suffix}"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d" * 32 + "\nsize 1337\n")
    assert refuse(path) == "holdout-is-an-lfs-pointer"


def test_a_table_comes_in_the_types_of_the_signature_as_requests_do(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text(
        "rate,count,zip,asked,label\n0.1,3,01234,2026-01-02T03:04:05,0\n0.7,4,99999,2026-01-03T00:00:00,1\n"
    )
    signature = sign(rate="float", count="long", zip="string", asked="datetime")
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), signature).inputs
    request = {
        "dataframe_split": {
            "columns": ["rate", "count", "zip", "asked"],
            "data": [[0.1, 3, "01234", "2026-01-02T03:04:05"], [0.7, 4, "99999", "2026-01-03T00:00:00"]],
        }
    }
    asked = parse_request(json.dumps(request), signature)
    assert held.dtypes.to_dict() == asked.dtypes.to_dict()
    assert held.equals(asked)


def test_an_array_comes_in_the_type_of_the_signature(tmp_path: Path):
    held = load_holdout(save_arrays(tmp_path), COLUMNS, sign_tensor("float32", 2, 2)).inputs
    assert held.dtype == np.float32
    path = tmp_path / "holdout.csv"
    pd.DataFrame({"a": [1, 2], "b": [0.1, 0.2], "label": [0, 1]}).to_csv(path, index=False)
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), sign_tensor("float32", 2)).inputs
    assert held.dtype == np.float32
    assert held.tolist() == np.array([[1, 0.1], [2, 0.2]], dtype=np.float32).tolist()


def test_a_table_for_an_array_is_profiled_by_position_and_counted_as_requests_come(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    pd.DataFrame({"mean_radius": [1.5, 2.5], "texture": [0.1, 0.2], "label": [0, 1]}).to_csv(path, index=False)
    signature = sign_tensor("float32", 2)
    held = load_holdout(path, HoldoutColumns("label", None, None, ()), signature).inputs
    extractor = Extractor(list_features(held))
    asked = parse_request(json.dumps({"inputs": [[7.5, 0.5]]}), signature)
    assert [feature.name for feature in extractor.numeric] == ["x0", "x1"]
    assert extractor.extract(asked)[0].tolist() == [[7.5, 0.5]]


@pytest.mark.parametrize(("kind", "cells"), [("long", "1.5,2"), ("long", ",2"), ("double", "x,2"), ("boolean", "3,4")])
def test_what_a_request_could_not_say_is_refused(tmp_path: Path, kind: str, cells: str):
    path = tmp_path / "holdout.csv"
    first, second = cells.split(",")
    path.write_text(f"a,label\n{first},0\n{second},1\n")
    with pytest.raises(UserError) as caught:
        load_holdout(path, HoldoutColumns("label", None, None, ()), sign(a=kind))
    assert caught.value.problem.code == "holdout-input-type"
    assert "a " in caught.value.problem.message


def ask_for(path: Path, columns: HoldoutColumns, signature: Signature) -> UserError:
    with pytest.raises(UserError) as caught:
        load_holdout(path, columns, signature)
    return caught.value


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_model_that_asks_for_the_label_is_given_nothing(tmp_path: Path, suffix: str):
    path = tmp_path / f"holdout.{suffix}"
    table = pd.DataFrame({"x": [1, 2], "label": ["a", "b"]})
    {"csv": lambda: table.to_csv(path, index=False), "parquet": lambda: table.to_parquet(path)}.get(
        suffix, lambda: table.to_json(path, orient="records", lines=True)
    )()
    optional = [{"name": "label", "type": "string", "required": False}]
    peeking = parse_signature({"inputs": json.dumps([{"name": "x", "type": "long"}, *optional])})
    for columns in (
        HoldoutColumns("label", None, None, ()),
        HoldoutColumns("label", None, None, ("label",), None, ("x", "label")),
    ):
        error = ask_for(path, columns, peeking)
        assert error.problem.code == "model-takes-the-label"
        assert "the input label" in error.problem.message


def test_arrays_of_the_label_and_of_names_are_given_to_no_model(tmp_path: Path):
    def tensors(*names: str) -> Signature:
        spec = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}
        return parse_signature({"inputs": json.dumps([{"name": name, **spec} for name in names])})

    path = save_arrays(tmp_path)
    assert ask_for(path, COLUMNS, tensors("x", "label")).problem.code == "model-takes-the-label"
    assert ask_for(path, COLUMNS, tensors("x", "id")).problem.code == "model-input-not-given"


def test_a_model_is_given_what_the_holdout_declares_and_no_more(tmp_path: Path):
    path = tmp_path / "holdout.csv"
    path.write_text("x,id,user,asked,paid,label\n1,a,u,5,7,0\n2,b,v,6,8,1\n")
    roles = HoldoutColumns("label", "id", "user", ("paid",), "asked")
    for name, kind in (("id", "string"), ("user", "string"), ("asked", "long")):
        assert f"names {name}," in ask_for(path, roles, sign(x="long", **{name: kind})).problem.message
    assert list(load_holdout(path, roles, sign(x="long", paid="long")).inputs) == ["x", "paid"]
    declared = replace(roles, inputs=("x", "user"))
    assert list(load_holdout(path, declared, sign(x="long", user="string")).inputs) == ["x", "user"]
    assert "names paid," in ask_for(path, declared, sign(x="long", paid="long")).problem.message
    assert list(load_holdout(path, declared, None).inputs) == ["x", "user"]
    assert refuse(path, replace(declared, inputs=("x", "absent"))) == "holdout-column-missing"
