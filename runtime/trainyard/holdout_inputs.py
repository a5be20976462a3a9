"""Which columns or arrays of a holdout a model is given, and in which types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import InvalidInputError, UserError
from trainyard.holdout_pictures import decode_pictures, list_pictures, refuse_without_steps
from trainyard.nameless_inputs import refuse_other_places
from trainyard.typed_inputs import convert_inputs

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.holdout import HoldoutColumns
    from trainyard.inputs import Inputs
    from trainyard.picture_steps import PictureSteps
    from trainyard.signature import Signature


def choose_inputs(
    table: dict[str, Any],
    columns: HoldoutColumns,
    signature: Signature | None,
    path: Path,
    steps: PictureSteps | None = None,
) -> tuple[Inputs, list[bytes] | None]:
    """The model's inputs, in the types of its signature, and the pictures that they were made from, if they were.

    Raises UserError when they do not fit it.
    """
    inputs = find_inputs(table, columns, signature, path)
    if signature is None:
        return inputs, None
    cells = list_pictures(inputs, steps, path)
    if cells is not None and steps is not None:
        return decode_pictures(cells, signature, steps, path)
    if cells is not None:
        refuse_without_steps(signature, path)
    try:
        return convert_inputs(inputs, signature), None
    except (InvalidInputError, ValueError) as error:
        raise UserError(
            "holdout-input-type",
            f"{path} does not fit the model's signature: {error}",
            "Write the holdout in the types of the model's signature. Whole numbers with gaps are `double` in MLflow.",
            str(path),
        ) from error


def find_inputs(
    table: dict[str, Any],
    columns: HoldoutColumns,
    signature: Signature | None,
    path: Path,
) -> Inputs:
    """Those that the signature names, else those that the holdout gives, else all that is nothing else."""
    optional = signature.optional if signature else frozenset()
    named = [name for name in (signature.names if signature else ()) if name in table or name not in optional]
    absent = [name for name in named if name not in table]
    if absent:
        raise UserError(
            "holdout-input-missing",
            f"{path} lacks the model's inputs {', '.join(absent)}.",
            "Provide a holdout with the inputs of the model's signature.",
            str(path),
        )
    names = named or list(columns.inputs) or [name for name in table if name not in columns.names]
    if path.suffix != ".npz":
        if signature is not None and not named:
            refuse_other_places(table, names, signature, path, are_listed=bool(columns.inputs))
        import pandas as pd  # noqa: PLC0415 - only where the data are a table

        return pd.DataFrame({name: table[name] for name in names})
    if named:
        return {name: np.asarray(table[name]) for name in names}
    if len(names) != 1:
        raise UserError(
            "holdout-inputs-ambiguous",
            f"{path} holds {len(names)} arrays that may be the input: {', '.join(names)}.",
            "Name the input in data.holdout.inputs, or in the model's signature.",
            str(path),
        )
    return np.asarray(table[names[0]])
