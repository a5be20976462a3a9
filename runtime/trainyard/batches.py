"""Times batches of a built package's golden examples, as TorchServe's worker would answer them: of 1, 2, 4, 8, ….

    python -I start.py batches --package-dir package --out batches.json --largest 64 --seconds 180 --batches 236 \
        --fewest 59

The handler and the model run in a box; times are taken here, the way to the box and back included. What is timed are
batches that the model answers together, each example as it is answered alone. What is chosen of these times stands in
core/serving/batching/choose-batch-size.ts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.agreement import agree
from trainyard.boxed_model import BoxedModel, ModelError, add_box_option, end_in_time, open_box
from trainyard.command import run_command, say
from trainyard.errors import UserError
from trainyard.files import write_json
from trainyard.measure import open_package
from trainyard.messages import OK
from trainyard.package import GOLDEN_FILE
from trainyard.runners import CPU

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

GPU = "cuda:0"
WARM_UPS = 5
# A slow size ends with this part of the time that is left, so that the next ones have some.
SHARE_OF_TIME = 1 / 3
# Characters of what a model raised, and of a processor's name.
LONGEST = 250
# How libraries call it in what they raise: MemoryError, torch.OutOfMemoryError, "can't allocate memory", XLA's status.
MEMORY_WORDS = ("memory", "resource_exhausted")
# How a process ends for want of memory: by the kernel, or by the box (BoxedModel).
MEMORY_ENDS = ("SIGKILL", "limit of its box")

Why = Literal["time", "memory", "limit", "apart", "differs", "failed", "no-gpu"]


@dataclass(frozen=True)
class Plan:
    """How much is measured (BatchPlan in core/serving/batching/choose-batch-size.ts)."""

    largest: int
    seconds: float
    batches: int
    fewest: int
    limit_ms: float | None = None


class SearchEnd(Exception):  # noqa: N818 - no error: it may leave what was measured before
    """Why neither this size nor a larger one is measured."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(why, message)
        self.why = why
        self.message = message


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), measure_batches, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.batches", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--package-dir", type=Path, required=True, help="folder of the package")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the result")
    parser.add_argument("--largest", type=int, required=True, help="requests of the largest batch")
    parser.add_argument("--seconds", type=float, required=True, help="what all sizes together may take")
    parser.add_argument("--batches", type=int, required=True, help="batches of each size to time")
    parser.add_argument("--fewest", type=int, required=True, help="how many have to be timed where time is short")
    parser.add_argument("--limit-ms", type=float, help="a size whose median batch takes longer is the last")
    parser.add_argument("--gpu", choices=["none", "all"], default="none", help="whether it is served on a GPU")
    add_box_option(parser)
    return parser


def measure_batches(options: argparse.Namespace) -> None:
    """Writes the times of the sizes, and why there are no more."""
    golden = json.loads((options.package_dir / GOLDEN_FILE).read_bytes())
    plan = Plan(options.largest, options.seconds, options.batches, options.fewest, options.limit_ms)
    with open_box(options.box) as box:
        gpu = name_gpu(box) if options.gpu == "all" else None
        if options.gpu == "all" and gpu is None:
            why = "It is to be served on GPUs, and PyTorch finds none on the machine that builds: nothing was measured."
            result: dict[str, Any] = {"sizes": [], "ended": {"at": 1, "why": "no-gpu", "message": why}}
        else:
            open_package(box, options.package_dir, "serve_batches", CPU if gpu is None else GPU)
            with end_in_time(box, plan.seconds) as was_ended:
                search = Search(lambda bodies: ask_box(box, bodies, was_ended), golden, plan)
                result = search.time_sizes()
    write_json(options.out, {"machine": describe_machine(gpu), **result})


def name_gpu(box: BoxedModel) -> str | None:
    """The GPU that the model would be measured on."""
    named = box.ask("name_gpu")
    return named if isinstance(named, str) else None


class Search:
    """Times one size after the other. `ask` answers as `ask_batch` of model_worker.py does, or raises SearchEnd."""

    def __init__(
        self,
        ask: Callable[[list[bytes]], Any],
        golden: dict[str, Any],
        plan: Plan,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._ask = ask
        self._golden = golden
        self._plan = plan
        self._clock = clock
        self._bodies = [json.dumps(example["inputs"]).encode() for example in golden["examples"]]
        self._started = clock()

    def time_sizes(self) -> dict[str, Any]:
        """The times of batches of each size, and at which size it ended and why, if not at the largest."""
        sizes: list[dict[str, Any]] = []
        size = 1
        while size <= self._plan.largest:
            try:
                times = self._time_size(size)
                sizes.append({"size": size, "batchMs": times})
                self._tell(size, times)
                if size < self._plan.largest:
                    self._require_way_to_go(size, times)
            except SearchEnd as end:
                say(f"batches of {size}: {end.message}")
                return {"sizes": sizes, "ended": {"at": size, "why": end.why, "message": end.message}}
            size *= 2
        return {"sizes": sizes}

    def _time_size(self, size: int) -> list[float]:
        """Milliseconds of whole batches of one size. Raises SearchEnd where it can't be measured."""
        batches = self._make_batches(size)
        # Each alone is what measure.py has looked at.
        checks = WARM_UPS if size == 1 else max(WARM_UPS, math.ceil(len(self._bodies) / size))
        for batch in islice(batches, checks):
            self._check(batch, self._answer(batch))
        started = self._clock()
        share = started + SHARE_OF_TIME * (self._started + self._plan.seconds - started)
        times: list[float] = []
        while len(times) < self._plan.batches and (len(times) < self._plan.fewest or self._clock() < share):
            batch = next(batches)
            begun = self._clock()
            self._answer(batch)
            times.append((self._clock() - begun) * 1000)
        return times

    def _make_batches(self, size: int) -> Iterator[list[int]]:
        """Examples by their places, all in turn and then again."""
        places = cycle(range(len(self._bodies)))
        while True:
            yield list(islice(places, size))

    def _answer(self, batch: list[int]) -> Any:  # noqa: ANN401 - of the model's process
        """Status and body of each. Raises SearchEnd where they were not answered together."""
        if self._clock() - self._started >= self._plan.seconds:
            raise self._tell_time(len(batch))
        said = self._ask([self._bodies[place] for place in batch])
        if not isinstance(said, list) or len(said) != 3:  # noqa: PLR2004 - what ask_batch gives
            raise SearchEnd("failed", f"What came from the model's process for a batch of {len(batch)} is no answer.")
        calls, raised, answers = said
        if raised is not None:
            raise tell_failure(len(batch), str(raised))
        if calls != 1:
            raise SearchEnd(
                "apart",
                f"A batch of {len(batch)} can't be answered together: its requests differ in shape, or the model does "
                "not answer row by row.",
            )
        return answers

    def _check(self, batch: list[int], answers: Any) -> None:  # noqa: ANN401 - of the model's process
        expected = [self._golden["examples"][place]["predictions"] for place in batch]
        given = read_predictions(answers)
        if given is None or not agree(given, expected, self._golden):
            raise SearchEnd(
                "differs", f"In a batch of {len(batch)} the model answers otherwise than to each request alone."
            )

    def _require_way_to_go(self, size: int, times: list[float]) -> None:
        median = float(np.median(times))
        if self._plan.limit_ms is not None and median > self._plan.limit_ms:
            raise SearchEnd("limit", f"Batches of more than {size} were not measured: one of {size} is too slow.")

    def _tell_time(self, size: int) -> SearchEnd:
        return SearchEnd("time", f"The {self._plan.seconds:g} s of the search ended at batches of {size}.")

    def _tell(self, size: int, times: list[float]) -> None:
        rate = 1000 * size * len(times) / sum(times)
        p50, p99 = np.percentile(times, [50, 99])
        spent = self._clock() - self._started
        say(
            f"batches of {size}: {rate:.0f} requests per second; {p50:.1f} ms in the median, {p99:.1f} ms in the 99th "
            f"percentile of {len(times)}; {spent:.0f} of {self._plan.seconds:g} s"
        )


def read_predictions(answers: Any) -> list[Any] | None:  # noqa: ANN401 - of the model's process
    """The predictions of all; None where one has none."""
    try:
        return [json.loads(body)["predictions"] for status, body in answers if status == OK]
    except (ValueError, TypeError, KeyError):
        return None


def ask_box(box: BoxedModel, bodies: list[bytes], was_ended: Callable[[], bool]) -> Any:  # noqa: ANN401 - the worker's
    """What the worker says of a batch. Raises SearchEnd where the model's process fails, or has ended."""
    try:
        return box.ask("ask_batch", bodies)
    except ModelError as error:
        raise tell_failure(len(bodies), str(error)) from error
    except UserError as error:
        if was_ended():
            raise SearchEnd("time", f"The time of the search ended within a batch of {len(bodies)}.") from error
        raise tell_failure(len(bodies), error.problem.message, MEMORY_ENDS) from error


def tell_failure(size: int, raised: str, memory_words: Sequence[str] = MEMORY_WORDS) -> SearchEnd:
    """The end of the search by a model that fails with a batch: for want of memory, or for another reason."""
    said = raised[:LONGEST].rstrip(".")
    if any(word.lower() in raised.lower() for word in memory_words):
        return SearchEnd("memory", f"Memory was not enough for a batch of {size}: {said}.")
    return SearchEnd("failed", f"The model fails with a batch of {size}: {said}.")


def describe_machine(gpu: str | None) -> dict[str, Any]:
    """The machine that measures, without its name."""
    found = {
        "processor": read_processor()[:LONGEST],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memoryBytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }
    return found if gpu is None else {**found, "gpu": gpu[:LONGEST]}


def read_processor() -> str:
    """What the processor is called, or of what kind it is."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next((name for name in named if name), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
