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
MOST_LETTERS = 512
# Less of a correlation is hardly missed when it goes, and by chance the largest of many is as large in few rows.
SMALLEST_CORRELATION = 0.3
CHANCE_ERRORS = 4
# Of a direction of length one among columns of variance one. The index of a shift is at most twice as large along it.
SMALLEST_VARIANCE = 0.5
MOST_DRAWS = 64
# Of rows, columns and edges that are compared in one step.
BLOCK_CELLS = 1_000_000
# A score of one standard deviation.
UNIT = 1000


def profile_together(features: list[dict[str, Any]], numbers: np.ndarray, parts: Parts) -> list[dict]:
    """Features of how the numeric ones go together, counted as a host will.

    `features` are the profile's and `numbers` their values. None where fewer than two columns vary, or where one bears
    such a name itself.
    """
    columns = [place for place, feature in enumerate(features) if is_column(feature)][:MOST_COLUMNS]
    if len(columns) < 2 or any(feature["name"].startswith(PREFIX) for feature in features):  # noqa: PLR2004 - a pair
        return []
    chosen = [features[column] for column in columns]
    scores = [score_bins(feature["counts"]) for feature in chosen]
    covariance = sum(multiply_scores(scores, *block) for block in locate_rows(chosen, numbers, columns)) / len(numbers)
    directions = choose_directions([feature["name"] for feature in chosen], scores, covariance, len(numbers))
    sizes = {feature["name"]: len(feature["counts"]) for feature in chosen}
    along = Directions([direction["together"] for direction in directions], sizes)
    sums = np.concatenate([along.sum_scores(*block) for block in locate_rows(chosen, numbers, columns)])
    return [direction | count_sums(sums[:, i], parts) for i, direction in enumerate(directions)]


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


def multiply_scores(scores: list[np.ndarray], bins: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Columns x columns: the sums of the products of the scores of these bins."""
    placed = np.where(present, np.concatenate(scores)[bins], 0.0)
    return placed.T @ placed


def choose_directions(
    names: list[str],
    scores: list[np.ndarray],
    covariance: np.ndarray,
    rows: int,
) -> list[dict[str, Any]]:
    """A direction for each pair that goes together most, and random ones through all columns: eight in all, or fewer.

    So few columns have fewer directions that say anything new.
    """
    pairs = choose_pairs(covariance, rows)
    wanted = min(MOST_DIRECTIONS, 2 * len(names) - 1 - (0 if pairs else 1)) - len(pairs)
    named = [(name_pair(names, pair), dict(zip(pair, weigh_pair(covariance[pair]), strict=True))) for pair in pairs]
    drawn = draw_directions(covariance, wanted)
    through = [(f"{PREFIX}all-{number}", dict(enumerate(weights))) for number, weights in enumerate(drawn, 1)]
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


def choose_pairs(covariance: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """The pairs that go together most, each column in one of them."""
    least = max(SMALLEST_CORRELATION, CHANCE_ERRORS / np.sqrt(rows))
    left, right = np.triu_indices(len(covariance), 1)
    strength = np.abs(covariance[left, right])
    chosen: list[tuple[int, int]] = []
    used: set[int] = set()
    for place in np.argsort(-strength, kind="stable").tolist():
        pair = (int(left[place]), int(right[place]))
        if strength[place] < least or len(chosen) == MOST_PAIRS:
            break
        if used.isdisjoint(pair):
            chosen.append(pair)
            used.update(pair)
    return chosen


def weigh_pair(correlation: float) -> tuple[float, float]:
    """The direction in which a pair varies least, of length one; one on the way there where that is hardly at all."""
    doubled = np.arcsin(min(1.0, (1 - SMALLEST_VARIANCE) / abs(correlation)))
    return float(np.cos(doubled / 2)), float(-np.sign(correlation) * np.sin(doubled / 2))


def draw_directions(covariance: np.ndarray, wanted: int) -> list[np.ndarray]:
    """So many random directions along which the columns vary enough; fewer where such are hard to find."""
    drawn = (make_direction(seed, len(covariance)) for seed in range(MOST_DRAWS))
    return [one for one in drawn if one @ covariance @ one >= SMALLEST_VARIANCE][:wanted]


def name_pair(names: list[str], pair: tuple[int, int]) -> str:
    """The key of a pair: by its columns, so that it means the same in every version."""
    name = f"{PREFIX}{names[pair[0]]}~{names[pair[1]]}"
    return name if len(name) <= MOST_LETTERS else f"{PREFIX}pair-{pair[0]}-{pair[1]}"


def count_sums(sums: np.ndarray, parts: Parts) -> dict[str, Any]:
    """The histogram of a direction. Nothing is missing along it."""
    edges = choose_edges(sums.astype(float))
    counted = {"edges": edges, "counts": count_into(edges, sums).tolist(), "missing": 0}
    return counted | parts.count(lambda part: count_into(edges, sums[part]))
