"""Writes the holdout of every kind named: `python write_holdouts.py FOLDER NAME…` makes FOLDER/NAME/holdout.csv."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from read_kinds import read_kinds

from train import HELD_OUT, ROWS

if TYPE_CHECKING:
    from kind import Kind


def write_holdout(chosen: Kind, folder: Path) -> None:
    """One file, in the form that the kind asks for."""
    held = chosen.data(ROWS, HELD_OUT)
    ids = [f"row-{row}" for row in range(len(held.labels))]
    path = folder / f"holdout.{chosen.file}"
    labels = np.array(held.labels.tolist())
    if chosen.file == "npz":
        np.savez(path, x=held.inputs, label=labels, id=np.array(ids))
        return
    table = pd.DataFrame(held.inputs).assign(label=labels, id=ids)
    if held.queries is not None:
        table = table.assign(query=held.queries)
    if chosen.file == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)


if __name__ == "__main__":
    kinds = read_kinds()
    for name in sys.argv[2:]:
        write_holdout(kinds[name], Path(sys.argv[1]) / name)
