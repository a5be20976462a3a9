"""Pictures through the real TorchServe: as bodies, in forms, in batches."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from conftest import REPOSITORY
from example_repository import SERVED
from test_handler import FakeContext
from test_picture_package import draw, picture_model, picture_package, to_tensor  # noqa: F401 - fixtures
from test_torchserve import Answer, Server, find_ports, serve, wait_for
from trainyard.handler import start
from trainyard.messages import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Package

BOUNDARY = "----1f2e"


@pytest.fixture(scope="module")
def server(picture_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: F811
    with serve({"thing": picture_package}, tmp_path_factory.mktemp("torchserve")) as running:
        yield running


def form(*parts: bytes, name: str = "file") -> bytes:
    """What `curl -F file=@digit.png` sends."""
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}%d"; filename="digit.png"\r\n'
    head += "content-type: image/png\r\n\r\n"
    written = [head.replace("%d", str(place or "")).encode() + part + b"\r\n" for place, part in enumerate(parts)]
    return b"".join(written) + f"--{BOUNDARY}--\r\n".encode()


FORM = f"multipart/form-data; boundary={BOUNDARY}"


def scores_of(answer: Answer) -> list:
    assert answer.status == 200, answer.content
    return answer.body["predictions"]


def test_a_picture_is_answered_as_its_tensor_is(server: Server):
    expected = scores_of(server.predict({"inputs": to_tensor(5).tolist()}))
    assert np.allclose(scores_of(server.predict(draw(5), content_type="image/png")), expected, atol=1e-5)
    text = base64.b64encode(draw(5)).decode()
    assert np.allclose(scores_of(server.predict({"inputs": [text]})), expected, atol=1e-5)
    answer = server.predict(draw(5), content_type="image/png", x_trainyard_protocol="v2")
    assert np.allclose(answer.body["outputs"][0]["data"], np.ravel(expected), atol=1e-5)


@pytest.mark.parametrize("name", ["file", "data", "body"])
def test_a_form_is_taken_apart_by_torchserve(server: Server, name: str):
    expected = scores_of(server.predict(draw(5), content_type="image/png"))
    assert np.allclose(scores_of(server.predict(form(draw(5), name=name), content_type=FORM)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (draw(5)[:60], "image/png", 400, "picture-broken"),
        (b"GIF89a", "image/gif", 415, "picture-format"),
        (form(draw(5), draw(6)), FORM, 400, "picture-parts"),
        (form(), FORM, 400, "picture-parts"),
        (form(draw(5))[:-40], FORM, 400, None),
        (draw(5), FORM, 400, None),
    ],
)
def test_what_is_none_is_its_senders_mistake(server: Server, body: bytes, kind: str, status: int, code: str | None):
    answer = server.predict(body, content_type=kind)
    assert answer.status == status
    assert code is None or answer.body["code"] == code
    assert server.predict(draw(5), content_type="image/png").status == 200


@contextmanager
def open_page(predictions: str) -> Iterator[str]:
    """The example's page, as its README starts it but for the two addresses; gives its own."""
    (port,) = find_ports(1)
    folder = REPOSITORY / "examples/mnist"
    (line,) = [line for line in (folder / "README.md").read_text().splitlines() if " uvicorn " in line]
    assert SERVED in line
    started = line.replace(f"{SERVED}/predictions/mnist", predictions).replace("--port 8000", f"--port {port}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    page = subprocess.Popen(["bash", "-c", f"exec env {started}"], cwd=folder, env={**os.environ, "PATH": path})
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        page.terminate()
        page.wait(10)


def post(address: str, picture: bytes) -> tuple[int, dict]:
    request = urllib.request.Request(f"{address}/digit", picture, {"content-type": "image/png"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def is_open(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as page:
        return b"<canvas" in page.read()
    return False


def test_the_page_of_the_example_tells_answer_confidence_and_version(server: Server):
    scores = np.ravel(scores_of(server.predict(draw(5), content_type="image/png")))
    with open_page(f"http://127.0.0.1:{server.inference}/predictions/thing") as address:
        wait_for(lambda: is_open(address), 60)
        status, said = post(address, draw(5))
        assert (status, said["digit"], said["version"]) == (200, int(scores.argmax()), "7")
        assert said["confidence"] == pytest.approx(float(scores.max()), abs=1e-5)
        status, said = post(address, draw(5)[:60])
        assert (status, "can't be decoded" in said["message"]) == (400, True)
    (nowhere,) = find_ports(1)
    with open_page(f"http://127.0.0.1:{nowhere}/predictions/thing") as address:
        wait_for(lambda: is_open(address), 60)
        assert post(address, draw(5))[0] == 502


def test_a_batch_of_eight_hurts_nobody_in_it(picture_package: Package, tmp_path: Path):  # noqa: F811
    batch = {"minWorkers": 1, "maxWorkers": 1, "batchSize": 8, "maxBatchDelay": 3000, "responseTimeout": 60}
    long = json.dumps({"inputs": [base64.b64encode(draw(9)).decode()] * 5}).encode()
    asked = [
        *((draw(seed), "image/png") for seed in range(20, 26)),
        (long, "application/json"),
        (draw(7)[:60], "image/png"),
    ]
    with serve({"thing": picture_package}, tmp_path, batch) as server, ThreadPoolExecutor(len(asked)) as pool:
        (version,) = server.call("/models/thing").body
        assert version["batchSize"] == 8
        answers = list(pool.map(lambda one: server.predict(one[0], content_type=one[1]), asked))
    assert [answer.status for answer in answers] == [200] * 7 + [400]
    assert len(scores_of(answers[6])) == 5
    service = start(FakeContext(picture_package.unpack(tmp_path / "alone"), []))
    for (body, kind), answer in zip(asked[:7], answers[:7], strict=True):
        (alone,) = service.answer([Request("r", body, headers={"content-type": kind})])
        assert np.allclose(scores_of(answer), json.loads(alone.body)["predictions"], atol=1e-5)
