"""Ends what takes too long."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def end_in_time(end: Callable[[], object], seconds: float) -> Iterator[Callable[[], bool]]:
    """Calls `end` after so long, unless the block is left before; gives whether it has come to that."""
    ended = False

    def end_now() -> None:
        nonlocal ended
        ended = True
        end()

    timer = Timer(seconds, end_now)
    timer.daemon = True
    timer.start()
    try:
        yield lambda: ended
    finally:
        timer.cancel()
        timer.join()
