"""Logs a model that takes 10 ms per request, with a holdout, for the benchmark of serving.

Prints run id, URI and holdout of both versions, which are one model here.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature


class SleepyModel(mlflow.pyfunc.PythonModel):
    """Waits as long as a small network computes."""

    def predict(
        self,
        context: Any,  # noqa: ARG002, ANN401 - MLflow's interface
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 - MLflow's interface
    ) -> pd.Series:
        """Says whether the columns add up to more than one."""
        time.sleep(0.010)
        return (model_input.sum(axis=1) > 1).astype("int64")


def main() -> None:
    """Writes holdout and model into the folder that is named."""
    folder = Path(sys.argv[1])
    rows = np.random.default_rng(1).random((2_000, 4))
    inputs = pd.DataFrame(rows, columns=["a", "b", "c", "d"])
    labels = (inputs.sum(axis=1) > 1).astype("int64")
    inputs.assign(id=[f"r{row}" for row in range(len(rows))], label=labels).to_csv(folder / "holdout.csv", index=False)
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("bench", artifact_location=str(folder / "artifacts")))
    with mlflow.start_run() as run:
        signature = infer_signature(inputs, labels)
        model = mlflow.pyfunc.log_model(name="model", python_model=SleepyModel(), signature=signature)
    for _version in (1, 2):
        print(f"{run.info.run_id} {model.model_uri} holdout.csv")


if __name__ == "__main__":
    main()
