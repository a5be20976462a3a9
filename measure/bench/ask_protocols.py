"""What a request costs in the handler by each protocol, beside the bare model and MLflow's own scoring function.

Takes how many requests each way is asked; prints a JSON list. Each body is handed on as the servers hand it on: what
the network and the servers around add is in none of the figures.
"""

from __future__ import annotations

import io
import itertools
import json
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pandas as pd
import torch
from mlflow.models import infer_signature
from mlflow.pyfunc import scoring_server
from PIL import Image
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "runtime"))

from trainyard.interpretation import Interpretation
from trainyard.messages import Request
from trainyard.picture_steps import PictureSteps
from trainyard.service import ModelService
from trainyard.settings import Settings
from trainyard.signature import parse_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow.models.signature import ModelSignature

NPY = "application/x-npy"
COLUMNS = 20


@dataclass(frozen=True)
class Case:
    """A kind of model: one request's input, what is computed of it, and how a picture becomes one, if it does."""

    name: str
    given: np.ndarray | pd.DataFrame
    compute: Callable[[Any], np.ndarray]
    pictures: PictureSteps | None = None


class Computed(mlflow.pyfunc.PythonModel):
    """The same computation as MLflow has it."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def predict(self, context: Any, model_input: Any, params: Any = None) -> np.ndarray:  # noqa: ARG002, ANN401
        """Computes."""
        return self.case.compute(model_input)


def main() -> None:
    """Prints, for each case and way: milliseconds (middle, 99th percentile, of the processor), and bytes."""
    requests = int(sys.argv[1])
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rows = [
        {"case": case.name, "way": way, **measure(ask, requests), "bytes": size}
        for case in (
            table(),
            images("digit", few_convolutions(1), (1, 28, 28)),
            images("picture", few_convolutions(3), (3, 224, 224)),
            images("ResNet-18", resnet_18(), (3, 224, 224)),
        )
        for way, ask, size in ways(case)
    ]
    print(json.dumps(rows))


def table() -> Case:
    """A row of twenty columns."""
    weights = np.random.default_rng(1).random(COLUMNS)
    row = pd.DataFrame({f"column_{place}": [place / COLUMNS] for place in range(COLUMNS)})
    return Case("row", row, lambda given: given.to_numpy() @ weights)


def images(name: str, network: nn.Module, shape: tuple[int, int, int]) -> Case:
    """A picture, channels by height by width, and what is computed of it."""
    network.eval()

    def compute(given: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(given)).numpy()

    mode = "L" if shape[0] == 1 else "RGB"
    steps = PictureSteps(shape[1:], mode, 1 / 255, (0.5,), (0.25,), "CHW", "bilinear")
    return Case(name, np.random.default_rng(1).random((1, *shape), dtype=np.float32), compute, steps)


def few_convolutions(channels: int) -> nn.Module:
    """A network that takes a few milliseconds of one core: beside it a request's own cost shows."""
    torch.manual_seed(1)
    layers = [nn.Conv2d(channels, 32, 7, stride=2), nn.ReLU(), nn.Conv2d(32, 64, 3, stride=2), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def resnet_18() -> nn.Module:
    """The network of 18 layers of He et al., Deep Residual Learning for Image Recognition (2016), table 1."""
    torch.manual_seed(1)
    first = [nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [Residual(before, after) for before, after in itertools.pairwise(widths)]
    last = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    return nn.Sequential(*first, nn.MaxPool2d(3, stride=2, padding=1), *blocks, *last)


class Residual(nn.Module):
    """Two convolutions beside a short cut; where the channels double, height and width are halved."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        stride = after // before
        self.convolutions = nn.Sequential(
            nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False),
            nn.BatchNorm2d(after),
        )
        projection = [nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)]
        self.short_cut = nn.Identity() if stride == 1 else nn.Sequential(*projection)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Both ways, summed."""
        return torch.relu(self.convolutions(given) + self.short_cut(given))


def ways(case: Case) -> list[tuple[str, Callable[[], object], int]]:
    """Each way to ask, and the bytes of its body."""
    signature = infer_signature(case.given, case.compute(case.given))
    service = serve(case, signature)
    as_json, v2_json = mlflow_body(case.given), v2_body(case.given)
    v2_head, v2_blob = v2_binary(case.given)
    others = (
        [
            ("npy", npy(case.given), {"content-type": NPY, "accept": NPY}),
            ("JPEG", jpeg(case), {"content-type": "image/jpeg"}),
        ]
        if isinstance(case.given, np.ndarray)
        else [("csv", case.given.to_csv(index=False).encode(), {"content-type": "text/csv"})]
    )
    bodies = [
        ("JSON", as_json, {}),
        ("V2, JSON", v2_json, {"x-trainyard-protocol": "v2"}),
        (
            "V2, bytes",
            v2_head + v2_blob,
            {"x-trainyard-protocol": "v2", "inference-header-content-length": str(len(v2_head))},
        ),
        *others,
    ]
    with tempfile.TemporaryDirectory() as folder:
        mlflow.pyfunc.save_model(
            folder + "/model", python_model=Computed(case), signature=signature, pip_requirements=["mlflow"]
        )
        model = mlflow.pyfunc.load_model(folder + "/model")
    schema = signature.inputs
    return [
        ("bare model", lambda: case.compute(case.given), 0),
        *((way, asker(service, body, headers), len(body)) for way, body, headers in bodies),
        (
            "MLflow's own, JSON",
            lambda: scoring_server.invocations(as_json.decode(), "application/json", model, schema),
            len(as_json),
        ),
    ]


def serve(case: Case, signature: ModelSignature) -> ModelService:
    """The handler's service, which counts nothing: every way would pay the same for that."""
    settings = Settings(
        "m", "1", "pyfunc", parse_signature(signature.to_dict()), Interpretation("values", ()), case.pictures
    )
    return ModelService(settings, case.compute, "1", None)


def asker(service: ModelService, body: bytes, headers: dict[str, str]) -> Callable[[], object]:
    """Asks once, with the body as TorchServe hands it on."""

    def ask() -> object:
        (answer,) = service.answer([Request("r", body, headers=headers)])
        if answer.status != 200:  # noqa: PLR2004
            raise SystemExit(str(answer.body))
        return answer

    return ask


def measure(ask: Callable[[], object], requests: int) -> dict[str, float]:
    """Milliseconds of a request."""
    for _ in range(3):
        ask()
    times = []
    began = time.process_time()
    for _ in range(requests):
        started = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - started))
    processor = 1000 * (time.process_time() - began) / requests
    return {"p50": float(np.median(times)), "p99": float(np.quantile(times, 0.99)), "processor": processor}


def mlflow_body(given: np.ndarray | pd.DataFrame) -> bytes:
    """MLflow's JSON."""
    if isinstance(given, np.ndarray):
        return json.dumps({"inputs": given.tolist()}).encode()
    return json.dumps({"dataframe_split": given.to_dict(orient="split")}).encode()


def tensors_of(given: np.ndarray | pd.DataFrame) -> list[tuple[str, np.ndarray]]:
    """Its tensors as V2 has them."""
    if isinstance(given, np.ndarray):
        return [("x", given)]
    return [(str(name), given[name].to_numpy()) for name in given.columns]


def v2_body(given: np.ndarray | pd.DataFrame) -> bytes:
    """V2 with the values in JSON."""
    inputs = [{**described(name, values), "data": values.ravel().tolist()} for name, values in tensors_of(given)]
    return json.dumps({"inputs": inputs}).encode()


def v2_binary(given: np.ndarray | pd.DataFrame) -> tuple[bytes, bytes]:
    """V2 with the values as bytes after the JSON."""
    inputs = [
        {**described(name, values), "parameters": {"binary_data_size": values.nbytes}}
        for name, values in tensors_of(given)
    ]
    head = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    return head, b"".join(values.tobytes() for _, values in tensors_of(given))


def described(name: str, values: np.ndarray) -> dict[str, Any]:
    """Name, datatype and shape."""
    return {"name": name, "datatype": f"FP{8 * values.dtype.itemsize}", "shape": list(values.shape)}


def jpeg(case: Case) -> bytes:
    """A picture of the size that the model takes, as smooth as photographs are."""
    height, width = case.pictures.size if case.pictures is not None else (1, 1)
    coarse = np.random.default_rng(1).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    """NumPy's own file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


if __name__ == "__main__":
    main()
