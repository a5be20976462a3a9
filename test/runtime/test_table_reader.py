"""The process beside a worker: what it may take, how it ends, and that nobody but a sender has to know."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pytest

from table_files import GOOD, ROWS, say, start_python, write_stream
from test_protocols import LOANS, serve
from trainyard import table_reader
from trainyard.messages import Request
from trainyard.table_forms import STREAM_TYPE
from trainyard.wire import decode, encode, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trainyard.service import ModelService

RUNTIME = Path(table_reader.__file__).parents[1]


@pytest.fixture(scope="module")
def loans() -> Iterator[ModelService]:
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    yield service
    service.close()


def test_the_reader_has_no_more_than_it_was_given(loans: ModelService):
    say(loans, GOOD, STREAM_TYPE)
    process = loans._tables._process
    assert Path(f"/proc/{process.pid}/oom_score_adj").read_text().strip() == "1000"
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    for name in ("open files", "core file size", "file size"):
        assert re.search(rf"^Max {name} +0 +0 ", limits, re.MULTILINE)
    (most,) = re.findall(r"^Max address space +(\d+) ", limits, re.MULTILINE)
    assert int(most) < 2_000_000_000
    variables = Path(f"/proc/{process.pid}/environ").read_text()
    assert {one.partition("=")[0] for one in variables.split("\0") if one} <= {
        *table_reader.PASSED_ON,
        *table_reader.VARIABLES,
    }


def test_a_body_that_takes_too_long_is_refused_by_the_clock_in_the_reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_reader, "BODY_SECONDS", 0.001)
    monkeypatch.setattr(table_reader, "GRACE_SECONDS", 60)
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    status, said = say(service, write_stream(pa.table({"age": np.zeros(1_300_000)})), STREAM_TYPE)
    assert (status, said["code"]) == (413, "body-too-large")
    assert "more than 0.001 seconds" in said["message"]
    monkeypatch.undo()
    assert say(service, GOOD, STREAM_TYPE)[0] == 200
    service.close()


def test_a_reader_that_does_not_answer_is_ended_from_outside(monkeypatch: pytest.MonkeyPatch):
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    assert say(service, GOOD, STREAM_TYPE)[0] == 200
    for name in ("BODY_SECONDS", "GRACE_SECONDS"):
        monkeypatch.setattr(table_reader, name, 0.1)
    process = service._tables._process
    os.kill(process.pid, signal.SIGSTOP)
    assert say(service, GOOD, STREAM_TYPE)[0] == 413
    assert process.returncode == -signal.SIGKILL
    monkeypatch.undo()
    assert say(service, GOOD, STREAM_TYPE)[0] == 200
    service.close()


@pytest.mark.parametrize(
    ("number", "told", "why"),
    [
        # As the kernel does where there is no memory left.
        (signal.SIGKILL, (413, "body-too-large"), "more memory to read than this host has left"),
        (signal.SIGSEGV, (400, "malformed-table"), "SIGSEGV"),
    ],
)
def test_a_reader_that_ends_over_a_table_is_its_senders_trouble_alone(
    loans: ModelService, monkeypatch: pytest.MonkeyPatch, number: int, told: tuple[int, str], why: str
):
    say(loans, GOOD, STREAM_TYPE)
    process = loans._tables._process
    write = table_reader.write_frame

    def end(stream: BinaryIO, payload: bytes) -> None:
        os.kill(process.pid, signal.SIGSTOP)
        write(stream, payload)
        os.kill(process.pid, number)
        os.kill(process.pid, signal.SIGCONT)

    with monkeypatch.context() as patched:
        patched.setattr(table_reader, "write_frame", end)
        status, said = say(loans, GOOD, STREAM_TYPE)
    assert (status, said["code"]) == told
    assert why in said["message"]
    assert say(loans, GOOD, STREAM_TYPE)[0] == 200


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_reader_that_ended_while_nothing_was_asked_costs_nobody_an_answer(loans: ModelService, number: int):
    say(loans, GOOD, STREAM_TYPE)
    process = loans._tables._process
    process.send_signal(number)
    # Without reaping it: who asks next has to find out.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert say(loans, GOOD, STREAM_TYPE)[0] == 200


class OtherError(Exception):
    """Nothing that reading is known to raise."""


@pytest.mark.parametrize("error", [MemoryError, OtherError, KeyboardInterrupt])
@pytest.mark.parametrize("step", ["read_frame", "decode"])
def test_an_answer_that_was_not_taken_is_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, step: str, error: type[BaseException]
):
    given: list[list[int]] = []
    service = serve(LOANS, lambda table: [given.append(table["age"].tolist()), np.zeros(len(table))][1])
    say(service, GOOD, STREAM_TYPE)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(table_reader, step, fail)
        with suppress(KeyboardInterrupt):
            assert say(service, GOOD, STREAM_TYPE)[0] == 400
    given.clear()
    assert say(service, write_stream(ROWS.slice(2, 1)), STREAM_TYPE)[0] == 200
    assert given == [[39]]
    service.close()


def test_answers_are_told_by_their_number(loans: ModelService):
    say(loans, GOOD, STREAM_TYPE)
    process = loans._tables._process
    asked = {"body": GOOD, "kind": STREAM_TYPE, "names": [], "byPlace": True, "number": -1}
    write_frame(process.stdin, encode(asked))
    assert say(loans, write_stream(ROWS.slice(2, 1)), STREAM_TYPE)[0] == 400
    assert process.returncode is not None
    assert say(loans, GOOD, STREAM_TYPE)[0] == 200


def start_with(program: str) -> Callable[[int], subprocess.Popen[bytes]]:
    """As a reader is started, with a program of a few lines in its place."""
    return lambda _: subprocess.Popen(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(RUNTIME)!r})\n{program}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


SAYS = "from trainyard.wire import *; write_frame(sys.stdout.buffer, encode({said}))"


@pytest.mark.parametrize(
    ("patches", "why"),
    [
        ({"start_process": start_with(SAYS.format(said="{'failed': 'MemoryError'}"))}, "MemoryError"),
        ({"start_process": start_with("raise SystemExit(3)")}, "code 3"),
        ({"start_process": lambda _: Path("/no/such/folder").read_bytes()}, "FileNotFoundError"),
        ({"end_in_time": lambda *_: int("no thread")}, "ValueError"),
        ({"read_frame": lambda *_: int("no memory")}, "ValueError"),
    ],
)
def test_what_keeps_a_reader_from_starting_is_told_without_what_the_host_holds_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, patches: dict[str, Any], why: str
):
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    with monkeypatch.context() as patched:
        for name, value in patches.items():
            patched.setattr(table_reader, name, value)
        status, said = say(service, GOOD, STREAM_TYPE)
        assert service._tables._process is None
    assert (status, said["code"]) == (503, "reader-not-started")
    assert f"could not be started: {why}. Send" in said["message"]
    assert say(service, GOOD, STREAM_TYPE)[0] == 200
    service.close()


def test_a_reader_whose_pyarrow_is_too_old_is_not_started_again(monkeypatch: pytest.MonkeyPatch):
    service = serve(LOANS, len)
    with monkeypatch.context() as patched:
        patched.setattr(table_reader, "start_process", start_with(SAYS.format(said="{'unfit': 'pyarrow is 9'}")))
        assert say(service, GOOD, STREAM_TYPE)[0] == 415
    status, said = say(service, GOOD, STREAM_TYPE)
    assert status == 415
    assert "pyarrow is 9" in said["message"]


def test_tables_of_one_batch_have_a_time_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_reader, "BATCH_SECONDS", 1e-9)
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    table = Request("t", GOOD, headers={"content-type": STREAM_TYPE})
    other = Request("j", {"dataframe_records": ROWS.drop("other").slice(0, 1).to_pylist()})
    assert [answer.status for answer in service.answer([table, table, other])] == [200, 429, 200]
    assert [answer.status for answer in service.answer([table])] == [200]
    service.close()


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"spent": False},
        {"spent": False, "refused": ["a", "b", 200]},
        {"spent": False, "refused": "why"},
        {"spent": False, "rows": -1, "columns": {}},
        {"spent": False, "rows": 10**9, "columns": {}},
        {"spent": False, "rows": True, "columns": []},
        {"spent": False, "number": 0, "rows": 1, "columns": {"age": {"form": "numbers", "values": np.array([41])}}},
        *(
            {"spent": False, "rows": 1, "columns": {"age": column}}
            for column in (
                None,
                {"form": "code"},
                {"form": "numbers", "values": np.array([1, 2])},
                {"form": "numbers", "values": np.array(["a"])},
                {"form": "numbers", "values": [1]},
                {"form": "texts", "lengths": np.array([2], np.uint32), "bytes": b"a"},
                {"form": "texts", "lengths": np.array([1], np.uint32), "bytes": b"\xff"},
                {"form": "times", "unit": "Y", "values": np.array([1])},
                {"form": "nothing", "missing": np.array([0.5])},
            )
        ),
    ],
)
def test_a_reader_that_answers_nonsense_is_not_believed(monkeypatch: pytest.MonkeyPatch, said: object):
    service = serve(LOANS, lambda table: np.zeros(len(table)))
    say(service, GOOD, STREAM_TYPE)

    def answer(_: object, asked: bytes, __: int) -> object:
        return {"number": decode(asked)["number"], **said} if isinstance(said, dict) else said

    with monkeypatch.context() as patched:
        patched.setattr(table_reader, "exchange", answer)
        status, refusal = say(service, GOOD, STREAM_TYPE)
    assert (status, refusal["code"]) == (400, "malformed-table")
    assert say(service, GOOD, STREAM_TYPE)[0] == 200
    service.close()


def test_the_reader_ends_with_its_worker_however_that_ends():
    program = (
        "import sys; import table_files as t, test_protocols as p; s = p.serve(p.LOANS, len); "
        "t.say(s, t.GOOD, t.STREAM_TYPE); "
        "print(s._tables._process.pid, flush=True); sys.stdin.read()"
    )
    worker = start_python(["-c", program], stdin=subprocess.PIPE)
    pid = int(worker.stdout.readline())
    reader = os.pidfd_open(pid)
    worker.kill()
    worker.wait()
    assert select.select([reader], [], [], 30)[0] == [reader]
    os.close(reader)
