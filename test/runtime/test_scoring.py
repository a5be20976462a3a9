"""MLflow's scoring protocol, and the check against the signature."""

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from trainyard.errors import InvalidInputError
from trainyard.scoring import format_answer, parse_request, read_params, to_json
from trainyard.signature import parse_signature


def read_signature(signature):
    parsed = parse_signature(signature.to_dict())
    assert parsed is not None
    return parsed


IMAGES = read_signature(infer_signature(np.zeros((1, 2, 3), dtype=np.float32)))
TABLE = read_signature(
    infer_signature(pd.DataFrame({"income": [1.5], "age": [3], "region": ["north"], "member": [True]}))
)
NAMED = read_signature(infer_signature({"image": np.zeros((1, 4)), "age": np.zeros((1, 1), dtype=np.int64)}))
ROW = {"income": 2.5, "age": 40, "region": "south", "member": False}


def refuse(body: object, signature) -> str:
    with pytest.raises(InvalidInputError) as caught:
        parse_request(body, signature)
    return caught.value.code


@pytest.mark.parametrize("name", ["inputs", "instances"])
def test_a_tensor_comes_as_nested_lists_in_the_signatures_type(name: str):
    tensor = parse_request({name: [[[1, 2, 3], [4, 5, 6]]]}, IMAGES)
    assert tensor.dtype == np.float32
    assert tensor.shape == (1, 2, 3)


def test_a_body_may_be_bytes():
    assert parse_request(bytearray(b'{"inputs": [[[1, 2, 3], [4, 5, 6]]]}'), IMAGES).shape == (1, 2, 3)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [ROW]},
        {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}},
        {"inputs": {name: [value] for name, value in ROW.items()}},
        {"instances": [ROW]},
    ],
)
def test_a_table_comes_in_four_forms(body: dict):
    table = parse_request(body, TABLE)
    assert table.to_dict(orient="records") == [ROW]
    assert [str(kind) for kind in table.dtypes][:2] == ["float64", "int64"]


def test_columns_are_put_in_the_signatures_order_and_unknown_ones_dropped():
    table = parse_request({"dataframe_records": [{"extra": 1, **dict(reversed(ROW.items()))}]}, TABLE)
    assert list(table.columns) == list(ROW)


def test_tensors_come_by_name_in_columns_or_rows():
    columns = parse_request({"inputs": {"image": [[1, 2, 3, 4]], "age": [[5]]}}, NAMED)
    rows = parse_request({"instances": [{"image": [1, 2, 3, 4], "age": [5]}]}, NAMED)
    assert columns["image"].tolist() == rows["image"].tolist() == [[1, 2, 3, 4]]
    assert rows["age"].dtype == np.int64


def test_a_missing_number_is_nan_where_the_column_allows_it():
    table = parse_request({"dataframe_records": [{**ROW, "income": None, "region": None}]}, TABLE)
    assert np.isnan(table["income"][0])
    assert table["region"][0] is None


def test_an_optional_column_may_be_left_out():
    signature = parse_signature(
        {
            "inputs": json.dumps(
                Schema([ColSpec(DataType.double, "a"), ColSpec(DataType.double, "b", required=False)]).to_dict()
            )
        }
    )
    for body in ({"dataframe_records": [{"a": 1}]}, {"inputs": {"a": [1]}}):
        assert parse_request(body, signature)["b"].isna().tolist() == [True]


OPTIONAL = parse_signature(
    {
        "inputs": json.dumps(
            [
                {"type": "double", "name": "a"},
                {"type": "string", "name": "kind", "required": False},
                {"type": "boolean", "name": "member", "required": False},
                {"type": "long", "name": "whole", "required": False},
            ]
        )
    }
)


def test_a_row_may_lack_what_is_optional_though_others_have_it():
    table = parse_request({"dataframe_records": [{"a": 1, "kind": "x", "member": True}, {"a": None}]}, OPTIONAL)
    assert table["kind"].isna().tolist() == [False, True]
    assert table["member"].tolist() == [True, None]
    assert np.isnan(table["a"][1])
    # A whole number has no form of its own for what is missing: MLflow refuses it, and leaves the column out.
    assert "whole" not in table


@pytest.mark.parametrize("form", ["dataframe_records", "inputs", "instances"])
def test_a_row_that_lacks_what_is_required_is_refused_though_others_have_it(form: str):
    with pytest.raises(InvalidInputError) as caught:
        parse_request({form: [{"a": 1}, {"kind": "x"}]}, OPTIONAL)
    assert caught.value.code == "missing-columns"
    assert caught.value.message == "The request lacks a in row 2 (the first example is 1)."


def test_a_row_that_lacks_a_tensor_is_refused_though_others_have_it():
    rows = [{"image": [1, 2, 3, 4], "age": [5]}, {"age": [5]}]
    for given in (rows, rows[::-1]):
        assert refuse({"instances": given}, NAMED) == "missing-inputs"


def test_times_are_read():
    signature = parse_signature({"inputs": json.dumps(Schema([ColSpec(DataType.datetime, "t")]).to_dict())})
    table = parse_request({"dataframe_records": [{"t": "2026-01-02T03:04:05"}]}, signature)
    assert table["t"][0] == pd.Timestamp("2026-01-02T03:04:05")
    assert refuse({"dataframe_records": [{"t": "soon"}]}, signature) == "wrong-type"


def column(kind: DataType):
    return parse_signature({"inputs": json.dumps(Schema([ColSpec(kind, "v")]).to_dict())})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (DataType.datetime, "9999-12-31"),
        (DataType.datetime, "1500-01-01"),
        (DataType.datetime, "99999-01-01"),
        (DataType.datetime, True),
        (DataType.datetime, [1]),
        (DataType.datetime, 10**30),
        (DataType.integer, 2**31),
        (DataType.integer, 10**400),
        (DataType.long, 2**63),
        (DataType.long, 1e300),
        (DataType.double, 10**400),
        (DataType.float, 1e39),
        (DataType.binary, "no base64!"),
        (DataType.binary, 3),
    ],
)
def test_a_value_out_of_range_is_refused_and_becomes_no_other(kind: DataType, value: object):
    assert refuse({"dataframe_records": [{"v": value}]}, column(kind)) == "wrong-type"


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        *(("uint8", value) for value in (256, -1, 300.0, 1e300)),
        *(("int64", value) for value in (2**63, -(2**70), 1e300, 10**400)),
        ("float32", 1e39),
    ],
)
def test_a_number_out_of_a_tensors_range_is_refused(dtype: str, value: float):
    signature = parse_signature({"inputs": json.dumps(Schema([TensorSpec(np.dtype(dtype), (-1, 1))]).to_dict())})
    assert refuse({"inputs": [[value]]}, signature) in {"wrong-type", "ragged-inputs"}
    assert parse_request({"inputs": [[7]]}, signature).tolist() == [[7]]


def test_bytes_come_as_base64():
    table = parse_request({"dataframe_records": [{"v": "AQID\n"}, {"v": None}]}, column(DataType.binary))
    assert table["v"].tolist() == [b"\x01\x02\x03", None]
    assert to_json([b"\x01\x02\x03"]) == ["AQID"]


def test_params_are_a_part_of_a_request_and_others_are_left_out():
    signature = read_signature(infer_signature(pd.DataFrame({"a": [1.5]}), params={"threshold": 0.5}))
    body = {"dataframe_records": [{"a": 1}], "params": {"threshold": 0.9, "unknown": 1}, "signature_name": "x"}
    assert parse_request(body, signature)["a"].tolist() == [1.0]
    assert read_params(body, signature) == {"threshold": 0.9}
    assert read_params(body, TABLE) == {}
    with pytest.raises(InvalidInputError):
        read_params({"params": 3}, signature)


def test_a_column_that_is_named_twice_is_refused():
    body = {"dataframe_split": {"columns": ["income", "income"], "data": [[1, 2]]}}
    assert refuse(body, TABLE) == "malformed-table"


def test_whole_numbers_are_not_silently_rounded():
    signature = parse_signature({"inputs": json.dumps(Schema([TensorSpec(np.dtype("int64"), (-1, 2))]).to_dict())})
    assert parse_request({"inputs": [[1, 2.0]]}, signature).dtype == np.int64
    assert refuse({"inputs": [[1, 2.5]]}, signature) == "wrong-type"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{nope", "not-json"),
        ([1, 2], "not-an-object"),
        ({}, "unknown-format"),
        ({"inputs": [], "instances": []}, "unknown-format"),
        ({"inputs": [[[1, 2, 3], [4, 5]]]}, "ragged-inputs"),
        ({"inputs": [[1, 2, 3]]}, "wrong-shape"),
        ({"inputs": [["a", "b"]]}, "wrong-type"),
        ({"inputs": []}, "wrong-shape"),
        ({"inputs": None}, "wrong-shape"),
    ],
)
def test_a_tensor_request_that_does_not_fit_is_refused(body: object, code: str):
    assert refuse(body, IMAGES) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"dataframe_records": [{"income": 1}]}, "missing-columns"),
        ({"dataframe_records": [{**ROW, "income": "much"}]}, "wrong-type"),
        ({"dataframe_records": [{**ROW, "income": True}]}, "wrong-type"),
        ({"dataframe_records": [{**ROW, "age": 1.5}]}, "wrong-type"),
        ({"dataframe_records": [{**ROW, "age": None}]}, "wrong-type"),
        ({"dataframe_records": [{**ROW, "region": 3}]}, "wrong-type"),
        ({"dataframe_records": [{**ROW, "member": 1}]}, "wrong-type"),
        ({"dataframe_records": []}, "missing-columns"),
        ({"dataframe_records": {"income": 1}}, "malformed-table"),
        ({"dataframe_split": [1]}, "malformed-table"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, "malformed-table"),
        ({"inputs": {name: [] for name in ROW}}, "no-rows"),
        ({"inputs": {"income": [1, 2], "age": [1], "region": ["a"], "member": [True]}}, "malformed-table"),
    ],
)
def test_a_table_request_that_does_not_fit_is_refused(body: object, code: str):
    assert refuse(body, TABLE) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"inputs": {"image": [[1, 2, 3, 4]]}}, "missing-inputs"),
        ({"inputs": {"image": [[1, 2, 3, 4]], "age": [[1], [2]]}}, "ragged-inputs"),
        ({"inputs": [1]}, "missing-inputs"),
    ],
)
def test_named_tensors_that_do_not_fit_are_refused(body: object, code: str):
    assert refuse(body, NAMED) == code


def test_a_refusal_does_not_repeat_the_clients_values():
    with pytest.raises(InvalidInputError) as caught:
        parse_request({"dataframe_records": [{**ROW, "income": "secret"}]}, TABLE)
    assert caught.value.message == "income in row 1 (the first example is 1) must be a number; it is str."


def test_answers_are_strict_json():
    assert json.loads(format_answer(np.array([[0.5, np.nan], [np.inf, 1]]))) == {
        "predictions": [[0.5, None], [None, 1.0]]
    }
    assert to_json(pd.DataFrame({"a": [1], "b": ["x"]})) == [{"a": 1, "b": "x"}]
    assert to_json(pd.Series([1.5])) == [1.5]
    assert to_json(["a", np.int64(3), None, True]) == ["a", 3, None, True]


def test_times_are_written_as_mlflow_writes_them_and_gaps_as_null():
    from mlflow.utils.proto_json_utils import NumpyEncoder

    day, moment = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02T03:04:05.5", tz="Europe/Berlin")
    for value in (day, moment, day.date(), moment.to_pydatetime(), moment.timetz()):
        assert to_json(value) == json.loads(json.dumps(value, cls=NumpyEncoder))
    days = np.array(["2024-01-01", "NaT"], dtype="datetime64[ns]")
    assert to_json(days) == to_json(list(days)) == to_json(pd.Series(days)) == ["2024-01-01T00:00:00", None]
    table = pd.DataFrame({"ds": [day, pd.NaT], "steps": pd.array([3, None], dtype="Int64")})
    assert to_json(table) == [{"ds": "2024-01-01T00:00:00", "steps": 3}, {"ds": None, "steps": None}]


def test_tensors_are_numbers_wherever_they_stand():
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[0.25, 0.75], [float("nan"), 1.0]], requires_grad=True)
    assert to_json(scores) == [[0.25, 0.75], [None, 1.0]]
    assert to_json({"label": [torch.tensor(3)], "flags": torch.tensor([True])}) == {"label": [3], "flags": [True]}


def test_a_float_survives_json_unchanged():
    values = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    back = np.array(json.loads(format_answer(values))["predictions"], dtype=np.float32)
    assert (back == values).all()


def test_records_without_a_signature_may_lack_what_others_have() -> None:
    frame = parse_request({"dataframe_records": [{"x": 1, "y": 2}, {"x": 3}]}, None)
    assert frame["y"].tolist() == [2, None]
