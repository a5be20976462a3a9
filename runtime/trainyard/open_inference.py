"""The Open Inference Protocol (V2) over HTTP: what it asks of a model, how it is answered, what it tells of a model.

Numbers that are missing have no form in its JSON: an answer with one says so and is not changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.errors import InvalidInputError, not_acceptable
from trainyard.inputs import Inputs, count_rows
from trainyard.messages import OK, Answer, Question, Request
from trainyard.picture_requests import read_elements
from trainyard.scoring import check_columns, check_named_tensors, make_tensor, parse_json
from trainyard.signature import ColumnSpec, Signature, TensorSpec
from trainyard.tensors import BINARY_SIZE, BYTES, Tensor, describe_tensor, name_datatype, read_tensors, to_bytes
from trainyard.wire import simplify

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainyard.settings import Settings

HEAD_LENGTH_HEADER = "inference-header-content-length"
BINARY_TYPE = "application/octet-stream"
# What an answer is called where the model's signature has no name for it.
UNNAMED_OUTPUT = "predict"
UNNAMED_INPUT = "input"
COLUMN_TYPES = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
}


@dataclass(frozen=True)
class _Wanted:
    """How a request wants its answer: its own id, and whether each output is wanted as bytes; None: all of them."""

    id: str | None
    outputs: dict[str, bool] | None
    as_bytes: bool


def read_inference(request: Request, settings: Settings, version: str) -> Question:
    """What an inference request asks. Raises InvalidInputError for what it must not have, or the model can't take."""
    document, blob = _split_body(request)
    tensors = read_tensors(document.get("inputs"), blob, has_texts=settings.pictures is None)
    inputs = _fit(tensors, settings)
    if count_rows(inputs) == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    wanted = _read_wanted(document)
    params = _read_params(document, settings.signature)
    return Question(inputs, params, lambda raw: _write(raw, wanted, settings, version))


def _split_body(request: Request) -> tuple[dict[str, Any], memoryview]:
    """The JSON object of a body, and the bytes that follow it where a header says how long it is."""
    length = request.headers.get(HEAD_LENGTH_HEADER)
    if length is None:
        return parse_json(request.body), memoryview(b"")
    body = request.body
    if not isinstance(body, bytes | bytearray):
        raise InvalidInputError(
            "malformed-inputs", f"A body with {HEAD_LENGTH_HEADER} must be sent as {BINARY_TYPE}, not as JSON."
        )
    if not length.isascii() or not length.isdecimal() or int(length) > len(body):
        raise InvalidInputError(
            "malformed-inputs", f"{HEAD_LENGTH_HEADER} must be at most the body's {len(body)} bytes."
        )
    return parse_json(bytes(body[: int(length)])), memoryview(body)[int(length) :]


def write_unasked(settings: Settings, version: str) -> Callable[[Any], Answer]:
    """How a request is answered that is no JSON, and so can't say how it wants its answer."""
    return lambda raw: _write(raw, _Wanted(None, None, as_bytes=False), settings, version)


def _fit(tensors: list[Tensor], settings: Settings) -> Inputs:
    """Inputs as the model takes them: columns of a table, tensors by name, or the one tensor it takes."""
    signature = settings.signature
    if settings.pictures is not None and len(tensors) == 1 and tensors[0].array.dtype.kind == "O":
        return read_elements(tensors[0], signature, settings.pictures)
    if signature.columns:
        return _fit_table(tensors, signature)
    spec = signature.only_tensor
    if spec is not None and spec.name is None:
        if len(tensors) > 1:
            raise InvalidInputError("malformed-inputs", f"The model takes one input, and {len(tensors)} are given.")
        return make_tensor(tensors[0].array, spec)
    return check_named_tensors({tensor.name: tensor.array for tensor in tensors}, signature)


def _fit_table(tensors: list[Tensor], signature: Signature) -> Inputs:
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    rows = {len(tensor.array) for tensor in tensors}
    if len(rows) > 1:
        raise InvalidInputError("ragged-inputs", "The inputs have different numbers of rows.")
    wide = next((one for one in tensors if one.array.ndim > 1 and one.array.shape[1:] != (1,)), None)
    if wide is not None:
        raise InvalidInputError(
            "wrong-shape",
            f"The model takes a table, and each input is a column: {wide.name} must have the shape [rows] or "
            f"[rows, 1]; it has {list(wide.array.shape)}.",
        )
    columns = {tensor.name: tensor.array.ravel().tolist() for tensor in tensors}
    return check_columns(pd.DataFrame(columns, dtype=object), signature.columns)


def _read_params(document: dict[str, Any], signature: Signature) -> dict[str, Any]:
    """The request's parameters that the model takes; others are left out, as in MLflow's protocol."""
    given = document.get("parameters") or {}
    if not isinstance(given, dict):
        raise InvalidInputError("malformed-params", "parameters must be an object.")
    return {name: value for name, value in given.items() if name in signature.params}


def _read_wanted(document: dict[str, Any]) -> _Wanted:
    said, outputs = document.get("id"), document.get("outputs")
    if said is not None and not isinstance(said, str):
        raise InvalidInputError("malformed-id", "id must be a text.")
    parameters = document.get("parameters")
    as_bytes = isinstance(parameters, dict) and parameters.get("binary_data_output") is True
    if not outputs:
        return _Wanted(said, None, as_bytes)
    if not isinstance(outputs, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in outputs
    ):
        raise InvalidInputError("malformed-outputs", "outputs must be a list of objects, each with a name.")
    named = {one["name"]: (one.get("parameters") or {}).get("binary_data", as_bytes) is True for one in outputs}
    return _Wanted(said, named, as_bytes)


def _is_named(output: object) -> bool:
    if not isinstance(output, dict) or not isinstance(output.get("name"), str):
        return False
    return isinstance(output.get("parameters") or {}, dict)


def _write(raw: Any, wanted: _Wanted, settings: Settings, version: str) -> Answer:  # noqa: ANN401 - whatever a model returns
    tensors = name_outputs(raw, settings.signature)
    if wanted.outputs is not None:
        known = {tensor.name: tensor for tensor in tensors}
        unknown = [name for name in wanted.outputs if name not in known]
        if unknown:
            raise InvalidInputError(
                "unknown-output", f"The model has no output {', '.join(unknown)}: it has {', '.join(known)}."
            )
        tensors = [known[name] for name in wanted.outputs]
    blobs: list[bytes] = []
    described = []
    for tensor in tensors:
        one = describe_tensor(tensor)
        if wanted.as_bytes if wanted.outputs is None else wanted.outputs[tensor.name]:
            blobs.append(to_bytes(tensor))
            one["parameters"] = {BINARY_SIZE: len(blobs[-1])}
        else:
            one["data"] = _list_values(tensor)
        described.append(one)
    said = {} if wanted.id is None else {"id": wanted.id}
    head = json.dumps(
        {"model_name": settings.model, "model_version": version, **said, "outputs": described}, allow_nan=False
    )
    if not blobs:
        return Answer(OK, head)
    body = head.encode()
    return Answer(OK, b"".join([body, *blobs]), BINARY_TYPE, {HEAD_LENGTH_HEADER: str(len(body))})


def _list_values(tensor: Tensor) -> list[Any]:
    """The values row by row, as JSON has them."""
    values = tensor.array.ravel()
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise not_acceptable(f"{tensor.name} holds numbers that JSON has no form for: ask for it with binary_data.")
    return values.tolist() if values.dtype.kind in "biuf" else [str(value) for value in values]


def name_outputs(raw: Any, signature: Signature) -> list[Tensor]:  # noqa: ANN401 - whatever a model returns
    """A model's answer as tensors: a table's columns and a mapping's entries by their names, anything else as one.

    Raises TypeError for what the protocol has no type for.
    """
    if hasattr(raw, "to_numpy") and hasattr(raw, "columns"):
        return [Tensor(str(name), _to_array(raw.iloc[:, place])) for place, name in enumerate(raw.columns)]
    if isinstance(raw, dict):
        return [Tensor(str(name), _to_array(value)) for name, value in raw.items()]
    outputs = signature.outputs
    name = describe_spec(outputs[0], UNNAMED_OUTPUT)["name"] if len(outputs) == 1 else UNNAMED_OUTPUT
    return [Tensor(name, _to_array(raw))]


def _to_array(values: Any) -> np.ndarray:  # noqa: ANN401 - whatever a model returns
    """An array of numbers, truth values or texts, with at least one axis."""
    if hasattr(values, "detach") and hasattr(values, "cpu"):
        values = values.detach().cpu().numpy()
    array = np.atleast_1d(np.asarray(values))
    if array.dtype.kind == "M" or (array.dtype.kind == "O" and not all(isinstance(one, str) for one in array.ravel())):
        plain = [simplify(one) for one in array.ravel()]
        if not all(isinstance(one, str) for one in plain):
            raise TypeError("values of several types")
        flat = np.empty(len(plain), dtype=object)
        flat[:] = plain
        return flat.reshape(array.shape)
    name_datatype(array.dtype)
    return array


def tell_refusal(answer: Answer) -> Answer:
    """A refusal in this protocol's form: the reason is in `error`."""
    document = json.loads(answer.body)
    return replace(answer, body=json.dumps({**document, "error": document["message"]}))


def describe_model(settings: Settings, version: str) -> Answer:
    """Name, version, inputs and outputs; -1 is any length."""
    signature = settings.signature
    document = {
        "name": settings.model,
        "versions": [version],
        "platform": f"trainyard_{settings.format}",
        "inputs": [describe_spec(spec, UNNAMED_INPUT) for spec in (*signature.tensors, *signature.columns)],
        "outputs": [describe_spec(spec, UNNAMED_OUTPUT) for spec in signature.outputs],
    }
    return Answer(OK, json.dumps(document))


def describe_spec(spec: TensorSpec | ColumnSpec, unnamed: str) -> dict[str, Any]:
    """A tensor or a column of a signature, as the protocol has it; `unnamed` where it has no name."""
    if isinstance(spec, TensorSpec):
        name, dtype = spec.name or unnamed, np.dtype(spec.dtype)
        return {"name": name, "datatype": name_datatype(dtype), "shape": list(spec.shape)}
    return {
        "name": spec.name if spec.named else unnamed,
        "datatype": COLUMN_TYPES.get(spec.type or "", BYTES),
        "shape": [-1],
    }
