"""The requests of MLflow's own tests of its scoring server, asked of a package's service: which are answered alike.

    PYTHONPATH=runtime .trainyard/venv/bin/python measure/models/scoring_server.py

writes docs/scoring-server.md. The requests are those of mlflow/mlflow, tests/pyfunc/test_scoring_server.py, at
02531f8d12b83e392fb1a3b95f7a91ac694a08be.
"""

from __future__ import annotations

import base64
import json
import math
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier

from trainyard.interpretation import Interpretation
from trainyard.messages import Request
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).parents[2] / "docs" / "scoring-server.md"
IRIS = load_iris()
INPUTS = IRIS.data[:, :2]
PARAMETERS_ALONE = (
    "Parameters of a content type are left alone, and the body is refused: it names none of the four forms."
)
NO_OTHER_NUMBER = (
    "What the column's type does not hold is refused; MLflow gives the model -2147483648, and true for 1.5."
)


@dataclass(frozen=True)
class Case:
    """One published request: what MLflow answers, and why ours is another where it is."""

    test: str
    request: str
    model: str
    body: object
    status: int
    predictions: Any = None
    reason: str = ""
    content_type: str = "application/json"


@dataclass(frozen=True)
class Played:
    """What our service said."""

    status: int
    code: str
    predictions: Any


@cache
def open_model(name: str) -> ModelService:
    """The service of one of the tests' models; MLflow's have no signature where ours need one."""
    signature, run = MODELS[name]()
    settings = Settings("scored", "1", "pyfunc", parse_signature(signature.to_dict()), Interpretation("values", ()))
    return ModelService(settings, run, "1", None)


def open_iris() -> tuple[ModelSignature, Callable[..., Any]]:
    """Neighbours of two measures of irises."""
    return infer_signature(INPUTS), fit_neighbours().predict


def fit_neighbours() -> KNeighborsClassifier:
    """MLflow's `sklearn_model`."""
    return KNeighborsClassifier().fit(INPUTS, IRIS.target)


def open_pair() -> tuple[ModelSignature, Callable[..., Any]]:
    """Two arrays by name, as MLflow's `keras_model` takes them."""
    tensors = [TensorSpec(np.dtype("float64"), (-1, 2), name) for name in ("a", "b")]
    return ModelSignature(Schema(tensors)), lambda inputs: (inputs["a"] + inputs["b"]).sum(axis=1)


def open_types() -> tuple[ModelSignature, Callable[..., Any]]:
    """A model that tells the types of the columns it is given, of which there is one of each."""
    return ModelSignature(Schema([ColSpec(kind, kind) for kind in TYPES])), tell_types


def open_zip() -> tuple[ModelSignature, Callable[..., Any]]:
    """A text of digits, a fraction and a whole number."""
    columns = [("string", "zip"), ("double", "cost"), ("long", "score")]
    return ModelSignature(Schema([ColSpec(*column) for column in columns])), tell_types


def open_misfits() -> tuple[ModelSignature, Callable[..., Any]]:
    """Four columns whose values are not of their types."""
    columns = [(kind, f"bad_{kind}") for kind in ("integer", "float", "string", "boolean")]
    return ModelSignature(Schema([ColSpec(*column) for column in columns])), tell_types


def open_links() -> tuple[ModelSignature, Callable[..., Any]]:
    """Two texts; always 1."""
    return ModelSignature(Schema([ColSpec("string", name) for name in ("url", "bad_protocol")])), lambda _: 1


def open_texts() -> tuple[ModelSignature, Callable[..., Any]]:
    """An array of texts as the answer."""
    return infer_signature(INPUTS), lambda _: np.array(WORDS, dtype=object)


def open_params() -> tuple[ModelSignature, Callable[..., Any]]:
    """A model with a parameter of inference, through MLflow's own checks."""
    signature = infer_signature(INPUTS)
    signature.params = ParamSchema([ParamSpec("param1", "datetime", np.datetime64("2023-07-01"))])
    with tempfile.TemporaryDirectory() as folder:
        mlflow.sklearn.save_model(
            fit_neighbours(), f"{folder}/model", serialization_format="cloudpickle", signature=signature
        )
        model = mlflow.pyfunc.load_model(f"{folder}/model")
    return signature, lambda inputs, params=None: model.predict(inputs, params=params)


def tell_types(frame: pd.DataFrame) -> list[list[str]]:
    """Each column's name and type."""
    return [[str(name), str(kind)] for name, kind in frame.dtypes.items()]


MODELS: dict[str, Callable[[], tuple[ModelSignature, Callable[..., Any]]]] = {
    "iris": open_iris,
    "pair": open_pair,
    "types": open_types,
    "zip": open_zip,
    "misfits": open_misfits,
    "links": open_links,
    "texts": open_texts,
    "params": open_params,
}

# What this pandas calls texts: `object` before 3, where MLflow's tests say so.
TEXT = str(pd.Series(["a"]).dtype)
TYPES = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "binary": "object",
    "datetime": "datetime64[ns]",
    "string": TEXT,
}
WORDS = [["a", "b", "c"], ["e", "f", "g"]]
COLUMNS = {
    "boolean": [True, False, True],
    "integer": [1, 2, 3],
    "long": [1, 2, 3],
    "float": [float(np.float32(turn * math.pi)) for turn in (1, 2, 3)],
    "double": [turn * math.pi for turn in (1, 2, 3)],
    "binary": [base64.encodebytes(bytes(part)).decode() for part in ([1, 2, 3], [4, 5, 6], [7, 8, 9])],
    "datetime": ["2021-01-01T00:00:00", "2021-02-02T00:00:00", "2021-03-03T12:00:00"],
    "string": ["a", "b", "c"],
}


def all_cases() -> list[Case]:
    """The tests' requests, in their order."""
    return [*refused_cases(), *answered_cases(), *typed_cases(), *other_cases()]


def refused_cases() -> list[Case]:
    """What is no request of the protocol, or does not fit the model."""
    split = pd.DataFrame(INPUTS).to_dict(orient="split")
    records = pd.DataFrame(INPUTS).to_dict(orient="records")
    short = pd.DataFrame(np.arange(10)).to_dict(orient="split")
    bare = json.dumps(split).encode()
    shapes = [
        ("malformed_json_input", "not JSON", b"this is,,,, not valid json"),
        *(("invalid_json_format", f"`{json.dumps(value)}`", value) for value in (1, "1", [1])),
        ("invalid_json_format", "none of the forms", {"not": "a serialized dataframe"}),
        ("invalid_json_format", "two of the forms", {"dataframe_records": [], "dataframe_split": {"data": []}}),
        ("invalid_pandas_input_format", "records as `dataframe_split`", {"dataframe_split": records}),
        ("invalid_pandas_input_format", "a split table as `dataframe_records`", {"dataframe_records": split}),
        (
            "invalid_dataframe",
            "an index of two for three rows of one column",
            {"dataframe_split": {"index": [1, 2], "data": [[1], [2], [3]]}},
        ),
        ("incompatible_inference_dataframe", "one column for two", {"dataframe_split": short}),
    ]
    named = [
        Case(
            "invalid_content_type … unsupported",
            "a content type that there is not",
            "iris",
            bare,
            415,
            content_type="not_a_content_type",
        ),
        Case(
            "invalid_content_type … content_param",
            "a parameter of the content type that there is not",
            "iris",
            bare,
            415,
            None,
            PARAMETERS_ALONE,
            "application/json; something=something",
        ),
    ]
    empty = Case("invalid_csv_input", "nothing, as CSV", "iris", b"", 400, content_type="text/csv")
    return [*(Case(test, what, "iris", body, 400) for test, what, body in shapes), empty, *named]


def answered_cases() -> list[Case]:
    """Tables and arrays that fit."""
    frame = pd.DataFrame(INPUTS)
    answers = fit_neighbours().predict(INPUTS).tolist()
    records = {"dataframe_records": frame.to_dict(orient="records")}
    split = {"dataframe_split": frame.to_dict(orient="split")}
    a, b = IRIS.data[:, :2].tolist(), IRIS.data[:, -2:].tolist()
    rows = {"instances": [{"a": left, "b": right} for left, right in zip(a, b, strict=True)]}
    return [
        Case("pandas_records_orientation", "records", "iris", records, 200, answers),
        Case(
            "pandas_records_orientation",
            "records, as bytes with a charset",
            "iris",
            json.dumps(records).encode(),
            200,
            answers,
        ),
        Case(
            "pandas_split_orientation",
            "a split table, as bytes with a charset",
            "iris",
            json.dumps(split).encode(),
            200,
            answers,
        ),
        Case("pandas_split_orientation", "a split table", "iris", split, 200, answers),
        Case("tf_serving_sklearn", "`instances`, an array", "iris", {"instances": INPUTS.tolist()}, 200, answers),
        Case("tf_serving_keras_instances", "`instances`, rows by name", "pair", rows, 200),
        Case("tf_serving_keras_inputs", "`inputs`, arrays by name", "pair", {"inputs": {"a": a, "b": b}}, 200),
    ]


def typed_cases() -> list[Case]:
    """Values and the types that the model is given them in."""
    shuffled = ["string", "double", "boolean", "datetime", "long", "binary", "integer", "float"]
    columns = {name: COLUMNS[name] for name in shuffled}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    split = {"columns": shuffled, "data": [list(row.values()) for row in rows]}
    told = [[name, kind] for name, kind in TYPES.items()]
    digits = [["zip", TEXT], ["cost", "float64"], ["score", "int64"]]
    houses = [("95120", 10.45, 8), ("95128", 23.0, 0), ("95128", 12.1, 10)]
    names = ["zip", "cost", "score"]
    csv = pd.DataFrame({name: COLUMNS[name] for name in TYPES}).to_csv(index=False)
    misfits = {
        "columns": ["bad_integer", "bad_float", "bad_string", "bad_boolean"],
        "data": [
            [9007199254740991.0, 1.1, 1, 1.5],
            [9007199254740992.0, 9007199254740992.0, 2, 0],
            [9007199254740994.0, 3.3, 3, "some arbitrary string"],
        ],
    }
    return [
        Case(
            "records_oriented_json_to_df",
            "digits in text stay text",
            "zip",
            {"dataframe_records": [dict(zip(names, house, strict=True)) for house in houses]},
            200,
            digits,
        ),
        Case(
            "split_oriented_json_to_df",
            "digits in text stay text",
            "zip",
            {"dataframe_split": {"columns": names, "index": [0, 1, 2], "data": [list(house) for house in houses]}},
            200,
            digits,
        ),
        Case("parse_with_schema_csv", "CSV", "types", csv.encode(), 200, content_type="text/csv"),
        Case(
            "parse_with_schema",
            "values that are not of their columns' types",
            "misfits",
            {"dataframe_split": misfits},
            200,
            None,
            NO_OTHER_NUMBER,
        ),
        Case("serving_model_with_schema", "all types, a split table", "types", {"dataframe_split": split}, 200, told),
        Case("serving_model_with_schema", "all types, records", "types", {"dataframe_records": rows}, 200, told),
        Case("serving_model_with_schema", "all types, `inputs`", "types", {"inputs": columns}, 200, told),
    ]


def other_cases() -> list[Case]:
    """Parameters of inference, answers of text, texts that look like addresses."""
    split = {"dataframe_split": pd.DataFrame(INPUTS).to_dict(orient="split")}
    answers = fit_neighbours().predict(INPUTS).tolist()
    links = {
        "columns": ["url", "bad_protocol"],
        "data": [["http://foo.com", "aaa://bbb"], ["https://bar.com", "address:/path"]],
    }
    wrong, unknown = {"param1": "invalid_value1"}, {"invalid_param": "value"}
    return [
        Case("serving_model_with_param_schema", "no `params`", "params", split, 200, answers),
        Case(
            "serving_model_with_param_schema", "a parameter of another type", "params", {**split, "params": wrong}, 400
        ),
        Case(
            "serving_model_with_param_schema",
            "a parameter that the model does not name",
            "params",
            {**split, "params": unknown},
            200,
            answers,
        ),
        Case("get_jsonnable_obj", "an array of texts as the answer", "texts", split, 200, WORDS),
        Case(
            "parse_json_input_including_path",
            "texts that look like addresses",
            "links",
            {"dataframe_split": links},
            200,
            1,
        ),
        Case("scoring_server_client", "what MLflow's client sends", "iris", split, 200, answers),
    ]


def play(case: Case) -> Played:
    """Asks the service."""
    answer = open_model(case.model).answer([Request("case", case.body, headers={"content-type": case.content_type})])[0]
    body = json.loads(answer.body)
    return Played(answer.status, body.get("code", ""), body.get("predictions"))


def agrees(case: Case, played: Played) -> bool:
    """Whether status and, where it is published, content are MLflow's."""
    return played.status == case.status and case.predictions in (None, played.predictions)


def render_page() -> str:
    """The page, as Markdown."""
    results = [(case, play(case)) for case in all_cases()]
    alike = sum(agrees(case, played) for case, played in results)
    lines = [render_row(case, played) for case, played in results]
    return f"""# Requests, as MLflow's own server is asked them

A package's service speaks MLflow's scoring protocol. These are the requests of MLflow's tests of its scoring server
(mlflow/mlflow, `tests/pyfunc/test_scoring_server.py`), asked of it. {alike} of {len(results)} are answered as MLflow
answers them: by status, and by content where a test states it. Each of the others stands here with its reason. Left out
are the cases of `get_cmd`, which is how MLflow starts its server, and `/version`: here an answer says its version in
`x-trainyard-version`.

Made by `PYTHONPATH=runtime .trainyard/venv/bin/python measure/models/scoring_server.py`;
`test/runtime/test_scoring_server.py` plays it again.

| MLflow's test | Request | MLflow | Here | |
| --- | --- | --- | --- | --- |
{chr(10).join(lines)}
"""


def render_row(case: Case, played: Played) -> str:
    """One request."""
    ours = f"{played.status} `{played.code}`" if played.code else str(played.status)
    verdict = "alike" if agrees(case, played) else case.reason
    return f"| {case.test} | {case.request} | {case.status} | {ours} | {verdict} |"


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
