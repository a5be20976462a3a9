"""Tables as Arrow's streams and files and as Parquet, and how a handler is asked by them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from test_protocols import ask
from trainyard.table_forms import FILE_TYPE, PARQUET_TYPE, STREAM_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainyard.service import ModelService


def write_stream(table: pa.Table, compression: str | None = None) -> bytes:
    return write_arrow(table, pa.ipc.new_stream, compression)


def write_file(table: pa.Table, compression: str | None = None) -> bytes:
    return write_arrow(table, pa.ipc.new_file, compression)


def write_arrow(table: pa.Table, new_writer: Callable, compression: str | None) -> bytes:
    file = io.BytesIO()
    with new_writer(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        # Several batches of a few rows, and one of many.
        writer.write_table(table, max_chunksize=2 if len(table) < 10 else None)
    return file.getvalue()


def write_parquet(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


WRITERS = {
    STREAM_TYPE: write_stream,
    FILE_TYPE: write_file,
    PARQUET_TYPE: write_parquet,
    "application/x-parquet": write_parquet,
}

ROWS = pa.table(
    {
        "town": ["007", "käse", None],
        "age": pa.array([41, 40, 39], pa.int8()),
        "income": [1e3, None, float("inf")],
        "owner": [True, False, True],
        "other": [[1], [], None],
    }
)
GOOD = write_stream(ROWS.slice(0, 2))


def say(service: ModelService, body: object, kind: str) -> tuple[int, Any]:
    """Status and document of the answer to a body of this kind."""
    answer = ask(service, body, {"content-type": kind})
    return answer.status, json.loads(answer.body)


def start_python(arguments: list[str], **options: Any) -> subprocess.Popen[str]:
    """A Python that finds what tests find."""
    here = Path(__file__).parent
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent.parent / "runtime")])}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *arguments],
        env=variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
