"""What of an input is counted: columns of a table as they are, and a few figures of anything larger.

Of texts their length and their characters are measured (`texts`). An image (any tensor with more than 64 values a row)
gives its brightness, its contrast and eight random projections. A projection's direction is fixed by its seed:
`RandomState(seed).standard_normal(dimension)`, scaled to length one. NumPy never changes that generator's stream, so
every host computes the same direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.texts import STATISTICS, measure_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trainyard.inputs import Inputs

FeatureKind = Literal["numeric", "categorical", "projection", "scalar"]
MAX_TENSOR_COLUMNS = 64
PROJECTIONS = 8
BRIGHTNESS = "brightness"
CONTRAST = "contrast"
SEPARATOR = "/"
# Values of a tensor that are looked at together.
BLOCK_VALUES = 4_000_000


@dataclass(frozen=True)
class Feature:
    """One counted feature. `seed` is a projection's; `dimension` is the length of the rows it projects, else zero.

    A `statistic` is one of the texts in the column (or tensor) `texts`.
    """

    name: str
    kind: FeatureKind
    seed: int = 0
    dimension: int = 0
    texts: str = ""
    statistic: str = ""

    @property
    def column(self) -> int:
        """The column of a narrow tensor that `x<column>` stands for."""
        return int(self.name.rpartition(SEPARATOR)[2].removeprefix("x"))


def list_features(inputs: Inputs, roles: Mapping[str, str] | None = None) -> list[Feature]:
    """The features to count of inputs like these. `roles` says which columns are more than numbers and categories."""
    known = roles or {}
    if isinstance(inputs, np.ndarray):
        return list_input_features("", inputs, known.get(""))
    if isinstance(inputs, dict):
        return [f for name, values in inputs.items() for f in list_input_features(name, values, known.get(name))]
    columns = {str(name): inputs[name] for name in inputs.columns if has_values(inputs[name])}
    return [f for name, column in columns.items() for f in list_column_features(name, column, known.get(name))]


def list_column_features(name: str, column: Any, role: str | None) -> list[Feature]:  # noqa: ANN401 - a pandas column
    """The features of a table's column; none of one that is left out."""
    if role is None or role == "category":
        return [Feature(name, choose_kind(column) if role is None else "categorical")]
    return list_text_features(name) if role == "text" else []


def list_input_features(name: str, tensor: np.ndarray, role: str | None) -> list[Feature]:
    """The features of a tensor; none of one that is left out. Their names start with the input's, if it has one."""
    if role is None or role == "category":
        return list_tensor_features(name and name + SEPARATOR, tensor)
    return list_text_features(name) if role == "text" and tensor.ndim == 1 else []


def list_text_features(name: str) -> list[Feature]:
    """The statistics of a column of texts."""
    named = [(f"{name or 'text'}{SEPARATOR}{statistic}", statistic) for statistic in STATISTICS]
    return [Feature(full, "scalar", texts=name, statistic=statistic) for full, statistic in named]


def has_values(column: Any) -> bool:  # noqa: ANN401 - a pandas column, or an array
    """Whether a column has one value a row: bytes, lists and objects are nothing to count."""
    return column.dtype.kind != "O" or not any(
        isinstance(value, bytes | list | dict | np.ndarray) for value in np.asarray(column)
    )


def list_tensor_features(prefix: str, tensor: np.ndarray) -> list[Feature]:
    """Columns `x0`, `x1`, … of a narrow tensor; figures of a wide one. Names start with the input's, if it has one."""
    if tensor.dtype.kind not in "iufb":
        return [Feature(f"{prefix}x0", "categorical")] if tensor.ndim == 1 else []
    dimension = int(np.prod(tensor.shape[1:]))
    if dimension <= MAX_TENSOR_COLUMNS:
        return [Feature(f"{prefix}x{column}", "numeric") for column in range(dimension)]
    scalars = [Feature(f"{prefix}{name}", "scalar") for name in (BRIGHTNESS, CONTRAST)]
    return scalars + [
        Feature(f"{prefix}projection-{number}", "projection", number, dimension) for number in range(PROJECTIONS)
    ]


def choose_kind(column: Any) -> FeatureKind:  # noqa: ANN401 - a pandas column
    """Numbers and times are binned, everything else is counted by value."""
    return "numeric" if column.dtype.kind in "iufM" else "categorical"


class Extractor:
    """Takes the features out of inputs: numbers as one matrix, categories as lists of texts."""

    def __init__(self, features: list[Feature]) -> None:
        self._plain = [feature for feature in features if feature.kind != "categorical" and not feature.statistic]
        self._by_texts = group_features([feature for feature in features if feature.statistic], lambda f: f.texts)
        self.numeric = self._plain + [feature for group in self._by_texts.values() for feature in group]
        self.categorical = [feature for feature in features if feature.kind == "categorical"]
        self._by_tensor = group_features(self._plain, tensor_of)
        self._directions = {name: make_directions(features) for name, features in self._by_tensor.items()}

    def extract(self, inputs: Inputs) -> tuple[np.ndarray, list[list[str | None]]]:
        """Rows x numeric features (float64, NaN where missing), and one list of texts per categorical feature."""
        if isinstance(inputs, np.ndarray):
            return self._extract_tensors({"": inputs})
        if isinstance(inputs, dict):
            return self._extract_tensors(inputs)
        return self._extract_cells(inputs.to_numpy(dtype=object), [str(name) for name in inputs.columns])

    def _extract_tensors(self, tensors: dict[str, np.ndarray]) -> tuple[np.ndarray, list[list[str | None]]]:
        columns = [self._extract_tensor(name, tensors[name]) for name in self._by_tensor]
        columns += [measure_column(tensors[name], group) for name, group in self._by_texts.items()]
        categories = [name_categories(tensors[tensor_of(feature)]) for feature in self.categorical]
        rows = len(next(iter(tensors.values())))
        return np.hstack(columns) if columns else np.empty((rows, 0)), categories

    def _extract_tensor(self, name: str, tensor: np.ndarray) -> np.ndarray:
        """A block of rows after the other: as numbers of eight bytes, images of one byte would fill the memory."""
        size = max(1, BLOCK_VALUES // max(1, int(np.prod(tensor.shape[1:]))))
        blocks = [tensor[start : start + size] for start in range(0, max(1, len(tensor)), size)]
        return np.concatenate([self._extract_block(name, block) for block in blocks])

    def _extract_block(self, name: str, tensor: np.ndarray) -> np.ndarray:
        flat = tensor.reshape(len(tensor), -1).astype(np.float64)
        features = self._by_tensor[name]
        if features[0].kind == "numeric":
            return flat[:, [feature.column for feature in features]]
        # Brightness comes first and contrast second: `list_features` names them so, and the profile keeps the order.
        values = flat @ self._directions[name]
        mean_square = np.einsum("ij,ij->i", flat, flat) / flat.shape[1]
        values[:, 1] = np.sqrt(np.maximum(mean_square - values[:, 0] ** 2, 0))
        return values

    def _extract_cells(self, cells: np.ndarray, columns: list[str]) -> tuple[np.ndarray, list[list[str | None]]]:
        position = {name: index for index, name in enumerate(columns)}
        numbers = [to_numbers(choose_columns(cells, position, [feature.name for feature in self._plain]))]
        written = choose_columns(cells, position, list(self._by_texts))
        numbers += [measure_column(written[:, i], group) for i, group in enumerate(self._by_texts.values())]
        named = choose_columns(cells, position, [feature.name for feature in self.categorical])
        return np.hstack(numbers), [name_categories(named[:, index]) for index in range(named.shape[1])]


def group_features(features: list[Feature], key: Callable[[Feature], str]) -> dict[str, list[Feature]]:
    """Features by what they are of, in their order."""
    groups: dict[str, list[Feature]] = {}
    for feature in features:
        groups.setdefault(key(feature), []).append(feature)
    return groups


def measure_column(values: np.ndarray, features: list[Feature]) -> np.ndarray:
    """Rows x these statistics of one column's texts."""
    measured = measure_texts(name_categories(values))
    return measured[:, [STATISTICS.index(feature.statistic) for feature in features]]


def choose_columns(cells: np.ndarray, position: dict[str, int], names: list[str]) -> np.ndarray:
    """These columns of a table; one that is not there is None throughout."""
    indices = [position.get(name, -1) for name in names]
    chosen = cells[:, indices]
    chosen[:, [index < 0 for index in indices]] = None
    return chosen


def tensor_of(feature: Feature) -> str:
    """The name of the tensor a feature is of; empty for the only one."""
    return feature.name.rpartition(SEPARATOR)[0]


def make_directions(features: list[Feature]) -> np.ndarray:
    """Dimension x features: what a wide tensor's rows are multiplied with. Contrast has no direction: zeros."""
    dimension = max(feature.dimension for feature in features)
    return np.column_stack([choose_direction(feature, dimension) for feature in features])


def choose_direction(feature: Feature, dimension: int) -> np.ndarray:
    """The vector whose product with a row is the feature: a projection's direction, or a mean's equal parts."""
    if feature.kind == "projection":
        return make_direction(feature.seed, dimension)
    is_mean = feature.name.endswith(BRIGHTNESS)
    return np.full(dimension, 1 / dimension) if is_mean else np.zeros(dimension)


def make_direction(seed: int, dimension: int) -> np.ndarray:
    """A random direction of length one, the same on every host."""
    direction = np.random.RandomState(seed).standard_normal(dimension)
    return direction / np.linalg.norm(direction)


def to_numbers(cells: np.ndarray) -> np.ndarray:
    """Cells as float64; times as seconds since 1970. None, NaN, NaT and what is no number are missing."""
    try:
        return cells.astype(np.float64)
    except (TypeError, ValueError):
        return np.array([to_number(cell) for cell in cells.ravel()], dtype=np.float64).reshape(cells.shape)


def to_number(cell: Any) -> float:  # noqa: ANN401 - a cell of any type
    """One cell as a number."""
    try:
        return float(cell.timestamp() if hasattr(cell, "timestamp") else cell)
    except (TypeError, ValueError):
        return float("nan")


def name_categories(values: np.ndarray) -> list[str | None]:
    """Values as texts; None, NaN and NaT are missing."""
    return [None if value is None or value != value else str(value) for value in values.tolist()]  # noqa: PLR0124 - NaN
