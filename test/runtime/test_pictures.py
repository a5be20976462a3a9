"""Pictures as models are given them: against transforms written out with Pillow and NumPy, and against hostile ones."""

from __future__ import annotations

import io
import json
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from trainyard.errors import InvalidInputError, UserError
from trainyard.picture_steps import PictureSteps, parse_steps, require_fit
from trainyard.pictures import MOST_PIXELS, MOST_SCANS, read_pictures
from trainyard.signature import parse_signature

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
FLOAT = np.dtype("float32")


def steps(**other) -> PictureSteps:
    usual = {"size": (6, 8), "mode": "RGB", "scale": 1 / 255, "mean": (0.0,), "std": (1.0,)}
    return PictureSteps(**{**usual, "layout": "CHW", "interpolation": "bilinear", **other})


def photo(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    """A picture with something in each corner."""
    random = np.random.default_rng(7)
    small = Image.fromarray(random.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def save(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def read(body: bytes, **other) -> np.ndarray:
    return read_pictures([body], steps(**other), FLOAT)[0]


def to_tensor(image: Image.Image) -> np.ndarray:
    """As torchvision's `ToTensor` does it."""
    pixels = np.asarray(image)
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


def normalize(tensor: np.ndarray, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    """As torchvision's `Normalize` does it."""
    first, second = (np.array(one, dtype=np.float32)[:, None, None] for one in (mean, std))
    return (tensor - first) / second


class TestSteps:
    """Each step, beside the same one written out."""

    def test_levels_are_those_of_a_division_to_the_last_bit(self):
        grey = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
        given = read(save(grey), size=(16, 16), mode="L")
        assert given.dtype == np.float32
        assert np.array_equal(given, to_tensor(grey))

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_a_picture_is_stretched_and_normalised_as_torchvision_does(self, form: str):
        body = save(photo(), form)
        image = Image.open(io.BytesIO(body)).convert("RGB").resize((8, 6), Image.Resampling.BILINEAR)
        assert np.allclose(read(body, **IMAGENET), normalize(to_tensor(image), **IMAGENET), atol=1e-6)

    @pytest.mark.parametrize("size", [(40, 30), (30, 40), (31, 17), (12, 12)])
    def test_the_middle_is_cut_out_of_what_kept_its_proportions(self, size: tuple[int, int]):
        image = photo(*size)
        width, height = size
        short = min(size)
        scaled = (int(10 * width / short), int(10 * height / short))
        left, top = round((scaled[0] - 8) / 2), round((scaled[1] - 6) / 2)
        cut = image.resize(scaled, Image.Resampling.BICUBIC).crop((left, top, left + 8, top + 6))
        given = read(save(image), shorter_side=10, interpolation="bicubic")
        assert np.array_equal(given, to_tensor(cut))

    def test_layouts_are_the_same_numbers_in_another_order(self):
        body = save(photo())
        assert np.array_equal(read(body, layout="HWC"), read(body).transpose(1, 2, 0))
        assert np.array_equal(read(body, layout="HW", mode="L"), read(body, mode="L")[0])

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    def test_every_way_of_writing_grey_and_colours_is_read(self, mode: str):
        image = photo(8, 6, mode)
        assert np.array_equal(read(save(image)), to_tensor(image.convert("RGB")))
        assert np.array_equal(read(save(image), mode="L"), to_tensor(image.convert("RGB").convert("L")))

    def test_whole_numbers_stay_whole(self):
        image = photo(8, 6)
        given = read_pictures([save(image)], steps(scale=1.0, layout="HWC"), np.dtype("uint8"))
        assert given.dtype == np.uint8
        assert np.array_equal(given[0], np.asarray(image))

    def test_ink_on_paper_may_be_turned_round(self):
        given = read(save(photo(8, 6, "L")), mode="L", scale=-1 / 255, mean=(-1.0,))
        assert np.allclose(given, 1 - to_tensor(photo(8, 6, "L")), atol=1e-7)

    @pytest.mark.parametrize("turn", range(1, 9))
    def test_a_picture_stands_as_its_camera_says(self, turn: int):
        image = photo(8, 6)
        exif = Image.Exif()
        exif[0x0112] = turn
        body = save(image, exif=exif)
        pixels = np.asarray(image)
        upright = {
            1: pixels,
            2: pixels[:, ::-1],
            3: pixels[::-1, ::-1],
            4: pixels[::-1],
            5: pixels.transpose(1, 0, 2),
            6: np.rot90(pixels, -1),
            7: np.rot90(pixels, 2).transpose(1, 0, 2),
            8: np.rot90(pixels),
        }[turn]
        size = upright.shape[:2]
        assert np.array_equal(read(body, size=size), to_tensor(Image.fromarray(np.ascontiguousarray(upright))))

    def test_several_pictures_of_any_size_are_rows(self):
        bodies = [save(photo(40, 30)), save(photo(9, 50), "JPEG"), save(photo(8, 6), "WEBP")]
        together = read_pictures(bodies, steps(), FLOAT)
        assert together.shape == (3, 3, 6, 8)
        assert all(np.array_equal(together[row], read(body)) for row, body in enumerate(bodies))

    def test_steps_are_kept_as_they_were_declared(self):
        for one in (steps(), steps(shorter_side=10, mode="L", layout="HW", mean=(0.1,), std=(0.3,))):
            assert parse_steps(one.to_json()) == one
        assert parse_steps(None) is None


def signature(*shape: int, dtype: str = "float32", tensors: int = 1):
    spec = {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}}
    named = [spec] if tensors == 1 else [{**spec, "name": f"x{place}"} for place in range(tensors)]
    return parse_signature({"inputs": json.dumps(named)})


class TestFit:
    """What is declared is held against the model's signature when it is packed."""

    @pytest.mark.parametrize("shape", [(-1, 3, 6, 8), (-1, -1, -1, -1), (1, 3, 6, 8)])
    def test_what_the_signature_asks_for_fits(self, shape: tuple[int, ...]):
        require_fit(steps(), signature(*shape))
        require_fit(steps(scale=1.0), signature(*shape, dtype="uint8"))

    @pytest.mark.parametrize(
        ("asked", "code", "said"),
        [
            (signature(-1, 6, 8, 3), "serving-input-shape", "[3, 6, 8]"),
            (signature(-1, 6, 8), "serving-input-shape", "[6, 8]"),
            (signature(4, 3, 6, 8), "serving-input-shape", "4 pictures"),
            (signature(-1, 3, 6, 8, dtype="uint8"), "serving-input-type", "uint8"),
            (signature(-1, 3, 6, 8, dtype="bool"), "serving-input-type", "bool"),
            (signature(-1, 3, 6, 8, tensors=2), "serving-input-form", "2 tensors"),
            (parse_signature({"inputs": '[{"type": "double", "name": "a"}]'}), "serving-input-form", "a table"),
        ],
    )
    def test_what_does_not_is_said_with_both(self, asked, code: str, said: str):
        with pytest.raises(UserError) as raised:
            require_fit(steps(), asked)
        assert raised.value.problem.code == code
        assert said in raised.value.problem.message
        assert "serving.input" in raised.value.problem.message + raised.value.problem.remedy or code.endswith("shape")


def png(width: int, height: int, data: bytes = b"", depth: int = 8, colours: int = 0) -> bytes:
    """A PNG whose head says this, whatever it holds."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def webp_canvas(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def claim(body: bytes, place: int, said: bytes) -> bytes:
    """The same picture, which says something else there."""
    return body[:place] + said + body[place + len(said) :]


def jpeg_of_scans(count: int) -> bytes:
    body = save(photo(16, 16), "JPEG", progressive=True)
    last = body.rindex(b"\xff\xda")
    return body[:last] + body[last:-2] * count + body[-2:]


FRAMES = {"save_all": True, "append_images": [photo(8, 6).rotate(90)]}


class TestHostile:
    """What is refused, before anything is decoded where it would cost much."""

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"", 415, "picture-format"),
            (b"not a picture", 415, "picture-format"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "picture-format"),
            (save(photo(), "GIF"), 415, "picture-format"),
            (save(photo(), "BMP"), 415, "picture-format"),
            (save(photo(), "TIFF"), 415, "picture-format"),
            (png(100_000, 100_000), 413, "picture-too-large"),
            (png(100_000, 100_000)[:33], 413, "picture-too-large"),
            (png(2**31 - 1, 2**31 - 1), 413, "picture-too-large"),
            (png(MOST_PIXELS + 1, 1), 413, "picture-too-large"),
            (webp_canvas(16_383, 16_383), 413, "picture-too-large"),
            (webp_canvas(2**24, 2**24), 413, "picture-too-large"),
            (claim(save(photo(), "WEBP"), 26, struct.pack("<HH", 16_383, 16_383)), 413, "picture-too-large"),
            (claim(save(photo(), "WEBP", lossless=True), 21, b"\xff" * 4), 413, "picture-too-large"),
            (png(0, 0), 400, "picture-broken"),
            (png(8, 6), 400, "picture-broken"),
            (webp_canvas(8, 6), 400, "picture-broken"),
            (save(photo())[:-30], 400, "picture-broken"),
            (save(photo(400, 300), "JPEG")[:-2000], 400, "picture-broken"),
            (save(photo(400, 300), "WEBP")[:-200], 400, "picture-broken"),
            (save(photo())[:20], 400, "picture-broken"),
            (b"\xff\xd8\xff" + b"\xff" * 100, 400, "picture-broken"),
            (jpeg_of_scans(MOST_SCANS + 1), 400, "picture-broken"),
            (save(photo(8, 6), **FRAMES), 400, "picture-animated"),
            (save(photo(8, 6), "WEBP", **FRAMES), 400, "picture-animated"),
            (save(photo(8, 6, "CMYK"), "JPEG"), 400, "picture-colours"),
            (save(Image.fromarray(np.arange(48, dtype=np.uint16).reshape(6, 8))), 400, "picture-colours"),
            (png(8, 6, bytes(6 * 49), depth=16, colours=2), 400, "picture-colours"),
            (save(Image.new("RGBA", (8, 6), (0, 0, 0, 0))), 400, "picture-transparent"),
            (save(Image.new("RGBA", (8, 6), (0, 0, 0, 254)), "WEBP", lossless=True), 400, "picture-transparent"),
            (save(Image.new("LA", (8, 6), (9, 128))), 400, "picture-transparent"),
            (save(photo(8, 6).quantize(8), transparency=0), 400, "picture-transparent"),
            (save(photo(8, 6), transparency=photo(8, 6).getpixel((0, 0))), 400, "picture-transparent"),
        ],
    )
    def test_it_is_refused_by_name(self, body: bytes, status: int, code: str):
        with pytest.raises(InvalidInputError) as raised:
            read(body)
        assert (raised.value.status, raised.value.code) == (status, code)
        assert raised.value.message.startswith("Picture 1 ")

    def test_a_line_of_pixels_is_not_scaled_to_a_picture_of_billions(self):
        body = save(Image.new("L", (600, 1)))
        assert read(body).shape == (3, 6, 8)
        with pytest.raises(InvalidInputError) as raised:
            read(body, shorter_side=256, size=(224, 224))
        assert (raised.value.status, raised.value.code) == (413, "picture-too-large")

    def test_many_small_pictures_ask_for_no_more_than_one_large(self):
        body = save(Image.new("L", (1, 1)))
        with pytest.raises(InvalidInputError) as raised:
            read_pictures([body] * 17, steps(size=(2000, 2000)), FLOAT)
        assert (raised.value.status, raised.value.code) == (413, "picture-too-large")

    def test_of_several_the_one_that_is_broken_is_named(self):
        with pytest.raises(InvalidInputError, match=r"^Picture 2 "):
            read_pictures([save(photo()), save(photo())[:60], save(photo())], steps(), FLOAT)

    def test_of_a_cameras_pair_the_first_is_the_picture(self):
        first = photo(8, 6)
        body = save(first, "MPO", save_all=True, append_images=[first.rotate(180)], quality=100)
        alone = Image.open(io.BytesIO(body)).convert("RGB")
        assert np.array_equal(read(body), to_tensor(alone))

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_a_picture_with_any_byte_changed_is_read_or_refused(self, form: str):
        random = np.random.default_rng(3)
        body = save(photo(24, 18), form)
        for _ in range(300):
            changed = bytearray(body)
            for place in random.integers(0, len(body), random.integers(1, 4)):
                changed[place] = random.integers(0, 256)
            with suppress(InvalidInputError):
                assert read(bytes(changed)).shape == (3, 6, 8)
