"""Tables as Apache Arrow's streams and files and as Parquet files: each row is the request that it is in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard.errors import InvalidInputError
from trainyard.scoring import check_columns, check_named_tensors, make_tensor, name_columns
from trainyard.table_forms import KINDS
from trainyard.table_reader import unreadable

if TYPE_CHECKING:
    from trainyard.inputs import Inputs
    from trainyard.signature import Signature, TensorSpec
    from trainyard.table_reader import Table, TableReader


def read_table_body(body: object, said: str, signature: Signature, reader: TableReader) -> Inputs:
    """The rows of a body whose content type, `said`, is one of `KINDS`. Raises InvalidInputError."""
    kind = KINDS[said]
    if not isinstance(body, bytes | bytearray):
        raise unreadable(kind, "it is text")
    columns, tensor = signature.columns, signature.only_tensor
    by_place = tensor is not None or not all(spec.named for spec in columns)
    names = () if columns and by_place else signature.names
    table = reader.read(bytes(body), kind, names, by_place=by_place)
    if columns:
        return fit_columns(table, signature)
    refuse_times(table, list(table.columns))
    return check_named_tensors(table.columns, signature) if tensor is None else fit_tensor(table, tensor)


def fit_columns(table: Table, signature: Signature) -> Inputs:
    """The columns as the model takes them."""
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    frame = pd.DataFrame(table.columns, index=range(table.rows), dtype=object)
    times = {spec.name for spec in signature.columns if spec.type == "datetime"}
    keys = name_columns(frame, signature.columns)
    refuse_times(table, [name for name, key in zip(table.columns, keys, strict=True) if key not in times])
    return check_columns(frame, signature.columns)


def refuse_times(table: Table, names: list[str]) -> None:
    """Refuses times in these columns: as texts, or as numbers, they could be written in many ways."""
    wrong = [name for name in names if name in table.times]
    if wrong:
        raise InvalidInputError(
            "column-type", f"{wrong[0]} holds times, and the model takes none there: send what it was trained with."
        )


def fit_tensor(table: Table, spec: TensorSpec) -> Inputs:
    """The columns side by side; the one that is called as the tensor is, alone."""
    if not table.columns:
        raise InvalidInputError("missing-inputs", "The table has no columns.")
    only = table.columns.get(spec.name) if spec.name is not None else None
    tensor = make_tensor(only or [list(row) for row in zip(*table.columns.values(), strict=True)], spec)
    return tensor if spec.name is None else {spec.name: tensor}
