"""Columns of a CSV, Parquet or JSON-lines file, as they are written: what looks like something else is left alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd


def read_table(path: Path, is_named_text: Callable[[str], bool]) -> dict[str, Any]:
    """The columns by name. Some hold texts, though these may look like numbers, such as postcodes.

    Raises UserError for a file of another kind, ValueError and OSError for one that can't be read.
    """
    readers = {".csv": read_csv, ".parquet": read_parquet, ".jsonl": read_json_lines}
    reader = readers.get(path.suffix)
    if reader is None:
        raise UserError(
            "holdout-format",
            f"{path} is of no kind that can be read.",
            "Use .npz, .csv, .parquet or .jsonl, one file that is not compressed.",
            str(path),
        )
    return reader(path, is_named_text)


def fill_gaps(values: object) -> np.ndarray:
    """A column with None for its gaps: one of pandas' own can't even be compared with itself."""
    column = np.asarray(values)
    if column.dtype.kind != "O":
        return column
    import pandas as pd  # noqa: PLC0415 - only where the data are a table

    return np.where(pd.isna(column), None, column)


def read_parquet(path: Path, _: Callable[[str], bool]) -> dict[str, Any]:
    """The file types its columns itself."""
    import pandas as pd  # noqa: PLC0415 - only where the data are a table

    frame = pd.read_parquet(path)
    return {str(name): frame[name] for name in frame.columns}


def read_csv(path: Path, is_named_text: Callable[[str], bool]) -> dict[str, Any]:
    """Columns of numbers or flags, where `NA` and the like are gaps; in the others they are texts."""
    import pandas as pd  # noqa: PLC0415 - only where the data are a table

    guessed = pd.read_csv(path)
    named = [name for name in guessed.columns if is_named_text(name) or is_text(guessed[name])]
    if named:
        # In a column of texts only an empty field is a gap: None is a class, and NA is Namibia.
        written = pd.read_csv(path, usecols=named, dtype=str, keep_default_na=False, na_values=[""])
        return {name: written[name] if name in named else guessed[name] for name in guessed.columns}
    return {name: guessed[name] for name in guessed.columns}


def is_text(column: pd.Series) -> bool:
    """Whether pandas found no numbers and no flags alone in it."""
    import pandas as pd  # noqa: PLC0415 - only where the data are a table

    return column.dtype.kind not in "iufb" and pd.api.types.infer_dtype(column, skipna=True) != "boolean"


def read_json_lines(path: Path, _: Callable[[str], bool]) -> dict[str, Any]:
    """One object a line. A key that a row lacks is a gap; a text stays one, whatever it looks like."""
    import pandas as pd  # noqa: PLC0415 - only where the data are a table

    columns: dict[str, list[Any]] = {}
    rows = 0
    with path.open(encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("a line of it is no JSON object")  # noqa: TRY004 - told as any other unreadable file
            for name in row:
                columns.setdefault(name, [None] * rows)
            for name, cells in columns.items():
                cells.append(row.get(name))
            rows += 1
    return {name: pd.Series(cells, dtype=None if can_be_typed(cells) else object) for name, cells in columns.items()}


def can_be_typed(cells: list[Any]) -> bool:
    """Whether all are numbers, flags or gaps, of which pandas makes a column of numbers; larger numbers stay exact."""
    return all(cell is None or (isinstance(cell, int | float) and abs(cell) < 2**63) for cell in cells)
