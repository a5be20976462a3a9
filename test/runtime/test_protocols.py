"""What a request may be written in beside MLflow's JSON, and what is refused of it; models are of one line."""

from __future__ import annotations

import io
import json
import struct
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from trainyard.interpretation import Interpretation
from trainyard.messages import Answer, Request
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature

if TYPE_CHECKING:
    from collections.abc import Callable

V2 = {"x-trainyard-protocol": "v2"}
NPY = "application/x-npy"
IMAGES = ModelSignature(
    Schema([TensorSpec(np.dtype("float32"), (-1, 2, 2))]), Schema([TensorSpec(np.dtype("float32"), (-1, 3), "scores")])
)
LOANS = infer_signature(
    pd.DataFrame({"age": np.array([1], dtype=np.int64), "income": [1.5], "town": ["x"], "owner": [True]})
)


def serve(signature: ModelSignature, run: Callable) -> ModelService:
    parsed = parse_signature(signature.to_dict())
    return ModelService(Settings("m", "7", "pyfunc", parsed, Interpretation("values", ())), run, "7", None)


def ask(service: ModelService, body: object, headers: dict[str, str]) -> Answer:
    (answer,) = service.answer([Request("r", body, headers=headers)])
    return answer


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def tensor(name: str, datatype: str, shape: list[int], data: object) -> dict:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


@pytest.fixture
def images() -> ModelService:
    return serve(IMAGES, lambda x: np.stack([x.sum((1, 2)), x.mean((1, 2)), x.max((1, 2))], axis=1))


PICTURE = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
SCORES = [[6.0, 1.5, 3.0], [22.0, 5.5, 7.0]]


class TestArrayFiles:
    """`application/x-npy`, in and out."""

    @pytest.mark.parametrize("array", [PICTURE, np.asfortranarray(PICTURE), PICTURE.astype(">f4"), PICTURE.astype(int)])
    def test_an_array_is_answered_as_its_lists_would_be(self, images: ModelService, array: np.ndarray):
        answer = ask(images, npy(array), {"content-type": NPY})
        assert json.loads(answer.body) == {"predictions": SCORES}
        assert answer.body == ask(images, {"inputs": PICTURE.tolist()}, {}).body

    def test_an_answer_is_an_array_where_the_client_accepts_it(self, images: ModelService):
        answer = ask(images, npy(PICTURE), {"content-type": f"{NPY}; v=1", "accept": f"text/html, {NPY};q=0.9"})
        assert (answer.status, answer.content_type) == (200, NPY)
        assert np.load(io.BytesIO(answer.body)).tolist() == SCORES

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "not-npy"),
            (b"\x93NUMPY", "not-npy"),
            (npy(PICTURE)[:-1], "not-npy"),
            (npy(PICTURE) + b"x", "not-npy"),
            (npy(PICTURE)[:20] + b"\xff" * 30, "not-npy"),
            (npy(PICTURE).replace(b"(2, 2, 2)", b"(9**99,)"), "not-npy"),
            (npy(np.array(["a"])), "not-npy"),
            (npy(np.zeros(3, dtype=[("a", "f4")])), "not-npy"),
            (npy(PICTURE[0]), "wrong-shape"),
            (npy(PICTURE[:0]), "no-rows"),
            (npy(np.full((1, 2, 2), 1e300)), "wrong-type"),
        ],
    )
    def test_what_is_none_is_refused_and_nothing_is_run_of_it(self, images: ModelService, body: bytes, code: str):
        answer = ask(images, body, {"content-type": NPY})
        assert (answer.status, json.loads(answer.body)["code"]) == (400, code)

    def test_a_pickle_is_not_read(self, images: ModelService):
        file = io.BytesIO()
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        assert json.loads(ask(images, file.getvalue(), {"content-type": NPY}).body)["code"] == "not-npy"

    def test_a_head_alone_allocates_nothing(self, images: ModelService):
        head = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 2, 2), }"
        body = head.ljust(127) + b"\n"
        assert json.loads(ask(images, body, {"content-type": NPY}).body)["code"] == "not-npy"

    def test_a_model_of_tables_says_what_it_takes_instead(self):
        answer = ask(serve(LOANS, len), npy(PICTURE), {"content-type": NPY})
        assert answer.status == 400
        assert "text/csv" in json.loads(answer.body)["message"]

    @pytest.mark.parametrize("raw", [{"a": [1]}, "text", pd.DataFrame({"a": [1]}), ["a"], [[1], [1, 2]]])
    def test_an_answer_that_is_no_array_is_not_given_as_one(self, raw: object):
        service = serve(IMAGES, lambda _inputs: raw)
        answer = ask(service, npy(PICTURE), {"content-type": NPY, "accept": NPY})
        assert (answer.status, json.loads(answer.body)["code"]) == (406, "not-acceptable")


class TestCsv:
    """`text/csv`: each cell is what its column's type says, and nothing else."""

    def test_cells_have_the_types_of_the_columns(self):
        seen: list[pd.DataFrame] = []
        service = serve(LOANS, lambda table: [seen.append(table), np.zeros(len(table))][1])
        body = "town,age,income,owner,other\n007,41,1e3,true,x\nNA,40,2,FALSE,y\n"
        assert ask(service, body.encode(), {"content-type": "text/csv; charset=utf-8"}).status == 200
        assert seen[0].to_dict("list") == {
            "age": [41, 40],
            "income": [1000.0, 2.0],
            "town": ["007", "NA"],
            "owner": [True, False],
        }

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ("", "malformed-table"),
            ("age,income,town,owner\n", "no-rows"),
            ("age,income,town\n1,1,x\n", "missing-columns"),
            ("age,income,town,owner\n1.5,1,x,true\n", "wrong-type"),
            ("age,income,town,owner\n1_0,1,x,true\n", "wrong-type"),
            ("age,income,town,owner\n1,one,x,true\n", "wrong-type"),
            ("age,income,town,owner\n1,1,x,1\n", "wrong-type"),
            ('age,income,town,owner\n1,1,"x,true\n', "malformed-table"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, body: str, code: str):
        answer = ask(serve(LOANS, len), body, {"content-type": "text/csv"})
        assert (answer.status, json.loads(answer.body)["code"]) == (400, code)

    def test_an_empty_cell_is_a_missing_number(self):
        service = serve(LOANS, lambda table: table["income"].isna().to_numpy())
        body = "age,income,town,owner\n1,,x,true\n"
        assert json.loads(ask(service, body, {"content-type": "text/csv"}).body) == {"predictions": [True]}


def test_a_type_that_nothing_reads_is_415_and_says_which_are_read(images: ModelService):
    answer = ask(images, b"%PDF-1.7", {"content-type": "application/pdf"})
    assert (answer.status, json.loads(answer.body)["code"]) == (415, "unknown-content-type")
    assert NPY in json.loads(answer.body)["message"]
    assert ask(images, b"{", {"content-type": "application/json"}).status == 400
    assert ask(images, b'{"inputs": [[[1, 2], [3, 4]]]}', {"content-type": "application/pdf"}).status == 200


TRITON_INPUT = '"inputs":[{"name":"x","shape":[2,2,2],"datatype":"FP32",'
TRITON_BYTES = TRITON_INPUT + '"parameters":{"binary_data_size":32}}]'
TRITON_JSON = TRITON_INPUT + '"data":[0.0,1.0,2.0,3.0,4.0,5.0,6.0,7.0]}]'
TRITON_NAME = '"name":"scores","parameters"'


class TestOpenInference:
    """The Open Inference Protocol."""

    def test_a_tensor_is_answered_in_the_protocol(self, images: ModelService):
        asked = {"id": "42", "inputs": [tensor("x", "FP32", [2, 2, 2], PICTURE.tolist())]}
        assert json.loads(ask(images, asked, V2).body) == {
            "model_name": "m",
            "model_version": "7",
            "id": "42",
            "outputs": [
                {"name": "scores", "datatype": "FP32", "shape": [2, 3], "data": [6.0, 1.5, 3.0, 22.0, 5.5, 7.0]}
            ],
        }

    def test_data_may_be_flat(self, images: ModelService):
        flat = {"inputs": [tensor("x", "FP32", [2, 2, 2], list(range(8)))]}
        nested = {"inputs": [tensor("x", "FP32", [2, 2, 2], PICTURE.tolist())]}
        assert ask(images, flat, V2).body == ask(images, nested, V2).body

    def test_bytes_in_and_out(self, images: ModelService):
        blob = PICTURE.tobytes()
        described = {"name": "x", "datatype": "FP32", "shape": [2, 2, 2], "parameters": {"binary_data_size": len(blob)}}
        head = json.dumps({"inputs": [described], "outputs": [{"name": "scores", "parameters": {"binary_data": True}}]})
        headers = {**V2, "inference-header-content-length": str(len(head)), "content-type": "application/octet-stream"}
        answer = ask(images, head.encode() + blob, headers)
        length = int(answer.headers["inference-header-content-length"])
        (output,) = json.loads(answer.body[:length])["outputs"]
        assert output == {
            "name": "scores",
            "datatype": "FP32",
            "shape": [2, 3],
            "parameters": {"binary_data_size": 24},
        }
        assert answer.content_type == "application/octet-stream"
        assert np.frombuffer(answer.body[length:], dtype="<f4").reshape(2, 3).tolist() == SCORES

    def test_all_outputs_as_bytes(self, images: ModelService):
        asked = {"parameters": {"binary_data_output": True}, "inputs": [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4])]}
        answer = ask(images, asked, V2)
        assert len(answer.body) == int(answer.headers["inference-header-content-length"]) + 12

    def test_each_input_is_a_column_of_a_table(self):
        service = serve(
            LOANS,
            lambda table: pd.DataFrame({"label": table["town"] + "!", "score": table["age"] * table["income"]}),
        )
        asked = {
            "inputs": [
                tensor("town", "BYTES", [2, 1], ["a", "b"]),
                tensor("age", "INT32", [2], [3, 4]),
                tensor("owner", "BOOL", [2], [True, False]),
                tensor("income", "FP64", [2, 1], [[0.5], [2]]),
            ]
        }
        assert json.loads(ask(service, asked, V2).body)["outputs"] == [
            {"name": "label", "datatype": "BYTES", "shape": [2], "data": ["a!", "b!"]},
            {"name": "score", "datatype": "FP64", "shape": [2], "data": [1.5, 8.0]},
        ]

    @pytest.mark.parametrize(
        ("head", "blob", "kind"),
        [
            (f'{{"id":"42",{TRITON_BYTES},"outputs":[{{{TRITON_NAME}:{{"binary_data":false}}}}]}}', True, "json"),
            (f'{{{TRITON_BYTES},"parameters":{{"binary_data_output":true}}}}', True, "octet-stream"),
            (
                f'{{"id":"42",{TRITON_JSON},"outputs":[{{{TRITON_NAME}:{{"binary_data":true}}}}]}}',
                False,
                "octet-stream",
            ),
        ],
    )
    def test_what_tritons_client_sends(self, images: ModelService, head: str, blob: object, kind: str):
        """As tritonclient 2.73.0 makes bodies (`generate_request_body`): it says a length only where bytes follow."""
        length = {"inference-header-content-length": str(len(head))} if blob else {}
        answer = ask(images, head.encode() + (PICTURE.tobytes() if blob else b""), {**V2, **length})
        assert (answer.status, answer.content_type) == (200, f"application/{kind}")
        if kind == "json":
            assert json.loads(answer.body)["outputs"][0]["data"] == np.ravel(SCORES).tolist()
        else:
            assert np.frombuffer(answer.body[-24:], dtype="<f4").reshape(2, 3).tolist() == SCORES

    def test_texts_as_bytes(self):
        service = serve(ModelSignature(Schema([ColSpec("string", "text")])), lambda table: table["text"].str.upper())
        blob = b"".join(struct.pack("<I", len(text)) + text for text in (b"", "käse".encode(), b"a\x00b"))
        described = {"name": "text", "datatype": "BYTES", "shape": [3], "parameters": {"binary_data_size": len(blob)}}
        head = json.dumps({"inputs": [described], "parameters": {"binary_data_output": True}}).encode()
        answer = ask(service, head + blob, {**V2, "inference-header-content-length": str(len(head))})
        body = answer.body[int(answer.headers["inference-header-content-length"]) :]
        assert body == b"".join(struct.pack("<I", len(text)) + text for text in (b"", "KÄSE".encode(), b"A\x00B"))

    @pytest.mark.parametrize(
        "inputs",
        [
            None,
            [],
            {},
            [3],
            [{"name": "x"}],
            [tensor("x", "FP99", [1, 2, 2], [1, 2, 3, 4])],
            [tensor("x", "FP32", [1, 2, 2], [1, 2, 3])],
            [tensor("x", "FP32", [1, 2, -2], [1, 2, 3, 4])],
            [tensor("x", "FP32", [True, 2, 2], [1, 2, 3, 4])],
            [tensor("x", "FP32", [10**30, 10**30], [1])],
            [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, "4"])],
            [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, None])],
            [tensor("x", "UINT8", [1, 2, 2], [1, 2, 3, 256])],
            [tensor("x", "INT8", [1, 2, 2], [1, 2, 3, 4.5])],
            [tensor("x", "BYTES", [1, 2, 2], [1, 2, 3, 4])],
            [tensor("x", "BOOL", [1, 2, 2], [1, 2, 3, 4])],
            [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4])] * 2,
            [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4]), tensor("y", "FP32", [1], [1])],
            [tensor("x", "FP32", [1, 4], [1, 2, 3, 4])],
            [tensor("x", "FP32", [0, 2, 2], [])],
            [{**tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4]), "parameters": {"binary_data_size": 16}}],
        ],
    )
    def test_what_can_not_be_read_is_the_clients_and_says_so_in_the_protocol(
        self, images: ModelService, inputs: object
    ):
        answer = ask(images, {"inputs": inputs}, V2)
        assert answer.status == 400
        document = json.loads(answer.body)
        assert document["error"] == document["message"] != ""

    @pytest.mark.parametrize("length", ["-1", "x", "٣", "999999", "3"])
    def test_a_head_of_another_length_is_refused(self, images: ModelService, length: str):
        answer = ask(images, b'{"inputs": []}', {**V2, "inference-header-content-length": length})
        assert answer.status == 400

    @pytest.mark.parametrize("size", [0, 15, 17, 1000, -1, "16", True])
    def test_bytes_that_are_too_many_or_too_few_are_refused(self, images: ModelService, size: object):
        described = {"name": "x", "datatype": "FP32", "shape": [1, 2, 2], "parameters": {"binary_data_size": size}}
        head = json.dumps({"inputs": [described]}).encode()
        answer = ask(images, head + b"\0" * 16, {**V2, "inference-header-content-length": str(len(head))})
        assert answer.status == 400

    def test_an_output_that_is_not_there_is_named(self, images: ModelService):
        asked = {"inputs": [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4])], "outputs": [{"name": "nothing"}]}
        answer = ask(images, asked, V2)
        assert (answer.status, json.loads(answer.body)["code"]) == (400, "unknown-output")

    def test_what_json_has_no_form_for_is_told_and_is_had_as_bytes(self):
        service = serve(IMAGES, lambda inputs: np.full((len(inputs), 3), np.nan, dtype=np.float32))
        asked = {"inputs": [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4])]}
        assert ask(service, asked, V2).status == 406
        answer = ask(service, {**asked, "parameters": {"binary_data_output": True}}, V2)
        assert np.isnan(np.frombuffer(answer.body[-12:], dtype="<f4")).all()

    def test_a_failure_of_the_model_is_told_in_the_protocol(self):
        service = serve(IMAGES, lambda _inputs: 1 / 0)
        answer = ask(service, {"inputs": [tensor("x", "FP32", [1, 2, 2], [1, 2, 3, 4])]}, V2)
        assert answer.status == 500
        assert "ZeroDivisionError" in json.loads(answer.body)["error"]

    def test_named_tensors(self):
        signature = ModelSignature(
            Schema([TensorSpec(np.dtype("int64"), (-1, 2), "ids"), TensorSpec(np.dtype("bool"), (-1, 2), "mask")])
        )
        service = serve(
            signature, lambda inputs: {"kept": inputs["ids"] * inputs["mask"], "rows": [len(inputs["ids"])]}
        )
        asked = {"inputs": [tensor("mask", "BOOL", [1, 2], [True, False]), tensor("ids", "INT64", [1, 2], [5, 6])]}
        assert json.loads(ask(service, asked, V2).body)["outputs"] == [
            {"name": "kept", "datatype": "INT64", "shape": [1, 2], "data": [5, 0]},
            {"name": "rows", "datatype": "INT64", "shape": [1], "data": [1]},
        ]

    def test_what_a_model_takes_and_gives_is_told(self, images: ModelService):
        asked = {"x-trainyard-protocol": "v2-metadata"}
        assert json.loads(ask(images, None, asked).body) == {
            "name": "m",
            "versions": ["7"],
            "platform": "trainyard_pyfunc",
            "inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, 2, 2]}],
            "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}],
        }
        table = json.loads(ask(serve(LOANS, len), None, asked).body)
        assert [(one["name"], one["datatype"]) for one in table["inputs"]] == [
            ("age", "INT64"),
            ("income", "FP64"),
            ("town", "BYTES"),
            ("owner", "BOOL"),
        ]


def test_a_batch_of_several_protocols_is_answered_each_in_its_own(images: ModelService):
    one = PICTURE[:1]
    answers = images.answer(
        [
            Request("a", {"inputs": one.tolist()}),
            Request("b", npy(one), headers={"content-type": NPY, "accept": NPY}),
            Request("c", {"inputs": [tensor("x", "FP32", [1, 2, 2], one.tolist())]}, headers=V2),
            Request("d", {"inputs": "nonsense"}, headers=V2),
        ]
    )
    assert [answer.status for answer in answers] == [200, 200, 200, 400]
    assert json.loads(answers[0].body)["predictions"] == SCORES[:1]
    assert np.load(io.BytesIO(answers[1].body)).tolist() == SCORES[:1]
    assert json.loads(answers[2].body)["outputs"][0]["data"] == SCORES[0]
