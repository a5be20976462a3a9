"""Pixels from the bytes of pictures: PNG, JPEG and WebP that anybody may have written.

How large a picture is stands in its head: it is looked at before anything is decoded. What would have to be guessed
(another frame, another colour space, what is behind transparent pixels) is refused.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np

from trainyard.errors import InvalidInputError, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from trainyard.picture_steps import PictureSteps

# Of one picture, and of all that one request asks for: as they come, and as the steps make them.
MOST_PIXELS = 32_000_000
MOST_PIXELS_TOGETHER = 64_000_000
# A progressive JPEG may draw the whole picture again in each of its scans; usual are ten.
MOST_SCANS = 100
START_OF_SCAN = b"\xff\xda"
FORMATS = "PNG, JPEG and WebP"
PNG_HEAD = struct.Struct(">8x4x4sIIB")
# Bytes in which every WebP says its size, and the bits of a side.
WEBP_HEAD = 30
WEBP_SIDE = 0x3FFF
DEEP_BITS = 16
OPAQUE = 255
# EXIF's number of the orientation, and what sets a picture of each upright (names of Image.Transpose).
ORIENTATION = 0x0112
UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def require_decoder() -> None:
    """Raises UserError where Pillow is not here, which decodes pictures."""
    try:
        import PIL.Image  # noqa: F401, PLC0415 - only where pictures are declared
    except ImportError as error:
        raise UserError(
            "pillow-missing",
            "serving.input declares pictures, and this Python has no Pillow, which decodes them.",
            "Install it beside what the model needs: pip install pillow",
        ) from error


def read_pictures(bodies: Sequence[bytes], steps: PictureSteps, dtype: np.dtype) -> np.ndarray:
    """The model's input, a row for each picture. Raises InvalidInputError for what can't be decoded, or is too much."""
    opened: list[Image] = []
    pixels = 0
    for row, body in enumerate(bodies):
        image = open_picture(bytes(body), row)
        opened.append(image)
        _refuse_large(_scaled(image, steps), row)
        pixels += max(width * height for width, height in (image.size, _scaled(image, steps), steps.size))
        if pixels > MOST_PIXELS_TOGETHER:
            raise InvalidInputError(
                "picture-too-large",
                f"The request's pictures have more than {MOST_PIXELS_TOGETHER} pixels together: send fewer at once.",
                413,
            )
    opened.reverse()
    # What is decoded is let go of before the next one is.
    rows = [_decode(opened.pop(), steps, row) for row in range(len(opened))]
    return steps.make_tensor(np.stack(rows), dtype)


def open_picture(body: bytes, row: int) -> Image:
    """The picture with its head read and nothing decoded."""
    import PIL.Image  # noqa: PLC0415 - only where pictures are declared

    form = _find_format(body)
    if form is None:
        raise InvalidInputError(
            "picture-format", f"Picture {row + 1} does not begin as {FORMATS} do: send one of them.", 415
        )
    _refuse_large(_read_size(body, form), row)
    if form == "JPEG" and body.count(START_OF_SCAN) > MOST_SCANS:
        raise InvalidInputError("picture-broken", f"Picture {row + 1} has more than {MOST_SCANS} scans: save it anew.")
    try:
        image = PIL.Image.open(io.BytesIO(body), formats=(form,))
    except PIL.Image.DecompressionBombError as error:
        raise _too_large(row) from error
    except Exception as error:
        raise _broken(row, error) from error
    _refuse_large(image.size, row)
    if form != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise InvalidInputError("picture-animated", f"Picture {row + 1} has several frames: send one of them.")
    deep = form == "PNG" and PNG_HEAD.unpack_from(body)[3] == DEEP_BITS
    if deep or image.mode not in {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}:
        what = "16 bits a channel" if deep else f"the colours {image.mode}"
        raise InvalidInputError(
            "picture-colours", f"Picture {row + 1} has {what}: save it as grey or RGB of 8 bits a channel."
        )
    return image


def _find_format(body: bytes) -> str | None:
    """Pillow's name of the format that the first bytes are of."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if body.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    return "WEBP" if body.startswith(b"RIFF") and body[8:12] == b"WEBP" else None


def _read_size(body: bytes, form: str) -> tuple[int, int]:
    """Width and height as the head has them, for formats whose readers may ask for memory at once; else nothing."""
    if form == "PNG" and len(body) >= PNG_HEAD.size:
        _, width, height, _ = PNG_HEAD.unpack_from(body)
        return width, height
    return _read_webp_size(body) if form == "WEBP" else (0, 0)


def _read_webp_size(body: bytes) -> tuple[int, int]:
    """Of the canvas, or of the one frame, lossy or not (RFC 9649, sections 2.5 to 2.7)."""
    if len(body) < WEBP_HEAD:
        return 0, 0
    if body[12:16] == b"VP8X":
        return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
    if body[12:16] == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return (bits & WEBP_SIDE) + 1, (bits >> 14 & WEBP_SIDE) + 1
    return int.from_bytes(body[26:28], "little") & WEBP_SIDE, int.from_bytes(body[28:30], "little") & WEBP_SIDE


def _scaled(image: Image, steps: PictureSteps) -> tuple[int, int]:
    """Width and height before the middle is cut out."""
    if steps.shorter_side is None:
        return steps.size[1], steps.size[0]
    width, height = image.size
    short, long = min(width, height), max(width, height)
    length = int(steps.shorter_side * long / max(short, 1))
    return (steps.shorter_side, length) if width <= height else (length, steps.shorter_side)


def _decode(image: Image, steps: PictureSteps, row: int) -> np.ndarray:
    """Height x width x channels of levels, as the steps want them."""
    import PIL.Image  # noqa: PLC0415 - only where pictures are declared

    try:
        image.load()
        turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
        image = _flatten(image, row)
    except InvalidInputError:
        raise
    except Exception as error:
        raise _broken(row, error) from error
    if turn is not None:
        image = image.transpose(PIL.Image.Transpose[turn])
    if image.mode != steps.mode:
        image = image.convert(steps.mode)
    scaled = _scaled(image, steps)
    if image.size != scaled:
        image = image.resize(scaled, PIL.Image.Resampling[steps.interpolation.upper()])
    height, width = steps.size
    if steps.shorter_side is not None:
        left, top = round((scaled[0] - width) / 2), round((scaled[1] - height) / 2)
        image = image.crop((left, top, left + width, top + height))
    return np.asarray(image).reshape(height, width, -1)


def _flatten(image: Image, row: int) -> Image:
    """Grey or RGB. Raises InvalidInputError where something is transparent: what is behind it nobody says."""
    if "A" in image.mode or "transparency" in image.info:
        with_alpha = image.convert("RGBA")
        if with_alpha.getchannel("A").getextrema()[0] < OPAQUE:
            raise InvalidInputError(
                "picture-transparent",
                f"Picture {row + 1} is transparent in places: save it on the ground it is to be seen on.",
            )
        return with_alpha.convert("L" if image.mode in {"L", "LA", "1"} else "RGB")
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGB") if image.mode == "P" else image


def _refuse_large(size: tuple[int, int], row: int) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise _too_large(row)


def _too_large(row: int) -> InvalidInputError:
    return InvalidInputError(
        "picture-too-large", f"Picture {row + 1} has more than {MOST_PIXELS} pixels: send a smaller one.", 413
    )


def _broken(row: int, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        "picture-broken", f"Picture {row + 1} can't be decoded ({type(error).__name__}): save it anew."
    )
