"""Tables that take more than they are: their reader is ended, their sender is told, and nobody else notices."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from table_bombs import BOMBS, share_bytes
from table_files import GOOD, ROWS, say, start_python, write_file, write_parquet, write_stream
from test_protocols import LOANS, serve
from trainyard.messages import Request
from trainyard.table_forms import FILE_TYPE, PARQUET_TYPE, STREAM_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainyard.service import ModelService

BOUND = 10_485_760
# What a worker may take for a body that is refused: copies of the body, which has this many bytes at most.
MOST_SENT = 2_000_000
MOST_GROWN = 8 * MOST_SENT


@pytest.fixture(scope="module")
def loans() -> Iterator[ModelService]:
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    yield service
    service.close()


def measure(name: str) -> int:
    """Bytes that this process holds, or has held at most, as the kernel says."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


@pytest.mark.parametrize("name", BOMBS)
def test_what_takes_too_much_is_refused_without_the_workers_memory_and_the_next_table_is_answered(
    loans: ModelService, name: str
):
    body, kind, right = BOMBS[name]
    assert len(body) < MOST_SENT
    say(loans, GOOD, STREAM_TYPE)
    before = measure("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    status, said = say(loans, body, kind)
    assert measure("VmHWM") - before < MOST_GROWN
    assert status in right, said
    assert said["code"] in {"body-too-large", "malformed-table", "missing-columns", "column-type", "wrong-type"}
    assert len(said["message"]) < 500
    assert say(loans, GOOD, STREAM_TYPE) == (200, {"predictions": [0, 0]})


def test_columns_that_share_their_bytes_are_counted_each():
    service = serve(ModelSignature(Schema([TensorSpec(np.dtype("int64"), (-1, -1))])), len)
    for columns, right in ((10, 200), (100, 413)):
        assert say(service, share_bytes(columns, 20_000), STREAM_TYPE)[0] == right
    service.close()


def test_old_times_that_64_bits_do_not_hold_are_refused_and_others_are_as_they_were():
    given: list[Any] = []
    service = serve(
        ModelSignature(Schema([ColSpec("datetime", "v")])), lambda x: [given.append(x), np.zeros(len(x))][1]
    )
    times = np.array([1, 2**62, -(2**62)], dtype="datetime64[ns]")
    body = write_parquet(pa.table({"v": times}), use_deprecated_int96_timestamps=True, use_dictionary=False)
    assert say(service, body, PARQUET_TYPE)[0] == 200
    assert given[0]["v"].to_numpy().tolist() == times.tolist()
    # The day, counted from noon of the first of January 4713 before our era, stands behind the nanoseconds.
    day = struct.pack("<qi", 1, 2_440_588)
    plain = write_parquet(
        pa.table({"v": times[:1]}),
        use_deprecated_int96_timestamps=True,
        use_dictionary=False,
        compression="none",
        write_statistics=False,
    )
    assert plain.count(day) == 1
    for other in (1, 2_440_588 + 107_000, 2_440_588 - 107_000, 2**31 - 1, -(2**31)):
        status, said = say(service, plain.replace(day, struct.pack("<qi", 1, other)), PARQUET_TYPE)
        assert (status, said["code"]) == (400, "wrong-type")
    service.close()


@pytest.mark.parametrize("kind", [STREAM_TYPE, FILE_TYPE, PARQUET_TYPE])
@pytest.mark.parametrize("body", [b"", b"PAR1", b"ARROW1", b"PAR1PAR1PAR1", b"\xff" * 40, "text", {"a": 1}, None])
def test_what_is_no_table_is_refused(loans: ModelService, kind: str, body: object):
    status, said = say(loans, body, kind)
    assert (status, said["code"]) == (400, "malformed-table")
    assert said["message"].startswith(f"The body is no {kind} that can be read: ")


def test_what_follows_a_stream_is_not_lost_silently(loans: ModelService):
    for more in (b"x", GOOD):
        assert say(loans, GOOD + more, STREAM_TYPE)[0] == 400
    # Its end need not be said.
    assert say(loans, GOOD[:-8], STREAM_TYPE)[0] == 200


def test_a_large_table_within_the_bound_is_taken_and_a_larger_one_is_not():
    service = serve(ModelSignature(Schema([ColSpec("double", "a")])), lambda x: np.zeros(len(x)))
    for rows, right in ((1_300_000, 200), (1_320_000, 413)):
        body = write_parquet(pa.table({"a": np.arange(rows) % 100 * 0.5}), compression="zstd")
        status, said = say(service, body, PARQUET_TYPE)
        assert status == right
    assert str(BOUND) in said["message"]
    service.close()


def test_what_is_missing_is_counted():
    service = serve(ModelSignature(Schema([ColSpec("double", "a")])), lambda x: [float(len(x))])
    for rows, right in ((BOUND // 9, 200), (BOUND // 9 + 1, 413)):
        mask = np.arange(rows) == 1
        status, said = say(service, write_parquet(pa.table({"a": pa.array(np.zeros(rows), mask=mask)})), PARQUET_TYPE)
        assert status == right
    assert f"may hold {BOUND} bytes" in said["message"]
    service.close()


DAYS = pa.array(np.zeros(BOUND // 8, np.int32)).view(pa.date32())
SMALL_NUMBERS = pa.array(np.full(BOUND // 2, 300, np.uint16))


@pytest.mark.parametrize(
    ("spec", "column", "right"),
    [
        (TensorSpec(np.dtype("float32"), (-1, 1)), SMALL_NUMBERS, 200),
        (TensorSpec(np.dtype("float32"), (-1,), "a"), SMALL_NUMBERS, 200),
        (TensorSpec(np.dtype("float32"), (-1, 1)), DAYS, 400),
        (ColSpec("double", "a"), DAYS, 400),
        (ColSpec("datetime", "a"), pa.concat_arrays([DAYS, DAYS[:1]]), 413),
    ],
)
def test_numbers_and_what_is_refused_take_no_more_memory_than_copies(
    spec: TensorSpec | ColSpec, column: pa.Array, right: int
):
    service = serve(ModelSignature(Schema([spec])), lambda _: [0.0])
    say(service, write_stream(pa.table({"a": [1]})), STREAM_TYPE)
    body = write_parquet(pa.table({"a": column}), compression="zstd")
    before = measure("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    assert say(service, body, PARQUET_TYPE)[0] == right
    assert measure("VmHWM") - before < 7 * BOUND
    service.close()


def test_a_bad_table_in_a_batch_is_its_senders_alone(loans: ModelService):
    one = ROWS.slice(0, 1)
    sent = [
        (write_stream(one), STREAM_TYPE),
        (write_stream(one)[:-200], STREAM_TYPE),
        (write_parquet(one), PARQUET_TYPE),
        BOMBS["Parquet, numbers"][:2],
        (write_file(one), FILE_TYPE),
        (write_parquet(one)[1:], PARQUET_TYPE),
    ]
    answers = loans.answer([Request("r", bytearray(body), headers={"content-type": kind}) for body, kind in sent])
    assert [answer.status for answer in answers] == [200, 400, 200, 413, 200, 400]


def test_whatever_bytes_come_the_worker_stays_and_the_mistake_is_the_clients():
    run = start_python([str(Path(__file__).parent / "mangled_tables.py"), "11", "600"])
    said, errors = run.communicate()
    assert run.returncode == 0, errors[-2000:]
    outcomes = json.loads(said.splitlines()[-1])
    assert sum(outcomes.values()) == 600
    assert outcomes["200"] > 100
    assert outcomes["400 malformed-table"] > 100
    assert {outcome.split()[0] for outcome in outcomes} <= {"200", "400", "413"}
    assert not any("unreadable-request" in outcome for outcome in outcomes)
