"""Times batches of a package's golden examples, size by size, until all are timed or there is no sense in going on."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard import array_file
from trainyard.agreement import agree
from trainyard.command import say
from trainyard.messages import JSON_TYPE, OK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trainyard.signature import TensorSpec

WARM_UPS = 5
# A slow size ends with this part of the time that is left, so that the next ones have some.
SHARE_OF_TIME = 1 / 3
# Characters of what a model raised.
LONGEST = 250
# How libraries call it in what they raise: MemoryError, torch.OutOfMemoryError, "can't allocate memory", XLA's status.
MEMORY_WORDS = ("memory", "resource_exhausted")

# Bodies of requests, one for each example, and their content type.
Written = tuple[list[bytes], str]
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
    """Why no larger size is measured."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(why, message)
        self.why = why
        self.message = message

    def to_json(self, size: int) -> dict[str, Any]:
        """As it is told of the size at which the search ended."""
        return {"at": size, "why": self.why, "message": self.message}


class Search:
    """Times one size after the other. `ask` answers as `ask_batch` of model_worker.py does, or raises SearchEnd.

    Where the model takes one tensor, that is timed as bytes: reading it as JSON would be most of the time.
    """

    def __init__(
        self,
        ask: Callable[[list[bytes], str], Any],
        golden: dict[str, Any],
        plan: Plan,
        tensor: TensorSpec | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._ask = ask
        self._golden = golden
        self._plan = plan
        self._clock = clock
        requests = [example["inputs"] for example in golden["examples"]]
        checked = [json.dumps(request).encode() for request in requests]
        self._checked = (checked, JSON_TYPE)
        self._timed = self._checked if tensor is None else (write_arrays(requests, tensor), array_file.CONTENT_TYPE)
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
                return {"sizes": sizes, "ended": end.to_json(size)}
            size *= 2
        return {"sizes": sizes}

    def _time_size(self, size: int) -> list[float]:
        """Milliseconds of whole batches of one size. Raises SearchEnd where it can't be measured."""
        batches = self._make_batches(size)
        # Each alone is what measure.py has looked at.
        checks = WARM_UPS if size == 1 else max(WARM_UPS, math.ceil(len(self._golden["examples"]) / size))
        for batch in islice(batches, checks):
            self._check(batch, self._answer(batch, self._checked))
        self._check(batch, self._answer(batch, self._timed))
        started = self._clock()
        share = started + SHARE_OF_TIME * (self._started + self._plan.seconds - started)
        times: list[float] = []
        while len(times) < self._plan.batches and (len(times) < self._plan.fewest or self._clock() < share):
            batch = next(batches)
            begun = self._clock()
            self._answer(batch, self._timed)
            times.append((self._clock() - begun) * 1000)
        return times

    def _make_batches(self, size: int) -> Iterator[list[int]]:
        """Examples by their places, all in turn and then again."""
        places = cycle(range(len(self._golden["examples"])))
        while True:
            yield list(islice(places, size))

    def _answer(self, batch: list[int], written: Written) -> Any:  # noqa: ANN401 - of the model's process
        """Status and body of each. Raises SearchEnd where they were not answered together."""
        if self._clock() - self._started >= self._plan.seconds:
            raise self._tell_time(len(batch))
        bodies, content_type = written
        said = self._ask([bodies[place] for place in batch], content_type)
        if not isinstance(said, list) or len(said) != 3:  # noqa: PLR2004 - what ask_batch gives
            raise SearchEnd("failed", f"What came from the model's process for a batch of {len(batch)} is no answer.")
        calls, raised, answers = said
        if raised is not None:
            raise tell_failure(len(batch), str(raised), MEMORY_WORDS)
        if calls == 0:
            raise SearchEnd("failed", f"A batch of {len(batch)} was refused before the model was asked.")
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
                "differs",
                f"In a batch of {len(batch)} the model answers otherwise than to each request alone."
                if len(batch) > 1
                else "The model does not answer as its golden examples have it, on the device that it is measured on.",
            )

    def _require_way_to_go(self, size: int, times: list[float]) -> None:
        median = float(np.median(times))
        if self._plan.limit_ms is not None and median > self._plan.limit_ms:
            raise SearchEnd(
                "limit",
                f"Batches of more than {size} were not measured: one of {size} takes {median:.1f} ms in the median, "
                f"and the rules leave {self._plan.limit_ms:g} ms beside the wait.",
            )

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


def write_arrays(requests: list[dict[str, Any]], tensor: TensorSpec) -> list[bytes]:
    """Requests for a model of one tensor as NumPy's files, each as its JSON is read."""
    return [array_file.write_array_file(np.asarray(request["inputs"], dtype=tensor.dtype)) for request in requests]


def tell_failure(size: int, raised: str, memory_words: Sequence[str]) -> SearchEnd:
    """The end of the search by a model that fails with a batch: for want of memory, or for another reason.

    What it raised may quote rows of the holdout: of that the package is told the name, and the log the rest.
    """
    say(f"batches of {size}: {raised[:LONGEST]}")
    named = re.match(r"[\w.-]{1,100}(?=:|$)", raised)
    kind = "it raised" if named is None else named.group()
    if any(word.lower() in raised.lower() for word in memory_words):
        return SearchEnd("memory", f"Memory was not enough for a batch of {size} ({kind}).")
    return SearchEnd("failed", f"The model fails with a batch of {size} ({kind}); the log of the job says more.")
