"""Labelled digits as this project stores them: one `.npz` with images, labels, ids and the slices a gate looks at."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BOLD_INK = 0.16
THIN_INK = 0.09


@dataclass(frozen=True)
class Digits:
    """Images `x` (float32, n x 28 x 28, 0 = paper, 1 = ink), their labels (int64) and ids (unique text)."""

    x: np.ndarray
    label: np.ndarray
    id: np.ndarray

    def take(self, rows: np.ndarray) -> "Digits":
        """The digits at these row numbers, or where a mask of booleans is true."""
        return Digits(self.x[rows], self.label[rows], self.id[rows])


def concatenate(parts: list[Digits]) -> Digits:
    """All the digits of all the parts, in order."""
    return Digits(
        np.concatenate([part.x for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.id for part in parts]),
    )


def load(path: Path) -> Digits:
    """Reads what `save` wrote."""
    with np.load(path) as arrays:
        return Digits(arrays["x"], arrays["label"], arrays["id"])


def save(path: Path, digits: Digits, stroke: np.ndarray | None = None) -> None:
    """Writes the digits whole or not at all: a reader never sees half a file. `stroke` overrides the derived slice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "x": digits.x.astype(np.float32),
        "label": digits.label.astype(np.int64),
        "id": digits.id,
        "digit": digits.label.astype(str),
        "stroke": describe_strokes(digits.x) if stroke is None else stroke,
    }
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        np.savez_compressed(file, **arrays)
    written = Path(file.name)
    written.chmod(0o644)
    written.replace(path)


def describe_strokes(x: np.ndarray) -> np.ndarray:
    """How boldly each digit is written, as text: `thin`, `medium` or `bold`."""
    ink = x.mean(axis=(1, 2))
    return np.where(ink < THIN_INK, "thin", np.where(ink > BOLD_INK, "bold", "medium"))
