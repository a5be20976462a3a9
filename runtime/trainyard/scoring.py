"""MLflow's scoring protocol: `inputs`, `instances`, `dataframe_split` or `dataframe_records` in, `predictions` out.

Requests are checked against the model's signature here, so that a client's mistake is told apart from the model's.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.cells import convert_column, fill_column
from trainyard.errors import InvalidInputError
from trainyard.inputs import Inputs, count_rows
from trainyard.json_reader import read_json
from trainyard.rows import place_rows
from trainyard.wire import simplify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from trainyard.signature import ColumnSpec, Signature, TensorSpec

FORMATS = ("inputs", "instances", "dataframe_split", "dataframe_records")


def parse_request(body: object, signature: Signature | None) -> Inputs:
    """Rows from a request body, parsed or not. Raises InvalidInputError when it does not fit the signature."""
    document = parse_json(body)
    # What else the body names is left alone, as MLflow does: `params`, and TensorFlow's `signature_name`.
    given = [name for name in FORMATS if name in document]
    if len(given) != 1:
        found = ", ".join(document) or "nothing"
        raise InvalidInputError(
            "unknown-format", f"The body must have exactly one of {', '.join(FORMATS)}; it has {found}."
        )
    name, value = given[0], document[given[0]]
    if name in {"dataframe_split", "dataframe_records"}:
        inputs = parse_table(name, value, signature)
    elif signature is not None and signature.columns:
        inputs = check_columns(make_frame_of(spread_values(value, signature), signature), signature.columns)
    else:
        inputs = parse_tensors(value, signature)
    if count_rows(inputs) == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    return inputs


def read_params(body: object, signature: Signature) -> dict[str, Any]:
    """The `params` of a request that the model takes; others are left out, as MLflow does."""
    params = parse_json(body).get("params")
    if params is not None and not isinstance(params, dict):
        raise InvalidInputError("malformed-params", "params must be an object.")
    return {name: value for name, value in (params or {}).items() if name in signature.params}


def parse_json(body: object) -> dict[str, Any]:
    """The body as a JSON object."""
    if isinstance(body, bytes | bytearray | str):
        try:
            body = read_json(body)
        except (ValueError, RecursionError) as error:
            raise InvalidInputError("not-json", f"The body is not JSON that can be read: {error}.") from error
    if not isinstance(body, dict):
        raise InvalidInputError(
            "not-an-object", 'The body must be a JSON object, sent with the header "content-type: application/json".'
        )
    return body


def parse_table(form: str, value: object, signature: Signature | None) -> Inputs:
    """A table in either of its forms; for a model that takes one tensor, its values."""
    frame = make_frame_of(value, signature) if form == "dataframe_records" else make_split_frame(value)
    if signature is None:
        return frame
    if signature.columns:
        return check_columns(frame, signature.columns)
    spec = signature.only_tensor
    if spec is None:
        return check_named_tensors({str(name): frame[name].to_numpy() for name in frame.columns}, signature)
    return make_tensor(frame.to_numpy().tolist(), spec)


def make_split_frame(value: object) -> pd.DataFrame:
    """A table from `{columns, data}`, and `index`, which is dropped."""
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise InvalidInputError("malformed-table", "dataframe_split must be an object with columns and data.")
    try:
        frame = pd.DataFrame(value["data"], columns=value.get("columns"), dtype=object)
    except (ValueError, TypeError) as error:
        raise InvalidInputError("malformed-table", f"dataframe_split cannot be read: {error}.") from error
    if not frame.columns.is_unique:
        raise InvalidInputError("malformed-table", "dataframe_split names a column twice.")
    return frame


def spread_values(value: object, signature: Signature) -> object:
    """A list of plain values as rows of the one column that the model takes."""
    spec = signature.only_column
    if spec is None or not isinstance(value, list) or any(isinstance(one, dict) for one in value):
        return value
    return {spec.name: value}


def make_frame_of(value: object, signature: Signature | None) -> pd.DataFrame:
    """A table from records (a list of objects) or from columns (an object of lists)."""
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    records = isinstance(value, list) and all(isinstance(row, dict) for row in value)
    columns = isinstance(value, dict) and all(isinstance(column, list) for column in value.values())
    if not records and not columns:
        raise InvalidInputError(
            "malformed-table", "The model takes a table: give a list of objects, or an object of lists."
        )
    if records:
        names = list(dict.fromkeys(name for row in value for name in row))
        refuse_lacking(value, list_wanted(signature, names), "missing-columns")
        # What a row lacks is null, as what it has and is not known: pandas would make NaN of it, also among texts.
        columns = {name: [row.get(name) for row in value] for name in names}
        return pd.DataFrame(columns, index=range(len(value)), dtype=object)
    try:
        return pd.DataFrame(value, dtype=object)
    except ValueError as error:
        raise InvalidInputError("malformed-table", f"The table cannot be read: {error}.") from error


def list_wanted(signature: Signature | None, names: list[str]) -> list[str]:
    """The names that every record has to have: what is required, and all where columns are known by their place."""
    if signature is None:
        return []
    specs = signature.columns
    if specs and all(spec.named for spec in specs):
        return [spec.name for spec in specs if spec.required]
    return names if not specs or any(spec.required for spec in specs) else []


def refuse_lacking(rows: list[dict[str, Any]], names: Iterable[str], code: str) -> None:
    """Refuses records that lack a name: all of them, or some that others have it beside."""
    lacking = {name: [place for place, row in enumerate(rows) if name not in row] for name in names}
    absent = [name for name, places in lacking.items() if len(places) == len(rows)]
    if absent:
        raise InvalidInputError(code, f"The request lacks {', '.join(absent)}.")
    name = next((name for name, places in lacking.items() if places), None)
    if name is not None:
        raise InvalidInputError(code, f"The request lacks {name} in {place_rows(lacking[name])}.")


def check_columns(frame: pd.DataFrame, specs: tuple[ColumnSpec, ...]) -> pd.DataFrame:
    """The columns of the signature in its order and types; columns it does not name are dropped, as MLflow does.

    An optional one that is not there is missing in each row: models are trained on tables that have it.
    """
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    frame = frame.set_axis(name_columns(frame, specs), axis=1)
    absent = [spec.name for spec in specs if spec.required and spec.name not in frame.columns]
    if absent:
        raise InvalidInputError("missing-columns", f"The request lacks {', '.join(absent)}.")
    given = {spec.name: frame[spec.name].tolist() for spec in specs if spec.name in frame.columns}
    columns = {
        spec.key: convert_column(given[spec.name], spec) if spec.name in given else fill_column(spec, len(frame))
        for spec in specs
    }
    return pd.DataFrame({key: values for key, values in columns.items() if values is not None})


def name_columns(frame: pd.DataFrame, specs: tuple[ColumnSpec, ...]) -> list[str]:
    """The columns' names as texts; where the signature has none, its places."""
    if all(spec.named for spec in specs):
        return [str(name) for name in frame.columns]
    return [str(position) for position in range(frame.shape[1])]


def parse_tensors(value: object, signature: Signature | None) -> Inputs:
    """One array, or arrays by name. `instances` may list objects, one per row, with an entry per name."""
    if signature is None:
        return {name: make_array(v) for name, v in value.items()} if isinstance(value, dict) else make_array(value)
    spec = signature.only_tensor
    if spec is not None and spec.name is None:
        return make_tensor(value, spec)
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        refuse_lacking(value, signature.names, "missing-inputs")
        value = {name: [row[name] for row in value] for name in signature.names}
    if spec is not None and isinstance(value, list):
        value = {spec.name: value}
    if not isinstance(value, dict):
        raise InvalidInputError("missing-inputs", f"The model takes inputs by name: {', '.join(signature.names)}.")
    return check_named_tensors(value, signature)


def check_named_tensors(
    given: dict[str, Any], signature: Signature, make: Callable[[Any, TensorSpec], np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """Every tensor of the signature, all with as many rows; `make` makes one of what is given for it."""
    absent = [name for name in signature.names if name not in given]
    if absent:
        raise InvalidInputError("missing-inputs", f"The request lacks {', '.join(absent)}.")
    tensors = {str(spec.name): (make or make_tensor)(given[str(spec.name)], spec) for spec in signature.tensors}
    if len({len(tensor) for tensor in tensors.values()}) > 1:
        raise InvalidInputError("ragged-inputs", "The inputs have different numbers of rows.")
    return tensors


def make_tensor(value: object, spec: TensorSpec) -> np.ndarray:
    """An array of the signature's type and shape."""
    return check_tensor(make_array(value), spec)


def check_tensor(array: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """The array in the signature's type. Raises InvalidInputError where type or shape don't fit."""
    wanted = np.dtype(spec.dtype)
    if wanted.kind in "iufb" and array.dtype.kind not in "iufb":
        raise InvalidInputError(
            "wrong-type", f"{spec.name or 'The input'} must hold numbers ({spec.dtype}) in an even shape."
        )
    if wanted.kind in "iu" and array.dtype.kind == "f" and not np.equal(np.mod(array, 1), 0).all():
        raise InvalidInputError("wrong-type", f"{spec.name or 'The input'} must hold whole numbers ({spec.dtype}).")
    if not fits_into(array, wanted):
        raise InvalidInputError("wrong-type", f"{spec.name or 'The input'} holds numbers out of range ({spec.dtype}).")
    fits = len(array.shape) == len(spec.shape) and all(
        length in {-1, found} for length, found in zip(spec.shape, array.shape, strict=True)
    )
    if not fits:
        raise InvalidInputError(
            "wrong-shape", f"{spec.name or 'The input'} must have shape {list(spec.shape)}; it has {list(array.shape)}."
        )
    return array.astype(wanted)


def fits_into(array: np.ndarray, wanted: np.dtype) -> bool:
    """Whether the type holds all numbers: those out of its range would become others."""
    if array.dtype.kind not in "iuf" or wanted.kind not in "iuf" or array.size == 0 or array.dtype == wanted:
        return True
    if wanted.kind in "iu":
        bounds = np.iinfo(wanted)
        # As Python's numbers, which have no size: 2**63 as a float is one more than int64 holds.
        return int(bounds.min) <= int(array.min()) and int(array.max()) <= int(bounds.max)
    finite = array[np.isfinite(array)]
    return bool(finite.size == 0 or np.abs(finite).max() <= np.finfo(wanted).max)


def make_array(value: object) -> np.ndarray:
    """An array from nested lists; null stands for a missing number."""
    try:
        array = np.array(value)
        return array.astype(float) if array.dtype == object else array
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError("ragged-inputs", "The input's lists must hold numbers and be equally long.") from error


def format_answer(raw: Any) -> str:  # noqa: ANN401 - whatever a model returns
    """The answer's body. Numbers that are not finite become null: JSON has no form for them."""
    return json.dumps({"predictions": to_json(raw)}, allow_nan=False)


def to_json(raw: Any) -> Any:  # noqa: ANN401, PLR0911 - one line per kind of value
    """A model's answer as JSON values: arrays as nested lists, tables as one object per row."""
    if isinstance(raw, np.ndarray):
        return replace_non_finite(raw)
    if isinstance(raw, np.generic):
        return to_json(np.asarray(raw)) if raw.dtype.kind == "M" else to_json(raw.item())
    if hasattr(raw, "to_dict") and hasattr(raw, "columns"):
        return to_json(raw.to_dict(orient="records"))
    if hasattr(raw, "to_list"):
        return to_json(raw.to_list())
    if isinstance(raw, dict):
        return {str(name): to_json(value) for name, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [to_json(value) for value in raw]
    if hasattr(raw, "detach") and hasattr(raw, "cpu"):
        return to_json(raw.detach().cpu().numpy())
    if isinstance(raw, float):
        return raw if np.isfinite(raw) else None
    if isinstance(raw, bytes | bytearray):
        return base64.b64encode(raw).decode()
    plain = simplify(raw)
    return plain if plain is None or isinstance(plain, str | int | bool) else str(plain)


def replace_non_finite(array: np.ndarray) -> Any:  # noqa: ANN401 - nested lists
    """An array as nested lists; `tolist` alone would leave NaN in."""
    if array.dtype.kind == "f" and np.isfinite(array).all():
        return array.tolist()
    if array.dtype.kind == "M":
        # In nanoseconds `tolist` would give numbers, and in other units times.
        return to_json(array.astype("datetime64[us]").tolist())
    return array.tolist() if array.dtype.kind in "iub" else to_json(array.tolist())
