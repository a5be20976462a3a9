"""Which of a host's GPUs each of the trainings at the same time may see."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LIST_SECONDS = 30


def find_gpus(variables: Mapping[str, str]) -> list[str]:
    """The GPUs that a training would see: those of CUDA_VISIBLE_DEVICES, else all that the driver lists."""
    said = variables.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [one.strip() for one in said.split(",") if one.strip() not in {"", "-1"}]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=LIST_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [str(index) for index, line in enumerate(listed.stdout.splitlines()) if line.startswith("GPU ")]


def share_gpus(gpus: list[str], jobs: int) -> list[str | None]:
    """CUDA_VISIBLE_DEVICES of each worker; nothing where nothing is to be shared out.

    With more workers than GPUs some have one together.
    """
    if not gpus or jobs == 1:
        return [None] * jobs
    if jobs >= len(gpus):
        return [gpus[index % len(gpus)] for index in range(jobs)]
    return [",".join(gpus[index::jobs]) for index in range(jobs)]
