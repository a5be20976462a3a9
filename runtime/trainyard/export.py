"""Brings a logged PyTorch model into a form that runs without its code: TorchScript, else an exported program (pt2).

Every other model, and every model whose exported form would answer differently, stays an MLflow model (pyfunc).
"""

from __future__ import annotations

import os
import shutil
import stat
import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from trainyard.boxed_model import BoxedModel, ModelError
from trainyard.command import say
from trainyard.errors import UserError
from trainyard.files import NOT_THE_MODEL
from trainyard.runners import PT2_FILE, TORCHSCRIPT_FILE, PackageFormat
from trainyard.signature import read_model_description

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.exactness import Exactness
    from trainyard.inputs import Inputs
    from trainyard.models import LoggedModel

EXPORTED: tuple[PackageFormat, ...] = ("torchscript", "pt2")
# torch.export fixes a dimension of length one for good.
TRACED_ROWS = 2
# A length that a signature leaves open.
ANY = -1


def export_model(
    model: LoggedModel,
    box: BoxedModel,
    folder: Path,
    exactness: Exactness,
    wanted: PackageFormat | Literal["auto"] = "auto",
) -> PackageFormat:
    """Writes the model into `folder`, in the best form that answers as the model itself does, and names the form.

    The numbers may differ by what the model's own were seen to. Raises UserError when the form wanted is not possible.
    """
    for package_format in list_forms(model):
        if wanted not in {"auto", package_format}:
            continue
        try:
            fetch_export(model, box, package_format, exactness.samples[0], folder)
            agrees = exactness.admits(package_format)
        except ModelError as error:
            say(f"{package_format}: not possible ({str(error).partition(':')[0]}), trying the next form")
            agrees = False
        if agrees:
            return package_format
        shutil.rmtree(folder, ignore_errors=True)
    if wanted in EXPORTED:
        raise UserError(
            "format-impossible",
            f"{model.uri} cannot be served as {wanted}, or would answer differently.",
            "Leave serving.format at auto, or set it to pyfunc.",
        )
    shutil.copytree(model.folder, folder, ignore=shutil.ignore_patterns(*NOT_THE_MODEL))
    return "pyfunc"


def list_forms(model: LoggedModel) -> tuple[PackageFormat, ...]:
    """The forms to try, best first. None for models that are no PyTorch model of one tensor."""
    signature = model.description.signature
    flavor = model.description.flavors.get("pytorch")
    if flavor is None or signature is None or signature.only_tensor is None:
        return ()
    return ("pt2",) if (model.folder / flavor["model_data"] / PT2_FILE).is_file() else EXPORTED


def fetch_export(
    model: LoggedModel, box: BoxedModel, package_format: PackageFormat, sample: Inputs, folder: Path
) -> None:
    """Lets the box write the form, and takes the one file of it: from then on, the box can only read it."""
    name = TORCHSCRIPT_FILE if package_format == "torchscript" else PT2_FILE
    box.ask("export", package_format, str(model.folder), str(box.out / name), sample)
    shown = box.files / package_format
    for target in (folder, shown):
        target.mkdir(parents=True, exist_ok=True)
    copy_plain_file(box.out / name, folder / name)
    shutil.copyfile(folder / name, shown / name)


def copy_plain_file(source: Path, target: Path) -> None:
    """Copies a file that the model's code has written. Raises UserError when it is a link, or no file."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ModelError(f"OSError: {error}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ModelError("OSError: what was exported is no file")
        with open(descriptor, "rb", closefd=False) as file, target.open("wb") as copy:
            shutil.copyfileobj(file, copy)
    finally:
        os.close(descriptor)


def write_export(package_format: str, model: Path, target: Path, sample: Inputs) -> None:
    """Writes the form. Runs the model's code: only the worker in the box calls it.

    Raises what PyTorch raises when the form is not possible, as when it would take one length only of an axis that the
    signature leaves open.
    """
    import mlflow.pytorch  # noqa: PLC0415 - takes seconds to import
    import torch  # noqa: PLC0415

    description = read_model_description(model)
    exported = model / description.flavors["pytorch"]["model_data"] / PT2_FILE
    if exported.is_file():
        shutil.copyfile(exported, target)
        return
    with warnings.catch_warnings(action="ignore"):
        module = mlflow.pytorch.load_model(str(model), map_location="cpu").eval()
        if package_format == "torchscript":
            torch.jit.script(module).save(str(target))
            return
        array = next(iter(sample.values())) if isinstance(sample, dict) else np.asarray(sample)
        example = torch.from_numpy(np.repeat(array[:1], TRACED_ROWS, axis=0))
        spec = description.signature.only_tensor if description.signature is not None else None
        open_axes = [axis for axis, length in enumerate(spec.shape) if axis > 0 and length == ANY] if spec else []
        # What the signature leaves open must stay so: a program that takes the sample's length only is not written.
        lengths = {0: torch.export.Dim.AUTO, **dict.fromkeys(open_axes, torch.export.Dim.DYNAMIC)}
        torch.export.save(torch.export.export(module, (example,), dynamic_shapes=(lengths,)), str(target))
