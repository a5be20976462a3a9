"""Held-out inputs in the types of the model's signature, as requests of the same rows come to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainyard.scoring import (
    INTEGER_TYPES,
    NUMBER_TYPES,
    InvalidInputError,
    check_named_tensors,
    make_tensor,
)

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
    return pd.DataFrame(
        {spec.name: convert_column(pd.Series(columns[spec.name]), spec) for spec in specs if spec.name in columns}
    )


def convert_column(values: pd.Series, spec: ColumnSpec) -> pd.Series | np.ndarray:
    """One column in its type. Missing numbers become NaN; a missing whole number or truth value is refused."""
    try:
        if spec.type in NUMBER_TYPES:
            return values.to_numpy(dtype=NUMBER_TYPES[spec.type], na_value=np.nan)
        if spec.type in INTEGER_TYPES:
            return convert_whole_numbers(values, spec)
        if spec.type == "boolean":
            return values.to_numpy(dtype=bool) if values.dtype.kind == "b" else refuse(spec, "true or false")
        if spec.type == "datetime":
            return values.to_numpy(dtype="datetime64[ns]")
    except (TypeError, ValueError) as error:
        raise InvalidInputError("wrong-type", f"{spec.name} can't be read as {spec.type}: {error}.") from error
    return values


def convert_whole_numbers(values: pd.Series, spec: ColumnSpec) -> np.ndarray:
    """Whole numbers, also where they were read as numbers with a point."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if not (np.isfinite(numbers) & (np.mod(numbers, 1) == 0)).all():
        return refuse(spec, "whole numbers without gaps")
    return values.to_numpy(dtype=INTEGER_TYPES[str(spec.type)])


def refuse(spec: ColumnSpec, wanted: str) -> np.ndarray:
    """Raises InvalidInputError."""
    raise InvalidInputError("wrong-type", f"{spec.name} must hold {wanted} ({spec.type}).")
