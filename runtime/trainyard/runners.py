"""Running a packaged model: TorchScript, an exported program (pt2), or whatever MLflow loads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.signature import read_model_description

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trainyard.inputs import Inputs

PackageFormat = Literal["torchscript", "pt2", "pyfunc"]
TORCHSCRIPT_FILE = "model.pt"
PT2_FILE = "model.pt2"
CPU = "cpu"


def load_runner(payload: Path, package_format: PackageFormat, device: str = CPU) -> Callable[..., Any]:
    """A function from inputs, and parameters of inference, to the raw answer that `mlflow.pyfunc` gives."""
    if package_format == "pyfunc":
        return load_pyfunc(payload).predict
    import torch  # noqa: PLC0415 - takes seconds to import; other models do without

    if package_format == "torchscript":
        module = torch.jit.load(str(payload / TORCHSCRIPT_FILE), map_location=device).eval()
    else:
        module = load_program(payload / PT2_FILE, device)

    def run(inputs: Inputs, _: dict[str, Any] | None = None) -> np.ndarray:
        """One tensor in, one tensor out; MLflow gives a network no parameters either."""
        array = next(iter(inputs.values())) if isinstance(inputs, dict) else np.asarray(inputs)
        with torch.inference_mode():
            return module(torch.from_numpy(np.ascontiguousarray(array)).to(device)).cpu().numpy()

    return run


def load_pyfunc(folder: Path) -> Any:  # noqa: ANN401 - MLflow's own class
    """A logged model as MLflow loads it, on the backend that it was logged with where it is one of Keras.

    MLflow writes that backend down and does not set it, and a box has no variables of the training's.
    """
    import mlflow.pyfunc  # noqa: PLC0415 - takes seconds to import; exported models do without

    for flavor in read_model_description(folder).flavors.values():
        if flavor.get("keras_backend"):
            os.environ.setdefault("KERAS_BACKEND", str(flavor["keras_backend"]))
    return mlflow.pyfunc.load_model(str(folder))


def load_program(path: Path, device: str) -> Any:  # noqa: ANN401 - a graph module
    """An exported program on a device. Its graph names the device it was traced on, so it is rewritten for another."""
    import torch  # noqa: PLC0415 - takes seconds to import; other models do without
    from torch.export.passes import move_to_device_pass  # noqa: PLC0415

    program = torch.export.load(str(path))
    return (program if device == CPU else move_to_device_pass(program, device)).module()
