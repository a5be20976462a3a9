"""What columns are to drift: counted by value, texts that are measured, or ids and times that are left out.

A new id is no drift and a new time neither, and neither texts nor ids may be kept. What a column is, trainyard.yml says
(`monitor.drift.as`, `monitor.drift.leave-out`, `data.holdout`); else it is told by its type, and of texts by whether
their values come again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from trainyard.errors import UserError
from trainyard.features import has_values, name_categories

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from trainyard.inputs import Inputs

Role = Literal["category", "text", "id", "time", "left-out"]
NOT_COUNTED = ("id", "time", "left-out")
# Of fewer values it can't be told whether they come again.
FEWEST_VALUES = 20
# A column more than half of whose rows hold a value of their own can't be counted by value: Good and Turing expect as
# large a share of the next rows to hold values that nobody has seen.
MOST_ONCE = 0.5
WORDS_OF_A_TEXT = 3
LETTERS_OF_A_TEXT = 8
DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?")


@dataclass(frozen=True)
class ColumnRole:
    """What a column is, and whether somebody said so."""

    role: Role
    is_declared: bool


def add_columns_option(parser: argparse.ArgumentParser) -> None:
    """The option that says what columns are."""
    parser.add_argument("--columns", default="{}", help="what columns are to drift, as JSON: {name: role}")


def read_columns_option(options: argparse.Namespace) -> dict[str, Role]:
    """What the command line says. Raises UserError when it can't be read."""
    try:
        said = dict(json.loads(options.columns))
    except (ValueError, TypeError) as error:
        raise bad_option(str(error)) from error
    strange = [role for role in said.values() if role not in get_args(Role)]
    if strange:
        raise bad_option(f"{strange[0]!r} is none of {', '.join(get_args(Role))}")
    return said


def bad_option(why: str) -> UserError:
    """The refusal of what --columns says."""
    return UserError("columns-option", f"--columns is no JSON object of roles: {why}.", "Pass roles by column's name.")


def find_roles(inputs: Inputs, declared: Mapping[str, Role]) -> dict[str, ColumnRole]:
    """The columns that are more than numbers and categories. A declared role counts, whatever the values are."""
    found: dict[str, ColumnRole] = {}
    for name, values in list_columns(inputs).items():
        role = declared.get(name) or recognise(values)
        if role is not None:
            found[name] = ColumnRole(role, name in declared)
    return found


def list_columns(inputs: Inputs) -> dict[str, Any]:
    """The columns of a table, and the tensors by name; a single tensor has none."""
    if isinstance(inputs, np.ndarray):
        return {"": inputs}
    if isinstance(inputs, dict):
        return dict(inputs)
    return {str(name): inputs[name] for name in inputs.columns}


def recognise(values: Any) -> Role | None:  # noqa: ANN401 - a pandas column, or an array
    """What a column must be by its type and its values; nothing where they are numbers, categories or too few."""
    if values.dtype.kind == "M":
        return "time"
    if values.dtype.kind in "iufbc" or values.ndim != 1 or not has_values(values):
        return None
    texts = [text for text in name_categories(np.asarray(values, dtype=object)) if text is not None]
    if len(texts) < FEWEST_VALUES:
        return None
    if all(DATE.fullmatch(text) for text in texts):
        return "time"
    once = sum(count == 1 for count in Counter(texts).values())
    if once <= MOST_ONCE * len(texts):
        return None
    return "text" if np.median([is_text(text) for text in texts]) > 0 else "id"


def is_text(value: str) -> bool:
    """Whether it is written for people: of several words, or of letters of a script that parts none."""
    foreign = sum(character.isalpha() and not character.isascii() for character in value)
    return len(value.split()) >= WORDS_OF_A_TEXT or foreign >= LETTERS_OF_A_TEXT
