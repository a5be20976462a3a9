"""A service with a model of a few lines: what one request asks costs no other its answer."""

import json

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature

from trainyard.interpretation import Interpretation
from trainyard.messages import BAD_REQUEST, OK, Request
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature


def serve(signature, run) -> ModelService:
    parsed = parse_signature(signature.to_dict())
    return ModelService(Settings("m", "1", "pyfunc", parsed, Interpretation("values", ())), run, "1", None)


def ask(service: ModelService, *bodies: object) -> list[tuple[int, dict]]:
    answers = service.answer([Request(str(place), body) for place, body in enumerate(bodies)])
    return [(answer.status, json.loads(answer.body)) for answer in answers]


VISITS = infer_signature(pd.DataFrame({"visits": np.array([1], dtype=np.int32)}))
GOOD = {"dataframe_records": [{"visits": 7}]}


def nest(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "bad",
    [
        {"dataframe_records": [{"visits": 1764293632000}]},
        {"dataframe_records": [{"visits": 10**400}]},
        {"dataframe_split": {"columns": ["visits", "visits"], "data": [[1, 2]]}},
        {"inputs": nest(100_000)},
        {"dataframe_records": [{"visits": nest(5)}]},
        {"dataframe_records": [{0: 1}]},
    ],
)
def test_a_body_that_can_not_be_read_is_refused_and_costs_no_other_its_answer(bad: dict):
    service = serve(VISITS, lambda inputs: inputs["visits"].to_numpy())
    first, refused, last = ask(service, GOOD, bad, GOOD)
    assert first == last == (OK, {"predictions": [7]})
    assert refused[0] == BAD_REQUEST


def test_requests_of_different_lengths_are_each_answered():
    service = serve(infer_signature(np.zeros((1, 3), dtype=np.int64)), lambda inputs: inputs.sum(axis=1))
    service._settings.signature.tensors[0].__dict__["shape"] = (-1, -1)
    bodies = [{"inputs": [list(range(length))]} for length in (3, 4, 5, 3)]
    assert ask(service, *bodies) == [(OK, {"predictions": [total]}) for total in (3, 6, 10, 3)]


def test_a_model_that_answers_one_number_is_asked_one_by_one():
    service = serve(VISITS, lambda inputs: int(inputs["visits"].sum()))
    assert ask(service, GOOD, GOOD) == [(OK, {"predictions": 7})] * 2


def test_params_reach_the_model_and_those_of_no_other_request():
    signature = infer_signature(pd.DataFrame({"visits": [1]}), params={"factor": 2})
    service = serve(
        signature, lambda inputs, params=None: inputs["visits"].to_numpy() * (params or {}).get("factor", 2)
    )
    asked = {**GOOD, "params": {"factor": 3, "unknown": 1}}
    assert ask(service, GOOD, asked, GOOD) == [(OK, {"predictions": [total]}) for total in (14, 21, 14)]
    assert ask(service, {**GOOD, "params": 3})[0][0] == BAD_REQUEST


def test_an_array_for_each_class_is_given_to_whoever_asked_though_as_many_ask_as_there_are_classes():
    interpretation = Interpretation("marginals", ("a", "b", "c"), sets=("a", "|"))
    parsed = parse_signature(VISITS.to_dict())

    def run(inputs):
        chances = inputs["visits"].to_numpy() / 10
        return [np.column_stack([1 - chances, chances * scale]) for scale in (1, 0.5, 0)]

    counted = []

    class Counting:
        def record(self, _id, _inputs, _outcome, answers):
            counted.extend(answers)

        def record_refused(self, _requests):
            return

    service = ModelService(Settings("m", "1", "pyfunc", parsed, interpretation), run, "1", Counting())
    asked = [{"dataframe_records": [{"visits": visits}]} for visits in (0, 8, 10)]
    given = [body["predictions"] for _, body in ask(service, *asked)]
    assert [[one[0][1] for one in answer] for answer in given] == [[0, 0, 0], [0.8, 0.4, 0], [1, 0.5, 0]]
    assert counted == ["|", "a", "a"]
