"""The held-out examples: inputs, true labels, ids, days, and the groups and slices the gate looks at."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.days import number_days
from trainyard.declared_inputs import refuse_other_inputs
from trainyard.errors import UserError
from trainyard.files import digest_file
from trainyard.holdout_inputs import choose_inputs
from trainyard.inputs import Inputs, count_rows
from trainyard.naming import name_rows, read_verbatim
from trainyard.outputs import is_missing
from trainyard.rows import place_rows
from trainyard.tables import fill_gaps, read_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from trainyard.column_roles import Role
    from trainyard.picture_steps import PictureSteps
    from trainyard.signature import Signature

# How the file begins that stands for one kept in Git LFS.
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True)
class HoldoutColumns:
    """What the columns (arrays of an npz file) mean: the label, the id, the group, the time, the slices; the inputs.

    Without `inputs` a model may be given what its signature names, but for the label, the id, the group and the time.
    """

    target: str
    id: str | None
    group: str | None
    slices: tuple[str, ...]
    time: str | None = None
    inputs: tuple[str, ...] = ()

    def may_be_given(self, name: str) -> bool:
        """Whether a model may be given the column. The label it never may."""
        if name == self.target:
            return False
        return name in self.inputs if self.inputs else name not in (self.id, self.group, self.time)

    @property
    def names(self) -> tuple[str, ...]:
        """All but the inputs."""
        return (self.target, *filter(None, (self.id, self.group, self.time)), *self.slices)

    @property
    def roles(self) -> dict[str, Role]:
        """What columns are by these, should a model be given them."""
        return {name: "id" for name in (self.id, self.group) if name} | ({self.time: "time"} if self.time else {})

    @property
    def names_of_rows(self) -> set[str]:
        """Those by which judge knows an example: all but the time."""
        return {self.target, *filter(None, (self.id, self.group)), *self.slices}


@dataclass(frozen=True)
class Holdout:
    """Held-out examples; every part has one entry per example. `pictures` are what the inputs were made from."""

    inputs: Inputs
    labels: np.ndarray
    ids: list[str]
    group: list[str] | None
    slices: dict[str, list[str]]
    digest: str
    days: np.ndarray | None = None
    pictures: list[bytes] | None = None

    @property
    def rows(self) -> int:
        """How many examples there are."""
        return len(self.ids)


def add_holdout_options(parser: argparse.ArgumentParser) -> None:
    """The options that name a holdout and its columns."""
    parser.add_argument("--holdout", type=Path, required=True, help="held-out examples: .npz, .csv, .parquet or .jsonl")
    parser.add_argument("--target", required=True, help="column or array with the true label")
    parser.add_argument("--id", help="column or array that names each example (default: its row number)")
    parser.add_argument("--group", help="column or array of groups that vary together, such as users")
    parser.add_argument("--time", help="column or array with the time of each example")
    parser.add_argument("--slices", default="", help="columns or arrays to judge apart, separated by commas")
    parser.add_argument("--inputs", default="", help="all columns or arrays that a model may be given, with commas")


def read_columns(options: argparse.Namespace) -> HoldoutColumns:
    """The columns named on the command line."""
    slices, inputs = (tuple(filter(None, names.split(","))) for names in (options.slices, options.inputs))
    return HoldoutColumns(options.target, options.id, options.group, slices, options.time, inputs)


def load_holdout(
    path: Path, columns: HoldoutColumns, signature: Signature | None, steps: PictureSteps | None = None
) -> Holdout:
    """Reads held-out examples for a model with this signature, which takes pictures by these steps.

    Raises UserError when the file is missing, empty, of another kind, or lacks a column, and when the model asks for
    what it is judged by.
    """
    if not path.is_file():
        raise UserError("holdout-missing", f"{path} is not there.", "Set data.holdout.path to the file.", str(path))
    refuse_pointer(path)
    refuse_other_inputs(columns, signature, path)
    table = read_file(path, columns, signature)
    absent = [name for name in dict.fromkeys((*columns.names, *columns.inputs)) if name not in table]
    if absent:
        raise UserError(
            "holdout-column-missing",
            f"{path} has no column {', '.join(f'`{name}`' for name in absent)}; it has {', '.join(map(str, table))}.",
            "Correct data.holdout in trainyard.yml.",
            str(path),
        )
    typed = {name: fill_gaps(table[name]) for name in columns.names_of_rows}
    written = {**typed, **read_verbatim(path, sorted(columns.names_of_rows))}
    labels = np.asarray(written[columns.target]) if path.suffix == ".jsonl" else typed[columns.target]
    if len(labels) == 0:
        raise UserError("holdout-empty", f"{path} has no examples.", "Provide held-out examples.", str(path))
    refuse_unlabelled(path, labels)
    ids = name_rows(written[columns.id]) if columns.id else [str(row) for row in range(len(labels))]
    inputs, pictures = choose_inputs(table, columns, signature, path, steps)
    refuse_bad_rows(path, ids, [len(labels), count_rows(inputs)])
    return Holdout(
        inputs=inputs,
        labels=labels,
        ids=ids,
        group=name_rows(written[columns.group]) if columns.group else None,
        slices={name: name_rows(written[name]) for name in columns.slices},
        digest=digest_file(path),
        days=read_days(table[columns.time], path) if columns.time else None,
        pictures=pictures,
    )


def refuse_unlabelled(path: Path, labels: np.ndarray) -> None:
    """Raises UserError when an example has no label: it would be a wrong answer of any model."""
    missing = [row for row, label in enumerate(labels.tolist()) if is_missing(label)]
    if missing and labels.ndim == 1:
        raise UserError(
            "holdout-label-missing",
            f"{len(missing)} of {len(labels)} examples of {path} have no label: {place_rows(missing)}.",
            "Label them, or leave them out of the file.",
            str(path),
        )


def read_days(times: object, path: Path) -> np.ndarray:
    """The day of each example. Raises UserError when the column holds no times."""
    try:
        return number_days(times)
    except (TypeError, ValueError) as error:
        raise UserError(
            "holdout-time-unreadable",
            f"{path} holds times that cannot be read ({type(error).__name__}).",
            "Write times as ISO 8601, or as seconds since 1970.",
            str(path),
        ) from error


def refuse_pointer(path: Path) -> None:
    """Raises UserError for what Git LFS leaves in the place of a file that was not fetched."""
    with path.open("rb") as file:
        if file.read(len(LFS_POINTER)) != LFS_POINTER:
            return
    raise UserError(
        "holdout-is-an-lfs-pointer",
        f"{path} is a Git LFS pointer: the checkout left the data themselves out.",
        "Set the input `lfs: true` of the pipeline, or of actions/checkout; by hand, `git lfs pull`.",
        str(path),
    )


def read_file(path: Path, columns: HoldoutColumns, signature: Signature | None) -> dict[str, Any]:
    """The columns or arrays of the file, by name. Raises UserError when it cannot be read."""
    try:
        return read_arrays(path) if path.suffix == ".npz" else read_table(path, choose_texts(columns, signature))
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise UserError(
            "holdout-unreadable",
            f"{path} cannot be read: {error}.",
            "Write it again; arrays of Python objects are not read, since they may run code.",
            str(path),
        ) from error


def choose_texts(columns: HoldoutColumns, signature: Signature | None) -> Callable[[str], bool]:
    """Whether a column holds texts, though they may look like numbers, such as postcodes."""
    specs = signature.columns if signature else ()
    texts = {spec.name for spec in specs if spec.type == "string"}
    if all(spec.named for spec in specs):
        return texts.__contains__
    return lambda name: len(texts) == len(specs) and name not in columns.names


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an npz file. Pickled objects are refused: a data file must not run code."""
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def refuse_bad_rows(path: Path, ids: list[str], lengths: list[int]) -> None:
    """Stops when the parts have different lengths or an id stands twice."""
    if len({len(ids), *lengths}) > 1:
        raise UserError(
            "holdout-ragged",
            f"{path} holds arrays of different lengths: {len(ids)}, {', '.join(map(str, lengths))}.",
            "Give every example an input, a label and an id.",
            str(path),
        )
    if len(set(ids)) != len(ids):
        raise UserError(
            "holdout-id-repeated",
            f"{path} names {len(ids) - len(set(ids))} examples twice.",
            "Give every example its own id: predictions of two models are paired by it.",
            str(path),
        )
