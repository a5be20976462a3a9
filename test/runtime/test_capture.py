"""Snapshots and the prediction log of one worker."""

import json
import os
import time
from pathlib import Path

import numpy as np

from trainyard.capture import Capture, CaptureIdentity
from trainyard.contract import Contract
from trainyard.interpretation import Interpretation
from trainyard.messages import Request
from trainyard.outputs import interpret
from trainyard.prediction_log import PredictionLog
from trainyard.profile import make_profile
from trainyard.reading import Reading

CLASSES = Interpretation("scores", ("a", "b"))
IMAGES = np.random.default_rng(1).random((300, 28, 28)).astype(np.float32)
SCORES = np.random.default_rng(2).dirichlet([1, 1], 300)


def open_capture(folder: Path, seconds: float = 60) -> Capture:
    identity = {"model": "thing", "version": "7", "created": "2026-01-01T00:00:00.000Z"}
    profile = make_profile(
        identity, IMAGES, Reading(CLASSES, interpret(SCORES, CLASSES), ["a", "b"] * 150, Contract(), ())
    )
    capture = Capture(folder, CaptureIdentity("thing", "7", "w1"), profile, seconds)
    capture.start()
    return capture


def record(capture: Capture, request_id: str, rows: int) -> None:
    capture.record(Request(request_id, None), IMAGES[:rows], interpret(SCORES[:rows], CLASSES), ["a"] * rows)


def read_snapshot(folder: Path) -> dict:
    (path,) = folder.glob("*.json")
    return json.loads(path.read_text())


def wait_for(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "nothing happened within 10 s"
        time.sleep(0.01)


def test_a_worker_announces_itself_before_its_first_prediction(tmp_path: Path):
    open_capture(tmp_path)
    snapshot = read_snapshot(tmp_path)
    assert (snapshot["schema"], snapshot["model"], snapshot["version"], snapshot["n"]) == (
        "trainyard.capture/1",
        "thing",
        "7",
        0,
    )
    assert next(tmp_path.glob("*.json")).name.startswith(f"{os.getpid()}-")


def test_snapshots_are_cumulative_and_written_by_themselves(tmp_path: Path):
    capture = open_capture(tmp_path, seconds=0.01)
    record(capture, "r1", 3)
    wait_for(lambda: read_snapshot(tmp_path)["n"] == 3)
    record(capture, "r2", 2)
    capture.record_refused(1)
    wait_for(lambda: read_snapshot(tmp_path)["n"] == 5 and read_snapshot(tmp_path)["refused"] == 1)
    assert read_snapshot(tmp_path)["invalid"] == 0
    capture.stop()


def test_a_reader_never_sees_half_a_snapshot(tmp_path: Path):
    capture = open_capture(tmp_path)
    for number in range(200):
        record(capture, f"r{number}", 1)
        capture.flush()
        assert read_snapshot(tmp_path)["n"] == number + 1
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_counted_is_written_at_the_end(tmp_path: Path):
    capture = open_capture(tmp_path)
    record(capture, "r1", 4)
    assert read_snapshot(tmp_path)["n"] == 0
    capture.stop()
    assert read_snapshot(tmp_path)["n"] == 4


def test_counting_goes_on_when_the_disk_is_full_for_a_while(tmp_path: Path):
    capture = open_capture(tmp_path, seconds=0.01)
    path = next(tmp_path.glob("*.json"))
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    record(capture, "r1", 2)
    wait_for(lambda: any(one.name.startswith(f".{path.name}.") for one in tmp_path.iterdir()))
    (path / "in the way").rmdir()
    path.rmdir()
    wait_for(lambda: path.is_file() and read_snapshot(tmp_path)["n"] == 2)
    capture.stop()


def test_the_log_names_each_row_and_holds_no_input(tmp_path: Path):
    capture = open_capture(tmp_path)
    record(capture, "single", 1)
    record(capture, "several", 2)
    record(capture, "with\ttab and\nline", 1)
    capture.stop()
    (path,) = tmp_path.glob("predictions-*.log")
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    assert [line[0] for line in lines] == ["single", "several:0", "several:1", "with tab and line"]
    assert all(len(line) == 4 and line[2] == "a" and 0 <= int(line[3]) < 20 for line in lines)
    assert all(time.strptime(line[1][:19], "%Y-%m-%dT%H:%M:%S") and line[1].endswith("Z") for line in lines)


def test_the_log_keeps_two_files_of_bounded_size(tmp_path: Path):
    log = PredictionLog(tmp_path / "predictions.log", limit_bytes=1000)
    for number in range(200):
        log.append([(f"request-{number:05}", "a", 3)])
    log.flush()
    assert {path.name for path in tmp_path.iterdir()} == {"predictions.log", "predictions.log.1"}
    assert all(path.stat().st_size < 1100 for path in tmp_path.iterdir())
