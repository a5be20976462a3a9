"""Batches of eight through the packed handler: one bad, one long, six good, in every form there is."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from test_handler import FakeContext
from test_pictures import photo, save, steps
from trainyard.handler import answer_batch
from trainyard.interpretation import Interpretation
from trainyard.service import ModelService
from trainyard.settings import Settings, read_settings
from trainyard.signature import parse_signature

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NPY = "application/x-npy"
LONG = 5
V2 = {"x-trainyard-protocol": "v2"}


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def v2(values: np.ndarray) -> tuple[bytes, dict[str, str]]:
    blob = values.astype("<f4").tobytes()
    described = {"name": "x", "datatype": "FP32", "shape": list(values.shape)}
    head = json.dumps({"inputs": [{**described, "parameters": {"binary_data_size": len(blob)}}]}).encode()
    return head + blob, {**V2, "inference-header-content-length": str(len(head))}


def tensor(seed: int, length: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random((1, length), dtype=np.float32)


def tensors(dtype: str, *shape: int) -> Schema:
    return Schema([TensorSpec(np.dtype(dtype), shape)])


def sums(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1).sum(axis=1, dtype=np.float64)


def table_sums(table: pd.DataFrame) -> np.ndarray:
    return (table["a"] + table["b"]).to_numpy(dtype=np.float64)


# A kind's model, then its requests: a usual one by its seed, the long one, the bad one. `long` has another length where
# rows may have one, and more rows where all are as long.
KINDS = {
    "JSON": (
        (tensors("float32", -1, -1), sums),
        lambda seed: (json.dumps({"inputs": tensor(seed).tolist()}), {}),
        (json.dumps({"inputs": tensor(9, LONG).tolist()}), {}),
        (json.dumps({"inputs": [[1, "x"]]}), {}),
    ),
    "CSV": (
        (Schema([ColSpec("double", "a"), ColSpec("double", "b")]), table_sums),
        lambda seed: (f"a,b\n{seed},1\n", {"content-type": "text/csv"}),
        ("a,b\n" + "1,2\n" * LONG, {"content-type": "text/csv"}),
        ("a,b\nx,1\n", {"content-type": "text/csv"}),
    ),
    "npy": (
        (tensors("float32", -1, -1), sums),
        lambda seed: (npy(tensor(seed)), {"content-type": NPY}),
        (npy(tensor(9, LONG)), {"content-type": NPY}),
        (npy(tensor(9))[:-1], {"content-type": NPY}),
    ),
    "V2, bytes": (
        (tensors("float32", -1, -1), sums),
        lambda seed: v2(tensor(seed)),
        v2(tensor(9, LONG)),
        (v2(tensor(9))[0][:-1], v2(tensor(9))[1]),
    ),
    "JPEG": (
        (tensors("float32", -1, 3, 6, 8), sums),
        lambda seed: (save(photo(40 + seed, 30), "JPEG"), {"content-type": "image/jpeg"}),
        (json.dumps({"inputs": [base64.b64encode(save(photo(90, 70))).decode()] * LONG}), {}),
        (save(photo(), "JPEG")[:200], {"content-type": "image/jpeg"}),
    ),
    "text": (
        (Schema([ColSpec("string", "review")]), lambda table: np.array([float(len(text)) for text in table["review"]])),
        lambda seed: ("good" * seed, {"content-type": "text/plain"}),
        ("a long one " * 10_000, {"content-type": "text/plain"}),
        (b"\xff\xfe", {"content-type": "text/plain"}),
    ),
}


def serve(schema: Schema, run, folder: Path) -> ModelService:
    """As a server does it: from settings that were written and read again."""
    document = ModelSignature(schema).to_dict()
    pictures = steps() if len(schema.inputs) == 1 and len(getattr(schema.inputs[0], "shape", ())) == 4 else None
    settings = Settings("m", "7", "pyfunc", parse_signature(document), Interpretation("values", ()), pictures)
    settings.write(folder / "settings.json")
    return ModelService(read_settings(folder / "settings.json"), run, "7", None)


def as_torchserve(body: str | bytes) -> bytearray:
    return bytearray(body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize("kind", KINDS)
def test_six_are_answered_and_the_long_one_and_the_bad_one_alone_is_refused(kind: str, tmp_path: Path):
    (schema, run), usual, long, bad = KINDS[kind]
    calls: list[int] = []
    service = serve(schema, lambda inputs: [calls.append(len(inputs)), run(inputs)][1], tmp_path)
    asked = [usual(1), usual(2), bad, usual(3), long, usual(4), usual(5), usual(6)]
    context = FakeContext(tmp_path, [headers for _, headers in asked])
    together = answer_batch(service, [{"body": as_torchserve(body)} for body, _ in asked], context)
    assert context.statuses == [200, 200, 400, 200, 200, 200, 200, 200]
    for (body, headers), answer, status in zip(asked, together, context.statuses, strict=True):
        alone = FakeContext(tmp_path, [headers])
        assert answer_batch(service, [{"body": as_torchserve(body)}], alone) == [answer]
        assert alone.statuses == [status]
