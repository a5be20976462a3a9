"""How the model's process calculates: by how many threads, in what number form. Only the worker in the box uses it."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.runners import CPU, PT2_FILE, load_program
from trainyard.signature import read_model_description

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trainyard.inputs import Inputs


@contextmanager
def limit_threads(count: int) -> Iterator[None]:
    """Lets PyTorch, and where threadpoolctl is there, BLAS and OpenMP use that many threads meanwhile."""
    torch = sys.modules.get("torch")
    before = None if torch is None else torch.get_num_threads()
    with ExitStack() as limits:
        if find_spec("threadpoolctl") is not None:
            from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with scikit-learn

            limits.enter_context(threadpool_limits(count))
        try:
            if torch is not None:
                torch.set_num_threads(count)
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(before)


def run_in_double(model: Path, samples: list[Inputs]) -> list[Any]:
    """What a logged network of one tensor answers in double precision. Raises what PyTorch raises when it can't."""
    import mlflow.pytorch  # noqa: PLC0415 - takes seconds to import
    import torch  # noqa: PLC0415

    exported = model / read_model_description(model).flavors["pytorch"]["model_data"] / PT2_FILE
    if exported.is_file():
        module = load_program(exported, CPU)
    else:
        module = mlflow.pytorch.load_model(str(model), map_location=CPU).eval()
    module = module.double()
    answers = []
    for sample in samples:
        array = next(iter(sample.values())) if isinstance(sample, dict) else np.asarray(sample)
        wide = array.astype(np.float64) if array.dtype.kind == "f" else np.ascontiguousarray(array)
        with torch.inference_mode():
            answers.append(module(torch.from_numpy(wide)).numpy())
    return answers


def name_gpu_form() -> str | None:
    """The coarsest form that PyTorch multiplies single precision in on a GPU, by its settings; None without a GPU.

    What has not loaded PyTorch uses no GPU through it.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    is_short = torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32
    return "tf32" if is_short else "float32"
