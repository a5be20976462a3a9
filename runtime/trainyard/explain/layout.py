"""What of a model's inputs is looked at as one: a column, a block of columns, a tile of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from trainyard.inputs import Inputs

# More features than this nobody reads, and each of them costs predictions.
MOST_FEATURES = 40
# A picture is cut into so many tiles along each side at most.
TILES = 7
# Tensors with fewer values along an axis than this have their channels there.
MOST_CHANNELS = 4
PICTURE_AXES = 2


@dataclass(frozen=True)
class Feature:
    """A part of each row: `places` of the tensor `source`, flattened; of a table, or of an only array, None."""

    name: str
    source: str | None
    places: np.ndarray


@dataclass(frozen=True)
class Layout:
    """All parts of a row. `grid` is how many tiles a picture has down and across, in the order of the features."""

    features: tuple[Feature, ...]
    size: int
    grid: tuple[int, int] | None = None


def lay_out(inputs: Inputs) -> Layout:
    """The parts of these inputs: columns by name while they can be told apart, else blocks of them, or tiles."""
    if isinstance(inputs, dict):
        if len(inputs) == 1:
            ((name, only),) = inputs.items()
            return lay_out_array(only, name)
        sizes = {name: math.prod(array.shape[1:]) for name, array in inputs.items()}
        whole = tuple(Feature(name, name, np.arange(size)) for name, size in sizes.items())
        return Layout(whole, sum(sizes.values()))
    if isinstance(inputs, np.ndarray):
        return lay_out_array(inputs, None)
    return lay_out_columns([str(name) for name in inputs.columns], None)


def lay_out_array(array: np.ndarray, source: str | None) -> Layout:
    """One value or a few a row by number; what has two axes or more by tiles of its last two, channels aside."""
    shape = array.shape[1:]
    if len(shape) < PICTURE_AXES:
        return lay_out_columns([str(place) for place in range(math.prod(shape))], source)
    return lay_out_tiles(shape, source)


def lay_out_columns(names: list[str], source: str | None) -> Layout:
    """Each by itself; where they are too many, blocks of neighbours of about one size."""
    blocks = np.array_split(np.arange(len(names)), min(len(names), MOST_FEATURES)) if names else []
    features = tuple(Feature(name_block(names, block), source, block) for block in blocks)
    return Layout(features, len(names))


def name_block(names: list[str], block: np.ndarray) -> str:
    """A column's own name, or the first and the last of several."""
    first, last = names[block[0]], names[block[-1]]
    return first if len(block) == 1 else f"{first} … {last}"


def lay_out_tiles(shape: tuple[int, ...], source: str | None) -> Layout:
    """Tiles of the two axes of a picture; a tile holds all that lies there on other axes."""
    has_last_channels = len(shape) > PICTURE_AXES and shape[-1] <= MOST_CHANNELS < shape[0]
    down, across = (len(shape) - 3, len(shape) - 2) if has_last_channels else (len(shape) - 2, len(shape) - 1)
    numbers = np.moveaxis(np.arange(math.prod(shape)).reshape(shape), (down, across), (0, 1))
    rows, columns = (np.array_split(np.arange(length), min(length, TILES)) for length in (shape[down], shape[across]))
    features = tuple(
        Feature(
            f"rows {row[0]} to {row[-1]}, columns {column[0]} to {column[-1]}",
            source,
            numbers[row[0] : row[-1] + 1, column[0] : column[-1] + 1].ravel(),
        )
        for row in rows
        for column in columns
    )
    return Layout(features, math.prod(shape), (len(rows), len(columns)))


def shuffle_feature(inputs: Inputs, feature: Feature, order: np.ndarray) -> Inputs:
    """The same inputs, whose rows have this part from the rows of `order`, all of it together."""
    if isinstance(inputs, dict):
        name = str(feature.source)
        return {**inputs, name: shuffle_array(inputs[name], feature, order)}
    if isinstance(inputs, np.ndarray):
        return shuffle_array(inputs, feature, order)
    shuffled = inputs.copy(deep=False)
    for name in inputs.columns[feature.places]:
        # By place, whatever the index; the column keeps its type.
        shuffled[name] = inputs[name].iloc[order].set_axis(inputs.index)
    return shuffled


def shuffle_array(array: np.ndarray, feature: Feature, order: np.ndarray) -> np.ndarray:
    """The array with the places of a feature from other rows."""
    flat = array.reshape(len(array), -1).copy()
    flat[:, feature.places] = flat[np.ix_(order, feature.places)]
    return flat.reshape(array.shape)


def sum_features(values: np.ndarray, layout: Layout) -> np.ndarray:
    """Of a number for each value of each row, one for each feature: attributions of parts add up to that of the whole.

    `values` has rows first; the answer is rows by features.
    """
    flat = values.reshape(len(values), -1)
    return np.column_stack([flat[:, feature.places].sum(axis=1) for feature in layout.features])


def to_form(inputs: Inputs, layout: Layout) -> Any:  # noqa: ANN401 - an array or a table
    """The one array that all features lie in, or the table; None where they lie in several."""
    sources = {feature.source for feature in layout.features}
    if isinstance(inputs, dict):
        return inputs[str(next(iter(sources)))] if len(inputs) == 1 else None
    return inputs
