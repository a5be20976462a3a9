"""Tensors as the Open Inference Protocol has them: by name, with a datatype, a shape and values in JSON or as bytes.

Source: KServe's "Open Inference Protocol (V2)" and its "Binary Tensor Data Extension", which Triton and MLServer speak.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainyard.errors import InvalidInputError

DTYPES = {
    "BOOL": np.dtype(bool),
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
}
# Kinds of values in JSON that a kind of tensor takes.
TAKEN = {"b": "b", "i": "iu", "u": "iu", "f": "iuf"}
DATATYPES = {dtype: name for name, dtype in DTYPES.items()}
BYTES = "BYTES"
LENGTH = struct.Struct("<I")
# Where a tensor's bytes are in the body after its JSON.
BINARY_SIZE = "binary_data_size"


@dataclass(frozen=True)
class Tensor:
    """A tensor's name and its values; texts are an array of objects."""

    name: str
    array: np.ndarray


def read_tensors(described: object, blob: memoryview, *, has_texts: bool = True) -> list[Tensor]:
    """The tensors of a request, in order. Raises InvalidInputError naming the one that can't be read, and why.

    Of what the binary extension calls texts, the bytes are left as they are where a model `has_texts` not.
    """
    if not isinstance(described, list) or not described or not all(isinstance(one, dict) for one in described):
        raise InvalidInputError("malformed-inputs", "inputs must be a list of objects, one per tensor.")
    tensors: list[Tensor] = []
    start = 0
    for place, one in enumerate(described):
        name = one.get("name")
        if not isinstance(name, str) or name in {tensor.name for tensor in tensors}:
            raise InvalidInputError("malformed-inputs", f"inputs[{place}].name must be a text, and no other's.")
        size = _binary_size(one)
        if size is not None and start + size > len(blob):
            raise _wrong(name, f"its {BINARY_SIZE} of {size} is beyond the end of the body")
        values = _read_values(one, name, None if size is None else blob[start : start + size])
        if has_texts and values.dtype.kind == "O":
            values = _decode_texts(values, name)
        tensors.append(Tensor(name, values))
        start += size or 0
    if start != len(blob):
        raise InvalidInputError("malformed-inputs", f"{len(blob) - start} bytes of the body belong to no tensor.")
    return tensors


def _binary_size(described: dict[str, Any]) -> int | None:
    parameters = described.get("parameters")
    size = parameters.get(BINARY_SIZE) if isinstance(parameters, dict) else None
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise _wrong(str(described.get("name")), f"its {BINARY_SIZE} must be a whole number, 0 or more")
    return size


def _read_values(described: dict[str, Any], name: str, blob: memoryview | None) -> np.ndarray:
    shape, datatype = described.get("shape"), described.get("datatype")
    if not isinstance(shape, list) or not shape or not all(type(length) is int and length >= 0 for length in shape):
        raise _wrong(name, "its shape must be a list of whole numbers, 0 or more")
    if datatype not in DTYPES and datatype != BYTES:
        raise _wrong(name, f"its datatype must be one of {', '.join([*DTYPES, BYTES])}")
    if (blob is None) == ("data" not in described):
        raise _wrong(name, f"it must have either data or {BINARY_SIZE}")
    count = math.prod(shape)
    flat = _read_listed(described["data"], name, datatype) if blob is None else _read_bytes(blob, name, datatype, count)
    if len(flat) != count:
        raise _wrong(name, f"its shape {shape} holds {count} values, and {len(flat)} are given")
    return flat.reshape(shape)


def _read_listed(data: object, name: str, datatype: str) -> np.ndarray:
    """Values as JSON has them: nested or flat, row by row."""
    if not isinstance(data, list):
        raise _wrong(name, "its data must be a list")
    if datatype == BYTES:
        flat = np.empty(0, dtype=object) if not data else np.array(data, dtype=object).ravel()
        if not all(isinstance(one, str) for one in flat):
            raise _wrong(name, f"data of {BYTES} must be texts, in lists that are equally long")
        return flat
    wanted = DTYPES[datatype]
    try:
        array = np.array(data) if data else np.empty(0, dtype=wanted)
    except (ValueError, TypeError, OverflowError) as error:
        raise _wrong(name, "its lists must hold values and be equally long") from error
    # A truth value is no number, a fraction no whole one, and what does not fit would become another number.
    fits = (
        array.dtype.kind == "b" if wanted.kind == "b" else array.dtype.kind in ("iuf" if wanted.kind == "f" else "iu")
    )
    if not fits or not _holds(wanted, array):
        raise _wrong(name, f"its data are not all {datatype}")
    return array.astype(wanted).ravel()


def _holds(wanted: np.dtype, array: np.ndarray) -> bool:
    if wanted.kind not in "iu" or array.size == 0:
        return True
    bounds = np.iinfo(wanted)
    return int(bounds.min) <= int(array.min()) and int(array.max()) <= int(bounds.max)


def _read_bytes(blob: memoryview, name: str, datatype: str, count: int) -> np.ndarray:
    if datatype != BYTES:
        size = count * DTYPES[datatype].itemsize
        if size != len(blob):
            raise _wrong(name, f"its shape needs {size} bytes as {datatype}, and its {BINARY_SIZE} is {len(blob)}")
        return np.frombuffer(blob, dtype=DTYPES[datatype])
    texts: list[bytes] = []
    start = 0
    while start < len(blob):
        if start + LENGTH.size > len(blob):
            raise _wrong(name, "its last text has no length")
        (length,) = LENGTH.unpack_from(blob, start)
        start += LENGTH.size
        if start + length > len(blob):
            raise _wrong(name, "a text is longer than what is left")
        texts.append(bytes(blob[start : start + length]))
        start += length
    flat = np.empty(len(texts), dtype=object)
    flat[:] = texts
    return flat


def _decode_texts(values: np.ndarray, name: str) -> np.ndarray:
    flat = np.empty(values.size, dtype=object)
    try:
        flat[:] = [one.decode() if isinstance(one, bytes) else one for one in values.ravel()]
    except UnicodeDecodeError as error:
        raise _wrong(name, "its texts must be UTF-8") from error
    return flat.reshape(values.shape)


def describe_tensor(tensor: Tensor) -> dict[str, Any]:
    """Name, datatype and shape, as an answer has them. Raises TypeError for values that it has no type for."""
    return {"name": tensor.name, "datatype": name_datatype(tensor.array.dtype), "shape": list(tensor.array.shape)}


def name_datatype(dtype: np.dtype) -> str:
    """The protocol's name of a type. Raises TypeError for one it has none for."""
    if dtype.kind in "OUS":
        return BYTES
    try:
        return DATATYPES[dtype.newbyteorder("<")]
    except KeyError as error:
        raise TypeError(f"values of the type {dtype}") from error


def to_bytes(tensor: Tensor) -> bytes:
    """The values as the binary extension has them: row by row, the lowest byte first, texts each after its length."""
    values = tensor.array
    if name_datatype(values.dtype) != BYTES:
        return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
    texts = [str(one).encode() for one in values.ravel()]
    return b"".join(LENGTH.pack(len(text)) + text for text in texts)


def _wrong(name: str, why: str) -> InvalidInputError:
    return InvalidInputError("malformed-inputs", f"The input {name} can't be read: {why}.")
