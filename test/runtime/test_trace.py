"""The trace of whoever asked is the current one while a model answers, and nothing of it is left behind."""

import sys

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
