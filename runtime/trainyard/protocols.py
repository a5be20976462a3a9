"""Which protocol a request is in, as its path and its headers say it.

The path is the proxy's to tell, in a header that it lets no client set; the content type says how a body of MLflow's
paths is written, and `accept` how the answer is to be. Only where clients are known to send JSON under another content
type is the body looked at: `find_document`.
"""

from __future__ import annotations

import io
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard import array_file
from trainyard.errors import InvalidInputError, not_acceptable
from trainyard.messages import JSON_TYPE, OK, Answer, Question, Request
from trainyard.open_inference import HEAD_LENGTH_HEADER, describe_model, read_inference, tell_refusal, write_unasked
from trainyard.packed import unpack
from trainyard.picture_requests import FORM_TYPE, is_of_picture, read_picture, read_rows
from trainyard.scoring import FORMATS, check_columns, format_answer, parse_json, parse_tensors, read_params
from trainyard.table_bodies import read_table_body
from trainyard.table_forms import CONTENT_TYPES as TABLE_TYPES
from trainyard.table_forms import KINDS as TABLE_KINDS
from trainyard.table_reader import tell_absence
from trainyard.text_requests import TEXT_TYPE, read_text, takes_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainyard.inputs import Inputs
    from trainyard.settings import Settings
    from trainyard.signature import Signature
    from trainyard.table_reader import TableReader

PROTOCOL_HEADER = "x-trainyard-protocol"
OPEN_INFERENCE = "v2"
OPEN_INFERENCE_METADATA = "v2-metadata"
CSV_TYPE = "text/csv"
PICTURE_TYPES = "image/*"
# Refusals of what is no request at all, whatever the model takes.
NO_REQUEST = ("not-json", "not-an-object", "unknown-format")
# What clients send JSON as, `curl -d` without a word about it among them.
JSON_TYPES = ("", JSON_TYPE, "application/x-www-form-urlencoded", TEXT_TYPE, FORM_TYPE)


def read_question(
    request: Request, settings: Settings, version: str, most_bytes: int, tables: TableReader
) -> Question | Answer:
    """What a request asks the model; an answer where it asks of the model instead. Raises InvalidInputError.

    A body that is packed holds `most_bytes` at most.
    """
    said = request.headers.get(PROTOCOL_HEADER)
    if said == OPEN_INFERENCE_METADATA:
        return describe_model(settings, version)
    is_open = said == OPEN_INFERENCE
    kind = media_type(request.headers.get("content-type", ""))
    write = write_unasked(settings, version) if is_open else choose_writer(request.headers.get("accept", ""))
    request = unpack(request, most_bytes)
    document = find_document(request, kind, settings)
    if document is not None:
        request = replace(request, body=document)
    elif HEAD_LENGTH_HEADER not in request.headers or not is_open:
        inputs = read_bare(request, kind, settings, tables)
        if inputs is not None:
            return Question(inputs, {}, write)
    if is_open:
        return read_inference(request, settings, version)
    with _unknown_type(kind, settings):
        document = parse_json(request.body)
        inputs = read_rows(document, settings.signature, settings.pictures)
    return Question(inputs, read_params(document, settings.signature), write)


def find_document(request: Request, kind: str, settings: Settings) -> dict[str, Any] | None:
    """The JSON object that a body is whose content type is of something else, where it is a request; else None.

    Browsers' `fetch` says text/plain of a JSON text, clients of the Open Inference Protocol need say nothing, and
    TorchServe's own way is a form with the request as `data`: that is a picture's where the model takes some.
    """
    body, keys = request.body, FORMATS
    if kind == FORM_TYPE:
        body = body.get("body", body.get("data")) if isinstance(body, dict) and settings.pictures is None else None
        if isinstance(body, dict):
            return body
        keys = ()
    elif request.headers.get(PROTOCOL_HEADER) == OPEN_INFERENCE:
        keys = ("inputs",)
    elif kind != TEXT_TYPE:
        return None
    start = body.lstrip()[:1] if isinstance(body, bytes | bytearray | str) else b""
    if start not in (b"{", "{"):
        return None
    try:
        document = parse_json(body)
    except InvalidInputError:
        return None
    return document if not keys or any(key in document for key in keys) else None


def read_bare(request: Request, kind: str, settings: Settings, tables: TableReader) -> Inputs | None:
    """The rows of a body that holds nothing else, by its content type; None for one that says more than its rows."""
    signature = settings.signature
    if is_of_picture(kind):
        return read_picture(request.body, kind, signature, settings.pictures)
    if kind == TEXT_TYPE and takes_text(signature):
        return read_text(request.body, request.headers["content-type"], signature)
    if kind == array_file.CONTENT_TYPE:
        return fit_array(array_file.read_array_file(request.body), signature)
    if kind in TABLE_KINDS:
        return read_table_body(request.body, kind, signature, tables)
    return read_csv(request.body, signature) if kind == CSV_TYPE else None


def tell(request: Request, answer: Answer) -> Answer:
    """The answer as the request's protocol has it: a refusal, too."""
    is_told = answer.status == OK or not request.headers.get(PROTOCOL_HEADER, "").startswith(OPEN_INFERENCE)
    return answer if is_told else tell_refusal(answer)


def media_type(header: str) -> str:
    """A content type without its parameters."""
    return header.partition(";")[0].strip().lower()


@contextmanager
def _unknown_type(kind: str, settings: Settings) -> Iterator[None]:
    """Says 415 of a body that is no request in MLflow's JSON, where its content type is of something else."""
    try:
        yield
    except InvalidInputError as error:
        if error.code not in NO_REQUEST or kind in JSON_TYPES or kind.endswith("+json"):
            raise
        raise refuse_type(kind, settings) from error


def refuse_type(kind: str, settings: Settings) -> InvalidInputError:
    """Says what a body may be written in, to whom sends another."""
    own = [] if settings.pictures is None else [PICTURE_TYPES, FORM_TYPE]
    own += [TEXT_TYPE] if takes_text(settings.signature) else []
    own += TABLE_TYPES if tell_absence() is None else []
    known = ", ".join((JSON_TYPE, CSV_TYPE, array_file.CONTENT_TYPE, *own))
    return InvalidInputError("unknown-content-type", f"Bodies are taken as {known}; it is {kind}.", 415)


def fit_array(values: np.ndarray, signature: Signature) -> Inputs:
    """The one array of a body as the model takes it. Raises InvalidInputError where the model takes something else."""
    if signature.columns:
        raise InvalidInputError(
            "wrong-form",
            f"The model takes a table, and {array_file.CONTENT_TYPE} is one array: send {CSV_TYPE} or JSON.",
        )
    if signature.only_tensor is None:
        raise InvalidInputError("missing-inputs", f"The model takes several inputs: {', '.join(signature.names)}.")
    inputs = parse_tensors(values if signature.only_tensor.name is None else {signature.names[0]: values}, signature)
    if len(values) == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    return inputs


def read_csv(body: object, signature: Signature) -> Inputs:
    """A table with a line of names; an empty cell is a missing value. Each cell is read as its column's type has it."""
    import pandas as pd  # noqa: PLC0415 - models that take arrays serve without pandas

    if not signature.columns:
        raise InvalidInputError("wrong-form", f"The model takes no table: send JSON, or {array_file.CONTENT_TYPE}.")
    try:
        text = body if isinstance(body, str) else bytes(body).decode() if isinstance(body, bytes | bytearray) else ""
        frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InvalidInputError("malformed-table", f"The body is no {CSV_TYPE} that can be read: {error}.") from error
    types = {spec.name: spec.type for spec in signature.columns}
    cells = {name: [read_cell(text, types.get(name)) for text in frame[name]] for name in frame.columns}
    if len(frame) == 0:
        raise InvalidInputError("no-rows", "The request has no rows.")
    return check_columns(pd.DataFrame(cells, dtype=object), signature.columns)


def read_cell(text: str, kind: str | None) -> object:
    """A cell of a column of this type as JSON would have it; the text itself where it is no value of the type."""
    if text == "":
        return None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    return read_number(text) if kind in {"integer", "long", "float", "double"} else text


def read_number(text: str) -> int | float | str:
    """A whole number or a fraction; the text itself where it is neither."""
    # Python's own sign for thousands is nobody else's.
    if "_" in text:
        return text
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return text


def choose_writer(accept: str) -> Callable[[Any], Answer]:
    """How answers are written for a client that accepts this: an array file where it names that, else MLflow's JSON."""
    accepted = {media_type(one) for one in accept.split(",")}
    return write_array if array_file.CONTENT_TYPE in accepted else write_json


def write_json(raw: Any) -> Answer:  # noqa: ANN401 - whatever a model returns
    """MLflow's JSON."""
    return Answer(OK, format_answer(raw))


def write_array(raw: Any) -> Answer:  # noqa: ANN401 - whatever a model returns
    """An array file. Raises InvalidInputError for an answer that is no one array of numbers."""
    if hasattr(raw, "detach") and hasattr(raw, "cpu"):
        raw = raw.detach().cpu().numpy()
    if not isinstance(raw, np.ndarray | list) and not (hasattr(raw, "to_numpy") and not hasattr(raw, "columns")):
        raise not_acceptable(f"The answer is no one array, which {array_file.CONTENT_TYPE} is: ask for JSON.")
    try:
        values = np.asarray(raw)
    except ValueError as error:
        raise not_acceptable(
            f"The answer's rows differ in length: ask for JSON, not {array_file.CONTENT_TYPE}."
        ) from error
    return Answer(OK, array_file.write_array_file(values), array_file.CONTENT_TYPE)
