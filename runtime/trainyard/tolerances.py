"""How far answers to the golden examples may lie apart: from what was measured, never more than rounding explains.

Numbers are compared relative to their own size and the answer's scale together (`|given - expected| / (scale +
|expected|)`): what is near nought by cancellation, such as the score of an unlikely class, errs as its neighbours do.
Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), 3.1 and 4.2: the error of a sum is bounded by its
summands and by their order, which differs from one batch, machine and number of threads to the next.
"""

from __future__ import annotations

import math
from typing import Any

from trainyard.agreement import is_number

# From one to the next number above it; TF32 keeps ten bits of a fraction, as half precision does, and bfloat16 seven.
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "tf32": 2.0**-10, "float16": 2.0**-10, "bfloat16": 2.0**-7}
# Both sides err by what was seen, which makes two; another machine's order of the same sums, up to four times that.
SAFETY = 8
# Of a number form. A host's processor may take other instructions, and so other orders, than any that were seen here.
FLOOR_ULPS = 64


def measure_scale(answers: list[Any]) -> float:
    """The mean size of the numbers in each part of the answers; of several parts, such as columns, the smallest."""
    parts: dict[str, list[float]] = {}
    for answer in answers:
        _gather(answer, "", parts)
    means = [math.fsum(sizes) / len(sizes) for sizes in parts.values()]
    return min((mean for mean in means if mean > 0), default=1.0)


def _gather(answer: Any, part: str, parts: dict[str, list[float]]) -> None:  # noqa: ANN401 - a JSON value
    if isinstance(answer, dict):
        for name, value in answer.items():
            _gather(value, f"{part}.{name}", parts)
    elif isinstance(answer, list):
        for value in answer:
            _gather(value, part, parts)
    elif isinstance(answer, float):
        parts.setdefault(part, []).append(abs(answer))


def measure_spread(given: Any, expected: Any, scale: float) -> float:  # noqa: ANN401 - JSON values
    """The largest difference, relative to scale and size; infinite where more than numbers with a fraction differ."""
    if isinstance(expected, dict) and isinstance(given, dict) and given.keys() == expected.keys():
        return max((measure_spread(given[key], value, scale) for key, value in expected.items()), default=0.0)
    if isinstance(expected, list) and isinstance(given, list) and len(given) == len(expected):
        pairs = zip(given, expected, strict=True)
        return max((measure_spread(one, other, scale) for one, other in pairs), default=0.0)
    if is_number(given) and is_number(expected) and not (isinstance(given, int) and isinstance(expected, int)):
        return abs(given - expected) / (scale + abs(expected))
    return 0.0 if type(given) is type(expected) and given == expected else math.inf


def name_form(raw: Any) -> str:  # noqa: ANN401 - whatever a model returns
    """The number form of raw answers: the coarsest of their parts; double precision where none has its own."""
    if isinstance(raw, dict):
        parts = list(raw.values())
    elif hasattr(raw, "columns") and hasattr(raw, "iloc"):
        parts = [raw.iloc[:, place] for place in range(raw.shape[1])]
    else:
        parts = raw if isinstance(raw, list | tuple) else [raw]
    forms = {str(getattr(part, "dtype", "float64")) for part in parts} & EPSILON.keys()
    return max(forms, key=EPSILON.__getitem__, default="float64")


def make_tolerance(spread: float, scale: float, form: str, used: str | None = None) -> dict[str, Any]:
    """What answers in that form may differ by, where they were seen to differ by `spread`, as the golden document says.

    `used` is the form that the device multiplies in, where that is coarser. The spread is taken for the next power of
    two: a machine that rounds a little otherwise writes the same package. Never more than half of the digits is
    allowed: what differs by more is no rounding.
    """
    # What is calculated in single precision may be told in double, and nothing would show it.
    seen = max(form, "float32", key=EPSILON.__getitem__)
    floor = FLOOR_ULPS * EPSILON[seen]
    measured = SAFETY * 2.0 ** math.ceil(math.log2(spread)) if spread > 0 else 0.0
    coarsest = max(seen, used or seen, key=EPSILON.__getitem__)
    return _write(min(max(measured, floor), math.sqrt(EPSILON[coarsest])), scale, coarsest)


def make_unmeasured(scale: float, form: str) -> dict[str, Any]:
    """What is allowed on a device that was not measured: half of the digits of the coarsest form that it may use.

    A GPU multiplies single precision in TF32 where PyTorch's defaults say so (torch.backends.cudnn.allow_tf32). Half of
    the digits is what Julia's isapprox takes for two ways to calculate the same.
    """
    used = "tf32" if form == "float32" else form
    return _write(math.sqrt(EPSILON[used]), scale, used)


def _write(relative: float, scale: float, form: str) -> dict[str, Any]:
    return {"numberForm": form, "absoluteTolerance": relative * scale, "relativeTolerance": relative}
