"""Pictures in requests: a body of its own, a file of a form, base64 in MLflow's JSON, `BYTES` of the V2 protocol."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import InvalidInputError
from trainyard.pictures import read_pictures
from trainyard.scoring import parse_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.inputs import Inputs
    from trainyard.picture_steps import PictureSteps
    from trainyard.signature import Signature

FORM_TYPE = "multipart/form-data"
# What TensorFlow's servers take bytes in JSON as.
BASE64_KEY = "b64"
# The forms of MLflow's that hold tensors.
TENSOR_FORMS = ("inputs", "instances")


def is_of_picture(kind: str) -> bool:
    """Whether a body of this content type is a picture, or a form with one."""
    return kind.startswith("image/") or kind == FORM_TYPE


def read_picture(body: object, kind: str, signature: Signature, steps: PictureSteps | None) -> Inputs:
    """The one picture of a body. `body` is its bytes, or the parts of a form by name. Raises InvalidInputError."""
    if steps is None:
        raise InvalidInputError(
            "no-pictures-declared",
            f"A body of {kind} is a picture, and nothing says how this model takes one: declare serving.input in "
            "trainyard.yml for its next version, or send a tensor.",
            415,
        )
    if kind == FORM_TYPE:
        parts = list(body.values()) if isinstance(body, dict) else []
        if len(parts) != 1:
            raise InvalidInputError("picture-parts", f"A form must have one picture: this one has {len(parts)} parts.")
        body = parts[0]
    if not isinstance(body, bytes | bytearray) or len(body) == 0:
        raise InvalidInputError("no-rows", "The request has no picture.")
    return make_inputs([bytes(body)], signature, steps)


def make_inputs(bodies: Sequence[bytes], signature: Signature, steps: PictureSteps) -> Inputs:
    """The model's input from pictures; the steps fit the signature (`require_fit`)."""
    (spec,) = signature.tensors
    array = read_pictures(bodies, steps, np.dtype(spec.dtype))
    return array if spec.name is None else {spec.name: array}


def read_rows(document: dict[str, Any], signature: Signature, steps: PictureSteps | None) -> Inputs:
    """Rows of a body in MLflow's JSON, whose texts are pictures in base64 where the model takes some."""
    if steps is None:
        return parse_request(document, signature)
    given = [name for name in TENSOR_FORMS if name in document]
    value = document[given[0]] if len(given) == 1 else None
    texts = list_texts(value, signature)
    if texts is None:
        return parse_request(document, signature)
    return make_inputs([decode_base64(text, row) for row, text in enumerate(texts)], signature, steps)


def list_texts(value: object, signature: Signature) -> list[str] | None:
    """The texts, one a row, where rows are texts: as they are, as `{"b64": …}`, or under the tensor's name."""
    (spec,) = signature.tensors
    if isinstance(value, dict):
        value = value.get(spec.name) if spec.name is not None else None
    if not isinstance(value, list) or len(value) == 0:
        return None
    rows = [
        row[next(iter(row))] if isinstance(row, dict) and list(row) in ([BASE64_KEY], [spec.name]) else row
        for row in value
    ]
    return rows if all(isinstance(row, str) for row in rows) else None


def read_elements(values: np.ndarray, signature: Signature, steps: PictureSteps) -> Inputs:
    """Pictures from the elements of a `BYTES` tensor: their bytes, or base64 where they came in JSON."""
    elements = values.ravel().tolist()
    if len(elements) == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    bodies = [one if isinstance(one, bytes) else decode_base64(one, row) for row, one in enumerate(elements)]
    return make_inputs(bodies, signature, steps)


def decode_base64(text: str, row: int) -> bytes:
    """The bytes, which may stand in a `data:` address. Raises InvalidInputError for what is no base64."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError("not-base64", f"Picture {row + 1} is no base64: {error}.") from error
