"""Directions along which it shows when columns go together otherwise, though each stays as it was (`together`).

By Cramér and Wold two distributions are the same where they are along every direction; a few are watched. Pairs that
go together most have one each, which says by its name what has changed. The others run through all columns, by chance
(`RandomState(seed)`, as projections of images): a change in a pair of many columns hardly shows along them, one in what
all have in common does. No direction is one along which the reference hardly varies: there the usual wandering of a
single column would look like much.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.binning import BinTable, choose_edges, count_into
from trainyard.derived import count_room, name_derived
from trainyard.features import SEPARATOR, make_direction
from trainyard.together import Directions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainyard.parts import Parts

PREFIX = f"together{SEPARATOR}"
MOST_DIRECTIONS = 8
MOST_PAIRS = 4
# A profile names no more columns in a direction: each has a score a bin there.
MOST_COLUMNS = 64
# Less of a correlation is hardly missed when it goes, and by chance the largest of many is as large in few rows.
SMALLEST_CORRELATION = 0.3
CHANCE_ERRORS = 4
# Of a direction of length one among columns of variance one. The index of a shift is at most twice as large along it.
SMALLEST_VARIANCE = 0.5
MOST_DRAWS = 64
# Random directions run through columns that hardly any row is without, so that most have a place along them.
MOST_MISSING = 0.001
# Rows of the reference that have both columns of a pair: fewer are not what most rows are.
FEWEST_BOTH = 0.5
# Of rows, columns and edges that are compared in one step.
BLOCK_CELLS = 1_000_000
# A score of one standard deviation.
UNIT = 1000


def profile_together(features: list[dict[str, Any]], numbers: np.ndarray, parts: Parts) -> list[dict]:
    """Features of how the numeric ones go together, counted as a host will.

    `features` are the profile's and `numbers` their values. None where fewer than two columns vary, or where one bears
    such a name itself; no more than a profile has room for.
    """
    columns = [place for place, feature in enumerate(features) if is_column(feature)][:MOST_COLUMNS]
    if len(columns) < 2 or any(feature["name"].startswith(PREFIX) for feature in features):  # noqa: PLR2004 - a pair
        return []
    chosen = [features[column] for column in columns]
    names = [feature["name"] for feature in chosen]
    scores = [score_bins(feature["counts"]) for feature in chosen]
    through = [place for place, feature in enumerate(chosen) if feature["missing"] <= MOST_MISSING * len(numbers)]
    moments = Moments(scores, through)
    for block in locate_rows(chosen, numbers, columns):
        moments.add(*block)
    directions = choose_directions(names, scores, moments)[: count_room(features)]
    sizes = {feature["name"]: len(feature["counts"]) for feature in chosen}
    along = Directions([direction["together"] for direction in directions], sizes)
    blocks = [along.sum_scores(*block) for block in locate_rows(chosen, numbers, columns)]
    sums, complete = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return [direction | count_sums(sums[:, i], complete[:, i], parts) for i, direction in enumerate(directions)]


def locate_rows(
    features: list[dict[str, Any]],
    numbers: np.ndarray,
    columns: list[int],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The bins of these features that rows are in, and which values are there: a block of rows after the other."""
    table = BinTable([feature["edges"] for feature in features])
    size = max(1, BLOCK_CELLS // (len(columns) * max(len(feature["counts"]) for feature in features)))
    for start in range(0, len(numbers), size):
        values = numbers[start : start + size, columns]
        yield table.locate(values), np.isfinite(values)


def is_column(feature: dict[str, Any]) -> bool:
    """Whether a feature is a column of numbers that vary."""
    return feature["kind"] == "numeric" and np.count_nonzero(feature["counts"]) > 1


def score_bins(counts: list[int]) -> np.ndarray:
    """The normal score of each bin's middle rank, of mean 0 and variance 1 over the rows."""
    shares = np.array(counts) / sum(counts)
    middles = np.clip(np.cumsum(shares) - shares / 2, 1e-6, 1 - 1e-6)
    scores = np.array([NormalDist().inv_cdf(middle) for middle in middles])
    scores -= scores @ shares
    return scores / np.sqrt(scores**2 @ shares)


class Moments:
    """How the scores of columns vary beside each other, summed over blocks of rows.

    Of two columns over the rows that have both, and of those that directions run `through` over the rows that have all.
    """

    def __init__(self, scores: list[np.ndarray], through: list[int]) -> None:
        self._scores = np.concatenate(scores)
        self.through = through
        self.rows = 0
        self._both, self._sums, self._squares, self._products = np.zeros((4, len(scores), len(scores)))
        self._complete = 0
        self._all_sums = np.zeros(len(through))
        self._all_products = np.zeros((len(through), len(through)))

    def add(self, bins: np.ndarray, present: np.ndarray) -> None:
        """Adds rows whose values are in these bins, where they are present."""
        there, placed = present.astype(np.float64), np.where(present, self._scores[bins], 0.0)
        self.rows += len(bins)
        self._both += there.T @ there
        self._sums += placed.T @ there
        self._squares += (placed**2).T @ there
        self._products += placed.T @ placed
        complete = placed[present[:, self.through].all(axis=1)][:, self.through]
        self._complete += len(complete)
        self._all_sums += complete.sum(axis=0)
        self._all_products += complete.T @ complete

    @property
    def covariance(self) -> np.ndarray:
        """The covariance of the columns that directions run through."""
        means = self._all_sums / self._complete
        return self._all_products / self._complete - np.outer(means, means)

    def covariance_of(self, pair: tuple[int, int]) -> np.ndarray:
        """The covariance of two columns."""
        left, right = pair
        variances, shared = self._vary()
        return np.array([[variances[pair], shared[pair]], [shared[pair], variances[right, left]]])

    def find_strength(self) -> np.ndarray:
        """Columns x columns: how much two go together, 0 where that is by chance or too few rows or values say it."""
        variances, shared = self._vary()
        varies = (np.minimum(variances, variances.T) >= SMALLEST_VARIANCE) & (self._both >= FEWEST_BOTH * self.rows)
        strength = np.where(varies, np.abs(shared) / np.sqrt(np.where(varies, variances * variances.T, 1)), 0)
        least = np.maximum(SMALLEST_CORRELATION, CHANCE_ERRORS / np.sqrt(np.maximum(self._both, 1)))
        return np.where(strength >= least, strength, 0)

    def _vary(self) -> tuple[np.ndarray, np.ndarray]:
        """The variance of each column where each other is there, and what they share."""
        both = np.maximum(self._both, 1)
        means = self._sums / both
        return self._squares / both - means**2, self._products / both - means * means.T


def choose_directions(names: list[str], scores: list[np.ndarray], moments: Moments) -> list[dict[str, Any]]:
    """A direction for each pair that goes together most, and random ones through all columns: eight in all, or fewer.

    So few columns have fewer directions that say anything new.
    """
    pairs = choose_pairs(moments.find_strength())
    named = [
        (name_pair(names, pair), dict(zip(pair, weigh_pair(moments.covariance_of(pair)), strict=True)))
        for pair in pairs
    ]
    wanted = min(MOST_DIRECTIONS, 2 * len(names) - 1 - (0 if pairs else 1)) - len(pairs)
    drawn = draw_directions(moments.covariance, min(wanted, 2 * len(moments.through) - 2))
    numbered = enumerate(drawn, 1)
    through = [(f"{PREFIX}all-{number}", dict(zip(moments.through, one, strict=True))) for number, one in numbered]
    return [
        {
            "name": name,
            "kind": "projection",
            "together": {
                "columns": [names[column] for column in weights],
                "scores": [
                    np.rint(UNIT * weight * scores[column]).astype(int).tolist() for column, weight in weights.items()
                ],
            },
        }
        for name, weights in named + through
    ]


def choose_pairs(strength: np.ndarray) -> list[tuple[int, int]]:
    """The pairs that go together most, each column in one of them."""
    left, right = np.triu_indices(len(strength), 1)
    strengths = strength[left, right]
    chosen: list[tuple[int, int]] = []
    used: set[int] = set()
    for place in np.argsort(-strengths, kind="stable").tolist():
        pair = (int(left[place]), int(right[place]))
        if strengths[place] == 0 or len(chosen) == MOST_PAIRS:
            break
        if used.isdisjoint(pair):
            chosen.append(pair)
            used.update(pair)
    return chosen


def weigh_pair(covariance: np.ndarray) -> tuple[float, float]:
    """The direction in which a pair varies least, of length one; one on the way there where that is hardly at all.

    Along (cos t, sin t) the variance is middle + reach cos(2 t + turn): least where the cosine is -1.
    """
    (first, shared), (_, second) = covariance
    middle, reach = (first + second) / 2, np.hypot((first - second) / 2, shared)
    turn = np.arctan2(abs(shared), (first - second) / 2)
    angle = (np.arccos(max(-1.0, (SMALLEST_VARIANCE - middle) / reach)) - turn) / 2
    return float(np.cos(angle)), float(-np.sign(shared) * np.sin(angle))


def draw_directions(covariance: np.ndarray, wanted: int) -> list[np.ndarray]:
    """So many random directions along which the columns vary enough; fewer where such are hard to find."""
    drawn = (make_direction(seed, len(covariance)) for seed in range(MOST_DRAWS if wanted > 0 else 0))
    return [one for one in drawn if one @ covariance @ one >= SMALLEST_VARIANCE][:wanted]


def name_pair(names: list[str], pair: tuple[int, int]) -> str:
    """The key of a pair: by its columns, so that it means the same in every version."""
    return name_derived(PREFIX, f"{names[pair[0]]}~{names[pair[1]]}")


def count_sums(sums: np.ndarray, complete: np.ndarray, parts: Parts) -> dict[str, Any]:
    """The histogram of a direction; rows that are not complete are missing along it."""
    edges = choose_edges(sums[complete].astype(float))
    missing = int((~complete).sum())
    counted = {"edges": edges, "counts": count_into(edges, sums[complete]).tolist(), "missing": missing}
    return counted | parts.count(lambda part: count_into(edges, sums[complete & part]))
