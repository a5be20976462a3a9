"""Answers and confidences by slice: of rows whose column of categories holds one value that the gate looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX = "slice/"


class SliceCounter:
    """Counts the answers and confidences of each slice in the bins of those of all rows."""

    def __init__(self, slices: list[dict[str, Any]], columns: Sequence[str]) -> None:
        """`slices` are the profile's features of slices, `columns` the names of the categorical ones in order."""
        self._counts = {feature["name"]: np.zeros(len(feature["counts"]), dtype=np.int64) for feature in slices}
        wanted = [(columns.index(feature["slice"]["column"]), feature) for feature in slices]
        self._by_column: dict[int, dict[str, list[tuple[str, np.ndarray]]]] = {}
        for column, feature in wanted:
            said = feature["slice"]
            values = self._by_column.setdefault(column, {})
            values.setdefault(said["value"], []).append((said["of"], self._counts[feature["name"]]))

    def count(self, categories: list[list[str | None]], answers: np.ndarray, confidences: np.ndarray) -> None:
        """Counts rows of these categories, by column, whose answer and confidence are in these bins, -1 for none."""
        for column, values in self._by_column.items():
            for row, value in enumerate(categories[column]):
                for of, counts in values.get(value or "", ()):
                    place = (answers if of == "answers" else confidences)[row]
                    if place >= 0:
                        counts[place] += 1

    def take_snapshot(self) -> dict[str, Any]:
        """The counts so far, by name."""
        nothing = {"missing": 0, "below": 0, "above": 0, "unseen": 0}
        return {name: {"counts": counts.tolist(), **nothing} for name, counts in self._counts.items()}
