"""Runs a command, holds it and all that it starts to their limits, and leaves nothing of it behind."""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Codes that the box ends with by itself: it could not be made, a limit was broken.
UNBOXED = 70
LIMIT_BROKEN = 71
NOT_FOUND = 127
LOOK_SECONDS = 0.5
# How long the command may take to end once it was told to: less than whoever told it waits before it ends the box.
END_GRACE_SECONDS = 8
END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def keep(spec: dict, prepare: Callable[[], None]) -> int:
    """Runs the command after `prepare`, and gives its exit code.

    What it leaves behind is taken in: the caller is the first process of a namespace, or adopts orphans.
    """
    starter = os.getppid()
    main_process = os.fork()
    if main_process == 0:
        become(spec, prepare)
    heard = {signal.SIGCHLD, *END_SIGNALS}
    signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    told, until = 0, math.inf
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == main_process:
            return exit_code(status)
        if ended != 0:
            continue
        if broken := find_broken_limit(spec["limits"], list_descendants()):
            say(broken)
            return LIMIT_BROKEN
        # Whoever started this may be gone; nobody else would end what is left.
        if time.monotonic() >= until or os.getppid() != starter:
            return 128 + (told or signal.SIGKILL)
        number = signal.sigtimedwait(heard, LOOK_SECONDS)
        if told == 0 and number is not None and number.si_signo in END_SIGNALS:
            told, until = number.si_signo, time.monotonic() + END_GRACE_SECONDS


def become(spec: dict, prepare: Callable[[], None]) -> None:
    """Turns this process into the command."""
    command = spec["command"]
    try:
        prepare()
        for number in END_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if spec["limits"]["fileBytes"] is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (spec["limits"]["fileBytes"],) * 2)
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        say(f"{command[0]} can't be started: {error}")
        os._exit(NOT_FOUND)


def end_all() -> None:
    """Ends what is left, also what is started meanwhile."""
    while remaining := list_descendants():
        for process in remaining:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def list_descendants(of: int | None = None) -> list[int]:
    """All processes below that one, or below this one, by their numbers in /proc."""
    own = own_number() if of is None else of
    parents = {number: find_parent(number) for number in list_processes()}
    found: set[int] = {own}
    while more := {number for number, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {own})


def find_readable() -> list[int]:
    """Processes beside this one that it could look into, by their numbers in /proc."""
    return [number for number in list_processes() if number != own_number() and is_readable(number)]


def is_readable(process: int) -> bool:
    """Whether what a process was started with can be read. Of one of the kernel's there is nothing to read."""
    try:
        return Path("/proc", str(process), "environ").read_bytes() != b""
    except OSError:
        return False


def own_number() -> int:
    """The number of this process in /proc, which is another than its own where that belongs to an outer namespace."""
    return int(Path("/proc/self").readlink().name)


def list_processes() -> list[int]:
    """All processes that can be seen."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def find_parent(process: int) -> int:
    """The parent of a process; 0 when it has ended."""
    try:
        # The name before it is in parentheses, and may hold anything.
        return int(Path("/proc", str(process), "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def find_broken_limit(limits: dict, processes: list[int]) -> str | None:
    """What the processes hold more of than they may."""
    if len(processes) > limits["processes"]:
        return f"ended: it runs {len(processes)} processes, and may run {limits['processes']}"
    if limits["memoryBytes"] is None:
        return None
    held = sum(map(measure_memory, processes))
    if held <= limits["memoryBytes"]:
        return None
    return f"ended: it holds {held} bytes of memory, and may hold {limits['memoryBytes']}"


def measure_memory(process: int) -> int:
    """Bytes that a process holds; of pages that it shares, its share, where that can be read."""
    folder = Path("/proc", str(process))
    try:
        for line in (folder / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return int((folder / "statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def exit_code(status: int) -> int:
    """The code of a wait status, as a shell tells it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def say(line: str) -> None:
    """One line for people."""
    print(f"box: {line}", file=sys.stderr, flush=True)
