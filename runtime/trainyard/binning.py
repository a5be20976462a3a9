"""Fixed bins: chosen once on the holdout, then only counted into, so that counts of hosts and hours add exactly.

Bin i holds values in (edges[i-1], edges[i]]; the first and the last are open. `edges` are the interior edges only.
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
        return [float(value) for value in distinct[:-1]]
    ranks = np.ceil(np.arange(1, bins) * len(values) / bins).astype(int) - 1
    quantiles = np.sort(values)[ranks]
    heavy = distinct[counts > len(values) / bins]
    below_heavy = [distinct[np.searchsorted(distinct, value) - 1] for value in heavy if value > distinct[0]]
    edges = np.unique(np.concatenate([quantiles, heavy, np.array(below_heavy, dtype=float)]))
    return [float(edge) for edge in edges if edge < distinct[-1]]


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
        """Flat bin numbers of a rows x features matrix, where `present`; features lie one behind the other."""
        bins = (values[:, :, None] > self._edges[None]).sum(axis=2) + self._offsets[:-1]
        return bins[present]

    def split(self, flat: np.ndarray) -> list[list[int]]:
        """Flat counts as one list per feature."""
        return [flat[a:b].tolist() for a, b in zip(self._offsets[:-1], self._offsets[1:], strict=True)]
