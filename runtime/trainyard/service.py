"""A packaged model that answers requests: parse, predict, count. Knows nothing of TorchServe."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.capture import DEFAULT_SECONDS, Capture, CaptureIdentity
from trainyard.errors import InvalidInputError
from trainyard.inputs import Inputs, concatenate, count_rows
from trainyard.interpretation import NUMERIC_TASKS, Interpretation, Outcome
from trainyard.messages import BAD_REQUEST, REFUSALS, SERVER_ERROR, Answer, Question, Request, refuse
from trainyard.outputs import interpret
from trainyard.packed import MOST_BYTES, MOST_BYTES_VARIABLE
from trainyard.picture_requests import read_rows
from trainyard.pictures import require_decoder
from trainyard.protocols import read_question, tell
from trainyard.runners import CPU, load_runner
from trainyard.scoring import parse_json
from trainyard.settings import PAYLOAD_FOLDER, PROFILE_FILE, SETTINGS_FILE, WARM_UP_FILE, Settings, read_settings
from trainyard.several import is_by_class
from trainyard.table_reader import TableReader
from trainyard.trace import in_trace_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# TorchScript optimises a graph during its first runs; no client should wait for that.
WARM_UP_RUNS = 3

logger = logging.getLogger(__name__)


class ModelService:
    """A loaded model with its counters. Answers never raise: whatever goes wrong becomes an answer."""

    def __init__(
        self,
        settings: Settings,
        run: Callable[..., Any],
        version: str,
        capture: Capture | None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`most_bytes` is how long a body may be once it is unpacked."""
        self.version = version
        self._most_bytes = most_bytes
        self._tables = TableReader(most_bytes)
        self._settings = settings
        self._run = run
        self._capture = capture

    def answer(self, requests: list[Request]) -> list[Answer]:
        """Answers a batch: one prediction for all valid requests together, or one for each when that fails."""
        self._tables.begin_batch()
        parsed = [self._parse(request) for request in requests]
        with in_trace_of(requests):
            raw = iter(self._predict_together([question for question in parsed if isinstance(question, Question)]))
        answers = [
            tell(request, question if isinstance(question, Answer) else self._finish(request, question, next(raw)))
            for request, question in zip(requests, parsed, strict=True)
        ]
        if self._capture is not None:
            counted = [answer for request, answer in zip(requests, answers, strict=True) if request.counts]
            self._capture.record_refused(sum(answer.status in REFUSALS for answer in counted))
        return answers

    def close(self) -> None:
        """Writes what was counted, and ends what runs beside."""
        self._tables.close()
        if self._capture is not None:
            self._capture.stop()

    def _parse(self, request: Request) -> Question | Answer:
        try:
            return read_question(request, self._settings, self.version, self._most_bytes, self._tables)
        except InvalidInputError as error:
            return refuse(error.status, error.code, error.message)
        except Exception as error:
            # Nothing but the request has been read: what can't be is the client's to mend, and nobody else's.
            logger.exception("a request could not be read")
            return refuse(BAD_REQUEST, "unreadable-request", f"The request can't be read: {type(error).__name__}.")

    def _predict_together(self, questions: list[Question]) -> list[Any]:
        """Raw answers or failures, one per request; one by one where that is the only way."""
        if len(questions) > 1 and not any(question.params for question in questions):
            together = self._try_together(questions)
            if together is not None:
                return together
        return [self._predict(question.inputs, question.params) for question in questions]

    def _try_together(self, questions: list[Question]) -> list[Any] | None:
        """One prediction for all, taken apart by rows; None where inputs differ in length, or answers are no rows."""
        try:
            inputs = concatenate([question.inputs for question in questions])
        except Exception:  # noqa: BLE001 - each may well be answered alone
            return None
        raw = self._predict(inputs, {})
        ends = np.cumsum([question.rows for question in questions]).tolist()
        if isinstance(raw, Answer | dict) or is_by_class(raw) or not hasattr(raw, "__len__") or len(raw) != ends[-1]:
            return None
        return [raw[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]

    def _predict(self, inputs: Inputs, params: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever a model returns
        try:
            return self._run(inputs, params) if params else self._run(inputs)
        except Exception as error:  # the user's code: anything may happen
            if is_refused_by_schema(error):
                return refuse(BAD_REQUEST, "schema-mismatch", str(error))
            logger.exception("the model failed")
            message = f"The model failed: {type(error).__name__}. Its log on the serving host says more."
            return refuse(SERVER_ERROR, "prediction-failed", message)

    def _finish(self, request: Request, question: Question, raw: Any) -> Answer:  # noqa: ANN401
        if isinstance(raw, Answer):
            return raw
        if self._capture is not None and request.counts:
            self._count(self._capture, request, question.inputs, raw)
        try:
            return question.write(raw)
        except InvalidInputError as error:
            return refuse(error.status, error.code, error.message)
        except Exception:
            logger.exception("an answer has no form in the protocol that was asked in")
            message = "The model's answer has no form in the protocol that was asked in."
            return refuse(SERVER_ERROR, "answer-unreadable", message)

    def _count(self, capture: Capture, request: Request, inputs: Inputs, raw: Any) -> None:  # noqa: ANN401
        """Counts an answered request. A prediction is worth more than its count: trouble here is only logged."""
        outcome = self._read(raw, count_rows(inputs))
        if outcome is None:
            capture.record_unreadable(request, count_rows(inputs))
            return
        try:
            capture.record(request, inputs, outcome, name_answers(outcome, self._settings.interpretation))
        except Exception:
            logger.exception("a prediction could not be counted")

    def _read(self, raw: Any, rows: int) -> Outcome | None:  # noqa: ANN401
        """What an answer means; None when it is not of the form that the model's answers had when it was packaged."""
        try:
            outcome = interpret(raw, self._settings.interpretation)
        except Exception:
            logger.exception("an answer does not have the form of this model's answers")
            return None
        if len(outcome.chosen) == rows:
            return outcome
        logger.error("an answer has %d rows for %d rows of input", len(outcome.chosen), rows)
        return None


def is_refused_by_schema(error: Exception) -> bool:
    """Whether MLflow's own check refused the input: it knows nested types and parameters; neither is checked here."""
    refusals = ("Failed to enforce schema", "Invalid parameters found")
    return type(error).__name__ == "MlflowException" and str(error).startswith(refusals)


def name_answers(outcome: Outcome, interpretation: Interpretation) -> list[str]:
    """Answers as the log has them: class names (nothing for none of the classes), or numbers. Texts are not logged."""
    if interpretation.task in NUMERIC_TASKS:
        return [repr(value) for value in outcome.chosen.tolist()]
    if interpretation.task == "text":
        return [""] * len(outcome.chosen)
    if outcome.names is not None and (interpretation.world != "closed" or interpretation.task == "multilabel"):
        return outcome.names
    return [interpretation.classes[index] if index >= 0 else "" for index in outcome.chosen.tolist()]


def open_service(folder: Path, environment: Mapping[str, str] = os.environ, device: str = CPU) -> ModelService:
    """Loads the model of an unpacked archive, warms it up, and counts if `TRAINYARD_CAPTURE_DIR` names a folder."""
    settings = read_settings(folder / SETTINGS_FILE)
    if settings.pictures is not None:
        require_decoder()
    version = environment.get("TRAINYARD_VERSION", settings.version)
    # Telemetry would call out of the serving host.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    run = load_runner(folder / PAYLOAD_FOLDER, settings.format, device)
    warm_up(run, settings, folder / WARM_UP_FILE)
    identity = CaptureIdentity(settings.model, version, str(os.getpid()))
    capture = open_capture(folder / PROFILE_FILE, identity, environment)
    most_bytes = int(environment.get(MOST_BYTES_VARIABLE, MOST_BYTES))
    return ModelService(settings, run, version, capture, most_bytes)


def warm_up(run: Callable[[Inputs], Any], settings: Settings, request_file: Path) -> None:
    """Predicts a stored request a few times. Raises what the model raises: one that cannot answer must not start."""
    inputs = read_rows(parse_json(request_file.read_bytes()), settings.signature, settings.pictures)
    for _ in range(WARM_UP_RUNS):
        run(inputs)


def open_capture(profile_file: Path, identity: CaptureIdentity, environment: Mapping[str, str]) -> Capture | None:
    """The capture, started; None where nobody asked for one."""
    folder = environment.get("TRAINYARD_CAPTURE_DIR")
    if not folder:
        return None
    seconds = float(environment.get("TRAINYARD_CAPTURE_SECONDS", DEFAULT_SECONDS))
    capture = Capture(Path(folder), identity, json.loads(profile_file.read_bytes()), seconds)
    capture.start()
    return capture
