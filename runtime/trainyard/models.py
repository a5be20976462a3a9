"""A logged model: fetched from MLflow, described, loaded."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.boxed_model import BoxedModel, ModelError
from trainyard.errors import UserError
from trainyard.files import NOT_THE_MODEL, digest_folder
from trainyard.inputs import Inputs, concatenate, iterate_chunks
from trainyard.signature import ModelDescription, read_model_description

if TYPE_CHECKING:
    from collections.abc import Callable

PREDICT_ROWS = 1000


@dataclass(frozen=True)
class LoggedModel:
    """A model's folder on this machine and what its `MLmodel` file says."""

    uri: str
    folder: Path
    description: ModelDescription
    # Of the folder as it was fetched, before any code of the model ran.
    digest: str

    @property
    def classes(self) -> list[str] | None:
        """Class names the model was logged with (`metadata={"classes": [...]}`), in the order of its scores."""
        classes = self.description.metadata.get("classes")
        return [str(name) for name in classes] if classes else None


def fetch_model(uri: str, box: BoxedModel) -> LoggedModel:
    """Downloads a model by its MLflow URI to where its box can read it. Raises UserError when there is none."""
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - takes seconds to import
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        folder = Path(download_artifacts(artifact_uri=uri, dst_path=str(box.files)))
    except (MlflowException, OSError) as error:
        raise UserError(
            "model-not-found",
            f"{uri} could not be fetched: {tell(error)}.",
            "Check that the run logged a model, and MLFLOW_TRACKING_URI.",
        ) from error
    if not (folder / "MLmodel").is_file():
        raise UserError("model-not-found", f"{uri} is no MLflow model.", "Log it with log_model of its MLflow flavour.")
    # What no digest counts must not be there either: Python would load a cached module in place of its source.
    remove_leftovers(folder)
    return LoggedModel(uri, folder, read_model_description(folder), digest_folder(folder))


def remove_leftovers(folder: Path) -> None:
    """Deletes what `digest_folder` does not count."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.name in NOT_THE_MODEL:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def require_digest(model: LoggedModel, expected: str) -> None:
    """Raises UserError unless the bytes that were fetched are those that were judged."""
    if model.digest != expected:
        raise UserError(
            "model-altered",
            f"{model.uri} has the digest {model.digest} now, and was judged with {expected}.",
            "Someone with write access to MLflow has changed it since: find out who, and train again.",
        )


def load_predictor(model: LoggedModel, box: BoxedModel) -> Callable[[Inputs], Any]:
    """The model's own `predict`, as MLflow loads it, in its box. Raises UserError when the model cannot be loaded."""
    try:
        box.ask("load", str(model.folder))
    except ModelError as error:
        raise UserError(
            "model-unloadable",
            f"{model.uri} cannot be loaded: {error}.",
            "Run in the model's own environment, and log the code it needs with it (code_paths).",
        ) from error
    return box.predict


def predict_all(predict: Callable[[Inputs], Any], inputs: Inputs) -> np.ndarray | Any:  # noqa: ANN401
    """Raw answers for all rows, predicted in chunks that fit in memory. Raises UserError when the model fails."""
    try:
        parts = [predict(chunk) for chunk in iterate_chunks(inputs, PREDICT_ROWS)]
    except ModelError as error:
        raise UserError(
            "prediction-failed",
            f"The model failed on the holdout: {error}.",
            "Predict the holdout with mlflow.pyfunc where the model was trained, and mend what fails.",
        ) from error
    return concatenate([np.asarray(part) if isinstance(part, list) else part for part in parts])


def tell(error: Exception) -> str:
    """An exception as part of a sentence, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
