"""Tables as Arrow and Parquet, and bodies that are packed, through the real TorchServe."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from conftest import Package, make_table
from table_files import WRITERS, write_file, write_parquet, write_stream
from test_torchserve import Server, serve
from trainyard.table_forms import FILE_TYPE, PARQUET_TYPE, STREAM_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = make_table(20, seed=5)[["region", "income", "age"]]
ARROW = pa.Table.from_pandas(TABLE, preserve_index=False)
BODIES = {kind: write(ARROW) for kind, write in WRITERS.items()}
BODIES |= {
    "application/json": json.dumps({"dataframe_records": TABLE.to_dict("records")}).encode(),
    "text/csv": TABLE.to_csv(index=False).encode(),
}


@pytest.fixture(scope="module")
def server(tabular_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("torchserve-tables")
    with serve({"loans": tabular_package}, folder, {"batchSize": 4, "maxBatchDelay": 200}) as running:
        yield running


@pytest.mark.parametrize("kind", BODIES)
def test_a_table_is_answered_as_in_json_plain_and_packed(server: Server, kind: str):
    expected = server.predict(BODIES["application/json"], "loans")
    assert expected.status == 200
    assert len(expected.body["predictions"]) == 20
    plain = server.predict(BODIES[kind], "loans", content_type=kind)
    packed = server.predict(gzip.compress(BODIES[kind]), "loans", content_type=kind, content_encoding="gzip")
    assert [(one.status, one.body) for one in (plain, packed)] == [(200, expected.body)] * 2


def test_bad_ones_in_a_batch_are_refused_alone(server: Server):
    bomb = pa.table({"age": pa.nulls(6_000_000, pa.int8())})
    asked = [
        (write_stream(ARROW), STREAM_TYPE, {}),
        (write_parquet(bomb), PARQUET_TYPE, {}),
        (write_file(ARROW)[:-20], FILE_TYPE, {}),
        (gzip.compress(bytes(20_000_000)), "text/csv", {"content_encoding": "gzip"}),
    ]
    with ThreadPoolExecutor(4) as together:
        answers = list(
            together.map(lambda one: server.predict(one[0], "loans", content_type=one[1], **one[2]), asked * 2)
        )
    assert [answer.status for answer in answers] == [200, 413, 400, 413] * 2
