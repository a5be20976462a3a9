"""A packaged model whose handler is looked at: how often it asks the model for a batch, and what the model raises.

The handler answers one by one what can't be answered together. Nothing in its answers shows that; their times do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainyard.runners import load_runner
from trainyard.service import ModelService, warm_up
from trainyard.settings import PAYLOAD_FOLDER, SETTINGS_FILE, WARM_UP_FILE, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Watched:
    """A runner that counts its calls, and remembers what it raised last."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run
        self.forget()

    def forget(self) -> None:
        """Counts anew."""
        self.calls = 0
        self.raised: str | None = None

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 - whatever a model takes and returns
        """The raw answer of the model. Raises what it raises."""
        self.calls += 1
        try:
            return self._run(*arguments)
        except Exception as error:
            self.raised = f"{type(error).__name__}: {' '.join(str(error).split()).rstrip('.')}"
            raise


def open_watched(folder: Path, device: str) -> tuple[ModelService, Watched]:
    """The handler of an unpacked archive on a device, as a server opens it but without counters, and its runner."""
    settings = read_settings(folder / SETTINGS_FILE)
    watched = Watched(load_runner(folder / PAYLOAD_FOLDER, settings.format, device))
    warm_up(watched, settings, folder / WARM_UP_FILE)
    return ModelService(settings, watched, settings.version, None), watched
