"""Plain text as a body, for models that take one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainyard.errors import InvalidInputError
from trainyard.scoring import check_columns

if TYPE_CHECKING:
    from trainyard.inputs import Inputs
    from trainyard.signature import Signature

TEXT_TYPE = "text/plain"


def takes_text(signature: Signature) -> bool:
    """Whether all that a row is to the model is a text."""
    if signature.only_column is not None:
        return signature.only_column.type == "string"
    spec = signature.only_tensor
    return spec is not None and np.dtype(spec.dtype).kind in "OUS" and len(spec.shape) == 1


def read_text(body: object, content_type: str, signature: Signature) -> Inputs:
    """The body as one row: all of it is the text. Raises InvalidInputError."""
    charset = content_type.lower().partition("charset=")[2].strip(' "').partition(";")[0].strip(' "')
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        raise InvalidInputError("unknown-content-type", f"Texts are taken as UTF-8; it is {charset}.", 415)
    try:
        text = body if isinstance(body, str) else bytes(body).decode() if isinstance(body, bytes | bytearray) else ""
    except UnicodeDecodeError as error:
        raise InvalidInputError("malformed-text", f"The body is no UTF-8: {error.reason}.") from error
    if text == "":
        raise InvalidInputError("no-rows", "The request has no text.")
    if signature.only_column is None:
        (spec,) = signature.tensors
        values = np.array([text], dtype=object)
        return values if spec.name is None else {spec.name: values}
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    return check_columns(pd.DataFrame({signature.only_column.name: [text]}, dtype=object), signature.columns)
