"""JSON is read the same by either reader, to the last bit and in what is refused."""

import json
import math

import pytest

from trainyard import json_reader
from trainyard.json_reader import read_json

READ = [
    "1",
    "-0",
    "-0.0",
    "1e5",
    "1E400",
    "0.1",
    "123456789012345678",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1.7976931348623157e308",
    "4.9e-324",
    "2.2250738585072011e-308",
    "0.30000000000000004441",
    "NaN",
    "[-Infinity, Infinity]",
    '"\\ud800"',
    '"\\u0000 \\/ é"',
    '{"a": 1, "a": 2}',
    "  [1, [2, {}], null, true]\n",
    "[" * 100 + "]" * 100,
]
BEYOND_64_BITS = ["18446744073709551616", "-9223372036854775809", "1" * 300]
REFUSED = ["", "{", "[1,]", "01", "+1", "1.", ".5", "'a'", "[1] 2", '"\n"', "tru", "[" * 100_000 + "]" * 100_000]


@pytest.fixture(params=["orjson", "its absence"], autouse=True)
def _reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    if request.param == "orjson":
        pytest.importorskip("orjson")
    else:
        monkeypatch.setattr(json_reader, "orjson", None)


def same(left: object, right: object) -> bool:
    """Equal in type, too, and NaN is itself."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(*pair) for pair in zip(left, right, strict=True))
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right) or (math.isnan(left) and math.isnan(right))
    return type(left) is type(right) and left == right


@pytest.mark.parametrize("text", READ)
@pytest.mark.parametrize("form", [str, str.encode, lambda text: bytearray(text.encode())])
def test_what_is_read_is_what_python_reads(text: str, form):
    assert same(read_json(form(text)), json.loads(text))


@pytest.mark.parametrize("text", BEYOND_64_BITS)
def test_a_whole_number_beyond_64_bits_is_at_least_the_nearest_fraction(text: str):
    assert float(read_json(text)) == float(int(text))


@pytest.mark.parametrize("text", REFUSED)
def test_what_python_refuses_is_refused(text: str):
    with pytest.raises((ValueError, RecursionError)):
        read_json(text.encode())


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match="decode"):
        read_json(b'"\xff"')
