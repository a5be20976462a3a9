"""The ETL step: gathers every labelled digit there is, and leaves `data/train.npz` in the working copy.

The raw store is the folder named by `MNIST_DATA`: `train.npz`, `holdout.npz` and, as the world changes, more labelled
digits in `incoming/*.npz`. The holdout stays where it is: training never reads a digit that is in it.
"""

import os
import sys
from pathlib import Path

import numpy as np

from digits import Digits, concatenate, load, save

TRAIN_FILE = Path("data/train.npz")


def main() -> None:
    """Collects, checks and writes the training digits."""
    store = find_store()
    parts = [load(path) for path in [store / "train.npz", *sorted((store / "incoming").glob("*.npz"))]]
    digits = concatenate(parts)
    refuse_duplicates(digits)
    held_out = np.isin(digits.id, load(store / "holdout.npz").id)
    save(TRAIN_FILE, digits.take(~held_out))
    print(
        f"{TRAIN_FILE}: {(~held_out).sum()} digits of {len(parts)} deliveries, {held_out.sum()} held out",
        file=sys.stderr,
    )


def find_store() -> Path:
    """The raw store; says what to do when there is none."""
    store = Path(os.environ.get("MNIST_DATA", "data/raw"))
    if not (store / "train.npz").is_file():
        sys.exit(f"etl: {store}/train.npz is missing. Run prepare_data.py and set MNIST_DATA to its --out folder.")
    return store


def refuse_duplicates(digits: Digits) -> None:
    """Stops when two deliveries hold the same digit: it would count twice."""
    ids, counts = np.unique(digits.id, return_counts=True)
    if (counts > 1).any():
        sys.exit(f"etl: digit {ids[counts > 1][0]} was delivered more than once. Remove one of the files in incoming/.")


if __name__ == "__main__":
    main()
