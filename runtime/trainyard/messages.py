"""What comes in and goes out, whatever protocol it is in: a request, what it asks of the model, an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trainyard.inputs import Inputs, count_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OK = 200
BAD_REQUEST = 400
SERVER_ERROR = 500
# What is the client's own mistake.
REFUSALS = range(400, 500)
JSON_TYPE = "application/json"
# Characters of why something is refused.
MOST_SAID = 2_000


@dataclass(frozen=True)
class Request:
    """One request: its id, its body as parsed JSON or bytes, whether it is evidence of the version, and its headers.

    A copy is of a request that another version answers: nobody gets its answer. `headers` are by their names in lower
    case.
    """

    id: str
    body: object
    counts: bool = True
    is_copy: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One answer: HTTP status, body, its content type, and headers it needs beside."""

    status: int
    body: str | bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """What a request asks the model: rows, and parameters of inference if it names any; and how it is answered.

    `write` gives a model's raw answer in the form that was asked for. It raises InvalidInputError where the answer has
    none of that form, and anything else where it has no form at all.
    """

    inputs: Inputs
    params: dict[str, Any]
    write: Callable[[Any], Answer]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return count_rows(self.inputs)


def refuse(status: int, code: str, message: str) -> Answer:
    """An answer that is no prediction: its message is cut where it is longer than anybody reads.

    It may quote what was sent, and TorchServe gives a whole batch no answer where one is too long for it.
    """
    said = message if len(message) <= MOST_SAID else f"{message[:MOST_SAID]}…"
    return Answer(status, json.dumps({"code": code, "message": said}))
