"""What leaves a serving process: counts, and one log line per prediction. Inputs never do.

The counts are a cumulative snapshot, rewritten every few seconds; the log has each prediction's id, time, answer and
confidence bin, for labels that arrive later.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainyard.counters import Counters
from trainyard.files import write_json
from trainyard.prediction_log import PredictionLog, format_time

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.inputs import Inputs
    from trainyard.interpretation import Outcome
    from trainyard.messages import Request

CAPTURE_SCHEMA = "trainyard.capture/1"
DEFAULT_SECONDS = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CaptureIdentity:
    """Who counts: model, version and worker."""

    model: str
    version: str
    worker: str


class Capture:
    """Counters and log of one worker process, written to its folder every few seconds while there is something new."""

    def __init__(self, folder: Path, identity: CaptureIdentity, profile: dict[str, Any], seconds: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._identity = identity
        self._started = time.time()
        self._snapshot_file = folder / f"{os.getpid()}-{int(self._started * 1000)}.json"
        self._counters = Counters(profile)
        self._log = PredictionLog(folder / f"predictions-{os.getpid()}.log")
        self._lock = threading.Lock()
        self._dirty = True
        self._stopped = threading.Event()
        self._writer = threading.Thread(target=self._write_regularly, args=(seconds,), name="capture", daemon=True)

    def start(self) -> None:
        """Writes the first, empty snapshot and starts the writer."""
        self.flush()
        self._writer.start()

    def stop(self) -> None:
        """Stops the writer and writes what is left."""
        self._stopped.set()
        self.flush()

    def record(self, request: Request, inputs: Inputs, outcome: Outcome, answers: list[str]) -> None:
        """Counts the rows of an answered request. A row's id is the request's, with `:<row>` when there are several."""
        with self._lock:
            bins = self._counters.count(inputs, outcome, is_copy=request.is_copy).tolist()
            ids = [request.id] if len(answers) == 1 else [f"{request.id}:{row}" for row in range(len(answers))]
            self._log.append(list(zip(ids, answers, bins, strict=True)))
            self._dirty = True

    def record_unreadable(self, request: Request, rows: int) -> None:
        """Counts the rows of a request that was answered with something that is no answer of this model's."""
        with self._lock:
            self._counters.count_unreadable(rows, is_copy=request.is_copy)
            self._dirty = True

    def record_refused(self, requests: int) -> None:
        """Counts requests that were refused. They are in no other count: the client may have written them wrongly."""
        if requests == 0:
            return
        with self._lock:
            self._counters.refused += requests
            self._dirty = True

    def flush(self) -> None:
        """Writes the snapshot and the log if anything was counted since the last time."""
        with self._lock:
            if not self._dirty:
                return
            self._dirty = False
            self._log.flush()
            snapshot = self._counters.take_snapshot()
        identity = self._identity
        write_json(
            self._snapshot_file,
            {
                "schema": CAPTURE_SCHEMA,
                "model": identity.model,
                "version": identity.version,
                "worker": identity.worker,
                "startedAt": format_time(self._started),
                "at": format_time(time.time()),
                **snapshot,
            },
        )

    def _write_regularly(self, seconds: float) -> None:
        while not self._stopped.wait(seconds):
            self._try_to_flush()

    def _try_to_flush(self) -> None:
        try:
            self.flush()
        except OSError:
            self._dirty = True
            logger.exception("counts could not be written; they will be with the next ones")
