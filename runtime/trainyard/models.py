"""A logged model: fetched from MLflow, described, loaded."""

from __future__ import annotations

import errno
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.boxed_model import BoxedModel, ModelError
from trainyard.errors import UserError
from trainyard.files import NOT_THE_MODEL, digest_folder
from trainyard.inputs import Inputs, concatenate, count_rows, iterate_chunks
from trainyard.naming import name_value
from trainyard.requirements import list_differences
from trainyard.several import is_by_class
from trainyard.signature import ModelDescription, Signature, read_model_description

if TYPE_CHECKING:
    from collections.abc import Callable

PREDICT_ROWS = 1000
# Characters of what a model's own code says.
MOST_TOLD = 500


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
        return [name_value(name) for name in classes] if classes else None


def fetch_model(uri: str, box: BoxedModel) -> LoggedModel:
    """Downloads a model by its MLflow URI to where its box can read it. Raises UserError when there is none."""
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - takes seconds to import
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    try:
        folder = Path(download_artifacts(artifact_uri=uri, dst_path=str(box.files)))
    except (MlflowException, OSError) as error:
        refuse_full_disk(error, box.files)
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


def refuse_full_disk(error: BaseException | None, folder: Path) -> None:
    """Raises UserError when this is, in the end, about a disk with no space left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            free = shutil.disk_usage(folder).free
            raise UserError(
                "disk-full",
                f"{folder} has no space left for the model: {free / 1e6:.0f} MB are free.",
                "Clear the runner's temporary folder, or name a larger one in TMPDIR.",
            ) from error
        error = error.__cause__ or error.__context__


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


def require_signature(model: LoggedModel) -> Signature:
    """The model's signature: without one, no request could be checked."""
    signature = model.description.signature
    if signature is None:
        raise UserError(
            "signature-missing",
            f"{model.uri} was logged without a signature of its inputs.",
            "Pass signature=infer_signature(inputs, outputs) to log_model.",
        )
    return signature


def load_predictor(model: LoggedModel, box: BoxedModel) -> Callable[[Inputs], Any]:
    """The model's own `predict`, as MLflow loads it, in its box. Raises UserError when the model cannot be loaded."""
    try:
        box.ask("load", str(model.folder))
    except ModelError as error:
        raise UserError(
            "model-unloadable",
            f"{model.uri} cannot be loaded: {error}.{'' if box.has_own_python else tell_other_versions(model)}",
            "Run in the model's own environment, and log the code it needs with it (code_paths).",
        ) from error
    return box.predict


def tell_other_versions(model: LoggedModel) -> str:
    """What of this Python is not as it was where the model was logged; empty where all is."""
    differences = list_differences(model.folder)
    return f" Here is {'; '.join(differences)}." if differences else ""


def predict_all(predict: Callable[[Inputs], Any], inputs: Inputs) -> np.ndarray | Any:  # noqa: ANN401
    """Raw answers for all rows, predicted in chunks that fit in memory.

    Raises UserError when the model fails, or does not give one answer for each row.
    """
    parts = []
    for chunk in iterate_chunks(inputs, PREDICT_ROWS):
        try:
            part = predict(chunk)
        except ModelError as error:
            raise UserError(
                "prediction-failed",
                f"The model failed on the holdout: {hide_values(str(error), chunk)}.",
                "Predict the holdout with mlflow.pyfunc where the model was trained, and mend what fails.",
            ) from error
        require_rows(part, count_rows(chunk))
        are_rows = isinstance(part, list) and not is_by_class(part)
        parts.append(np.asarray(part) if are_rows and is_even(part) else part)
    return join_answers(parts)


def join_answers(parts: list[Any]) -> Any:  # noqa: ANN401 - whatever a model returns
    """All rows of all parts in order: by class where each has an array; as lists where rows have different lengths."""
    if all(is_by_class(part) for part in parts):
        return [np.concatenate(of_class) for of_class in zip(*parts, strict=True)]
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    is_uneven = len(arrays) < len(parts) or len({part.shape[1:] for part in arrays}) > 1
    if arrays and is_uneven:
        # One row of two names is an array, and so is one of three: beside each other they are none.
        parts = [part.tolist() if isinstance(part, np.ndarray) else part for part in parts]
    return concatenate(parts)


def require_rows(raw: Any, rows: int) -> None:  # noqa: ANN401 - whatever a model returns
    """Raises UserError unless there is one answer for each row."""
    answers = next(iter(raw.values()), None) if isinstance(raw, dict) else raw[0] if is_by_class(raw) else raw
    try:
        given = len(answers)
    except TypeError as error:
        raise UserError(
            "answers-unreadable",
            f"The model answers {rows} rows with one {type(answers).__name__}.",
            "Let it answer with one array, list or table, with an entry for each row.",
        ) from error
    if given != rows:
        raise UserError(
            "answers-other-rows",
            f"The model gives {given} answers for {rows} rows.",
            "Let it give one answer for each row, in their order; `.squeeze()` loses the axis of a single row.",
        )


def is_even(part: list[Any]) -> bool:
    """Whether a list makes an array as it is: lists of different lengths, or of objects, make none."""
    return not any(isinstance(one, dict) for one in part) and len({np.shape(one) for one in part}) <= 1


def hide_values(text: str, inputs: Inputs) -> str:
    """What a model's code says, without the held-out texts that it may quote: everybody can read the log of a job."""
    tables = inputs.values() if isinstance(inputs, dict) else [inputs] if isinstance(inputs, np.ndarray) else []
    columns = [*tables, *(inputs[name] for name in getattr(inputs, "columns", []))]
    held = {str(cell) for column in columns if np.asarray(column).dtype.kind in "OUS" for cell in np.ravel(column)}
    quoted = re.sub(r"""(['"])(.*?)\1""", lambda found: "'…'" if found[2] in held else found[0], text)
    return quoted if len(quoted) <= MOST_TOLD else f"{quoted[:MOST_TOLD]}…"


def tell(error: Exception) -> str:
    """An exception as part of a sentence, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
