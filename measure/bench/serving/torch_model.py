"""Logs a PyTorch model twice, trained apart, with a holdout, for the benchmarks of images and of endurance.

    python torch_model.py FOLDER [WIDTH]

Prints run id, URI and holdout of both versions.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import mlflow
import numpy as np
import torch
from mlflow.models import infer_signature
from torch import nn

ROWS = 100
INPUTS = 16
CLASSES = 2
# As many weights as a ResNet-18: 11 million, 45 MB.
WIDTH = 3_340
REQUIREMENTS = ["mlflow", "torch", "numpy", "pandas", "cloudpickle"]


def main() -> None:
    """Writes holdout and models into the folder that is named."""
    folder = Path(sys.argv[1])
    width = int(sys.argv[2]) if len(sys.argv) > 2 else WIDTH  # noqa: PLR2004 - where it stands
    rows = np.random.default_rng(1).random((ROWS, INPUTS), dtype=np.float32)
    labels = np.arange(ROWS) % CLASSES
    np.savez(folder / "holdout.npz", x=rows, label=labels, id=np.array([f"r{row}" for row in range(ROWS)]))
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("bench", artifact_location=str(folder / "artifacts")))
    for seed in (1, 2):
        print(f"{log_network(seed, width, rows)} holdout.npz")


def log_network(seed: int, width: int, rows: np.ndarray) -> str:
    """Logs a network with the weights of this seed, so wide; gives run id and URI."""
    torch.manual_seed(seed)
    layers = [nn.Linear(INPUTS, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, CLASSES)]
    network = torch.jit.script(nn.Sequential(*layers, nn.Softmax(dim=1)).eval())
    with torch.no_grad():
        answers = network(torch.from_numpy(rows)).numpy()
    with mlflow.start_run() as run:
        model = mlflow.pytorch.log_model(
            network,
            name="model",
            signature=infer_signature(rows, answers),
            serialization_format="pickle",
            # Without the local part: an index has 2.13.0, and a folder of wheels may have 2.13.0+cpu for it.
            pip_requirements=[f"{name}=={version(name).split('+')[0]}" for name in REQUIREMENTS],
            metadata={"classes": [str(number) for number in range(CLASSES)]},
        )
    return f"{run.info.run_id} {model.model_uri}"


if __name__ == "__main__":
    main()
