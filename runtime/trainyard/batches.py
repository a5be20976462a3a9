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
import os
import platform
import sys
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard import array_file
from trainyard.agreement import choose_tolerances
from trainyard.batch_search import MEMORY_WORDS, Plan, Search, SearchEnd, tell_failure
from trainyard.boxed_model import BoxedModel, ModelError
from trainyard.command import run_command
from trainyard.errors import UserError
from trainyard.exactness import GPU
from trainyard.files import write_json
from trainyard.package import ARCHIVE_FILE, GOLDEN_FILE
from trainyard.packed_model import UNLOADABLE, add_package_options, open_box_of, open_package
from trainyard.runners import CPU
from trainyard.settings import SETTINGS_FILE
from trainyard.signature import parse_signature
from trainyard.time_limit import end_in_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trainyard.signature import TensorSpec

FIRST_GPU = "cuda:0"
# Characters of a processor's name.
LONGEST = 250
# How a process ends for want of memory: by the kernel, or by the box (BoxedModel).
MEMORY_ENDS = ("SIGKILL", "limit of its box")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and gives its exit code."""
    return run_command(make_parser(), measure_batches, argv)


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="trainyard.batches", description=__doc__.splitlines()[0] if __doc__ else "")
    add_package_options(parser)
    parser.add_argument("--largest", type=int, required=True, help="requests of the largest batch")
    parser.add_argument("--seconds", type=float, required=True, help="what all sizes together may take")
    parser.add_argument("--batches", type=int, required=True, help="batches of each size to time")
    parser.add_argument("--fewest", type=int, required=True, help="how many have to be timed where time is short")
    parser.add_argument("--limit-ms", type=float, help="a size whose median batch takes longer is the last")
    return parser


def measure_batches(options: argparse.Namespace) -> None:
    """Writes the times of the sizes, and why there are no more."""
    golden = json.loads((options.package_dir / GOLDEN_FILE).read_bytes())
    plan = Plan(options.largest, options.seconds, options.batches, options.fewest, options.limit_ms)
    with open_box_of(options) as box:
        gpu = None
        try:
            gpu = open_on_gpu(box, options.package_dir) if options.gpu == "all" else None
            if gpu is None:
                open_package(box, options.package_dir, "serve_batches", CPU)
        except SearchEnd as end:
            result: dict[str, Any] = {"sizes": [], "ended": end.to_json(1)}
        else:
            with end_in_time(box.kill, plan.seconds) as was_ended:
                ask = partial(ask_box, box, was_ended)
                judged = {**golden, **choose_tolerances(golden, CPU if gpu is None else GPU)}
                result = Search(ask, judged, plan, read_tensor(options)).time_sizes()
    write_json(options.out, {"machine": describe_machine(gpu), **result})


def open_on_gpu(box: BoxedModel, folder: Path) -> str:
    """Loads the package on the first GPU, and names that. Raises SearchEnd where there is none, or it can't be."""
    with telling_ends(1):
        named = box.ask("name_gpu")
        if isinstance(named, str):
            open_package(box, folder, "serve_batches", FIRST_GPU)
            return named
    raise SearchEnd(
        "no-gpu", "It is to be served on GPUs, and PyTorch finds none on the machine that builds: nothing was measured."
    )


def read_tensor(options: argparse.Namespace) -> TensorSpec | None:
    """The one tensor without a name that the model takes, if it does: it is sent as bytes, as clients best do."""
    with zipfile.ZipFile(options.package_dir / ARCHIVE_FILE) as archive:
        settings = json.loads(archive.read(SETTINGS_FILE))
    signature = parse_signature(settings["signature"])
    spec = None if signature is None or settings["pictures"] is not None else signature.only_tensor
    is_in_bytes = spec is not None and spec.name is None and np.dtype(spec.dtype).kind in array_file.KINDS
    return spec if is_in_bytes else None


def ask_box(box: BoxedModel, was_ended: Callable[[], bool], bodies: list[bytes], content_type: str) -> Any:  # noqa: ANN401 - the worker's
    """What the worker says of a batch. Raises SearchEnd where the model's process fails, or has ended."""
    with telling_ends(len(bodies)):
        try:
            return box.ask("ask_batch", bodies, content_type)
        except UserError as error:
            if was_ended():
                raise SearchEnd("time", f"The time of the search ended within a batch of {len(bodies)}.") from error
            raise


@contextmanager
def telling_ends(size: int) -> Iterator[None]:
    """Raises SearchEnd for what the model's code raises, and for the end of its process."""
    try:
        yield
    except ModelError as error:
        raise tell_failure(size, str(error), MEMORY_WORDS) from error
    except UserError as error:
        words = MEMORY_WORDS if error.problem.code == UNLOADABLE else MEMORY_ENDS
        raise tell_failure(size, f"{error.problem.code}: {error.problem.message}", words) from error


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
