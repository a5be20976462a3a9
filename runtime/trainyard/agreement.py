"""Whether two answers, as JSON values, say the same."""

from __future__ import annotations

from typing import Any


def agree(given: Any, expected: Any, tolerances: dict[str, Any]) -> bool:  # noqa: ANN401
    """Numbers within the golden document's tolerances, everything else (null among it) exactly."""
    if isinstance(expected, dict):
        return (
            isinstance(given, dict)
            and given.keys() == expected.keys()
            and all(agree(given[key], value, tolerances) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(given, list)
            and len(given) == len(expected)
            and all(agree(one, other, tolerances) for one, other in zip(given, expected, strict=True))
        )
    if is_number(given) and is_number(expected):
        if isinstance(given, int) and isinstance(expected, int):
            return given == expected
        return abs(given - expected) <= tolerances["absoluteTolerance"] + tolerances["relativeTolerance"] * abs(
            expected
        )
    return type(given) is type(expected) and bool(given == expected)


def is_number(value: Any) -> bool:  # noqa: ANN401 - a value of a JSON document
    """Whether it is a number; Python counts true and false among the integers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
