"""Structures of Apache Thrift's compact protocol, taken apart and written anew, so that tests can make them lie.

Source of the format: Apache Thrift's "Thrift compact protocol encoding".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
TAIL = struct.Struct("<I4s")


class StructReader:
    """Reads from a place in a body on: fields are by number, each as its kind and its content."""

    def __init__(self, body: bytes, position: int = 0) -> None:
        self.body = body
        self.position = position

    def read_struct(self) -> dict[int, tuple[int, Any]]:
        fields: dict[int, tuple[int, Any]] = {}
        number = 0
        while (head := self.take(1)[0]) != 0:
            number = number + (head >> 4) if head >> 4 else self.read_signed()
            kind = head & 15
            fields[number] = (kind, None if kind in {TRUE, FALSE} else self.read_value(kind))
        return fields

    def read_value(self, kind: int) -> Any:
        if kind in {TRUE, FALSE, BYTE}:
            return self.take(1)[0]
        if kind in {I16, I32, I64}:
            return self.read_signed()
        if kind in {DOUBLE, BINARY}:
            return self.take(8 if kind == DOUBLE else self.read_unsigned())
        if kind == STRUCT:
            return self.read_struct()
        assert kind == LIST
        head = self.take(1)[0]
        count = head >> 4 if head >> 4 < 15 else self.read_unsigned()
        return head & 15, [self.read_value(head & 15) for _ in range(count)]

    def take(self, size: int) -> bytes:
        self.position += size
        return self.body[self.position - size : self.position]

    def read_unsigned(self) -> int:
        value = shift = 0
        while (byte := self.take(1)[0]) > 127:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def read_signed(self) -> int:
        value = self.read_unsigned()
        return (value >> 1) ^ -(value & 1)


def write_struct(fields: dict[int, tuple[int, Any]]) -> bytes:
    written, last = bytearray(), 0
    for number, (kind, content) in sorted(fields.items()):
        written.append((number - last) << 4 | kind)
        last = number
        written += b"" if content is None else write_value(kind, content)
    return bytes(written) + b"\0"


def write_value(kind: int, content: Any) -> bytes:
    if kind == STRUCT:
        return write_struct(content)
    if kind == LIST:
        of, values = content
        return bytes([240 | of]) + write_unsigned(len(values)) + b"".join(write_value(of, one) for one in values)
    if kind == BINARY:
        return write_unsigned(len(content)) + content
    if kind in {I16, I32, I64}:
        return write_unsigned(content << 1 if content >= 0 else ~(content << 1))
    return content if kind == DOUBLE else bytes([content])


def write_unsigned(value: int) -> bytes:
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def change_footer(body: bytes, change: Callable[[dict[int, tuple[int, Any]]], object]) -> bytes:
    """A Parquet file with another footer: `change` is given its fields, to change them in their place."""
    size, magic = TAIL.unpack_from(body, len(body) - TAIL.size)
    end = len(body) - TAIL.size
    fields = StructReader(body, end - size).read_struct()
    change(fields)
    footer = write_struct(fields)
    return body[: end - size] + footer + TAIL.pack(len(footer), magic)


def change_first_page(body: bytes, change: Callable[[dict[int, tuple[int, Any]]], object]) -> bytes:
    """A Parquet file of one column and one page whose head is another."""

    def move(fields: dict[int, tuple[int, Any]]) -> None:
        chunk = first_chunk(fields)
        chunk[7] = (I64, chunk[7][1] + len(written) - (reader.position - 4))

    reader = StructReader(body, 4)
    head = reader.read_struct()
    change(head)
    written = write_struct(head)
    return change_footer(body[:4] + written + body[reader.position :], move)


def first_chunk(fields: dict[int, tuple[int, Any]]) -> dict[int, tuple[int, Any]]:
    """What the footer says of the first column of the first group."""
    return fields[4][1][1][0][1][1][1][0][3][1]
