"""Tables in Apache Arrow's formats and in Parquet, as plain arrays. Only the reader imports this (arrow_program.py).

pyarrow may take any amount of memory and time for a body, and end its process: the reader is held to both.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from trainyard.errors import InvalidInputError
from trainyard.table_forms import BYTES_OF_CELL, FILE_TYPE, OLDEST_MAJOR, PARQUET_TYPE, STREAM_TYPE, UnfitError

if TYPE_CHECKING:
    from collections.abc import Sequence

# More than the table holds by which all is loaded.
SMALL = 10_000
# Characters of what is quoted.
MOST_SAID = 200
# Seconds since 1970 within which 64 bits hold every nanosecond.
FIRST_SECOND, LAST_SECOND = -9_223_372_036, 9_223_372_036
DATE_UNITS = {"date32[day]": "D", "date64[ms]": "ms"}
OLD_TIME = "INT96"
VIEWS = {"string_view": pa.large_string(), "binary_view": pa.large_binary()}
PLAIN = (types.is_boolean, types.is_integer, types.is_floating, types.is_null, types.is_date, types.is_timestamp)
TEXTS = (types.is_string, types.is_large_string)
BYTES = (types.is_binary, types.is_large_binary, types.is_fixed_size_binary)


def load_all() -> None:
    """Reads a small table of every form, so that all is loaded. Raises UnfitError for a pyarrow that is too old."""
    if int(pa.__version__.partition(".")[0]) < OLDEST_MAJOR:
        raise UnfitError(f"pyarrow is {pa.__version__}, and {OLDEST_MAJOR} is the oldest that is used")
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    texts = pa.array(["a", None])
    table = pa.table(
        {
            "texts": texts,
            "classes": texts.dictionary_encode(),
            "numbers": pa.array([1.5, None]),
            "flags": pa.array([True, None]),
            "times": pa.array([0, None], pa.timestamp("us")),
        }
    )
    for kind, new_writer in ((STREAM_TYPE, pa.ipc.new_stream), (FILE_TYPE, pa.ipc.new_file)):
        sink = pa.BufferOutputStream()
        with new_writer(sink, table.schema) as writer:
            writer.write_table(table)
        read_table(sink.getvalue().to_pybytes(), kind, [], SMALL, by_place=True)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, use_deprecated_int96_timestamps=True)
    read_table(sink.getvalue().to_pybytes(), PARQUET_TYPE, [], SMALL, by_place=True)


def read_table(
    body: bytes, kind: str, names: Sequence[str], most_bytes: int, *, by_place: bool
) -> tuple[int, dict[str, dict[str, Any]]]:
    """How many rows there are, and columns by name (table_forms.py).

    Those with one of these names, or where there is none and a place will do, all. Raises InvalidInputError, and
    whatever pyarrow raises.
    """
    reading = {STREAM_TYPE: read_stream, FILE_TYPE: read_file, PARQUET_TYPE: read_parquet}
    table = reading[kind](body, names, by_place)
    chosen = choose_names(table.schema, names, by_place)
    if table.num_rows == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    least = table.num_rows * BYTES_OF_CELL
    if least * max(1, len(chosen)) > most_bytes:
        raise too_large(most_bytes)
    columns: dict[str, dict[str, Any]] = {}
    size = 0
    # A name that nobody asked for may stand twice; of those that are wanted each has one place.
    places = {name: place for place, name in enumerate(table.schema.names)}
    for name in chosen:
        column = table.column(places[name])
        refuse_type(name, column.type)
        for chunk in column.chunks:
            chunk.validate(full=True)
        columns[name] = describe(column, most_bytes - size)
        size += max(least, measure(columns[name]))
        if size > most_bytes:
            raise too_large(most_bytes)
    return table.num_rows, columns


def too_large(most_bytes: int) -> InvalidInputError:
    """Says how much a table may hold."""
    return InvalidInputError(
        "body-too-large",
        f"The columns that the model takes may hold {most_bytes} bytes, {BYTES_OF_CELL} a cell at least, 8 for a "
        "time, 4 beside a text's own and 1 more where cells of a column are missing, and here they hold more: send "
        "fewer rows at once.",
        413,
    )


def read_stream(body: bytes, names: Sequence[str], by_place: bool) -> pa.Table:  # noqa: FBT001 - one of several readers
    """The table of an Arrow stream, with which the body ends."""
    with pa.ipc.open_stream(pa.BufferReader(body)) as reader:
        options = choose_fields(reader.schema, names, by_place)
    source = pa.BufferReader(body)
    with pa.ipc.open_stream(source, options=options) as reader:
        table = reader.read_all()
        if source.tell() < source.size():
            raise InvalidInputError("malformed-table", "Something follows the end of the Arrow stream: send one alone.")
    return table


def read_file(body: bytes, names: Sequence[str], by_place: bool) -> pa.Table:  # noqa: FBT001 - one of several readers
    """The table of an Arrow file."""
    with pa.ipc.open_file(pa.BufferReader(body)) as reader:
        options = choose_fields(reader.schema, names, by_place)
    with pa.ipc.open_file(pa.BufferReader(body), options=options) as reader:
        return reader.read_all()


def choose_fields(schema: pa.Schema, names: Sequence[str], by_place: bool) -> pa.ipc.IpcReadOptions:  # noqa: FBT001
    """How Arrow's formats are read: the columns that are wanted, and by no other thread."""
    wanted = set(choose_names(schema, names, by_place))
    places = [place for place, name in enumerate(schema.names) if name in wanted]
    return pa.ipc.IpcReadOptions(use_threads=False, included_fields=places)


def read_parquet(body: bytes, names: Sequence[str], by_place: bool) -> pa.Table:  # noqa: FBT001 - one of several readers
    """The table of a Parquet file. Times of 96 bits are in seconds where 64 bits of nanoseconds don't hold them all."""
    file = open_parquet(body)
    chosen = choose_names(file.schema_arrow, names, by_place)
    if any(file.schema.column(place).physical_type == OLD_TIME for place in range(len(file.schema))):
        seconds = open_parquet(body, "s").read(columns=chosen, use_threads=False)
        if not all(fits_nanoseconds(column) for column in seconds.columns):
            return seconds
    return file.read(columns=chosen, use_threads=False)


def open_parquet(body: bytes, old_unit: str = "ns") -> pq.ParquetFile:
    """A Parquet file, of which nothing is read ahead; times of 96 bits in this unit."""
    return pq.ParquetFile(
        pa.BufferReader(body), memory_map=False, pre_buffer=False, coerce_int96_timestamp_unit=old_unit
    )


def fits_nanoseconds(column: pa.ChunkedArray) -> bool:
    """Whether 64 bits of nanoseconds hold all times of the column; what is in no seconds was no time of 96 bits."""
    if column.type != pa.timestamp("s"):
        return True
    counts = to_numbers(column, pa.int64())
    return counts.size == 0 or bool(counts.min() > FIRST_SECOND and counts.max() < LAST_SECOND)


def choose_names(schema: pa.Schema, names: Sequence[str], by_place: bool) -> list[str]:  # noqa: FBT001
    """The columns that are wanted, in the table's order. Raises InvalidInputError for one that is named twice.

    The index of a pandas table is no column of it: by its place it is left out, as by who reads the file with pandas.
    """
    wanted = set(names)
    chosen = [name for name in schema.names if name in wanted]
    if by_place and not chosen:
        index = list_index(schema)
        chosen = [name for name in schema.names if name not in index]
    if len(set(chosen)) < len(chosen):
        raise InvalidInputError("malformed-table", "The table names a column twice: give each a name of its own.")
    return chosen


def list_index(schema: pa.Schema) -> set[str]:
    """The columns that pandas wrote of a table's index."""
    said = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    columns = said.get("index_columns") if isinstance(said, dict) else None
    return {one for one in columns if isinstance(one, str)} if isinstance(columns, list) else set()


def refuse_type(name: str, kind: pa.DataType) -> None:
    """Raises InvalidInputError for a column of a type that has no form in JSON."""
    plain = kind.value_type if types.is_dictionary(kind) else kind
    if str(plain) in VIEWS or any(test(plain) for test in (*PLAIN, *TEXTS, *BYTES)):
        return
    raise InvalidInputError(
        "column-type",
        f"{name[:MOST_SAID]} has the type {str(kind)[:MOST_SAID]}, which is not read: send numbers, texts, bytes, "
        "truth values or times, or JSON.",
    )


def describe(column: pa.ChunkedArray, most_bytes: int) -> dict[str, Any]:
    """A column as plain arrays, of which texts have `most_bytes` at most. Raises InvalidInputError."""
    if types.is_dictionary(column.type):
        column = spread(column)
    kind = column.type
    gaps = {"missing": column.is_null().to_numpy()} if column.null_count else {}
    if types.is_null(kind):
        return {"form": "nothing", **gaps}
    if types.is_timestamp(kind) or types.is_date(kind):
        unit = DATE_UNITS.get(str(kind)) or kind.unit
        return {
            "form": "times",
            "unit": unit,
            "values": to_numbers(column, choose_count(unit)).astype(np.int64),
            **gaps,
        }
    if not any(test(kind) for test in PLAIN):
        return {**describe_texts(column, most_bytes), **gaps}
    return {"form": "numbers", "values": to_numbers(column, pa.float32() if types.is_float16(kind) else kind), **gaps}


def spread(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of a dictionary with each cell's own value."""
    kind = column.type.value_type
    plain = VIEWS.get(str(kind), kind)
    chunks = [pa.DictionaryArray.from_arrays(one.indices, one.dictionary.cast(plain)) for one in column.chunks]
    return pa.chunked_array([one.cast(plain) for one in chunks], plain)


def choose_count(unit: str) -> pa.DataType:
    """The whole numbers in which times of this unit are."""
    return pa.int32() if unit == "D" else pa.int64()


def describe_texts(column: pa.ChunkedArray, most_bytes: int) -> dict[str, Any]:
    """Texts or bytes, one behind the other."""
    if str(column.type) in VIEWS:
        column = column.cast(VIEWS[str(column.type)])
    form = "texts" if any(test(column.type) for test in TEXTS) else "bytes"
    joined = pa.concat_arrays(column.cast(pa.large_binary()).fill_null(b"").chunks)
    _, offsets, content = joined.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[joined.offset : joined.offset + len(joined) + 1]
    if int(ends[-1] - ends[0]) > most_bytes:
        raise too_large(most_bytes)
    held = b"" if content is None else memoryview(content)[int(ends[0]) : int(ends[-1])].tobytes()
    return {"form": form, "lengths": np.diff(ends).astype(np.uint32), "bytes": held}


def to_numbers(column: pa.ChunkedArray, kind: pa.DataType) -> np.ndarray:
    """A column's values as numbers of this type, with zero in the place of a gap."""
    values = column if column.type == kind else column.cast(kind)
    if values.null_count:
        values = values.fill_null(pa.scalar(0, pa.int8()).cast(kind))
    return np.ascontiguousarray(values.to_numpy())


def measure(described: dict[str, Any]) -> int:
    """Bytes of a column's values, and of what says which are missing."""
    arrays = (described.get(name) for name in ("values", "lengths", "missing"))
    return len(described.get("bytes", b"")) + sum(one.nbytes for one in arrays if one is not None)
