"""Held-out inputs in the types of the model's signature, as requests of the same rows come to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.cells import FIRST_TIME, INTEGER_TYPES, LAST_TIME, NUMBER_TYPES, convert_column, fill_column, refuse_rows
from trainyard.errors import InvalidInputError
from trainyard.scoring import check_named_tensors, make_tensor, name_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from trainyard.inputs import Inputs
    from trainyard.signature import ColumnSpec, Signature


def convert_inputs(inputs: Inputs, signature: Signature) -> Inputs:
    """The inputs in the signature's types. Raises InvalidInputError where a value would be lost or refused."""
    if signature.columns:
        return convert_table(inputs, signature.columns)
    spec = signature.only_tensor
    if spec is not None and spec.name is None:
        return make_tensor(inputs if isinstance(inputs, np.ndarray) else stack_columns(inputs), spec)
    if isinstance(inputs, np.ndarray):
        return inputs
    return check_named_tensors({str(name): np.asarray(inputs[name]) for name in inputs}, signature)


def stack_columns(columns: Mapping[str, object] | pd.DataFrame) -> np.ndarray:
    """Columns as one array with a row for each of theirs."""
    return np.column_stack([np.asarray(columns[name]) for name in columns])


def convert_table(columns: Inputs, specs: tuple[ColumnSpec, ...]) -> Inputs:
    """The signature's columns in its order and types. What has no columns is left as it is."""
    import pandas as pd  # noqa: PLC0415 - models that take arrays are evaluated without pandas

    if isinstance(columns, np.ndarray):
        return columns
    frame = pd.DataFrame(columns)
    if not all(spec.named for spec in specs) and frame.shape[1] != len(specs):
        what = f"the model takes {len(specs)} columns without names, and is given {frame.shape[1]}."
        raise InvalidInputError("missing-columns", what)
    frame = frame.set_axis(name_columns(frame, specs), axis=1)
    held = {
        spec.key: convert_held(frame[spec.name], spec) if spec.name in frame else fill_column(spec, len(frame))
        for spec in specs
    }
    return pd.DataFrame({key: values for key, values in held.items() if values is not None})


def convert_held(values: pd.Series, spec: ColumnSpec) -> Any:  # noqa: ANN401 - what a table is made of
    """One column in its type: at once where the file typed it, else value by value, as those of a request are."""
    kind = values.dtype.kind
    if kind in "iuf" and spec.type in NUMBER_TYPES:
        return convert_numbers(values.to_numpy(dtype=np.float64, na_value=np.nan), spec)
    if kind in "iuf" and spec.type in INTEGER_TYPES:
        return convert_whole_numbers(values, spec)
    if kind == "M" and spec.type == "datetime":
        return convert_known_times(values, spec)
    return convert_column(list_cells(values), spec)


def list_cells(values: pd.Series) -> list[Any]:
    """The values as those of a request: a gap is None, a time a text."""
    cells = values.astype(object).where(values.notna(), None).tolist()
    return [cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in cells]


def convert_numbers(numbers: np.ndarray, spec: ColumnSpec) -> np.ndarray:
    """Numbers that the type holds."""
    most = np.finfo(NUMBER_TYPES[str(spec.type)]).max
    refuse_rows(np.flatnonzero(np.isfinite(numbers) & (np.abs(numbers) > most)), numbers, spec, "a number")
    return numbers.astype(NUMBER_TYPES[str(spec.type)])


def convert_whole_numbers(values: pd.Series, spec: ColumnSpec) -> np.ndarray:
    """Whole numbers, also where they were read as numbers with a point."""
    wanted = INTEGER_TYPES[str(spec.type)]
    missing = values.isna().to_numpy()
    numbers = values.fillna(0).to_numpy()
    is_whole = numbers.dtype.kind in "iu"
    bounds = np.iinfo(wanted)
    # The largest as a float is one too many.
    below = numbers <= bounds.max if is_whole else numbers < float(bounds.max) + 1
    fits = (numbers >= bounds.min) & below & (is_whole or np.mod(numbers, 1) == 0) & ~missing
    bad = np.flatnonzero(~fits)
    found = {int(row): None if missing[row] else numbers[row] for row in bad[:1]}
    refuse_rows(bad, found, spec, f"a whole number ({spec.type})")
    return numbers.astype(wanted)


def convert_known_times(values: pd.Series, spec: ColumnSpec) -> np.ndarray:
    """Times that the file has as such; with a zone they are told in UTC."""
    times = (values.dt.tz_convert(None) if getattr(values.dt, "tz", None) is not None else values).to_numpy()
    late = ~np.isnat(times) & ((times < FIRST_TIME) | (times >= LAST_TIME))
    refuse_rows(np.flatnonzero(late), times, spec, "a time from 1678 to 2261")
    return times.astype("datetime64[ns]")
