"""Held-out pictures as files have them: bytes in Parquet, base64 in CSV and JSON lines. Arrays of npz are tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import InvalidInputError, UserError
from trainyard.inputs import concatenate
from trainyard.picture_requests import decode_base64, make_inputs
from trainyard.picture_steps import require_fit
from trainyard.pictures import require_decoder
from trainyard.rows import place_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trainyard.inputs import Inputs
    from trainyard.picture_steps import PictureSteps
    from trainyard.signature import Signature


def list_pictures(inputs: Inputs, steps: PictureSteps | None) -> list[bytes | str] | None:
    """The pictures, where the one column of a table holds some, as they are written; else None."""
    if steps is None or isinstance(inputs, dict | np.ndarray) or inputs.shape[1] != 1:
        return None
    cells = [take_bytes(cell) for cell in inputs.iloc[:, 0].tolist()]
    return cells if cells and all(isinstance(cell, bytes | str) for cell in cells) else None


def take_bytes(cell: Any) -> Any:  # noqa: ANN401 - a cell of a table
    """What a cell holds; of Hugging Face's `{bytes, path}` the bytes."""
    return cell.get("bytes") if isinstance(cell, dict) else cell


def decode_pictures(
    cells: Sequence[bytes | str], signature: Signature, steps: PictureSteps, path: Path
) -> tuple[Inputs, list[bytes]]:
    """The model's inputs, as requests with these pictures come to it, and the pictures. Raises UserError."""
    require_fit(steps, signature)
    require_decoder()
    rows: list[Inputs] = []
    pictures: list[bytes] = []
    for row, cell in enumerate(cells):
        try:
            picture = cell if isinstance(cell, bytes) else decode_base64(cell, row)
            rows.append(make_inputs([picture], signature, steps))
        except InvalidInputError as error:
            raise UserError(
                "holdout-picture",
                f"{path} holds a picture that no request may have, in {place_rows([row])}: {error}",
                "Save that picture anew, or leave the example out.",
                str(path),
            ) from error
        pictures.append(picture)
    return concatenate(rows), pictures
