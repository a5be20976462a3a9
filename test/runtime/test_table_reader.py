"""The process beside a worker: what it may take, how it ends, and that nobody but a sender has to know."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from table_files import GOOD, ROWS, say, start_python, write_stream
from test_protocols import LOANS, serve
from trainyard import table_reader
from trainyard.messages import Request
from trainyard.table_forms import STREAM_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainyard.service import ModelService


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
def test_a_reader_that_has_ended_is_its_senders_trouble_alone(
    loans: ModelService, number: int, told: tuple[int, str], why: str
):
    say(loans, GOOD, STREAM_TYPE)
    process = loans._tables._process
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(process.pid, number)
    os.kill(process.pid, signal.SIGCONT)
    status, said = say(loans, GOOD, STREAM_TYPE)
    assert (status, said["code"]) == told
    assert why in said["message"]
    assert say(loans, GOOD, STREAM_TYPE)[0] == 200


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
    with monkeypatch.context() as patched:
        patched.setattr(table_reader, "exchange", lambda *_: said)
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
