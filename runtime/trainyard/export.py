"""Brings a logged PyTorch model into a form that runs without its code: TorchScript, else an exported program (pt2).

Every other model, and every model whose exported form would answer differently, stays an MLflow model (pyfunc).
"""

from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.command import say
from trainyard.errors import UserError
from trainyard.runners import PT2_FILE, TORCHSCRIPT_FILE, PackageFormat, load_runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from trainyard.inputs import Inputs
    from trainyard.models import LoggedModel

EXPORTED: tuple[PackageFormat, ...] = ("torchscript", "pt2")
ABSOLUTE_TOLERANCE = 1e-5
RELATIVE_TOLERANCE = 1e-5
# torch.export fixes a dimension of length one for good.
TRACED_ROWS = 2


def export_model(
    model: LoggedModel,
    folder: Path,
    samples: list[Inputs],
    expected: list[Any],
    wanted: PackageFormat | Literal["auto"] = "auto",
) -> PackageFormat:
    """Writes the model into `folder`, in the best form that answers `samples` as `expected`, and names the form.

    The numbers may differ by 1e-5, absolutely or relatively. Raises UserError when the form wanted is not possible.
    """
    for package_format, write in list_exports(model, samples):
        if wanted not in {"auto", package_format}:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with warnings.catch_warnings(action="ignore"):
                write(folder)
                agrees = answers_alike(load_runner(folder, package_format), samples, expected)
        except Exception as error:  # noqa: BLE001 - many models cannot be exported, for as many reasons
            say(f"{package_format}: not possible ({type(error).__name__}), trying the next form")
            agrees = False
        if agrees:
            return package_format
        shutil.rmtree(folder)
    if wanted in EXPORTED:
        raise UserError(
            "format-impossible",
            f"{model.uri} cannot be served as {wanted}, or would answer differently.",
            "Leave serving.format at auto, or set it to pyfunc.",
        )
    shutil.copytree(model.folder, folder, ignore=shutil.ignore_patterns("__pycache__", "registered_model_meta"))
    return "pyfunc"


def list_exports(
    model: LoggedModel,
    samples: list[Inputs],
) -> Iterator[tuple[PackageFormat, Callable[[Path], object]]]:
    """The forms to try, best first. None for models that are no PyTorch model of one tensor."""
    signature = model.description.signature
    flavor = model.description.flavors.get("pytorch")
    if flavor is None or signature is None or signature.only_tensor is None:
        return
    exported = model.folder / flavor["model_data"] / "model.pt2"
    if exported.is_file():
        yield "pt2", lambda folder: shutil.copy2(exported, folder / PT2_FILE)
        return
    import mlflow.pytorch  # noqa: PLC0415 - takes seconds to import
    import torch  # noqa: PLC0415

    with warnings.catch_warnings(action="ignore"):
        module = mlflow.pytorch.load_model(str(model.folder), map_location="cpu").eval()
    yield "torchscript", lambda folder: torch.jit.script(module).save(str(folder / TORCHSCRIPT_FILE))
    first = samples[0]
    array = next(iter(first.values())) if isinstance(first, dict) else np.asarray(first)
    example = torch.from_numpy(np.repeat(array[:1], TRACED_ROWS, axis=0))
    shapes = ({0: torch.export.Dim.AUTO},)
    yield (
        "pt2",
        lambda folder: torch.export.save(
            torch.export.export(module, (example,), dynamic_shapes=shapes), str(folder / PT2_FILE)
        ),
    )


def answers_alike(run: Callable[[Inputs], Any], samples: list[Inputs], expected: list[Any]) -> bool:
    """Whether a form answers every sample as the model itself does."""
    return all(
        np.allclose(run(sample), answer, atol=ABSOLUTE_TOLERANCE, rtol=RELATIVE_TOLERANCE)
        for sample, answer in zip(samples, expected, strict=True)
    )
