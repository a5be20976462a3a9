"""Tables as Arrow's streams and files and as Parquet: answered and counted as the same rows in JSON and CSV are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from conftest import Package, make_table
from table_files import ROWS, WRITERS, write_parquet, write_stream
from test_handler import FakeContext
from test_protocols import LOANS, V2, ask, serve
from trainyard import table_reader
from trainyard.handler import answer_batch, start
from trainyard.table_forms import FILE_TYPE, KINDS, PARQUET_TYPE, STREAM_TYPE
from trainyard.table_reader import TableReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trainyard.messages import Answer
    from trainyard.service import ModelService


def send(service: ModelService, table: pa.Table, kind: str = STREAM_TYPE) -> Answer:
    return ask(service, WRITERS[kind](table), {"content-type": kind})


def refused(answer: Answer) -> tuple[int, str, str]:
    said = json.loads(answer.body)
    return answer.status, said["code"], said["message"]


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture(scope="module")
def reader() -> Iterator[TableReader]:
    """One process for all tests: none of them needs another."""
    reader = TableReader(10_485_760)
    yield reader
    reader.close()


@pytest.fixture
def open_service(reader: TableReader) -> Callable[[ModelSignature, Callable], ModelService]:
    def open_one(signature: ModelSignature, run: Callable) -> ModelService:
        service = serve(signature, run)
        service._tables = reader
        return service

    return open_one


@pytest.fixture
def loans(open_service: Callable, seen: list[Any]) -> ModelService:
    return open_service(LOANS, lambda table: [seen.append(table), np.zeros(len(table))][1])


PACKINGS = {STREAM_TYPE: ("none", "lz4", "zstd"), FILE_TYPE: ("none", "lz4", "zstd")}


@pytest.mark.parametrize(
    ("kind", "compression"),
    [
        (kind, packing)
        for kind in KINDS
        for packing in PACKINGS.get(kind, ("none", "lz4", "zstd", "snappy", "gzip", "brotli"))
    ],
)
def test_the_model_is_given_what_the_rows_in_json_are(
    loans: ModelService, seen: list[pd.DataFrame], kind: str, compression: str
):
    if kind in {STREAM_TYPE, FILE_TYPE}:
        body = WRITERS[kind](ROWS, None if compression == "none" else compression)
    else:
        page = "1.0" if kind == PARQUET_TYPE else "2.0"
        body = write_parquet(ROWS, compression=compression, data_page_version=page, row_group_size=2)
    assert ask(loans, body, {"content-type": f"{kind}; v=1"}).status == 200
    rows = {**ROWS.drop("other").to_pydict(), "income": [1e3, None, np.inf]}
    ask(loans, {"inputs": rows}, {})
    pd.testing.assert_frame_equal(seen[0], seen[1])


def test_one_table_written_in_every_form_is_answered_and_counted_alike(
    tabular_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tabular_package.unpack(tmp_path / "archive")
    frame = make_table(50, seed=5)[["region", "income", "age"]]
    frame.loc[3, "region"] = "nowhere"
    table = pa.Table.from_pandas(frame, preserve_index=False)
    records = {"dataframe_records": frame.to_dict("records")}
    bodies = {kind: write(table) for kind, write in WRITERS.items()}
    bodies |= {"application/json": json.dumps(records).encode(), "text/csv": frame.to_csv(index=False).encode()}
    told = []
    for kind, body in bodies.items():
        monkeypatch.setenv("TRAINYARD_CAPTURE_DIR", str(tmp_path / kind))
        service = start(FakeContext(folder, []))
        context = FakeContext(folder, [{"content-type": kind, "x-request-id": "one"}])
        answers = answer_batch(service, [{"body": bytearray(body)}], context)
        service.close()
        (snapshot,) = (tmp_path / kind).glob("*.json")
        counted = json.loads(snapshot.read_text())
        (log,) = (tmp_path / kind).glob("predictions-*.log")
        lines = [[cell for place, cell in enumerate(line.split("\t")) if place != 1] for line in log.open()]
        told.append((context.statuses, answers, counted["n"], counted["features"], counted["prediction"], lines))
    assert told[0][0] == [200]
    assert told[0][2] == 50
    assert all(one == told[0] for one in told)


TEXTS = [pa.array(["a", "b", "a", None], kind()) for kind in (pa.string, pa.large_string, pa.string_view)]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        *((STREAM_TYPE, column) for column in [*TEXTS, *(texts.dictionary_encode() for texts in TEXTS)]),
        *((PARQUET_TYPE, column) for column in [*TEXTS, TEXTS[0].dictionary_encode()]),
    ],
)
def test_texts_are_the_same_however_they_are_held(open_service: Callable, kind: str, column: pa.Array):
    given: list[pd.DataFrame] = []
    service = open_service(of_one("string"), lambda x: [given.append(x), np.zeros(len(x))][1])
    assert send(service, pa.table({"v": column}), kind).status == 200
    ask(service, {"inputs": {"v": ["a", "b", "a", None]}}, {})
    pd.testing.assert_frame_equal(given[0], given[1])


def of_one(kind: str) -> ModelSignature:
    return ModelSignature(Schema([ColSpec(kind, "v")]))


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("of", "kind", "values", "expected"),
    [
        ("datetime", pa.timestamp("ns"), [1, None], ["1970-01-01T00:00:00.000000001", "NaT"]),
        ("datetime", pa.timestamp("us", "Europe/Berlin"), [NOON, None], ["2024-05-01T12:00", "NaT"]),
        ("datetime", pa.timestamp("s"), [datetime(2024, 5, 1)], ["2024-05-01"]),  # noqa: DTZ001 - without a zone
        ("datetime", pa.date32(), [NOON.date(), None], ["2024-05-01", "NaT"]),
        ("datetime", pa.date64(), [NOON.date()], ["2024-05-01"]),
        ("datetime", pa.string(), ["2024-05-01T14:00:00+02:00"], ["2024-05-01T12:00"]),
        ("double", pa.float16(), [np.float16(0.5), None], [0.5, np.nan]),
        ("double", pa.null(), [None, None], [np.nan, np.nan]),
        ("double", pa.int64(), [2**53, None], [2.0**53, np.nan]),
        ("long", pa.uint64(), [7], [7]),
        ("long", pa.int64(), [2**63 - 1, -(2**63)], [2**63 - 1, -(2**63)]),
        ("long", pa.float64(), [7.0], [7]),
        ("binary", pa.binary(), [b"\0\xff", None], [b"\0\xff", None]),
        ("binary", pa.binary(2), [b"\0\xff"], [b"\0\xff"]),
        ("binary", pa.string(), ["AP8="], [b"\0\xff"]),
    ],
)
@pytest.mark.parametrize("form", [STREAM_TYPE, PARQUET_TYPE])
def test_values_of_a_column(
    open_service: Callable, form: str, of: str, kind: pa.DataType, values: list, expected: list
):
    given: list[pd.DataFrame] = []
    service = open_service(of_one(of), lambda x: [given.append(x), np.zeros(len(x))][1])
    assert send(service, pa.table({"v": pa.array(values, kind)}), form).status == 200
    found = given[0]["v"].to_numpy()
    wanted = np.array(expected, "datetime64[ns]") if of == "datetime" else np.array(expected, dtype=found.dtype)
    assert found.dtype == wanted.dtype
    assert pd.Series(found).equals(pd.Series(wanted))


@pytest.mark.parametrize(
    ("of", "kind", "values", "code"),
    [
        ("long", pa.uint64(), [2**63], "wrong-type"),
        ("long", pa.float64(), [0.5], "wrong-type"),
        ("long", pa.int64(), [None], "wrong-type"),
        ("double", pa.bool_(), [True], "wrong-type"),
        ("boolean", pa.int8(), [1], "wrong-type"),
        ("string", pa.binary(), [b"a"], "wrong-type"),
        ("datetime", pa.timestamp("s"), [2**50], "wrong-type"),
        ("datetime", pa.timestamp("s"), [-(2**63)], "wrong-type"),
        ("datetime", pa.int64(), [0], "wrong-type"),
        ("string", pa.timestamp("s"), [0], "column-type"),
        ("long", pa.date32(), [0], "column-type"),
    ],
)
def test_none_becomes_another_value(open_service: Callable, of: str, kind: pa.DataType, values: list, code: str):
    service = open_service(of_one(of), lambda x: np.zeros(len(x)))
    is_time = pa.types.is_timestamp(kind)
    table = pa.table({"v": pa.array(values, pa.int64()).view(kind) if is_time else pa.array(values, kind)})
    assert refused(send(service, table))[:2] == (400, code)
    assert refused(send(service, table))[2].startswith("v ")


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1]]),
        pa.array([{"a": 1}]),
        pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())),
        pa.array([Decimal("1.5")]),
        pa.array([1], pa.duration("s")),
        pa.array([1], pa.time32("s")),
        pa.array([[1]], pa.list_view(pa.int8())),
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int16()), pa.array([1])),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)], pa.binary(16))),
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
    ],
    ids=lambda column: str(column.type),
)
def test_a_type_that_has_no_form_is_named_with_its_column_and_left_alone_where_the_model_does_not_take_it(
    loans: ModelService, column: pa.Array
):
    row = ROWS.slice(0, 1)
    status, code, message = refused(send(loans, row.set_column(1, "age", column)))
    assert (status, code) == (400, "column-type")
    assert message.startswith(f"age has the type {column.type}, ")
    assert send(loans, row.set_column(4, "other", column)).status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_does_not_fit_is_refused_as_in_json(loans: ModelService, kind: str):
    assert refused(send(loans, ROWS.slice(0, 0), kind))[:2] == (400, "no-rows")
    assert refused(send(loans, ROWS.drop("town"), kind)) == (400, "missing-columns", "The request lacks town.")
    assert refused(send(loans, ROWS.select(["other"]), kind))[1] == "missing-columns"
    twice = pa.table([ROWS["age"], ROWS["age"]], names=["age", "age"])
    assert refused(send(loans, twice, kind))[:2] == (400, "malformed-table")
    wrong = ROWS.set_column(1, "age", pa.array([1, 2, None]))
    assert "age in row 3" in refused(send(loans, wrong, kind))[2]


MADE = {
    "age": ("long", lambda random, rows: pa.array(random.integers(-(2**62), 2**62, rows), pa.int64())),
    "small": ("integer", lambda random, rows: pa.array(random.integers(0, 200, rows), pa.uint8())),
    "income": ("double", lambda random, rows: pa.array(random.normal(0, 1e9, rows), mask=random.random(rows) < 0.2)),
    "ratio": ("float", lambda random, rows: pa.array(random.random(rows).astype(np.float32))),
    "owner": ("boolean", lambda random, rows: pa.array(random.random(rows) < 0.5)),
    "town": ("string", lambda random, rows: pa.array(random.choice(["", "ß 漢", "007", None, '"'], rows).tolist())),
    "kind": ("string", lambda random, rows: pa.array(random.choice(["a", "b"], rows).tolist()).dictionary_encode()),
    "when": ("datetime", lambda random, rows: pa.array(random.integers(0, 2**60, rows), pa.timestamp("ns"))),
}


@pytest.mark.parametrize("seed", range(25))
def test_whatever_rows_there_are_the_model_is_given_those_that_json_has(
    open_service: Callable, seen: list[pd.DataFrame], seed: int
):
    random = np.random.default_rng(seed)
    names = random.permutation(list(MADE))[: random.integers(1, len(MADE) + 1)].tolist()
    rows = int(random.integers(1, 40))
    table = pa.table({name: MADE[name][1](random, rows) for name in names})
    service = open_service(
        ModelSignature(Schema([ColSpec(MADE[name][0], name) for name in reversed(names)])),
        lambda given: [seen.append(given), np.zeros(len(given))][1],
    )
    listed = table.to_pydict()
    if "when" in names:
        listed["when"] = np.datetime_as_string(table["when"].to_numpy()).tolist()
    assert ask(service, json.dumps({"inputs": listed}).encode(), {}).status == 200
    for kind in KINDS:
        assert send(service, table, kind).status == 200
        pd.testing.assert_frame_equal(seen.pop(), seen[0])


@pytest.mark.parametrize("kind", [STREAM_TYPE, FILE_TYPE, PARQUET_TYPE])
class TestPlaces:
    """Models that know their columns by place alone, or take arrays."""

    def test_columns_without_names(self, open_service: Callable, kind: str):
        service = open_service(
            ModelSignature(Schema([ColSpec("double"), ColSpec("double")])), lambda x: x[0] + 2 * x[1]
        )
        assert json.loads(send(service, pa.table({"x": [1.0], "y": [2]}), kind).body) == {"predictions": [5.0]}

    def test_columns_side_by_side(self, open_service: Callable, kind: str):
        pair = ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 2))]))
        service = open_service(pair, lambda x: x[:, 0] - x[:, 1])
        assert json.loads(send(service, pa.table({"a": [5, 6], "b": [1.0, 2.0]}), kind).body)["predictions"] == [4, 4]
        assert refused(send(service, pa.table({"a": [5, 6]}), kind))[:2] == (400, "wrong-shape")
        times = pa.array([0, 0], pa.timestamp("s"))
        assert refused(send(service, pa.table({"a": [5, 6], "b": times}), kind))[:2] == (400, "column-type")

    def test_the_index_of_a_pandas_table_is_no_column(self, open_service: Callable, kind: str):
        pair = ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 2))]))
        service = open_service(pair, lambda x: x[:, 0] - x[:, 1])
        frame = pd.DataFrame({"a": [5.0, 6.0, 7.0], "b": [1.0, 2.0, 3.0]})
        for kept in (frame.iloc[[0, 2, 1]], frame.set_index(pd.Index([7, 1, 2], name="id"))):
            table = pa.Table.from_pandas(kept)
            assert table.num_columns == 3
            assert set(json.loads(send(service, table, kind).body)["predictions"]) == {4}

    def test_tensors_by_name(self, open_service: Callable, kind: str):
        specs = [TensorSpec(np.dtype("int64"), (-1,), "ids"), TensorSpec(np.dtype("float32"), (-1,), "scale")]
        service = open_service(ModelSignature(Schema(specs)), lambda x: x["ids"] * x["scale"])
        table = pa.table({"scale": [1.0, 2.0], "ids": [3, 7], "other": ["x", "y"]})
        assert json.loads(send(service, table, kind).body)["predictions"] == [3, 14]
        assert refused(send(service, table.drop("ids"), kind))[:2] == (400, "missing-inputs")

    @pytest.mark.parametrize("names", [["x"], ["x", "y"], ["a", "b"]])
    def test_a_tensor_of_rows_takes_all_columns_whatever_it_is_called(
        self, open_service: Callable, seen: list[Any], kind: str, names: list[str]
    ):
        spec = TensorSpec(np.dtype("float32"), (-1, len(names)), "x")
        service = open_service(ModelSignature(Schema([spec])), lambda x: [seen.append(x["x"]), [0.0]][1])
        assert send(service, pa.table({name: [1, 2, 3] for name in names}), kind).status == 200
        np.testing.assert_array_equal(
            seen[0], np.array([[1], [2], [3]]) * np.ones(len(names), np.float32), strict=False
        )

    def test_a_tensor_of_one_dimension_takes_the_column_of_its_name(
        self, open_service: Callable, seen: list[Any], kind: str
    ):
        spec = TensorSpec(np.dtype("object"), (-1,), "x")
        service = open_service(ModelSignature(Schema([spec])), lambda x: [seen.append(x["x"]), [0.0]][1])
        assert send(service, pa.table({"x": [b"ab\0", b"c", b"\0"], "y": [1, 2, 3]}), kind).status == 200
        assert seen[0].tolist() == [b"ab\0", b"c", b"\0"]

    def test_whole_numbers_stay_whole_beside_each_other(self, open_service: Callable, seen: list[Any], kind: str):
        service = open_service(
            ModelSignature(Schema([TensorSpec(np.dtype("int64"), (-1, 2))])), lambda x: [seen.append(x), [0.0]][1]
        )
        columns = {"a": pa.array([2**60 + 1], pa.uint64()), "b": pa.array([-1], pa.int8())}
        assert send(service, pa.table(columns), kind).status == 200
        assert seen[0].tolist() == [[2**60 + 1, -1]]

    def test_lists_and_texts_are_no_tensor(self, open_service: Callable, kind: str):
        service = open_service(ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 2))])), len)
        assert refused(send(service, pa.table({"any": [[1, 2]]}), kind))[:2] == (400, "column-type")
        assert refused(send(service, pa.table({"a": ["x"], "b": ["y"]}), kind))[0] == 400


def test_it_is_answered_in_the_protocol_that_was_asked_in(loans: ModelService):
    answer = ask(loans, write_stream(ROWS), {**V2, "content-type": STREAM_TYPE})
    assert json.loads(answer.body)["outputs"][0]["shape"] == [3]


@pytest.mark.parametrize("version", [None, "14.0.2"])
def test_a_host_without_pyarrow_says_what_else_it_takes(monkeypatch: pytest.MonkeyPatch, version: str | None):
    def find(name: str) -> str:
        if version is None:
            raise PackageNotFoundError(name)
        return version

    monkeypatch.setattr(table_reader, "version", find)
    service = serve(LOANS, len)
    for kind in KINDS:
        status, code, message = refused(ask(service, b"ARROW1", {"content-type": kind}))
        assert (status, code) == (415, "unknown-content-type")
        assert "text/csv" in message
        assert "pyarrow is not installed" in message if version is None else "pyarrow is 14.0.2" in message
    assert "arrow.stream" not in refused(ask(service, b"x", {"content-type": "application/avro"}))[2]


def test_an_unknown_type_is_told_these(loans: ModelService):
    message = refused(ask(loans, b"x", {"content-type": "application/avro"}))[2]
    assert all(kind in message for kind in (STREAM_TYPE, FILE_TYPE, PARQUET_TYPE))
