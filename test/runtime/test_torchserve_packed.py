"""Bodies that are packed by gzip, through the real TorchServe."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from conftest import Package, make_table
from test_torchserve import Server, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = make_table(20, seed=5)[["region", "income", "age"]]
BODIES = {
    "application/json": json.dumps({"dataframe_records": TABLE.to_dict("records")}).encode(),
    "text/csv": TABLE.to_csv(index=False).encode(),
}


@pytest.fixture(scope="module")
def server(tabular_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("torchserve-packed")
    with serve({"loans": tabular_package}, folder, {"batchSize": 4, "maxBatchDelay": 200}) as running:
        yield running


@pytest.mark.parametrize("kind", BODIES)
def test_a_packed_body_is_answered_as_a_plain_one(server: Server, kind: str):
    plain = server.predict(BODIES[kind], "loans", content_type=kind)
    packed = server.predict(gzip.compress(BODIES[kind]), "loans", content_type=kind, content_encoding="gzip")
    assert plain.status == 200
    assert len(plain.body["predictions"]) == 20
    assert (packed.status, packed.body) == (200, plain.body)


def test_bad_ones_in_a_batch_are_refused_alone(server: Server):
    good = gzip.compress(BODIES["text/csv"])
    asked = [good, gzip.compress(bytes(20_000_000)), good[:-4], BODIES["text/csv"]]
    with ThreadPoolExecutor(4) as together:
        answers = list(
            together.map(
                lambda body: server.predict(body, "loans", content_type="text/csv", content_encoding="gzip"), asked * 2
            )
        )
    assert [answer.status for answer in answers] == [200, 413, 400, 400] * 2


def test_a_refusal_that_quotes_what_was_sent_is_no_longer_than_people_read(server: Server):
    body = json.dumps({"x" * 5_000_000: 1}).encode()
    answer = server.predict(gzip.compress(body), "loans", content_type="application/json", content_encoding="gzip")
    assert answer.status == 400
    assert len(answer.body["message"]) < 2_100
