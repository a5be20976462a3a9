"""Pictures and texts in every protocol: what asks for the same thing is answered the same."""

from __future__ import annotations

import base64
import io
import json
import struct

import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from test_pictures import photo, read, save, steps
from trainyard.interpretation import Interpretation
from trainyard.messages import Answer, Request
from trainyard.picture_requests import MOST_PICTURES
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature

V2 = {"x-trainyard-protocol": "v2"}
NPY = "application/x-npy"
PNG = {"content-type": "image/png"}


def describe(name: str | None = None) -> ModelSignature:
    outputs = Schema([TensorSpec(np.dtype("float32"), (-1, 3), "scores")])
    return ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 3, 6, 8), name)]), outputs)


def run(inputs) -> np.ndarray:
    array = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs
    return array.mean(axis=(2, 3))


def serve(signature: ModelSignature, model=run, pictures=None) -> ModelService:
    parsed = parse_signature(signature.to_dict())
    settings = Settings("m", "7", "pyfunc", parsed, Interpretation("values", ()), pictures)
    return ModelService(settings, model, "7", None)


@pytest.fixture(params=[None, "x"])
def service(request: pytest.FixtureRequest) -> ModelService:
    """A model of pictures, whose one input has a name or none."""
    return serve(describe(request.param), pictures=steps())


def ask(service: ModelService, body: object, headers: dict[str, str]) -> Answer:
    (answer,) = service.answer([Request("r", body, headers=headers)])
    return answer


def answer_of(answer: Answer) -> dict:
    return json.loads(answer.body)


BODY = save(photo())
TEXT = base64.b64encode(BODY).decode()
SCORES = read(BODY).mean(axis=(1, 2))
TWICE = np.stack([SCORES, SCORES])


def v2_of(data: object, shape: list[int], **other) -> dict:
    return {"inputs": [{"name": "x", "datatype": "BYTES", "shape": shape, "data": data}], **other}


def v2_binary(*elements: bytes, name: str = "x") -> tuple[bytes, dict[str, str]]:
    blob = b"".join(struct.pack("<I", len(one)) + one for one in elements)
    one = {"name": name, "datatype": "BYTES", "shape": [len(elements)], "parameters": {"binary_data_size": len(blob)}}
    head = json.dumps({"inputs": [one]}).encode()
    return head + blob, {**V2, "inference-header-content-length": str(len(head))}


class TestAsked:
    """The same picture by every way there is."""

    @pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "IMAGE/PNG; q=1", "image/*"])
    def test_a_picture_is_a_body_of_its_own(self, service: ModelService, kind: str):
        answer = ask(service, BODY, {"content-type": kind})
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert np.allclose(answer_of(answer)["predictions"], [SCORES])

    @pytest.mark.parametrize("part", ["file", "body", "data"])
    def test_a_form_has_it_under_any_name(self, service: ModelService, part: str):
        answer = ask(service, {part: bytearray(BODY)}, {"content-type": "multipart/form-data; boundary=x"})
        assert answer.body == ask(service, BODY, PNG).body

    @pytest.mark.parametrize(
        "body",
        [
            {"inputs": [TEXT, TEXT]},
            {"instances": [TEXT, TEXT]},
            {"instances": [{"b64": TEXT}, {"b64": TEXT}]},
            {"inputs": [f"data:image/png;base64,{TEXT}", {"b64": TEXT}]},
        ],
    )
    def test_json_has_it_in_base64(self, service: ModelService, body: dict):
        answer = ask(service, json.dumps(body).encode(), {"content-type": "application/json"})
        assert np.allclose(answer_of(answer)["predictions"], TWICE)

    def test_json_has_it_by_the_inputs_name(self):
        named = serve(describe("x"), pictures=steps())
        for body in (
            {"inputs": {"x": [TEXT]}},
            {"inputs": {"x": [{"b64": TEXT}]}},
            {"instances": [{"x": TEXT}]},
            {"instances": [{"x": {"b64": TEXT}}]},
        ):
            assert np.allclose(answer_of(ask(named, body, {}))["predictions"], [SCORES])

    def test_base64_may_be_broken_into_lines(self, service: ModelService):
        wrapped = base64.encodebytes(BODY).decode()
        assert wrapped.count("\n") > 1
        answer = ask(service, {"inputs": [wrapped, f" data:image/png;base64,{wrapped}"]}, {})
        assert np.allclose(answer_of(answer)["predictions"], TWICE)

    def test_the_open_inference_protocol_has_it_as_bytes(self, service: ModelService):
        body, headers = v2_binary(BODY, BODY)
        for answer in (ask(service, body, headers), ask(service, v2_of([TEXT, TEXT], [2, 1]), V2)):
            (output,) = answer_of(answer)["outputs"]
            assert (output["name"], output["shape"]) == ("scores", [2, 3])
            assert np.allclose(output["data"], TWICE.ravel())

    def test_a_bare_picture_is_answered_in_the_protocol_that_was_asked_in(self, service: ModelService):
        document = answer_of(ask(service, BODY, {**V2, **PNG}))
        assert (document["model_name"], document["model_version"]) == ("m", "7")
        assert np.allclose(document["outputs"][0]["data"], SCORES)
        answer = ask(service, BODY, {**PNG, "accept": NPY})
        assert np.allclose(np.load(io.BytesIO(answer.body)), [SCORES])
        assert "error" in answer_of(ask(service, b"no", {**V2, **PNG}))

    def test_tensors_are_taken_as_before(self, service: ModelService):
        tensor = read(BODY)[None]
        file = io.BytesIO()
        np.save(file, tensor)
        for body, headers in (({"inputs": tensor.tolist()}, {}), (file.getvalue(), {"content-type": NPY})):
            assert np.allclose(answer_of(ask(service, body, headers))["predictions"], [SCORES])

    def test_pictures_of_several_clients_are_predicted_together(self):
        seen: list[int] = []
        service = serve(describe(), lambda x: [seen.append(len(x)), run(x)][1], steps())
        bodies = [(BODY, PNG), (b"no", PNG), ({"inputs": [TEXT, TEXT]}, {}), (save(photo(99, 9), "JPEG"), PNG)]
        answers = service.answer([Request("r", body, headers=headers) for body, headers in bodies])
        assert [answer.status for answer in answers] == [200, 415, 200, 200]
        assert seen == [4]


class TestRefused:
    """What can't be taken, each with its status and what to do."""

    @pytest.mark.parametrize(
        ("body", "headers", "status", "code"),
        [
            (b"", PNG, 400, "no-rows"),
            ({"a": 1}, PNG, 400, "no-rows"),
            (BODY[:50], PNG, 400, "picture-broken"),
            (save(photo(), "GIF"), {"content-type": "image/gif"}, 415, "picture-format"),
            ({}, {"content-type": "multipart/form-data"}, 400, "picture-parts"),
            (BODY, {"content-type": "multipart/form-data"}, 400, "picture-parts"),
            ({"a": BODY, "b": BODY}, {"content-type": "multipart/form-data"}, 400, "picture-parts"),
            ({"inputs": ["?"]}, {}, 400, "not-base64"),
            ({"inputs": ["é"]}, {}, 400, "not-base64"),
            ({"inputs": [TEXT, "AAAA"]}, {}, 415, "picture-format"),
            ({"inputs": [TEXT, 1]}, {}, 400, "wrong-type"),
            ({"inputs": []}, {}, 400, "wrong-shape"),
            ({"inputs": TEXT}, {}, 400, "wrong-type"),
            (v2_of([], [0]), V2, 400, "no-rows"),
            (v2_of(["?"], [1]), V2, 400, "not-base64"),
            (*v2_binary(b"\xff\xfe"), 415, "picture-format"),
            (v2_of([TEXT, TEXT], [1, 2]), V2, 400, "wrong-shape"),
            (v2_of([TEXT] * 4, [2, 2]), V2, 400, "wrong-shape"),
            (v2_of([TEXT], [1, 1, 1]), V2, 400, "wrong-shape"),
        ],
    )
    def test_it_is_refused_to_its_sender(self, body: object, headers: dict, status: int, code: str):
        answer = ask(serve(describe(), pictures=steps()), body, headers)
        assert (answer.status, answer_of(answer)["code"]) == (status, code)

    def test_an_input_of_another_name_is_none(self):
        body, headers = v2_binary(BODY, name="mask")
        answer = ask(serve(describe("x"), pictures=steps()), body, headers)
        assert (answer.status, answer_of(answer)["code"]) == (400, "missing-inputs")
        assert ask(serve(describe(), pictures=steps()), body, headers).status == 200

    @pytest.mark.parametrize(
        ("body", "kind", "words"),
        [
            (BODY, "application/octet-stream", "image/*"),
            (b"<svg/>", "image/svg+xml", "PNG, JPEG and WebP"),
            (b"", "image/png", "PNG, JPEG and WebP"),
        ],
    )
    def test_what_is_no_picture_is_told_what_is_one(self, body: bytes, kind: str, words: str):
        answer = ask(serve(describe(), pictures=steps()), body, {"content-type": kind})
        assert words in answer_of(answer)["message"]

    def test_many_tiny_pictures_are_refused_before_any_is_decoded(self, monkeypatch: pytest.MonkeyPatch):
        """122 kB of them asked for 768 MB."""
        large = ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 3, 224, 224))]))
        service = serve(large, run, steps(size=(224, 224)))
        assert ask(service, {"inputs": [TEXT] * 106}, {}).status == 200
        small = serve(describe(), pictures=steps())
        assert ask(small, {"inputs": [TEXT] * MOST_PICTURES}, {}).status == 200

        def fail(*_: object) -> None:
            raise AssertionError

        monkeypatch.setattr("trainyard.pictures.open_picture", fail)
        monkeypatch.setattr("trainyard.picture_requests.decode_base64", fail)
        for body, headers in (({"inputs": [TEXT] * 107}, {}), v2_binary(*[BODY] * 107)):
            answer = ask(service, body, headers)
            assert (answer.status, answer_of(answer)["code"]) == (413, "too-many-pictures")
            assert "106" in answer_of(answer)["message"]
        answer = ask(small, {"inputs": ["" for _ in range(MOST_PICTURES + 1)]}, {})
        assert (answer.status, answer_of(answer)["code"]) == (413, "too-many-pictures")
        assert str(MOST_PICTURES) in answer_of(answer)["message"]

    def test_one_picture_may_be_as_large_as_it_is_declared(self):
        large = ModelSignature(Schema([TensorSpec(np.dtype("float64"), (-1, 3, 1700, 1700))]))
        service = serve(large, run, steps(size=(1700, 1700)))
        assert ask(service, BODY, PNG).status == 200
        answer = ask(service, {"inputs": [TEXT, TEXT]}, {})
        assert "1 picture" in answer_of(answer)["message"]

    @pytest.mark.parametrize("kind", ["image/png", "multipart/form-data; boundary=x"])
    def test_without_declared_steps_the_key_is_named_that_declares_them(self, kind: str):
        answer = ask(serve(describe()), BODY, {"content-type": kind})
        assert (answer.status, answer_of(answer)["code"]) == (415, "no-pictures-declared")
        assert "serving.input" in answer_of(answer)["message"]

    @pytest.mark.parametrize("part", ["body", "data"])
    def test_without_declared_steps_a_request_in_a_form_is_read_as_torchserve_has_it(self, part: str):
        """`curl -F data=@request.json`; TorchServe parses a part that says that it is JSON."""
        asked = {"inputs": read(BODY)[None].tolist()}
        for sent in (bytearray(json.dumps(asked).encode()), asked):
            answer = ask(serve(describe()), {part: sent}, {"content-type": "multipart/form-data; boundary=x"})
            assert np.allclose(answer_of(answer)["predictions"], [SCORES])
        answer = ask(serve(describe()), {part: bytearray(b'{"input": 1}')}, {"content-type": "multipart/form-data"})
        assert (answer.status, answer_of(answer)["code"]) == (400, "unknown-format")
        for other in ({"file": BODY}, {part: BODY}, {}):
            answer = ask(serve(describe()), other, {"content-type": "multipart/form-data"})
            assert (answer.status, answer_of(answer)["code"]) == (415, "no-pictures-declared")

    def test_texts_are_no_pictures_where_none_are_declared(self):
        assert ask(serve(describe()), {"inputs": [TEXT]}, {}).status == 400
        assert ask(serve(describe()), *v2_binary(BODY)).status == 400


REVIEWS = infer_signature(pd.DataFrame({"review": ["good"]}))
WORDS = ModelSignature(Schema([TensorSpec(np.dtype("str"), (-1,), "words")]))
NAMELESS = ModelSignature(Schema([ColSpec("string")]))


def lengths(inputs) -> np.ndarray:
    texts = next(iter(inputs.values())) if isinstance(inputs, dict) else inputs.iloc[:, 0]
    return np.array([len(text) for text in texts])


class TestTexts:
    """`text/plain`, for a model of one text."""

    @pytest.mark.parametrize("signature", [REVIEWS, WORDS, NAMELESS])
    @pytest.mark.parametrize(
        "text", ["good", '{"inputs": [1]', '{"mood": "good"}', '["inputs"]', "a,b\n1,2\n", "grüezi 😀", " \n"]
    )
    def test_the_body_is_the_text_unless_it_is_a_request(self, signature: ModelSignature, text: str):
        service = serve(signature, lengths)
        for body, kind in ((text.encode(), "text/plain"), (text, "text/plain; charset=UTF-8")):
            assert answer_of(ask(service, body, {"content-type": kind})) == {"predictions": [len(text)]}
        (output,) = answer_of(ask(service, text.encode(), {**V2, "content-type": "text/plain"}))["outputs"]
        assert output["data"] == [len(text)]

    @pytest.mark.parametrize("signature", [REVIEWS, WORDS, NAMELESS])
    @pytest.mark.parametrize("form", ["inputs", "instances"])
    def test_a_request_that_a_browser_sends_as_text_is_that_request(self, signature: ModelSignature, form: str):
        """`fetch` says `text/plain;charset=UTF-8` of a body that is a string."""
        service = serve(signature, lengths)
        body = f' {{"{form}": ["good film", "bad"]}}'
        for sent in (body, body.encode(), bytearray(body.encode())):
            answer = ask(service, sent, {"content-type": "text/plain;charset=UTF-8"})
            assert answer_of(answer) == {"predictions": [9, 3]}
        assert answer_of(ask(service, '{"inputs": 1}', {"content-type": "text/plain"}))["code"] != ""

    @pytest.mark.parametrize("kind", ["text/plain", "text/csv", NPY, "image/png"])
    def test_a_request_of_the_open_inference_protocol_is_one_whatever_its_content_type(self, kind: str):
        service = serve(REVIEWS, lengths)
        asked = {"inputs": [{"name": "review", "datatype": "BYTES", "shape": [2], "data": ["good film", "bad"]}]}
        answer = ask(service, json.dumps(asked).encode(), {**V2, "content-type": kind})
        assert answer_of(answer)["outputs"][0]["data"] == [9, 3]
        body, headers = v2_binary(b"good film", name="review")
        answer = ask(service, body, {**headers, "content-type": kind})
        assert answer_of(answer)["outputs"][0]["data"] == [9]

    @pytest.mark.parametrize(
        ("body", "kind", "status", "code"),
        [
            (b"\xff", "text/plain", 400, "malformed-text"),
            (b"", "text/plain", 400, "no-rows"),
            (None, "text/plain", 400, "no-rows"),
            (b"a", "text/plain; charset=utf-16", 415, "unknown-content-type"),
            (b"a", "text/html", 415, "unknown-content-type"),
        ],
    )
    def test_what_is_none_is_refused(self, body: object, kind: str, status: int, code: str):
        answer = ask(serve(REVIEWS, lengths), body, {"content-type": kind})
        assert (answer.status, answer_of(answer)["code"]) == (status, code)

    def test_a_model_of_anything_else_is_sent_json_so_by_browsers(self):
        service = serve(infer_signature(pd.DataFrame({"a": ["x"], "b": ["y"]})), lambda table: np.zeros(len(table)))
        body = b'{"dataframe_records": [{"a": "1", "b": "2"}]}'
        assert ask(service, body, {"content-type": "text/plain"}).status == 200
