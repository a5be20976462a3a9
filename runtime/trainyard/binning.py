"""Fixed bins: chosen once on the holdout, then only counted into, so that counts of hosts and hours add exactly.

Bin i holds values in (edges[i-1], edges[i]]; the first and the last are open. `edges` are the interior edges only. They
lie halfway between values that were seen, so that a client which keeps fewer digits falls into the same bins.
"""

from __future__ import annotations

import numpy as np

BINS = 10
MAX_DISTINCT = 20


def choose_edges(values: np.ndarray, bins: int = BINS) -> list[float]:
    """Interior edges for these finite values; every bin holds some of them, and there may be fewer bins.

    One bin per value when at most 20 are distinct, else quantile bins, where a value with more than its share of the
    mass gets a bin of its own.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= MAX_DISTINCT:
        return cut_after(np.arange(len(distinct) - 1), distinct)
    ranks = np.ceil(np.arange(1, bins) * len(values) / bins).astype(int) - 1
    quantiles = np.sort(values)[ranks]
    heavy = distinct[counts > len(values) / bins]
    last_of_bins = np.searchsorted(distinct, np.concatenate([quantiles, heavy]))
    below_heavy = np.searchsorted(distinct, heavy) - 1
    positions = np.unique(np.concatenate([last_of_bins, below_heavy]))
    return cut_after(positions[(positions >= 0) & (positions < len(distinct) - 1)], distinct)


def cut_after(positions: np.ndarray, distinct: np.ndarray) -> list[float]:
    """Edges halfway between the values at these positions and the next ones; `distinct` is in order.

    Between numbers so close that there is none, the lower one is the edge.
    """
    lower, upper = distinct[positions], distinct[positions + 1]
    middle = lower + (upper - lower) / 2
    return np.where(middle < upper, middle, lower).astype(float).tolist()


def count_into(edges: list[float], values: np.ndarray) -> np.ndarray:
    """Counts per bin. Values must be finite."""
    return np.bincount(np.searchsorted(np.asarray(edges), values, side="left"), minlength=len(edges) + 1)


class BinTable:
    """The bins of several numeric features, counted in one step."""

    def __init__(self, edges: list[list[float]]) -> None:
        widest = max((len(one) for one in edges), default=0)
        self._edges = np.array([one + [np.inf] * (widest - len(one)) for one in edges]).reshape(len(edges), widest)
        self._offsets = np.concatenate([[0], np.cumsum([len(one) + 1 for one in edges])]).astype(np.int64)
        self.size = int(self._offsets[-1])

    def place(self, values: np.ndarray, present: np.ndarray) -> np.ndarray:
        """Flat bin numbers of a rows x features matrix, where `present`."""
        return self.locate(values)[present]

    def locate(self, values: np.ndarray) -> np.ndarray:
        """Flat bin numbers of a rows x features matrix; features lie one behind the other. NaN is in the first bin."""
        return (values[:, :, None] > self._edges[None]).sum(axis=2) + self._offsets[:-1]

    def split(self, flat: np.ndarray) -> list[list[int]]:
        """Flat counts as one list per feature."""
        return [flat[a:b].tolist() for a, b in zip(self._offsets[:-1], self._offsets[1:], strict=True)]
