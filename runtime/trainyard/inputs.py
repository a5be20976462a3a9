"""Rows a model predicts: one array, arrays by name, or a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

Array: TypeAlias = np.ndarray
Inputs: TypeAlias = "Array | dict[str, Array] | pd.DataFrame"


def count_rows(inputs: Inputs) -> int:
    """How many rows there are."""
    return len(next(iter(inputs.values()))) if isinstance(inputs, dict) else len(inputs)


def take_rows(inputs: Inputs, rows: slice | Array) -> Inputs:
    """Some of the rows, in the same form."""
    if isinstance(inputs, dict):
        return {name: values[rows] for name, values in inputs.items()}
    return inputs[rows] if isinstance(inputs, np.ndarray) else inputs.iloc[rows]


def concatenate(parts: list[Any]) -> Any:  # noqa: ANN401 - inputs, or whatever a model returns
    """All rows of all parts, which have the same form, in order; a list where any part is one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(isinstance(part, list) for part in parts):
        return [row for part in parts for row in part]
    if isinstance(first, dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in first}
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    return pd.concat(parts, ignore_index=True)


def iterate_chunks(inputs: Inputs, size: int) -> Iterator[Inputs]:
    """The rows in order, at most `size` at a time."""
    for start in range(0, count_rows(inputs), size):
        yield take_rows(inputs, slice(start, start + size))
