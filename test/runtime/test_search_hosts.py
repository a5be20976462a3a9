"""A search on several hosts, one of which fails whatever it tries."""

from __future__ import annotations

import copy
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from optuna.trial import TrialState
from tiny_search import TRAINING, Search

from trainyard.search.progress import describe_progress
from trainyard.search.settings import read_settings
from trainyard.search.study import LOST, SharedStudy

if TYPE_CHECKING:
    from pathlib import Path


# Trains once it is let go.
WAITING = TRAINING.replace("x, y =", 'while not Path(os.environ["DONE"], "go").exists(): time.sleep(0.05)\nx, y =')


def beside(search: Search, host: str, **settings: object) -> Search:
    """The same search on another host."""
    other = copy.copy(search)
    other.folder = search.folder / host
    other.folder.mkdir()
    (other.folder / "train.py").write_text(TRAINING)
    other.settings = {**search.settings, "host": host, **settings}
    other.parameters = dict(search.parameters)
    return other


def test_a_host_on_which_all_fails_leaves_and_takes_no_trial_from_the_others(tmp_path: Path):
    search = Search(tmp_path, trials=4, host="job")
    (tmp_path / "train.py").write_text(WAITING)
    sick = beside(search, "runner-2", jobs=2)
    sick.parameters["fails"] = True
    healthy = search.start()
    search.wait_for("Trial 0 begins")
    assert sick.start().wait(120) == 2, sick.log()
    assert sick.result()["error"]["code"] == "search-fails"
    (search.done / "go").touch()
    assert healthy.wait(120) == 0, search.log()
    assert search.result()["complete"] == 4


def test_the_host_that_looks_after_the_search_rests_where_only_others_can_train(tmp_path: Path):
    search = Search(tmp_path, trials=3, host="job", jobs=2)
    search.parameters["fails"] = True
    healthy = beside(search, "runner-2", jobs=1)
    healthy.parameters["fails"] = False
    (healthy.folder / "train.py").write_text(WAITING)
    helper = healthy.start()
    healthy.wait_for("Trial 0 begins")
    resting = search.start()
    search.wait_for("This host tries no more trials")
    (search.done / "go").touch()
    assert resting.wait(120) == 0, search.log()
    assert helper.wait(120) == 0, healthy.log()
    assert search.result()["complete"] == 3
    assert search.result()["failed"] >= 3


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SharedStudy:
    """A study of one slot, which no host has joined."""
    search = Search(tmp_path, trials=1)
    process = search.start()
    process.kill()
    process.wait()
    monkeypatch.setitem(os.environ, "TRAINYARD_SEARCH_VARIABLES", "{}")
    return SharedStudy(read_settings(tmp_path / "spec.json"), search.url)


def fail(shared: SharedStudy, host: str, times: int, why: str = "no memory") -> None:
    for _ in range(times):
        shared.fill(1)
        trial = shared.take(f"{host}/0")
        assert trial is not None
        assert shared.fail(SimpleNamespace(number=trial.number), why)


def test_a_slot_that_fails_on_one_host_alone_has_three_tries(shared: SharedStudy):
    fail(shared, "a", 2)
    assert shared.open_slots() == 1
    fail(shared, "a", 1)
    assert shared.open_slots() == 0


@pytest.mark.parametrize("why", ["no memory", LOST])
def test_a_slot_is_tried_out_by_no_host_on_which_nothing_ends_well(shared: SharedStudy, why: str):
    shared.join("a")
    shared.join("b")
    fail(shared, "a", 4, why)
    assert shared.open_slots() == 1
    fail(shared, "b", 1)
    assert shared.open_slots() == 0
    shared.fill(1)
    assert shared.take("b/0") is None


def test_a_slot_is_tried_out_by_a_host_that_ended_another_well(shared: SharedStudy):
    object.__setattr__(shared.settings, "trials", 2)
    shared.join("a")
    shared.join("b")
    shared.fill(1)
    first = shared.take("a/0")
    assert first is not None
    assert shared.finish(first, TrialState.COMPLETE, 1.0)
    fail(shared, "a", 3)
    assert shared.open_slots() == 0


def test_a_slot_that_two_hosts_filled_at_once_is_taken_once_and_no_trial_is_lost(shared: SharedStudy):
    shared.fill(1)
    waiting = shared.trials()[0]
    shared.study.add_trial(waiting)
    first = shared.take("a/0")
    assert first is not None
    assert shared.take("b/0") is None
    progress = describe_progress(shared)
    assert (progress["running"], progress["failed"], progress["lost"]) == (1, 0, 0)
    assert shared.fail(shared.trials()[first.number], LOST)
    progress = describe_progress(shared)
    assert (progress["running"], progress["failed"], progress["lost"]) == (0, 0, 1)
