"""Counting live predictions into the bins of the reference profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.binning import BinTable
from trainyard.features import Extractor, Feature
from trainyard.inputs import Inputs, count_rows
from trainyard.outputs import place_kept, place_others
from trainyard.slices import SliceCounter
from trainyard.together import Directions

if TYPE_CHECKING:
    from trainyard.interpretation import Outcome


class Counters:
    """Cumulative counts in the bins of one reference profile. Not safe for use by several threads at once."""

    def __init__(self, profile: dict[str, Any]) -> None:
        by_name = {feature["name"]: feature for feature in profile["features"]}
        along = [feature for feature in profile["features"] if "together" in feature]
        slices = [feature for feature in profile["features"] if "slice" in feature]
        self._extractor = Extractor(
            [parse_feature(f) for f in profile["features"] if "together" not in f and "slice" not in f]
        )
        numeric = [by_name[feature.name] for feature in self._extractor.numeric]
        self._table = BinTable([feature["edges"] for feature in numeric])
        self._low, self._high = widen(
            np.array([feature["min"] for feature in numeric], dtype=float),
            np.array([feature["max"] for feature in numeric], dtype=float),
        )
        self._flat = np.zeros(self._table.size, dtype=np.int64)
        self._missing, self._below, self._above = np.zeros((3, len(numeric)), dtype=np.int64)
        self._along = AlongCounter(along, numeric)
        self._categories = [CategoryCounter(by_name[feature.name]) for feature in self._extractor.categorical]
        self._slices = SliceCounter(slices, [feature.name for feature in self._extractor.categorical])
        self._prediction = PredictionCounter(profile["prediction"])
        self.n = 0
        self.invalid = 0
        self.invalid_answers = 0
        self.invalid_copies = 0
        self.refused = 0

    def count(self, inputs: Inputs, outcome: Outcome, *, is_copy: bool = False) -> np.ndarray:
        """Counts answered rows of a request, or of a copy of one; gives each row's confidence bin, -1 where none is."""
        numbers, categories = self._extractor.extract(inputs)
        self._count_numbers(numbers)
        for counter, values in zip(self._categories, categories, strict=True):
            counter.count(values)
        self.n += count_rows(inputs)
        valid = self._prediction.find_valid(outcome)
        self.invalid += int((~valid).sum())
        if not valid.all():
            self._count_invalid_answer(is_copy=is_copy)
        answers, confidences = self._prediction.count(outcome, valid)
        self._slices.count(categories, answers, confidences)
        return confidences

    def count_unreadable(self, rows: int, *, is_copy: bool = False) -> None:
        """Counts answered rows of a request, or of a copy of one, whose answer can't be read."""
        self.n += rows
        self.invalid += rows
        self._count_invalid_answer(is_copy=is_copy)

    def _count_invalid_answer(self, *, is_copy: bool) -> None:
        if is_copy:
            self.invalid_copies += 1
        else:
            self.invalid_answers += 1

    def _count_numbers(self, values: np.ndarray) -> None:
        present = np.isfinite(values)
        bins = self._table.locate(values)
        self._flat += np.bincount(bins[present], minlength=self._table.size)
        self._along.count(bins, present)
        below, above = values < self._low, values > self._high
        if (below | above | ~present).any():
            self._missing += (~present).sum(axis=0)
            self._below += (present & below).sum(axis=0)
            self._above += (present & above).sum(axis=0)

    def take_snapshot(self) -> dict[str, Any]:
        """All counts so far, in the form of a capture window's `n`, `invalid`, `refused`, `features` and `prediction`.

        `n` and `invalid` count rows; `invalidAnswers` and `refused` requests, `invalidCopies` copies of requests.
        """
        features = {
            feature.name: {"counts": counts, "missing": missing, "below": below, "above": above, "unseen": 0}
            for feature, counts, missing, below, above in zip(
                self._extractor.numeric,
                self._table.split(self._flat),
                self._missing.tolist(),
                self._below.tolist(),
                self._above.tolist(),
                strict=True,
            )
        }
        for feature, counter in zip(self._extractor.categorical, self._categories, strict=True):
            features[feature.name] = counter.take_snapshot()
        features |= self._along.take_snapshot() | self._slices.take_snapshot()
        return {
            "n": self.n,
            "invalid": self.invalid,
            "invalidAnswers": self.invalid_answers,
            "invalidCopies": self.invalid_copies,
            "refused": self.refused,
            "features": features,
            "prediction": self._prediction.take_snapshot(),
        }


def widen(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The range of training by as much as a number changes in single precision, which clients may keep."""
    precision = float(np.finfo(np.float32).eps)
    return low - precision * np.abs(low), high + precision * np.abs(high)


def parse_feature(feature: dict[str, Any]) -> Feature:
    """A feature from its entry in the profile."""
    projection = feature.get("projection", {"seed": 0, "dimension": 0})
    text = feature.get("text", {"column": "", "statistic": ""})
    return Feature(
        feature["name"],
        feature["kind"],
        projection["seed"],
        projection["dimension"],
        text["column"],
        text["statistic"],
    )


class AlongCounter:
    """Counts where rows are along the directions in which columns go together."""

    def __init__(self, along: list[dict[str, Any]], numeric: list[dict[str, Any]]) -> None:
        """`along` are the profile's features of directions, `numeric` those that rows are in bins of."""
        self._names = [feature["name"] for feature in along]
        sizes = {feature["name"]: len(feature["counts"]) for feature in numeric}
        self._directions = Directions([feature["together"] for feature in along], sizes)
        self._table = BinTable([feature["edges"] for feature in along])
        self._flat = np.zeros(self._table.size, dtype=np.int64)
        self._missing = np.zeros(len(along), dtype=np.int64)

    def count(self, bins: np.ndarray, present: np.ndarray) -> None:
        """Counts rows whose values are in these bins, where they are present."""
        if self._names:
            sums, complete = self._directions.sum_scores(bins, present)
            self._flat += np.bincount(self._table.place(sums, complete), minlength=self._table.size)
            self._missing += (~complete).sum(axis=0)

    def take_snapshot(self) -> dict[str, Any]:
        """The counts so far, by name. What is out of range is told of the columns."""
        nothing = {"below": 0, "above": 0, "unseen": 0}
        counted = zip(self._names, self._table.split(self._flat), self._missing.tolist(), strict=True)
        return {name: {"counts": counts, "missing": missing, **nothing} for name, counts, missing in counted}


class CategoryCounter:
    """Counts by category: those of the profile, `other` (seen in training, rare) and `unseen`."""

    def __init__(self, profile: dict[str, Any]) -> None:
        self._index = {name: position for position, name in enumerate(profile["categories"])}
        self._rare = {name: len(self._index) for name in profile.get("rare", [])}
        self._counts = [0] * (len(self._index) + 2)
        # Where training saw too many to name them, a category that it never saw can't be told from a rare one.
        self._else = len(self._index) + (1 if "rare" in profile else 0)
        self._missing = 0

    def count(self, values: list[str | None]) -> None:
        """Counts one value per row."""
        for value in values:
            if value is None:
                self._missing += 1
            else:
                position = self._index.get(value, self._rare.get(value, self._else))
                self._counts[position] += 1

    def take_snapshot(self) -> dict[str, Any]:
        """The counts so far."""
        return {
            "counts": list(self._counts),
            "missing": self._missing,
            "below": 0,
            "above": 0,
            "unseen": self._counts[-1],
        }


class PredictionCounter:
    """Counts answers by class, or in numeric bins, and by confidence bin."""

    def __init__(self, profile: dict[str, Any]) -> None:
        self._edges = None if profile["kind"] == "classes" else np.array(profile["edges"], dtype=float)
        self._counts = np.zeros(len(profile["counts"]), dtype=np.int64)
        # Where the classes are not all that there can be, the last bin takes the others.
        self._is_open = profile.get("open") is True
        kept = profile.get("kept")
        self._kept = None if kept is None else np.array(kept, dtype=np.int64)
        confidence = profile.get("confidence")
        self._confidence_edges = None if confidence is None else np.array(confidence["edges"], dtype=float)
        self._confidence = np.zeros(0 if confidence is None else len(confidence["total"]), dtype=np.int64)

    def find_valid(self, outcome: Outcome) -> np.ndarray:
        """Which rows have an answer that means something: one of the classes, or a finite number."""
        return self._place(outcome) >= 0 if self._edges is None else np.isfinite(outcome.chosen)

    def _place(self, outcome: Outcome) -> np.ndarray:
        last = len(self._counts) - 1
        chosen = outcome.chosen if self._kept is None else place_kept(outcome.chosen, self._kept, last)
        return place_others(chosen, last) if self._is_open else chosen

    def count(self, outcome: Outcome, valid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Counts the valid rows; gives each row's bin of answers and of confidence, -1 where there is none."""
        chosen = self._place(outcome)[valid]
        bins = chosen if self._edges is None else np.searchsorted(self._edges, chosen, side="left")
        self._counts += np.bincount(bins, minlength=len(self._counts))
        answers, placed = np.full((2, len(valid)), -1)
        answers[valid] = bins
        if self._confidence_edges is None:
            return answers, placed
        # A model that says nothing of its confidence has one bin.
        confidence = np.zeros(len(valid)) if len(self._confidence_edges) == 0 else outcome.confidence
        if confidence is not None:
            placed[valid] = np.searchsorted(self._confidence_edges, confidence[valid], side="left")
            self._confidence += np.bincount(placed[valid], minlength=len(self._confidence))
        return answers, placed

    def take_snapshot(self) -> dict[str, Any]:
        """The counts so far."""
        snapshot: dict[str, Any] = {"counts": self._counts.tolist()}
        if self._confidence_edges is not None:
            snapshot["confidence"] = self._confidence.tolist()
        return snapshot
