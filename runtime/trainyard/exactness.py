"""How exact a model's answers to the golden examples are, by form and device: measured when its package is built.

Each form is asked for the rows alone and together, by one thread and by several; a network of one tensor also in double
precision, which says how far any order of its sums may be from the true answer. What is seen is what is allowed, times
a safety factor (tolerances.py).
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

from trainyard.agreement import agree
from trainyard.boxed_model import BoxedModel, ModelError
from trainyard.command import say
from trainyard.export import list_forms
from trainyard.inputs import Inputs, concatenate
from trainyard.models import join_answers
from trainyard.runners import CPU
from trainyard.scoring import to_json
from trainyard.tolerances import make_tolerance, make_unmeasured, measure_scale, measure_spread, name_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainyard.interpretation import Interpretation
    from trainyard.models import LoggedModel
    from trainyard.runners import PackageFormat

GOLDEN_SCHEMA = "trainyard.golden/1"
# Rows that are asked together, and all of them: other sizes take other ways through the same sums.
SIZES = (1, 2, 8)
MOST_THREADS = 8
GPU = "cuda"


def tell_classes(interpretation: Interpretation) -> dict[str, Any]:
    """How scores say the class: by the largest of a row, or by the side of a boundary that a single one is on."""
    if interpretation.prediction is not None or interpretation.columns:
        return {}
    if interpretation.kind == "probability":
        return {"boundary": 0.0 if interpretation.scale == "logits" else 0.5}
    return {"ranked": True} if interpretation.kind == "scores" else {}


class Exactness:
    """What was seen of a model's answers to `samples`.

    `answers` are its own, to each alone; `classes` is how they say the class (`tell_classes`).
    """

    def __init__(self, box: BoxedModel, samples: list[Inputs], answers: list[Any], classes: dict[str, Any]) -> None:
        self.samples = samples
        self._box = box
        self._answers = answers
        self._classes = classes
        self._expected = [to_json(answer) for answer in answers]
        self._scale = measure_scale(self._expected)
        self._form = name_form(answers[0])
        self._spread = 0.0

    def measure_model(self, model: LoggedModel) -> None:
        """Looks at the model as it was logged, and at its answers in double precision where it can give them."""
        self._spread = self._look(lambda samples, threads: self._box.ask("predict_each", samples, threads))
        if not list_forms(model):
            return
        try:
            exact = self._box.ask("run_in_double", str(model.folder), self.samples)
        except ModelError as error:
            say(f"no answers in double precision ({str(error).partition(':')[0]})")
            return
        seen = measure_spread([to_json(one) for one in exact], self._expected, self._scale)
        if math.isfinite(seen):
            self._spread = max(self._spread, seen)

    def admits(self, package_format: PackageFormat) -> bool:
        """Whether a form answers each row as the model itself does. Raises ModelError where it does not answer."""
        given = self._box.ask("run_exported", self._place(package_format), package_format, self.samples)
        tolerances = {**self._tolerate(self._spread), **self._classes}
        return isinstance(given, list) and agree([to_json(one) for one in given], self._expected, tolerances)

    def write_golden(self, examples: list[dict[str, Any]], package_format: PackageFormat, gpu: str) -> dict[str, Any]:
        """The golden document: the examples, and what is allowed on each device of this machine and on any other."""
        measured = self._measure_devices(package_format, gpu)
        elsewhere = make_unmeasured(self._scale, self._tolerate(0.0)["numberForm"])
        for one in measured:
            say(f"golden examples on {one['device']} ({one['numberForm']}): within {one['relativeTolerance']:.1e}")
        first = measured[0] if measured else elsewhere
        return {
            "schema": GOLDEN_SCHEMA,
            # What an agent goes by that knows of no devices.
            "absoluteTolerance": first["absoluteTolerance"],
            "relativeTolerance": first["relativeTolerance"],
            "measured": measured,
            "elsewhere": elsewhere,
            **self._classes,
            "examples": examples,
        }

    def _measure_devices(self, package_format: PackageFormat, gpu: str) -> list[dict[str, Any]]:
        gpu_form = self._box.ask("name_arithmetic")
        if package_format == "pyfunc":
            # It calculates where it likes. With a GPU at hand that hosts will not give it, nothing is known of them.
            if gpu_form is not None and gpu == "none":
                return []
            device, used = (CPU, None) if gpu_form is None else (GPU, gpu_form)
            return [{"device": device, **self._tolerate(self._spread, used)}]
        devices = [(CPU, None), *([(GPU, gpu_form)] if gpu_form is not None and gpu == "all" else [])]
        place = self._place(package_format)
        measured = []
        for device, used in devices:
            spread = self._look(
                lambda samples, threads, device=device: self._box.ask(
                    "run_exported", place, package_format, samples, device, threads
                )
            )
            measured.append({"device": device, **self._tolerate(max(self._spread, spread), used)})
        return measured

    def _look(self, ask: Callable[[list[Inputs], int], Any]) -> float:
        """The largest spread of all batches; of the rows each alone where what is asked fails on several at once."""
        batches = self._make_batches()
        try:
            return self._look_at(ask, batches)
        except ModelError as error:
            say(f"golden examples can't be asked together ({str(error).partition(':')[0]})")
            return self._look_at(ask, [batch for batch in batches if len(batch) == 1])

    def _look_at(self, ask: Callable[[list[Inputs], int], Any], batches: list[list[int]]) -> float:
        samples = [concatenate([self.samples[place] for place in batch]) for batch in batches]
        expected = [to_json(join_answers([self._answers[place] for place in batch])) for batch in batches]
        spreads: list[float] = []
        for threads in (1, min(MOST_THREADS, max(2, os.cpu_count() or 1))):
            given = ask(samples, threads)
            if not isinstance(given, list) or len(given) != len(batches):
                raise ModelError("there is not one answer for each batch")
            pairs = zip(given, expected, strict=True)
            spreads += [measure_spread(to_json(one), other, self._scale) for one, other in pairs]
        # What gets another label than alone says nothing of numbers.
        seen = [spread for spread in spreads if math.isfinite(spread)]
        if len(seen) < len(spreads):
            say(f"{len(spreads) - len(seen)} of {len(spreads)} batches of golden examples get other labels than alone")
        return max(seen, default=0.0)

    def _make_batches(self) -> list[list[int]]:
        """Places of rows that can be asked together; of rows that differ in shape, each alone."""
        places = list(range(len(self.samples)))
        sizes = sorted({*SIZES, len(places)})
        batches = [places[start : start + size] for size in sizes for start in range(0, len(places), size)]
        return [batch for batch in batches if self._go_together(batch)]

    def _go_together(self, batch: list[int]) -> bool:
        try:
            concatenate([self.samples[place] for place in batch])
        except ValueError:
            return False
        return True

    def _place(self, package_format: PackageFormat) -> str:
        return str(self._box.files / package_format)

    def _tolerate(self, spread: float, used: str | None = None) -> dict[str, Any]:
        return make_tolerance(spread, self._scale, self._form, used)
