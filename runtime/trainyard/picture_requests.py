"""Pictures in requests: a body of its own, a file of a form, base64 in MLflow's JSON, `BYTES` of the V2 protocol."""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import InvalidInputError
from trainyard.pictures import FORMATS, read_pictures
from trainyard.scoring import parse_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainyard.inputs import Inputs
    from trainyard.picture_steps import PictureSteps
    from trainyard.signature import Signature
    from trainyard.tensors import Tensor

FORM_TYPE = "multipart/form-data"
# What TensorFlow's servers take bytes in JSON as.
BASE64_KEY = "b64"
# Of one request: how many, and the bytes of what is made of them, unless one alone is declared to be larger. Both are
# known before anything is decoded, and a picture of one colour is a hundred bytes.
MOST_PICTURES = 1_000
MOST_BYTES = 64_000_000
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
        raise InvalidInputError("no-rows", f"The request has no picture: send {FORMATS}.")
    return make_inputs([bytes(body)], signature, steps)


def make_inputs(pictures: Sequence[bytes | str], signature: Signature, steps: PictureSteps) -> Inputs:
    """The model's input from pictures, texts in base64; the steps fit the signature (`require_fit`)."""
    (spec,) = signature.tensors
    dtype = np.dtype(spec.dtype)
    refuse_many(len(pictures), math.prod(steps.shape) * dtype.itemsize)
    bodies = [one if isinstance(one, bytes) else decode_base64(one, row) for row, one in enumerate(pictures)]
    array = read_pictures(bodies, steps, dtype)
    return array if spec.name is None else {spec.name: array}


def refuse_many(count: int, size: int) -> None:
    """Refuses more pictures than one request may have, where each becomes `size` bytes. Raises InvalidInputError."""
    most = min(MOST_PICTURES, max(1, MOST_BYTES // size))
    if count > most:
        raise InvalidInputError(
            "too-many-pictures",
            f"The request has {count} pictures, and one request of this model may have {most} picture"
            f"{'s' if most > 1 else ''}: send fewer at once.",
            413,
        )


def read_rows(document: dict[str, Any], signature: Signature, steps: PictureSteps | None) -> Inputs:
    """Rows of a body in MLflow's JSON, whose texts are pictures in base64 where the model takes some."""
    if steps is None:
        return parse_request(document, signature)
    given = [name for name in TENSOR_FORMS if name in document]
    value = document[given[0]] if len(given) == 1 else None
    texts = list_texts(value, signature)
    if texts is None:
        return parse_request(document, signature)
    return make_inputs(texts, signature, steps)


def list_texts(value: object, signature: Signature) -> list[str] | None:
    """The texts, one a row, where rows are texts: as they are, as `{"b64": …}`, or under the tensor's name."""
    (spec,) = signature.tensors
    if isinstance(value, dict):
        value = value.get(spec.name) if spec.name is not None else None
    if not isinstance(value, list) or len(value) == 0:
        return None
    rows = [take_text(row, spec.name) for row in value]
    return rows if all(isinstance(row, str) for row in rows) else None


def take_text(row: object, name: str | None) -> object:
    """What a row holds: under the tensor's name, as `{"b64": …}`, as that under the name, or the row itself."""
    for key in (name, BASE64_KEY):
        if key is not None and isinstance(row, dict) and list(row) == [key]:
            row = row[key]
    return row


def read_elements(given: Tensor, signature: Signature, steps: PictureSteps) -> Inputs:
    """Pictures from the elements of a `BYTES` tensor: their bytes, or base64 where they came in JSON."""
    (spec,) = signature.tensors
    if spec.name not in {None, given.name}:
        raise InvalidInputError("missing-inputs", f"The request lacks {spec.name}.")
    shape = given.array.shape
    if shape[1:] not in {(), (1,)}:
        raise InvalidInputError(
            "wrong-shape",
            f"{given.name} must have the shape [rows] or [rows, 1], a picture each; it has {list(shape)}.",
        )
    if given.array.size == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    return make_inputs(given.array.ravel().tolist(), signature, steps)


def decode_base64(text: str, row: int) -> bytes:
    """The bytes of base64, in one line or several, in a `data:` address or not. Raises InvalidInputError."""
    text = "".join(text.split())
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError("not-base64", f"Picture {row + 1} is no base64: {error}.") from error
