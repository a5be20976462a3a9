"""The TorchServe side of a packaged model.

MLflow's scoring protocol in and out, a table in Arrow or Parquet, an array file, a picture or a text where the headers
say so, or the Open Inference Protocol where the proxy says so; input that does not fit the signature is answered 400,
a failure of the model's own code 500, each with `{"code", "message"}`. Answers carry `x-trainyard-version` and
`x-trainyard-request-id`, the id the prediction is logged under: the request's `x-request-id` (TorchServe puts an id of
its own into the answer's). What asked for this version by name (`x-trainyard-pin`) is answered and not counted: it
came round the split of traffic. A copy of what another version answers (`x-trainyard-copy`) is counted as one.
"""

from __future__ import annotations

import atexit
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from trainyard.messages import OK, Request
from trainyard.picture_requests import FORM_TYPE
from trainyard.protocols import media_type
from trainyard.runners import CPU
from trainyard.service import ModelService, open_service

REQUEST_ID_HEADER = "x-request-id"
PIN_HEADER = "x-trainyard-pin"
COPY_HEADER = "x-trainyard-copy"
LOGGED_ID_HEADER = "x-trainyard-request-id"
VERSION_HEADER = "x-trainyard-version"


class ServingContext(Protocol):
    """The part of TorchServe's context that is used here."""

    @property
    def system_properties(self) -> dict[str, Any]:
        """`model_dir`, `gpu_id` and more."""

    def get_request_id(self, idx: int = 0) -> str | None:
        """TorchServe's own id for a request."""

    def get_all_request_header(self, idx: int) -> dict[str, Any]:
        """The headers of a request, spelled as the client did; TorchServe mixes in entries of other kinds."""

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        """The status of one answer of the batch."""

    def set_response_content_type(self, idx: int, value: str) -> None:
        """The content type of one answer of the batch."""

    def set_response_header(self, idx: int, key: str, value: str) -> None:
        """A header of one answer of the batch."""


def start(context: ServingContext) -> ModelService:
    """Loads the model from its unpacked archive; what it counted is written when the worker exits."""
    properties = context.system_properties
    service = open_service(Path(properties["model_dir"]), device=choose_device(properties.get("gpu_id")))
    atexit.register(service.close)
    return service


def choose_device(gpu: int | None) -> str:
    """The device TorchServe gave this worker."""
    return CPU if gpu is None else f"cuda:{gpu}"


def answer_batch(service: ModelService, data: list[dict[str, Any]], context: ServingContext) -> list[str | bytes]:
    """Answers a batch of requests, each with its own status and headers."""
    requests = [read_request(context, index, entry) for index, entry in enumerate(data)]
    answers = service.answer(requests)
    for index, (request, answer) in enumerate(zip(requests, answers, strict=True)):
        context.set_response_content_type(index, answer.content_type)
        for name, value in answer.headers.items():
            context.set_response_header(index, name, value)
        context.set_response_header(index, LOGGED_ID_HEADER, request.id)
        context.set_response_header(index, VERSION_HEADER, service.version)
        if answer.status != OK:
            context.set_response_status(code=answer.status, phrase=HTTPStatus(answer.status).phrase, idx=index)
    return [answer.body for answer in answers]


def read_request(context: ServingContext, index: int, entry: dict[str, Any]) -> Request:
    """One request; its id is the client's (or the proxy's), else TorchServe's.

    `entry` has the body, or the parts of a form by their names, which TorchServe takes apart.
    """
    given = context.get_all_request_header(index).items()
    headers = {name.lower(): value for name, value in given if isinstance(value, str)}
    is_form = media_type(headers.get("content-type", "")) == FORM_TYPE
    body = entry if is_form else entry.get("body", entry.get("data"))
    request_id = headers.get(REQUEST_ID_HEADER) or context.get_request_id(index) or ""
    counts, is_copy = PIN_HEADER not in headers, COPY_HEADER in headers
    return Request(request_id, body, counts=counts, is_copy=is_copy, headers=headers)
