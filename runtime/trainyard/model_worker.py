"""Runs a model's own code, and answers our process through pipes: the only program of ours that shares its process.

    python -I start.py model_worker mlflow.pyfunc

Arguments are modules to import before the model is there. Requests come on standard input, answers go to standard
output, which the model's code no longer has: what it prints goes to standard error.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainyard.wire import encode, read_request, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable


class Worker:
    """What our process may ask for, each by its name."""

    def __init__(self) -> None:
        self._predict: Callable[[Any], Any] | None = None
        self._model: Any = None
        self._service: Any = None
        self._attributor: Any = None
        self._watched: Any = None

    def load(self, folder: str) -> None:
        """Loads the model as MLflow does."""
        from trainyard.runners import load_pyfunc  # noqa: PLC0415 - an exported model does without

        self._model = load_pyfunc(Path(folder))
        self._predict = self._model.predict

    def predict(self, inputs: Any) -> Any:  # noqa: ANN401 - whatever a model takes and returns
        """The model's raw answer."""
        if self._predict is None:
            raise RuntimeError("no model is loaded")
        return self._predict(inputs)

    def predict_each(self, samples: list[Any], threads: int) -> list[Any]:
        """The model's raw answers, by that many threads."""
        from trainyard.arithmetic import limit_threads  # noqa: PLC0415 - needed by packages only

        with limit_threads(threads):
            return [self.predict(sample) for sample in samples]

    def run_in_double(self, model: str, samples: list[Any]) -> list[Any]:
        """The raw answers of a logged network in double precision."""
        from trainyard.arithmetic import run_in_double  # noqa: PLC0415 - needed by packages only

        return run_in_double(Path(model), samples)

    def name_arithmetic(self) -> str | None:
        """The form that a GPU would multiply in; None where the model's code has none at hand."""
        from trainyard.arithmetic import name_gpu_form  # noqa: PLC0415 - needed by packages only

        return name_gpu_form()

    def describe(self) -> dict[str, Any]:
        """What the model says of its answers: scikit-learn's `classes_`, and whether it predicts numbers."""
        raw = self._model.get_raw_model()
        classes = getattr(raw, "classes_", None)
        listed = None if classes is None else list(classes)
        flat = listed is not None and all(not hasattr(one, "__len__") or isinstance(one, str) for one in listed)
        sklearn = sys.modules.get("sklearn.base")
        return {
            "classes": [getattr(one, "item", lambda one=one: one)() for one in listed] if flat else None,
            "isRegressor": sklearn is not None and classes is None and bool(sklearn.is_regressor(raw)),
        }

    def choose_attribution(self, asked: str) -> dict[str, str]:
        """By what method the model's inside can be looked at, or why it can't be."""
        from trainyard.explain.attribution import Attributor  # noqa: PLC0415 - where explanations are asked for

        self._attributor = Attributor(self._model.get_raw_model())
        return self._attributor.choose(asked)

    def attribute(self, method: str, rows: Any, reference: Any) -> Any:  # noqa: ANN401 - whatever a model takes
        """What each value of each row adds to the model's answer, by the method that was chosen."""
        return self._attributor.attribute(method, rows, reference)

    def export(self, package_format: str, model: str, target: str, sample: Any) -> None:  # noqa: ANN401
        """Writes the model in a form that runs without its code."""
        from trainyard.export import write_export  # noqa: PLC0415 - needed by packages only

        write_export(package_format, Path(model), Path(target), sample)

    def run_exported(
        self, payload: str, package_format: str, samples: list[Any], device: str = "cpu", threads: int | None = None
    ) -> list[Any]:
        """The exported form's raw answers, by that many threads where it is said."""
        from trainyard.arithmetic import limit_threads  # noqa: PLC0415 - needed by packages only
        from trainyard.runners import load_runner  # noqa: PLC0415

        run = load_runner(Path(payload), package_format, device)
        with nullcontext() if threads is None else limit_threads(threads):
            return [run(sample) for sample in samples]

    def serve(self, folder: str) -> None:
        """Opens the handler of an unpacked archive."""
        from trainyard.service import open_service  # noqa: PLC0415 - needed for measuring only

        self._service = open_service(Path(folder), environment={})

    def ask(self, body: bytes) -> list[Any]:
        """Status and body of the handler's answer to a request."""
        from trainyard.messages import Request  # noqa: PLC0415

        (answer,) = self._service.answer([Request("measure", body)])
        return [answer.status, answer.body]

    def name_gpu(self) -> str | None:
        """The first GPU that PyTorch finds; None without one."""
        if find_spec("torch") is None:
            return None
        import torch  # noqa: PLC0415 - takes seconds to import

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None

    def serve_batches(self, folder: str, device: str) -> None:
        """Opens the handler of an unpacked archive, and looks at how it asks the model."""
        from trainyard.watched import open_watched  # noqa: PLC0415 - needed for measuring only

        self._service, self._watched = open_watched(Path(folder), device)

    def ask_batch(self, bodies: list[bytes], content_type: str) -> list[Any]:
        """How often the model was asked for a batch of requests, what it raised last, and status and body of each."""
        from trainyard.messages import Request  # noqa: PLC0415

        self._watched.forget()
        headers = {"content-type": content_type}
        answers = self._service.answer([Request("measure", body, headers=headers) for body in bodies])
        told = [[answer.status, answer.body] for answer in answers]
        return [self._watched.calls, self._watched.raised, told]


def main(modules: list[str]) -> int:
    """Answers until nothing more is asked."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    for module in modules:
        with suppress(ImportError):
            importlib.import_module(module)
    worker = Worker()
    while (request := read_request(requests)) is not None:
        name, arguments = request
        try:
            answer = encode({"value": getattr(worker, name)(*arguments)})
        except BaseException as error:  # noqa: BLE001 - the model's code may raise anything, an exit too
            answer = encode({"error": f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"})
        write_frame(answers, answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
