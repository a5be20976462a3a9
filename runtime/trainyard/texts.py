"""What is counted of texts: how long they are and which characters they hold, whatever the language. Never words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of longer texts the length is that of all, and the characters are those at the beginning.
LOOKED_AT = 2_000
# The first two are counts, the others shares of all characters.
STATISTICS = ("length", "words", "capitals", "digits", "marks", "beyond-ascii")


def measure_texts(texts: Sequence[str | None]) -> np.ndarray:
    """Texts x statistics; NaN where there is no text."""
    nothing = (np.nan,) * len(STATISTICS)
    measured = [nothing if text is None else measure_text(text) for text in texts]
    return np.array(measured, dtype=np.float64).reshape(len(measured), len(STATISTICS))


def measure_text(text: str) -> tuple[float, ...]:
    """The statistics of one text, in their order; shares of an empty one are zero."""
    seen = text[:LOOKED_AT]
    characters = max(1, len(seen))
    marks = sum(not character.isalnum() and not character.isspace() for character in seen)
    return (
        len(text),
        len(seen.split()),
        sum(map(str.isupper, seen)) / characters,
        sum(map(str.isdigit, seen)) / characters,
        marks / characters,
        (len(seen) - len(seen.encode("ascii", "ignore"))) / characters,
    )
