"""Tables as Apache Arrow's streams and files and as Parquet files: each row is the request that it is in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainyard.errors import InvalidInputError
from trainyard.scoring import check_columns, check_named_tensors, check_tensor, make_tensor, name_columns
from trainyard.table_forms import KINDS
from trainyard.table_reader import unreadable

if TYPE_CHECKING:
    from trainyard.inputs import Inputs
    from trainyard.signature import Signature, TensorSpec
    from trainyard.table_forms import Column
    from trainyard.table_reader import Table, TableReader


def read_table_body(body: object, said: str, signature: Signature, reader: TableReader) -> Inputs:
    """The rows of a body whose content type, `said`, is one of `KINDS`. Raises InvalidInputError."""
    kind = KINDS[said]
    if not isinstance(body, bytes | bytearray):
        raise unreadable(kind, "it is text")
    columns, tensor = signature.columns, signature.only_tensor
    by_place = tensor is not None or not all(spec.named for spec in columns)
    takes_all = by_place and (tensor is None or len(tensor.shape) != 1)
    table = reader.read(bytes(body), kind, () if takes_all else signature.names, by_place=by_place)
    if columns:
        return fit_columns(table, signature)
    refuse_times(table, list(table.columns))
    if tensor is not None:
        return fit_tensor(table, tensor)
    return check_named_tensors(
        table.columns, signature, lambda column, spec: lay_side_by_side([column], spec, alone=True)
    )


def fit_columns(table: Table, signature: Signature) -> Inputs:
    """The columns as the model takes them."""
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    times = {spec.name for spec in signature.columns if spec.type == "datetime"}
    keys = name_columns(pd.DataFrame(columns=list(table.columns)), signature.columns)
    refuse_times(table, [name for name, key in zip(table.columns, keys, strict=True) if key not in times])
    cells = {name: column.list_cells() for name, column in table.columns.items()}
    return check_columns(pd.DataFrame(cells, index=range(table.rows), dtype=object), signature.columns)


def refuse_times(table: Table, names: list[str]) -> None:
    """Refuses times in these columns: as texts, or as numbers, they could be written in many ways."""
    wrong = [name for name in names if table.columns[name].form == "times"]
    if wrong:
        raise InvalidInputError(
            "column-type", f"{wrong[0]} holds times, and the model takes none there: send what it was trained with."
        )


def fit_tensor(table: Table, spec: TensorSpec) -> Inputs:
    """The columns side by side; for a tensor of one dimension the one that is called as it is, alone."""
    if not table.columns:
        raise InvalidInputError("missing-inputs", "The table has no columns.")
    only = table.columns.get(spec.name) if spec.name is not None and len(spec.shape) == 1 else None
    columns = list(table.columns.values()) if only is None else [only]
    tensor = lay_side_by_side(columns, spec, alone=only is not None)
    return tensor if spec.name is None else {spec.name: tensor}


def lay_side_by_side(columns: list[Column], spec: TensorSpec, *, alone: bool) -> np.ndarray:
    """The tensor of these columns, or of the only one; what can be is laid without a Python object for each cell."""
    arrays = [find_array(column, spec) for column in columns]
    found = [array for array in arrays if array is not None]
    if len(found) == len(arrays):
        return check_tensor(found[0] if alone else np.stack(found, axis=1), spec)
    cells = [column.list_cells() for column in columns]
    return make_tensor(cells[0] if alone else [list(row) for row in zip(*cells, strict=True)], spec)


def find_array(column: Column, spec: TensorSpec) -> np.ndarray | None:
    """The column as an array where that holds what its cells are in the tensor; else None."""
    wanted = np.dtype(spec.dtype)
    form = {"O": "bytes", **dict.fromkeys("iufb", "numbers")}.get(wanted.kind)
    if column.gaps.size or column.form != form:
        return None
    values = column.array
    # Beside other whole numbers those of 64 bits without a sign would become fractions.
    fits = values.dtype == np.uint64 and int(values.max()) <= np.iinfo(np.int64).max
    return values.astype(np.int64) if fits else values
