"""Permutation importance: how much worse the answers become when one part of the rows is shuffled among them.

Sources: L. Breiman, "Random Forests", Machine Learning 45 (2001), section 10; for any model, as a ratio or a
difference of losses, A. Fisher, C. Rudin and F. Dominici, "All Models are Wrong, but Many are Useful", JMLR 20 (2019),
177. Here it is the difference, as in scikit-learn's `permutation_importance`.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from trainyard.errors import UserError
from trainyard.explain.layout import Feature, Layout, shuffle_feature

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainyard.explain.settings import Budget
    from trainyard.inputs import Inputs

# Rounds over all features; a shuffle by chance says little, and the mean of five varies less than half as much.
REPEATS = 5


@dataclass(frozen=True)
class Importances:
    """A number for each row and feature, whose mean over rows is the importance; NaN for a feature that has none.

    `spreads` are standard deviations of the importance between rounds; empty where there are no rounds. `why` is what
    ended it early.
    """

    of_rows: np.ndarray
    spreads: np.ndarray
    rounds: int
    why: str | None = None

    @property
    def done(self) -> int:
        """How many features have an importance."""
        return int(np.isfinite(self.of_rows[0]).sum())


def permute(
    lose: Callable[[Inputs], np.ndarray], inputs: Inputs, layout: Layout, *, seed: str, budget: Budget, rows: int
) -> Importances:
    """What each feature's shuffles add to the loss of each row, by `lose`, which gives one loss for each.

    The shuffles of a feature depend on `seed`, its name and the round alone: two models that have it are asked about
    the same rows. Goes over all features before any is shuffled again, and begins nothing that would last longer than
    what is left of the time.
    """
    sums = np.zeros((rows, len(layout.features)))
    squares = np.zeros(len(layout.features))
    counts = np.zeros(len(layout.features), dtype=int)
    why = None
    try:
        began = budget.spent
        base = lose(inputs)
        longest = budget.spent - began
        for turn, place in ((turn, place) for turn in range(REPEATS) for place in range(len(layout.features))):
            if longest > budget.left:
                why = "time"
                break
            began = time.perf_counter()
            feature = layout.features[place]
            rise = lose(shuffle_feature(inputs, feature, draw_order(seed, feature, turn, rows))) - base
            longest = max(longest, time.perf_counter() - began)
            sums[:, place] += rise
            squares[place] += rise.mean() ** 2
            counts[place] += 1
    except UserError as error:
        # The model fails on what it was never given together, or its process had to be ended.
        why = error.problem.message if budget.left > 0 else "time"
    return summarise(sums, squares, counts, why)


def draw_order(seed: str, feature: Feature, turn: int, rows: int) -> np.ndarray:
    """Another order of the rows, the same for the same seed, feature and round."""
    return make_random(f"{seed} {feature.name} {turn}").permutation(rows)


def make_random(seed: str) -> np.random.Generator:
    """Random numbers that depend on a text alone."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))


def summarise(sums: np.ndarray, squares: np.ndarray, counts: np.ndarray, why: str | None) -> Importances:
    """Means over the rounds, and how much the rounds differ: by all rounds that every measured feature had."""
    of_rows = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    means = of_rows.mean(axis=0)
    spreads = np.sqrt(np.maximum(0, squares / np.maximum(counts, 1) - means**2))
    return Importances(of_rows, np.where(counts > 1, spreads, np.nan), int(counts.max(initial=0)), why)
