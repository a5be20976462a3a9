"""Rows as people count them, the same in every message."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS = 3


def place_rows(rows: Sequence[int]) -> str:
    """Places, counted from zero, as a person finds them: of data alone, without a header (core/gate/place-rows.ts)."""
    named = ", ".join(str(int(row) + 1) for row in rows[:MOST_ROWS])
    others = len(rows) - MOST_ROWS
    more = f" and {others} more" if others > 0 else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more} (the first example is 1)"
