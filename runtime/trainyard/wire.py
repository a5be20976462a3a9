"""Frames between our process and the one that runs the model's code.

What goes in is ours: pickled, or data where another Python reads it, whose packages may not know ours. What comes out
is data, and only data: nothing that a reader would run.
"""

from __future__ import annotations

import json
import pickle
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = struct.Struct("<Q")
MOST_BYTES = 1 << 32
# The first byte of a request.
PICKLED, AS_DATA = b"P", b"D"
PLAIN_DTYPE = re.compile(r"[<>|=]?[biufUSMmc]\d+(\[\d*[A-Za-z]+\])?")


class UnreadableError(Exception):
    """A frame that holds no answer."""


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Writes one frame, at once."""
    stream.write(LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO, most: int = MOST_BYTES) -> bytes | None:
    """The next frame; None when the other side has ended. Raises UnreadableError for one of more than `most` bytes."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if length > most:
        raise UnreadableError(f"{length} bytes, where at most {most} are read")
    payload = stream.read(length)
    return payload if len(payload) == length else None


def write_request(stream: BinaryIO, name: str, arguments: tuple[Any, ...], *, same_python: bool = True) -> None:
    """Asks for something by name. Raises TypeError for what another Python can't be given."""
    asked = [name, list(arguments)]
    pickled = PICKLED + pickle.dumps(asked, protocol=pickle.HIGHEST_PROTOCOL) if same_python else None
    write_frame(stream, pickled or AS_DATA + encode(asked))


def read_request(stream: BinaryIO) -> tuple[str, list[Any]] | None:
    """What is asked for next; None when nothing more is."""
    frame = read_frame(stream)
    if frame is None:
        return None
    kind, payload = frame[:1], frame[1:]
    # Both were written by our own process.
    name, arguments = decode(payload) if kind == AS_DATA else pickle.loads(payload)  # noqa: S301
    return name, arguments


def simplify(value: Any) -> Any:  # noqa: ANN401 - whatever a model returns
    """A time as ISO 8601, and pandas' own signs for no value as None; anything else as it is, NaN too."""
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def encode(value: object) -> bytes:
    """A value as data: arrays, tables, texts, numbers, and lists and mappings of them. Raises TypeError for others."""
    writer = _Writer()
    head = json.dumps(writer.describe(value)).encode()
    return LENGTH.pack(len(head)) + head + b"".join(writer.blobs)


def decode(payload: bytes) -> Any:  # noqa: ANN401 - whatever a model returns
    """What `encode` was given. Raises UnreadableError for anything that it can't have written."""
    try:
        (length,) = LENGTH.unpack_from(payload)
        head = json.loads(payload[LENGTH.size : LENGTH.size + length])
        return _Reader(memoryview(payload)[LENGTH.size + length :]).build(head)
    except (struct.error, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error


@dataclass
class _Writer:
    """Describes values, and gathers the bytes of arrays."""

    blobs: list[bytes] = field(default_factory=list)
    length: int = 0

    def describe(self, value: Any) -> Any:  # noqa: ANN401, PLR0911 - one line per kind of value
        plain = simplify(value)
        if plain is None or isinstance(plain, bool | int | float | str):
            return {"kind": "plain", "value": plain}
        if isinstance(value, np.ndarray | np.generic):
            return self.describe_array(np.asarray(value), scalar=isinstance(value, np.generic))
        if hasattr(value, "to_numpy") and hasattr(value, "columns"):
            columns = [self.describe(value.iloc[:, place].to_numpy()) for place in range(value.shape[1])]
            return {"kind": "table", "names": [str(name) for name in value.columns], "columns": columns}
        if hasattr(value, "to_numpy"):
            return {"kind": "series", "values": self.describe(value.to_numpy())}
        if isinstance(value, dict):
            return {"kind": "mapping", "items": [[str(name), self.describe(one)] for name, one in value.items()]}
        if isinstance(value, list | tuple):
            return {"kind": "list", "items": [self.describe(one) for one in value]}
        if hasattr(value, "detach") and hasattr(value, "cpu"):
            return self.describe(value.detach().cpu().numpy())
        if isinstance(value, bytes):
            return {"kind": "bytes", **self.keep(value)}
        raise TypeError(f"an answer of the type {type(value).__name__}")

    def describe_array(self, array: np.ndarray, *, scalar: bool) -> Any:  # noqa: ANN401
        if array.dtype.kind == "O":
            return {"kind": "objects", "shape": array.shape, "items": [self.describe(one) for one in array.ravel()]}
        plain = np.ascontiguousarray(array)
        place = self.keep(plain.tobytes())
        return {"kind": "scalar" if scalar else "array", "dtype": plain.dtype.str, "shape": array.shape, **place}

    def keep(self, content: bytes) -> dict[str, int]:
        start = self.length
        self.blobs.append(content)
        self.length += len(content)
        return {"start": start, "size": len(content)}


@dataclass
class _Reader:
    """Builds values from their descriptions and the bytes of arrays."""

    blobs: memoryview

    def build(self, said: Any) -> Any:  # noqa: ANN401
        kinds: dict[str, Callable[[Any], Any]] = {
            "plain": self.build_plain,
            "array": self.build_array,
            "scalar": lambda one: self.build_array(one)[()],
            "objects": self.build_objects,
            "table": self.build_table,
            "series": lambda one: self.build(one["values"]),
            "mapping": lambda one: {str(name): self.build(value) for name, value in one["items"]},
            "list": lambda one: [self.build(value) for value in one["items"]],
            "bytes": self.take,
        }
        return kinds[said["kind"]](said)

    def build_plain(self, said: Any) -> Any:  # noqa: ANN401
        value = said["value"]
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise ValueError("a plain value that is none")

    def build_array(self, said: Any) -> np.ndarray:  # noqa: ANN401
        if PLAIN_DTYPE.fullmatch(said["dtype"]) is None:
            raise ValueError("an array of no plain type")
        return np.frombuffer(self.take(said), dtype=np.dtype(said["dtype"])).reshape(said["shape"]).copy()

    def build_objects(self, said: Any) -> np.ndarray:  # noqa: ANN401
        items = np.empty(len(said["items"]), dtype=object)
        for place, one in enumerate(said["items"]):
            items[place] = self.build(one)
        return items.reshape(said["shape"])

    def build_table(self, said: Any) -> Any:  # noqa: ANN401
        import pandas as pd  # noqa: PLC0415 - models that answer with arrays do without

        names, columns = said["names"], [self.build(one) for one in said["columns"]]
        table = pd.DataFrame(dict(enumerate(columns)))
        table.columns = [str(name) for name in names]
        return table

    def take(self, said: Any) -> bytes:  # noqa: ANN401
        start, size = int(said["start"]), int(said["size"])
        if not 0 <= start <= start + size <= len(self.blobs):
            raise ValueError("bytes that are not there")
        return bytes(self.blobs[start : start + size])
