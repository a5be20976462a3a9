"""Bodies that are packed by gzip: read as they were before, and no farther than a plain body may reach."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from test_batches import KINDS, as_torchserve, serve
from test_handler import FakeContext
from trainyard.handler import answer_batch
from trainyard.messages import Request

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.service import ModelService

GZIP = {"content-encoding": "gzip"}
CSV = {"content-type": "text/csv"}
ROWS = b"a,b\n1,2\n3,4\n"
BOUND = 10_485_760


@pytest.fixture
def table(tmp_path: Path) -> ModelService:
    return serve(*KINDS["CSV"][0], tmp_path)


def ask(service: ModelService, body: object, headers: dict[str, str]) -> tuple[int, dict]:
    (answer,) = service.answer([Request("r", body, headers=headers)])
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_of_every_kind_is_answered_as_it_is_when_it_is_plain(kind: str, tmp_path: Path):
    (schema, run), usual, *_ = KINDS[kind]
    service = serve(schema, run, tmp_path)
    body, headers = usual(1)
    answers = []
    for sent, more in [(as_torchserve(body), {}), (bytearray(gzip.compress(as_torchserve(body))), GZIP)]:
        context = FakeContext(tmp_path, [{**headers, **more}])
        answers.append((answer_batch(service, [{"body": sent}], context), context.statuses))
    assert answers[0] == answers[1]
    assert answers[0][1] == [200]


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_plain_body_may_say_that_it_is_plain(table: ModelService, encoding: str):
    assert ask(table, ROWS, {**CSV, "content-encoding": encoding}) == (200, {"predictions": [3, 7]})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (ROWS, "incorrect header"),
        (b"", "before its checksum"),
        (gzip.compress(ROWS)[:-1], "before its checksum"),
        (gzip.compress(ROWS)[:-8], "before its checksum"),
        (gzip.compress(ROWS)[:-8] + bytes(8), "incorrect data check"),
        (gzip.compress(ROWS) + b"x", "1 bytes follow"),
        (gzip.compress(ROWS) * 2, "one member"),
        (zlib.compress(ROWS), "incorrect header"),
    ],
)
def test_what_is_no_one_member_of_gzip_is_refused(table: ModelService, body: bytes, why: str):
    status, said = ask(table, body, {**CSV, **GZIP})
    assert (status, said["code"]) == (400, "not-gzip")
    assert why in said["message"]


def test_it_is_unpacked_as_far_as_a_plain_body_may_reach_and_no_farther(table: ModelService):
    head = b"a,b\n1,2\n"
    full = head + b"\n" * (BOUND - len(head))
    assert ask(table, gzip.compress(full), {**CSV, **GZIP})[0] == 200
    for bomb in (gzip.compress(full + b"\n"), gzip.compress(bytes(40 * BOUND))):
        status, said = ask(table, bomb, {**CSV, **GZIP})
        assert (status, said["code"]) == (413, "body-too-large")
        assert str(BOUND) in said["message"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_other_packing_is_refused_with_what_is_taken(table: ModelService, encoding: str):
    status, said = ask(table, gzip.compress(gzip.compress(ROWS)), {**CSV, "content-encoding": encoding})
    assert (status, said["code"]) == (415, "body-packed")
    assert "gzip, once" in said["message"]


def test_a_form_that_was_taken_apart_is_not_taken_for_what_was_packed(table: ModelService):
    status, said = ask(table, {"data": ROWS}, {"content-type": "multipart/form-data", **GZIP})
    assert (status, said["code"]) == (415, "body-packed")


def test_a_bomb_in_a_batch_is_its_senders_alone(table: ModelService):
    good = Request("g", bytearray(gzip.compress(ROWS)), headers={**CSV, **GZIP})
    bad = Request("b", bytearray(gzip.compress(bytes(2 * BOUND))), headers={**CSV, **GZIP})
    answers = table.answer([good, bad, good])
    assert [answer.status for answer in answers] == [200, 413, 200]
    assert np.allclose([json.loads(answers[place].body)["predictions"] for place in (0, 2)], [[3, 7]] * 2)
