"""How columns go together: a row's place along fixed directions, of which each is a sum over several columns.

A value stands there as a score of the bin that it is in, not as it is: an outlier is no farther away than the last
bin, and a client that keeps fewer digits gives the same sum. Scores are whole numbers, so that every host comes to the
same, in whatever order it adds. A row without one of a direction's columns has no place along it: it is missing there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Sums that are looked up together.
BLOCK_SCORES = 4_000_000


class Directions:
    """The directions of a profile over its numeric features, whose bins lie one behind the other."""

    def __init__(self, directions: list[dict[str, Any]], sizes: dict[str, int]) -> None:
        """`directions` are the `together` of features; `sizes` says how many bins each numeric feature has."""
        names = list(sizes)
        offsets = dict(zip(names, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
        used = {name for direction in directions for name in direction["columns"]}
        self._columns = [position for position, name in enumerate(names) if name in used]
        self._needs = np.array(
            [[names[position] in direction["columns"] for direction in directions] for position in self._columns],
            dtype=np.int64,
        ).reshape(len(self._columns), len(directions))
        self._scores = np.zeros((sum(sizes.values()), len(directions)), dtype=np.int64)
        for number, direction in enumerate(directions):
            for name, scores in zip(direction["columns"], direction["scores"], strict=True):
                self._scores[offsets[name] : offsets[name] + sizes[name], number] = scores

    def sum_scores(self, bins: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows x directions: the sums of the scores of these bins, counted through over all features; and which count.

        Those count whose columns are all present.
        """
        chosen, absent = bins[:, self._columns], ~present[:, self._columns]
        size = max(1, BLOCK_SCORES // max(1, chosen.shape[1] * self._scores.shape[1]))
        blocks = [self._scores[chosen[start : start + size]].sum(axis=1) for start in range(0, len(chosen), size)]
        sums = np.concatenate(blocks) if blocks else np.zeros((0, self._scores.shape[1]), dtype=np.int64)
        return sums, absent @ self._needs == 0
