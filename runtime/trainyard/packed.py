"""Bodies that are packed (`content-encoding: gzip`): unpacked here alone, and no farther than a plain body may reach.

Neither the proxy nor TorchServe unpacks anything. Source of the format: RFC 1952.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from trainyard.errors import InvalidInputError

if TYPE_CHECKING:
    from trainyard.messages import Request

ENCODING_HEADER = "content-encoding"
# The bytes of the largest body, unless the agent says otherwise: its own default for `--max-body-bytes`.
MOST_BYTES = 10_485_760
MOST_BYTES_VARIABLE = "TRAINYARD_MAX_BODY_BYTES"
# What zlib calls gzip's head and checksum around what is deflated.
GZIP_WINDOW = 16 + zlib.MAX_WBITS


def unpack(request: Request, most_bytes: int) -> Request:
    """The request with its body as it was before it was packed. Raises InvalidInputError for what can't be unpacked."""
    encoding = request.headers.get(ENCODING_HEADER, "").strip().lower()
    if encoding in {"", "identity"}:
        return request
    if encoding != "gzip":
        raise InvalidInputError(
            "body-packed", f"Bodies are taken plain or packed by gzip, once; {ENCODING_HEADER} is {encoding}.", 415
        )
    # What is text was not packed, whatever it says.
    body = request.body.encode() if isinstance(request.body, str) else request.body
    if not isinstance(body, bytes | bytearray):
        raise InvalidInputError("body-packed", "Forms are taken plain: send it without content-encoding.", 415)
    return replace(request, body=unpack_gzip(body, most_bytes))


def unpack_gzip(body: bytes | bytearray, most_bytes: int) -> bytes:
    """What one member of gzip holds, where it is `most_bytes` at most. Raises InvalidInputError."""
    reader = zlib.decompressobj(GZIP_WINDOW)
    try:
        content = reader.decompress(body, most_bytes + 1)
    except zlib.error as error:
        raise _not_gzip(str(error)) from error
    if len(content) > most_bytes:
        raise InvalidInputError(
            "body-too-large",
            f"A body may hold {most_bytes} bytes, and this one unpacked holds more: send fewer rows at once.",
            413,
        )
    if not reader.eof:
        raise _not_gzip("it ends before its checksum")
    if reader.unused_data:
        raise _not_gzip(f"{len(reader.unused_data)} bytes follow its end, and one member is read")
    return content


def _not_gzip(why: str) -> InvalidInputError:
    return InvalidInputError("not-gzip", f"The body can't be unpacked as gzip: {why}.")
