"""Sends tables of which bytes are missing or others to a handler, as many as are asked for; prints what came of them.

A program of its own: a reader that ends its process ends this one, and the test sees it.
"""

from __future__ import annotations

import json
import logging
import random
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa

from table_files import ROWS, write_file, write_parquet, write_stream
from test_protocols import LOANS, ask, serve
from trainyard.table_forms import FILE_TYPE, PARQUET_TYPE, STREAM_TYPE

# Where heads and footers are: half of what is changed.
TAIL = 1500


def make_bodies() -> list[tuple[bytes, str]]:
    """Small tables in every form, packing and kind of column."""
    rows = 300
    frame = pd.DataFrame(
        {
            "age": range(rows),
            "income": np.random.default_rng(0).random(rows),
            "town": [f"t{row % 7}" for row in range(rows)],
            "owner": [row % 3 == 0 for row in range(rows)],
            "when": pd.date_range("2024", periods=rows),
            "kind": pd.Categorical([f"c{row % 4}" for row in range(rows)]),
        }
    )
    wide = pa.Table.from_pandas(frame)
    town = wide["town"].chunk(0)
    bodies = [
        (write_stream(wide.set_column(2, "town", column)), STREAM_TYPE)
        for column in (town.cast(pa.string_view()), town.dictionary_encode())
    ]
    for table in (ROWS, wide):
        for packing in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
            options = {"compression": packing, "use_dictionary": packing != "zstd"}
            bodies += [
                (write_parquet(table, **options, data_page_version=page), PARQUET_TYPE) for page in ("1.0", "2.0")
            ]
        for packing in (None, "lz4", "zstd"):
            bodies += [(write_stream(table, packing), STREAM_TYPE), (write_file(table, packing), FILE_TYPE)]
    return bodies


def mangle(body: bytearray, chance: random.Random) -> bytearray:
    """Cut off, with other bytes in one to five places, or with a part of it written over another."""
    how = chance.random()
    if how < 0.15:
        return body[: chance.randrange(len(body))]
    if how < 0.9:
        for _ in range(chance.choice((1, 1, 2, 5))):
            start = 0 if chance.random() < 0.5 else max(0, len(body) - TAIL)
            place = chance.randrange(start, len(body))
            body[place] = chance.choice((body[place] ^ 1 << chance.randrange(8), 255, 0, 127, 128))
        return body
    place, other, size = chance.randrange(len(body)), chance.randrange(len(body)), chance.randrange(1, 40)
    body[place : place + size] = body[other : other + size]
    return body


def main() -> None:
    """Seed and number of bodies are the arguments."""
    logging.disable(logging.CRITICAL)
    seed, count = map(int, sys.argv[1:])
    chance = random.Random(seed)  # noqa: S311 - the same bytes each time
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    bodies = make_bodies()
    outcomes: Counter[str] = Counter()
    for _ in range(count):
        body, kind = chance.choice(bodies)
        answer = ask(service, bytes(mangle(bytearray(body), chance)), {"content-type": kind})
        outcomes[f"{answer.status} {json.loads(answer.body).get('code', '')}".strip()] += 1
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
