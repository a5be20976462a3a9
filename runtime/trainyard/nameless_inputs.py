"""Columns of a table for a model that knows them by their place alone: as many as it takes, and never others."""

from __future__ import annotations

from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import UserError
from trainyard.outputs import is_missing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainyard.signature import Signature

MOST_NAMES = 20


def refuse_other_places(
    table: dict[str, Any],
    names: Sequence[str],
    signature: Signature,
    path: Path,
    *,
    are_listed: bool,
) -> None:
    """Raises UserError unless the columns are as many as the signature takes without names, and of numbers for numbers.

    `are_listed` says whether data.holdout.inputs names them.
    """
    taken = count_places(signature)
    if taken is None:
        return
    texts = [name for name in names if takes_numbers(signature) and not holds_numbers(table[name])]
    rest = [name for name in names if name not in texts]
    listed = ", ".join(rest) if texts and len(rest) == taken else ".."
    remedy = f"Set data.holdout.inputs: [{listed}] in trainyard.yml: the columns of the model, in its order."
    no_numbers = f" `{'`, `'.join(texts)}` {'hold' if len(texts) > 1 else 'holds'} no numbers." if texts else ""
    if len(names) != taken:
        given = f"data.holdout.inputs lists {len(names)}" if are_listed else f"{path} has {len(names)} for it"
        raise UserError(
            "holdout-inputs-many" if len(names) > taken else "holdout-inputs-few",
            f"The model takes {taken} columns without names, and {given}: {tell(names)}.{no_numbers}",
            remedy,
            str(path),
        )
    if texts:
        raise UserError(
            "holdout-input-type",
            f"{path} does not fit the model's signature, which takes numbers.{no_numbers}",
            remedy,
            str(path),
        )


def count_places(signature: Signature) -> int | None:
    """How many columns without names the signature takes; None where it names them, or leaves their number open."""
    if signature.columns:
        return None if all(spec.named for spec in signature.columns) else len(signature.columns)
    spec = signature.only_tensor
    is_matrix = spec is not None and spec.name is None and len(spec.shape) == len(("rows", "columns"))
    return spec.shape[1] if spec is not None and is_matrix and spec.shape[1] > 0 else None


def takes_numbers(signature: Signature) -> bool:
    """Whether all of an array are numbers; columns have a type each."""
    return bool(signature.tensors) and all(np.dtype(spec.dtype).kind in "iufb" for spec in signature.tensors)


def holds_numbers(values: Any) -> bool:  # noqa: ANN401 - a pandas column, or an array
    """Whether all values that are there are numbers."""
    if values.dtype.kind in "iufb" or all(isinstance(value, Number) or is_missing(value) for value in values):
        return True
    try:
        # Numbers that are written as texts are made numbers for such a model.
        np.asarray([value for value in values if not is_missing(value)]).astype(float)
    except (TypeError, ValueError):
        return False
    return True


def tell(names: Sequence[str]) -> str:
    """The names, of many the first ones."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more
