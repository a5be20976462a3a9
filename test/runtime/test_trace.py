"""The trace of whoever asked is the current one while a model answers, and nothing of it is left behind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import mlflow
import mlflow.tracing
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from opentelemetry import baggage, trace

from trainyard.interpretation import Interpretation
from trainyard.messages import OK, Request
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01", "baggage": "team=credit"}
BODY = {"dataframe_records": [{"visits": 7}]}


class Watched:
    """A model that remembers in which trace it answered."""

    def __init__(self) -> None:
        self.seen: list[trace.SpanContext] = []
        self.baggage: list[object] = []
        self.recorded: list[tuple[str, str | None]] = []
        parsed = parse_signature(infer_signature(pd.DataFrame({"visits": [1]})).to_dict())
        settings = Settings("m", "1", "pyfunc", parsed, Interpretation("values", ()))
        self.service = ModelService(settings, self._run, "1", None)

    def ask(self, *headers: dict[str, str]) -> list[int]:
        requests = [Request(str(place), BODY, headers=each) for place, each in enumerate(headers)]
        return [answer.status for answer in self.service.answer(requests)]

    def _run(self, inputs: pd.DataFrame) -> np.ndarray:
        self.seen.append(trace.get_current_span().get_span_context())
        self.baggage.append(baggage.get_baggage("team"))
        return inputs["visits"].to_numpy()


def test_a_model_answers_in_the_trace_of_who_asked():
    model = Watched()
    assert model.ask(HEADERS) == [OK]
    [seen] = model.seen
    assert (f"{seen.trace_id:032x}", f"{seen.span_id:016x}", seen.is_remote) == (TRACE, PARENT, True)
    assert model.baggage == ["credit"]


def test_nothing_of_a_trace_is_left_for_the_next_one():
    model = Watched()
    assert model.ask(HEADERS) + model.ask({}) == [OK, OK]
    assert not model.seen[1].is_valid
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("text", ["", "00-0-0-01", "a" * 10_000, f"00-{'0' * 32}-{PARENT}-01", "00-\xff"])
def test_a_trace_that_can_not_be_read_costs_nobody_an_answer(text: str):
    model = Watched()
    assert model.ask({"traceparent": text}) == [OK]
    assert not model.seen[0].is_valid


def test_a_batch_is_in_no_trace_since_it_has_no_one_parent():
    model = Watched()
    assert model.ask(HEADERS, HEADERS) == [OK, OK]
    assert [seen.is_valid for seen in model.seen] == [False]


def test_a_host_without_opentelemetry_answers_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    model = Watched()
    assert model.ask(HEADERS) == [OK]


def test_a_propagator_that_fails_costs_nobody_an_answer(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("opentelemetry.propagate.extract", fail)
    model = Watched()
    assert model.ask(HEADERS) == [OK]
    assert not model.seen[0].is_valid


class Traced(Watched):
    """A model that records its work with MLflow's tracing, which keeps a context of its own."""

    def _run(self, inputs: pd.DataFrame) -> np.ndarray:
        with mlflow.start_span("score") as span:
            self.recorded.append((span.trace_id, span.parent_id))
        return super()._run(inputs)


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Traced:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'traces.db'}")
    return Traced()


def test_spans_of_mlflows_tracing_are_part_of_the_callers_trace(traced: Traced):
    assert traced.ask(HEADERS) + traced.ask({}) == [OK, OK]
    assert traced.recorded[0] == (f"tr-{TRACE}", PARENT)
    assert traced.recorded[1][0] != f"tr-{TRACE}"
    assert traced.recorded[1][1] is None
    assert f"{traced.seen[0].trace_id:032x}" == TRACE


@pytest.mark.parametrize("text", ["", f"00-{'0' * 32}-{PARENT}-01", "a" * 100])
def test_a_trace_that_can_not_be_read_begins_no_other(traced: Traced, text: str):
    assert traced.ask({"traceparent": text}) == [OK]
    assert traced.recorded[0][1] is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_tracing_of_mlflow_that_fails_costs_nobody_an_answer(monkeypatch: pytest.MonkeyPatch, when: str):
    @contextmanager
    def fail(_headers: dict[str, str]) -> Iterator[None]:
        if when == "after":
            yield
        raise RuntimeError

    monkeypatch.setattr("mlflow.tracing.set_tracing_context_from_http_request_headers", fail)
    model = Watched()
    assert model.ask(HEADERS) == [OK]
    assert f"{model.seen[0].trace_id:032x}" == TRACE
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("module", [None, ModuleType("mlflow.tracing")])
def test_without_mlflows_tracing_or_with_an_old_one_a_trace_is_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType | None
):
    monkeypatch.setitem(sys.modules, "mlflow.tracing", module)
    model = Watched()
    assert model.ask(HEADERS) == [OK]
    assert f"{model.seen[0].trace_id:032x}" == TRACE
