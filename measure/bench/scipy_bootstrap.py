"""The work of measure/bench/gate.ts by scipy.stats.bootstrap.

Paired percentile bounds of three metrics, on all rows and in each slice. Reads {"labels", "champion", "challenger",
"slices", "resamples"} on standard input, and prints the processor seconds it took.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 50


def f1(truth: np.ndarray, answer: np.ndarray, axis: int) -> np.ndarray:
    """F1 of the positive class, over any axis."""
    hits = (truth & answer).sum(axis=axis)
    return 2 * hits / (truth.sum(axis=axis) + answer.sum(axis=axis))


def balanced_accuracy(truth: np.ndarray, answer: np.ndarray, axis: int) -> np.ndarray:
    """Mean recall of both classes."""
    positives = truth.sum(axis=axis)
    negatives = (~truth).sum(axis=axis)
    return ((truth & answer).sum(axis=axis) / positives + (~truth & ~answer).sum(axis=axis) / negatives) / 2


def mcc(truth: np.ndarray, answer: np.ndarray, axis: int) -> np.ndarray:
    """Matthews' correlation."""
    both = (truth & answer).sum(axis=axis).astype(float)
    neither = (~truth & ~answer).sum(axis=axis)
    missed = (truth & ~answer).sum(axis=axis)
    wrong = (~truth & answer).sum(axis=axis)
    scale = np.sqrt((both + wrong) * (both + missed) * (neither + wrong) * (neither + missed))
    return (both * neither - wrong * missed) / scale


def paired(metric: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """The challenger's metric less the champion's."""

    def difference(truth: np.ndarray, champion: np.ndarray, challenger: np.ndarray, axis: int = -1) -> np.ndarray:
        return metric(truth, challenger, axis) - metric(truth, champion, axis)

    return difference


def main() -> None:
    """Times all bootstraps together."""
    work = json.load(sys.stdin)
    truth, champion, challenger = (np.array(work[key], dtype=bool) for key in ("labels", "champion", "challenger"))
    slices = np.array(work["slices"])
    samples = [np.ones(truth.size, dtype=bool), *(slices == name for name in np.unique(slices))]
    started = time.process_time()
    for metric in (f1, balanced_accuracy, mcc):
        for rows in samples:
            bootstrap(
                (truth[rows], champion[rows], challenger[rows]),
                paired(metric),
                n_resamples=work["resamples"],
                batch=BATCH,
                paired=True,
                vectorized=True,
                confidence_level=0.9,
                method="percentile",
                rng=np.random.default_rng(1),
            )
    sys.stdout.write(f"{time.process_time() - started}\n")


if __name__ == "__main__":
    main()
