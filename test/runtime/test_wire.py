"""What crosses between our process and the model's: data that comes out as it went in, and nothing that could run."""

import io
import json
import pickle
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from trainyard.scoring import to_json
from trainyard.wire import LENGTH, UnreadableError, decode, encode, read_frame, write_frame


@pytest.mark.parametrize(
    "value",
    [
        None,
        [1, 2.5, "three", True, None, float("nan")],
        {"scores": [[0.1, 0.9]]},
        np.float32(0.1),
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.array(["ant", "bee"]),
        np.array(["2026-01-01"], dtype="datetime64[ns]"),
        np.array(["ant", None, 3], dtype=object),
        np.zeros((0, 3)),
        b"{}",
    ],
)
def test_an_answer_comes_out_as_it_went_in(value):
    found = decode(encode(value))
    assert type(found) is type(value)
    np.testing.assert_equal(found, value)


def test_a_table_keeps_its_columns_and_types():
    table = pd.DataFrame({"score": [0.5, 0.25], "name": ["ant", None]})
    pd.testing.assert_frame_equal(decode(encode(table)), table)


def test_a_series_is_read_as_its_values():
    assert decode(encode(pd.Series([1, 2]))).tolist() == [1, 2]


def test_times_are_sent_as_they_are_served_and_gaps_of_pandas_as_none():
    answer = [pd.Timestamp("2026-01-01"), datetime(2026, 1, 1, tzinfo=UTC), pd.NA, pd.NaT]
    assert to_json(decode(encode(answer))) == to_json(answer)


def test_an_answer_of_another_kind_is_not_sent():
    with pytest.raises(TypeError, match="object"):
        encode(object())


class Bomb:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        """What a pickle makes of it."""
        return (exec, ("raise SystemExit('it ran')",))


def frame(head: object, blob: bytes = b"") -> bytes:
    text = json.dumps(head).encode()
    return LENGTH.pack(len(text)) + text + blob


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff" * 40,
        pickle.dumps(Bomb()),
        frame({"kind": "nothing"}),
        frame({"kind": "plain", "value": {"a": 1}}),
        frame({"kind": "array", "dtype": "|O8", "shape": [1], "start": 0, "size": 8}, pickle.dumps(Bomb())),
        frame({"kind": "array", "dtype": "<f8", "shape": [1 << 40], "start": 0, "size": 8}, b"12345678"),
        frame({"kind": "array", "dtype": "<f8", "shape": [1], "start": -8, "size": 8}, b"12345678"),
        frame({"kind": "bytes", "start": 0, "size": 1 << 60}),
        frame({"kind": "table", "names": ["a"], "columns": [{"kind": "plain", "value": 1}]}),
        LENGTH.pack(200_000) + b"[" * 200_000,
    ],
)
def test_what_the_writer_can_not_have_written_is_refused(payload: bytes):
    with pytest.raises(UnreadableError):
        decode(payload)


def test_a_frame_that_is_too_long_is_not_read():
    with pytest.raises(UnreadableError, match="at most 10"):
        read_frame(io.BytesIO(LENGTH.pack(1 << 62)), most=10)


def test_half_a_frame_is_none():
    stream = io.BytesIO()
    write_frame(stream, b"whole")
    assert read_frame(io.BytesIO(stream.getvalue()[:-1])) is None
