"""A tiny model for the agent's tests: answers 2x + 1, or misbehaves the way `behaviour.json` in its archive says."""

import contextlib
import json
import math
import os
import random
import tempfile
import threading
import time
from pathlib import Path


class Handler:
    """TorchServe handler of a model that needs no framework."""

    def initialize(self, context):
        folder = Path(context.system_properties["model_dir"])
        self.behaviour = json.loads((folder / "behaviour.json").read_text())
        if self.behaviour.get("crash"):
            raise RuntimeError("this model cannot be loaded")
        if self.behaviour.get("hang"):
            threading.Event().wait()
        self.weights = b"1" * self.behaviour.get("loadBytes", 0)
        self.chance = random.SystemRandom()
        self.count = start_capture(self.behaviour.get("capture", True))
        self.log = open_log()

    def handle(self, batch, context):
        bodies = [row.get("body", row.get("data")) for row in batch]
        time.sleep(self.behaviour.get("delayMs", 0) / 1000)
        if self.chance.random() < self.behaviour.get("failShare", 0):
            raise RuntimeError("this model fails on purpose")
        offset = self.behaviour.get("offset", 1)
        answers = []
        for index, body in enumerate(bodies):
            values = body["inputs"]
            answers.append({"predictions": [2 * value + offset for value in values]})
            headers = {name.lower(): value for name, value in context.get_all_request_header(index).items()}
            self.count(values, "x-trainyard-copy" in headers)
            # A prediction is worth more than its count, also on a full disk.
            with contextlib.suppress(OSError):
                self.log.write(f"{headers.get('x-request-id', '')}\t{now()}\t{2 * values[0] + offset!r}\t-1\n")
        return answers


def open_log():
    """The log of single predictions, as the real handler writes it."""
    folder = os.environ.get("TRAINYARD_CAPTURE_DIR") or tempfile.gettempdir()
    return (Path(folder) / f"predictions-{os.getpid()}.log").open("a", buffering=1)


def start_capture(enabled):
    """Cumulative counts in two bins (x <= 0.5, x > 0.5), as the real handler writes them; gives what counts a value."""
    folder = os.environ.get("TRAINYARD_CAPTURE_DIR")
    if not enabled or not folder:
        return lambda _values, _is_copy: None
    file = Path(folder) / f"{os.getpid()}-{time.time_ns()}.json"
    lock = threading.Lock()
    totals = {"n": 0, "invalid": 0, "invalidAnswers": 0, "invalidCopies": 0, "counts": [0, 0]}
    started = now()

    def add(values, is_copy):
        with lock:
            totals["invalidCopies" if is_copy else "invalidAnswers"] += any(math.isnan(value) for value in values)
            for value in values:
                totals["n"] += 1
                if math.isnan(value):
                    totals["invalid"] += 1
                else:
                    totals["counts"][int(value > 0.5)] += 1

    def write():
        with lock:
            counts = list(totals["counts"])
            snapshot = {
                "schema": "trainyard.capture/1",
                "model": os.environ.get("TRAINYARD_MODEL", "doubler"),
                "version": os.environ.get("TRAINYARD_VERSION", "0"),
                "worker": file.stem,
                "startedAt": started,
                "at": now(),
                "n": totals["n"],
                "invalid": totals["invalid"],
                "invalidAnswers": totals["invalidAnswers"],
                "invalidCopies": totals["invalidCopies"],
                "refused": 0,
                "features": {"x": {"counts": counts, "missing": 0, "below": 0, "above": 0, "unseen": 0}},
                "prediction": {"counts": counts},
            }
        temporary = file.with_suffix(".tmp")
        temporary.write_text(json.dumps(snapshot))
        temporary.replace(file)

    def run():
        while True:
            time.sleep(float(os.environ.get("TRAINYARD_CAPTURE_SECONDS", "5")))
            with contextlib.suppress(OSError):
                write()

    threading.Thread(target=run, daemon=True).start()
    return add


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
