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

PICTURE_FILES = (".png", ".jpg", ".jpeg", ".webp")


def list_pictures(inputs: Inputs, steps: PictureSteps | None, path: Path) -> list[bytes | str] | None:
    """What may be pictures, where the one column of a table holds bytes or texts, as they are written; else None.

    Raises UserError where some rows have none, of pictures whose steps are declared.
    """
    if isinstance(inputs, dict | np.ndarray) or inputs.shape[1] != 1:
        return None
    cells = inputs.iloc[:, 0].tolist()
    if not any(isinstance(cell, bytes | str) or is_by_file(cell) for cell in cells):
        return None
    pictures = [cell.get("bytes") if is_by_file(cell) else cell for cell in cells]
    if steps is None:
        return [picture for picture in pictures if isinstance(picture, bytes | str)]
    paths = [row for row, cell in enumerate(cells) if is_path(cell)]
    bad = [row for row, picture in enumerate(pictures) if not isinstance(picture, bytes | str)]
    if paths or bad:
        raise _without(bad, paths, path)
    return pictures


def is_by_file(cell: Any) -> bool:  # noqa: ANN401 - a cell of a table
    """Whether it is Hugging Face's `{bytes, path}`."""
    return isinstance(cell, dict) and ("bytes" in cell or "path" in cell)


def is_path(cell: Any) -> bool:  # noqa: ANN401 - a cell of a table
    """Whether it says where a picture is, and has none; no base64 ends as a file's name does."""
    if is_by_file(cell):
        return cell.get("bytes") is None and bool(cell.get("path"))
    return isinstance(cell, str) and cell.lower().endswith(PICTURE_FILES)


def _without(bad: list[int], paths: list[int], path: Path) -> UserError:
    """Rows without a picture, of which some may have its path."""
    if not paths:
        said, remedy = f"has no picture in {place_rows(bad)}", "Add it, or leave the example out."
    else:
        what = "paths in place of pictures" if len(paths) > 1 else "a path in place of a picture"
        said = f"has {what} in {place_rows(paths)}"
        remedy = "Write the bytes of the files into the column: paths are not followed."
    return UserError("holdout-picture", f"{path} {said}.", remedy, str(path))


def refuse_without_steps(signature: Signature, path: Path) -> None:
    """Raises UserError where a model that takes numbers would be given files of pictures, and nothing says how."""
    spec = signature.only_tensor
    if spec is not None and np.dtype(spec.dtype).kind in "fiub":
        raise UserError(
            "holdout-without-steps",
            f"{path} holds pictures or texts, the model takes numbers, and nothing says how they become these.",
            "Declare serving.input in trainyard.yml of the default branch, or write arrays into the holdout (.npz).",
            str(path),
        )


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
