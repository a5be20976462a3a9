"""Tables of a few kilobytes that stand for much more, or say of themselves what is not so."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pyarrow as pa

from table_files import write_parquet, write_stream
from thrift_structs import I32, I64, LIST, STRUCT, change_first_page, change_footer, first_chunk
from trainyard.table_forms import PARQUET_TYPE, STREAM_TYPE


def towns(column: pa.Array) -> pa.Table:
    """Rows with these towns; what else they have is small."""
    rows = len(column)
    return pa.table(
        {"town": column, "age": pa.nulls(rows, pa.int8()), "income": pa.nulls(rows), "owner": pa.nulls(rows)}
    )


def views(count: int) -> pa.Array:
    """Texts of 100,000 characters, all of them the same ones."""
    text = b"x" * 100_000
    view = struct.pack("<i4sii", len(text), text[:4], 0, 0)
    return pa.Array.from_buffers(pa.string_view(), count, [None, pa.py_buffer(view * count), pa.py_buffer(text)])


def pack_in_an_old_way(size: int) -> bytes:
    """A column whose buffer is said to be packed where the versions before the fifth said so."""
    packed = struct.pack("<q", size) + pa.compress(bytes(size), "zstd", asbytes=True)
    column = pa.Array.from_buffers(pa.int8(), len(packed), [None, pa.py_buffer(packed)])
    batch = pa.record_batch({"age": column})
    file = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(metadata_version=pa.ipc.MetadataVersion.V4)
    with pa.ipc.new_stream(file, batch.schema, options=options) as writer:
        writer.write_batch(batch, custom_metadata={"ARROW:experimental_compression": "zstd"})
    return file.getvalue()


def share_bytes(columns: int, rows: int) -> bytes:
    """Columns of whole numbers that all lie at the same place."""
    names = ["age", *(f"c{number}" for number in range(columns - 1))]
    body = write_stream(pa.table({name: np.zeros(rows, dtype=np.int64) for name in names}))
    size = rows * 8
    head = body[: len(body) - 8 - columns * size]
    for number in range(1, columns):
        # No bytes for what is missing, and behind that the numbers.
        places = struct.pack("<4q", number * size, 0, number * size, size)
        assert head.count(places) == 1
        head = head.replace(places, struct.pack("<4q", 0, 0, 0, size))
    whole = struct.pack("<q", columns * size)
    assert head.count(whole) == 1
    return head.replace(whole, struct.pack("<q", size)) + bytes(size) + body[-8:]


def list_dictionaries(batches: int) -> bytes:
    """Batches of one row, each with a dictionary of its own of a million numbers."""
    schema = pa.schema({"age": pa.dictionary(pa.int8(), pa.int64())})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    file = io.BytesIO()
    with pa.ipc.new_stream(file, schema, options=options) as writer:
        for number in range(batches):
            numbers = np.zeros(1_000_000, dtype=np.int64)
            numbers[0] = number
            column = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), pa.array(numbers))
            writer.write_batch(pa.record_batch([column], schema))
    return file.getvalue()


def say_less(fields: dict[int, Any]) -> None:
    """A footer of few values in few bytes."""
    chunk = first_chunk(fields)
    chunk[5], chunk[6], fields[3] = (I64, 1), (I64, 1), (I64, 1)


def say_more(count: int, kind: int) -> Any:
    """A head of a page with many values, by numbers that their type may not hold."""

    def change(head: dict[int, Any]) -> None:
        head[2] = (kind, count)
        head[5][1][1] = (kind, count)

    return change


def say_more_values(count: int) -> Any:
    def change(fields: dict[int, Any]) -> None:
        first_chunk(fields)[5] = (I64, count)
        fields[3] = (I64, count)
        fields[4][1][1][0][3] = (I64, count)

    return change


def deepen(depth: int) -> Any:
    """A schema of so many groups in one another: a reader goes down by recursion."""

    def change(fields: dict[int, Any]) -> None:
        kind, elements = fields[2][1]
        group = {3: (I32, 0), 4: (8, b"g"), 5: (I32, 1)}
        fields[2] = (LIST, (kind, [*elements[:1], *[group] * depth, elements[1]]))
        fields[4] = (LIST, (STRUCT, []))

    return change


ZEROS = pa.table({"age": np.zeros(250_000_000, dtype=np.int8)})
LISTS = pa.table({"age": pa.ListArray.from_arrays([0, 50_000_000], np.zeros(50_000_000, dtype=np.int8))})
ONE = write_parquet(pa.table({"age": [1, 2, 3]}), use_dictionary=False, compression="none")
LONG = pa.array(["x" * 100_000] * 500)
# By the finding: the body, its kind, and the statuses that are right for it.
BOMBS = {
    "Parquet, numbers": (write_parquet(ZEROS, use_dictionary=False, compression="zstd"), PARQUET_TYPE, {413}),
    "Parquet, numbers by a dictionary": (write_parquet(ZEROS), PARQUET_TYPE, {413}),
    "Parquet, one text by a dictionary": (write_parquet(towns(LONG)), PARQUET_TYPE, {413}),
    "Parquet, one text after another": (
        write_parquet(
            towns(LONG), use_dictionary=False, column_encoding={"town": "DELTA_BYTE_ARRAY"}, compression="zstd"
        ),
        PARQUET_TYPE,
        {413},
    ),
    "Parquet, a footer that says less": (
        change_footer(write_parquet(ZEROS, use_dictionary=False, compression="zstd"), say_less),
        PARQUET_TYPE,
        {400, 413},
    ),
    "Parquet, a footer that says more": (change_footer(ONE, say_more_values(2**40)), PARQUET_TYPE, {400, 413}),
    "Parquet, a page that says more": (change_first_page(ONE, say_more(2**31 - 1, I32)), PARQUET_TYPE, {400, 413}),
    "Parquet, numbers wider than their type": (
        change_first_page(ONE, say_more(2**33 + 24, I64)),
        PARQUET_TYPE,
        {400, 413},
    ),
    "Parquet, numbers wider than any": (change_first_page(ONE, say_more(2**80, I32)), PARQUET_TYPE, {400, 413}),
    "Parquet, a schema without a bottom": (change_footer(ONE, deepen(100_000)), PARQUET_TYPE, {400}),
    "Parquet, lists": (write_parquet(LISTS), PARQUET_TYPE, {400, 413}),
    "Arrow, rows of nothing": (write_stream(pa.table({"age": pa.nulls(50_000_000)})), STREAM_TYPE, {413}),
    "Arrow, rows without columns": (write_stream(pa.table({"a": pa.nulls(50_000_000)}).select([])), STREAM_TYPE, {413}),
    "Arrow, a dictionary of nothing": (
        write_stream(towns(pa.DictionaryArray.from_arrays([0], pa.nulls(50_000_000)))),
        STREAM_TYPE,
        {400, 413},
    ),
    "Arrow, dictionaries listed once a batch": (list_dictionaries(60), STREAM_TYPE, {400, 413}),
    "Arrow, one text by a dictionary": (write_stream(towns(LONG.dictionary_encode())), STREAM_TYPE, {413}),
    "Arrow, one text that is looked at": (write_stream(towns(views(10_000))), STREAM_TYPE, {413}),
    "Arrow, a dictionary of views": (
        write_stream(towns(pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), views(1)))),
        STREAM_TYPE,
        {413},
    ),
}
