"""JSON, by a faster reader where the host has one: what that will not read, Python's own decides.

Of a picture as JSON most of the time goes into its 150,000 numbers: orjson takes a sixth of what Python's reader does.
"""

from __future__ import annotations

import json
from typing import Any

try:
    import orjson
except ImportError:  # a host that was set up before, or by hand
    orjson = None


def read_json(body: bytes | bytearray | str) -> Any:  # noqa: ANN401 - whatever it holds
    """What the text holds. Raises ValueError or RecursionError for one that is no JSON.

    A whole number beyond 64 bits may be the nearest fraction, as in every language but Python.
    """
    if orjson is not None:
        try:
            return orjson.loads(body)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            # NaN, which MLflow's clients send, and lone surrogates are read below; the rest is refused there.
            pass
    return json.loads(body)
