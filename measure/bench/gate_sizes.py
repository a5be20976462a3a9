"""Writes a holdout and two models' answers to it, of a size, as the runtime writes them.

python measure/bench/gate_sizes.py FOLDER ROWS CLASSES

The holdout has ten columns; of two classes they are called no and yes, else class-0 and so on.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2] / "runtime"))

from trainyard.contract import Contract, Said
from trainyard.files import digest_file
from trainyard.holdout import Holdout
from trainyard.predictions import describe_predictions, write_predictions
from trainyard.reading import read_answers

COLUMNS = 7
SLICES = 20
# How much the scores of the right class stand out, and how often a model takes another class for it.
FAVOUR = 3.0
ENVIRONMENT = {"kind": "runner", "python": "3.11", "differences": []}


def main(folder: Path, rows: int, classes: int) -> None:
    """Writes the three files."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    places = random.integers(0, classes, rows)
    names = np.array(["no", "yes"] if classes == 2 else [f"class-{place}" for place in range(classes)])  # noqa: PLR2004
    parts = np.array([f"part-{row % SLICES}" for row in range(rows)])
    file = folder / "holdout.parquet"
    columns = {f"x{column}": random.normal(size=rows) for column in range(COLUMNS)}
    ids = [f"row-{row}" for row in range(rows)]
    pd.DataFrame({"id": ids, "part": parts, "label": names[places], **columns}).to_parquet(file)
    holdout = Holdout(pd.DataFrame(columns), names[places], ids, None, {"part": parts.tolist()}, digest_file(file))
    contract = Contract(classes=tuple(names.tolist()), scores="probabilities")
    for who in ("champion", "challenger"):
        scores = draw_scores(np.random.default_rng(len(who)), places, classes)
        reading = read_answers(scores, holdout.labels, contract, Said(contract.classes))
        told = describe_predictions(holdout, reading, f"sha256:{'a' * 64}")
        write_predictions(folder / f"{who}.parquet", holdout, reading, {**told, "environment": ENVIRONMENT})


def draw_scores(random: np.random.Generator, places: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities of each class."""
    scores = random.normal(size=(len(places), classes))
    scores[np.arange(len(places)), places] += FAVOUR
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
