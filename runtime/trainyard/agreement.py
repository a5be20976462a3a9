"""Whether two answers, as JSON values, say the same."""

from __future__ import annotations

from typing import Any

# A lead of less than what both sides were seen to err by, of the eight times that that are allowed, is none.
TIE = 1 / 4


def choose_tolerances(golden: dict[str, Any], device: str) -> dict[str, Any]:
    """What a golden document allows on a device: what was measured there; else what it says of any other device.

    A package of before there were measurements says one thing of all devices.
    """
    elsewhere = golden.get("elsewhere", golden)
    chosen = next((one for one in golden.get("measured", []) if one["device"] == device), elsewhere)
    return {
        "absoluteTolerance": chosen["absoluteTolerance"],
        "relativeTolerance": chosen["relativeTolerance"],
        "ranked": golden.get("ranked", False),
        "boundary": golden.get("boundary"),
    }


def agree(given: Any, expected: Any, tolerances: dict[str, Any]) -> bool:  # noqa: ANN401
    """Numbers within the tolerances, everything else (null among it) exactly; of scores, what they say the class is.

    That is the largest of a row where they are `ranked`, or on which side of the `boundary` a single one is.
    """
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
            and (not tolerances.get("ranked") or same_class(given, expected, tolerances))
        )
    if is_number(given) and is_number(expected):
        if isinstance(given, int) and isinstance(expected, int):
            return given == expected
        is_near = abs(given - expected) <= allowed(expected, tolerances)
        return is_near and (tolerances.get("boundary") is None or same_side(given, expected, tolerances))
    return type(given) is type(expected) and bool(given == expected)


def same_class(given: list[Any], expected: list[Any], tolerances: dict[str, Any]) -> bool:
    """Whether the largest of a row of scores is at the same place, or was level with the one that is there now.

    Lists of anything else than scores have no largest one.
    """
    if len(expected) < 2 or not all(map(is_number, [*given, *expected])):  # noqa: PLR2004 - one class is no choice
        return True
    best, now = max(expected), expected[given.index(max(given))]
    return best - now <= TIE * allowed(best, tolerances)


def same_side(given: float, expected: float, tolerances: dict[str, Any]) -> bool:
    """Whether a score is on the same side of where two classes part, or was level with that."""
    boundary = tolerances["boundary"]
    is_level = abs(expected - boundary) <= TIE * allowed(expected, tolerances)
    return is_level or (given > boundary) == (expected > boundary)


def allowed(expected: float, tolerances: dict[str, Any]) -> float:
    """By how much a number may differ from the expected one."""
    return float(tolerances["absoluteTolerance"] + tolerances["relativeTolerance"] * abs(expected))


def is_number(value: Any) -> bool:  # noqa: ANN401 - a value of a JSON document
    """Whether it is a number; Python counts true and false among the integers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
