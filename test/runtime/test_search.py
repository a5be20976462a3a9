"""A search, by real processes: exactly the asked trials whoever dies, the same values by the same seed."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from tiny_search import Search, find_worker

from trainyard.errors import UserError
from trainyard.search import storage
from trainyard.search.gpus import find_gpus, share_gpus
from trainyard.search.progress import weigh_parameters
from trainyard.search.settings import Space, read_settings
from trainyard.search.storage import name_driver
from trainyard.search.study import LOST, RUN, SLOT, WHY, WORKER, SharedStudy, to_distribution
from trainyard.search.supervisor import Supervisor
from trainyard.search.worker import Worker

if TYPE_CHECKING:
    from pathlib import Path


def test_every_trial_is_a_child_run_with_the_sampled_parameters(tmp_path: Path):
    search = Search(tmp_path)
    result = search.run()
    assert (result["complete"], result["failed"], result["lost"]) == (6, 0, 0)
    assert len({trial["runId"] for trial in result["trials"]}) == 6
    best = min(result["trials"], key=lambda trial: trial["value"])
    assert result["best"] == {
        "trial": best["number"],
        "value": best["value"],
        "parameters": best["parameters"],
        "runId": best["runId"],
    }
    x, y = best["parameters"]["x"], best["parameters"]["y"]
    assert abs(best["value"] - ((x - 1) ** 2 + (y + 2) ** 2)) < 1e-9
    run = search.client.get_run(best["runId"])
    assert run.data.tags["mlflow.parentRunId"] == search.parent
    assert run.info.status == "FINISHED"


def test_the_same_seed_gives_the_same_values_and_another_one_others(tmp_path: Path):
    values = []
    for index, (seed, trials) in enumerate(((7, 12), (7, 12), (8, 1))):
        folder = tmp_path / str(index)
        folder.mkdir()
        result = Search(folder, trials=trials, seed=seed).run()
        values.append([trial["value"] for trial in sorted(result["trials"], key=lambda one: one["slot"])])
    assert values[0] == values[1]
    assert not set(values[0]) & set(values[2])


def test_workers_killed_twice_lose_no_trial_and_count_none_twice(tmp_path: Path):
    search = Search(tmp_path, trials=12, jobs=4)
    search.parameters["seconds"] = 1.5
    process = search.start()
    for number in (3, 7):
        search.wait_for(f"Trial {number} begins (")
        name = search.log().split(f"Trial {number} begins (")[1].split(")")[0]
        os.kill(find_worker(process.pid, name), signal.SIGKILL)
    assert process.wait(300) == 0, search.log()
    result = search.result()
    assert result["complete"] == 12
    assert sorted(trial["slot"] for trial in result["trials"]) == list(range(12))
    assert result["lost"] == 2
    assert result["failed"] == 0
    # What a dead worker ran was ended: nothing of it came to its end.
    ran = {trial["runId"] for trial in result["trials"]}
    assert {path.name for path in search.done.iterdir()} == ran


def test_a_search_that_is_killed_as_a_whole_goes_on_where_it_was(tmp_path: Path):
    alone = tmp_path / "alone"
    alone.mkdir()
    left_alone = Search(alone).run()
    search = Search(tmp_path)
    search.parameters["seconds"] = 0.3
    process = search.start()
    search.wait_for("Trial 2 ended")
    process.kill()
    process.wait()
    result = search.run()
    assert result["complete"] == 6
    by_slot = {trial["slot"]: trial["value"] for trial in result["trials"]}
    assert by_slot == {trial["slot"]: trial["value"] for trial in left_alone["trials"]}


def test_a_trial_has_its_worker_and_a_sign_of_life_before_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    search = Search(tmp_path)
    process = search.start()
    process.kill()
    process.wait()
    os.environ["TRAINYARD_SEARCH_VARIABLES"] = "{}"
    shared = SharedStudy(read_settings(tmp_path / "spec.json"), search.url)
    shared.fill(1)
    seen: list[str] = []
    begin = shared.storage.set_trial_state_values

    def die(trial_id: int, **state: object) -> bool:
        (trial,) = shared.trials()
        seen.append(trial.user_attrs[WORKER])
        begin(trial_id, **state)
        raise KeyboardInterrupt

    monkeypatch.setattr(shared.storage, "set_trial_state_values", die)
    with pytest.raises(KeyboardInterrupt):
        shared.take("a/0")
    assert seen == ["a/0"]
    with sqlite3.connect(tmp_path / "study.db") as database:
        assert database.execute("select count(*) from trial_heartbeats").fetchone() == (1,)


def test_a_host_that_is_gone_is_noticed_by_its_silence(tmp_path: Path):
    search = Search(tmp_path, trials=2, heartbeat_seconds=1, grace_seconds=4)
    search.parameters["seconds"] = 0.2
    from trainyard.search.settings import read_settings
    from trainyard.search.study import SharedStudy

    process = search.start()
    search.wait_for("Trial 0 ended")
    process.kill()
    process.wait()
    search.settings["host"] = "b"
    search.run()
    os.environ["TRAINYARD_SEARCH_VARIABLES"] = "{}"
    shared = SharedStudy(read_settings(tmp_path / "spec.json"), search.url)
    assert [trial.state.name for trial in shared.trials()].count("COMPLETE") == 2


def test_no_training_starts_after_the_timeout(tmp_path: Path):
    search = Search(tmp_path, trials=500, timeout_seconds=25)
    search.parameters["seconds"] = 0.5
    began = time.time()
    result = search.run()
    assert 0 < result["complete"] < 60
    assert time.time() - began < 80
    assert result["complete"] == len(list(search.done.iterdir()))


def test_what_fails_each_time_is_told_and_ends_the_search(tmp_path: Path):
    search = Search(tmp_path, trials=20)
    search.parameters["fails"] = True
    assert search.start().wait(120) == 2
    assert "ValueError: no such layer" in search.log()
    assert search.result()["error"]["code"] == "search-fails"


def test_failures_end_no_search_while_a_training_has_outlasted_them():
    now = datetime.now()  # noqa: DTZ005 - as Optuna has it

    def trial(state: TrialState, began: int, ended: int | None = None) -> FrozenTrial:
        made = optuna.create_trial(state=TrialState.WAITING, user_attrs={WHY: "no memory", WORKER: "a/0"})
        made.state, made.datetime_start = state, now - timedelta(seconds=began)
        made.datetime_complete = None if ended is None else now - timedelta(seconds=ended)
        return made

    def stop(*trials: FrozenTrial) -> None:
        supervisor = Supervisor.__new__(Supervisor)
        supervisor._told, supervisor._withdraw = set(), lambda: None
        supervisor._settings = SimpleNamespace(host="a")
        supervisor._shared = SimpleNamespace(trials=lambda: list(trials))
        supervisor._leave_hopeless()

    stop(*(failed := [trial(TrialState.FAIL, 30, 20) for _ in range(3)]), trial(TrialState.RUNNING, 30))
    with pytest.raises(UserError, match="search-fails"):
        stop(*failed, trial(TrialState.RUNNING, 5))
    with pytest.raises(UserError, match="search-fails"):
        stop(*failed, trial(TrialState.FAIL, 30, 0), trial(TrialState.RUNNING, 20))


def test_a_search_that_is_run_again_when_that_is_mended_goes_on(tmp_path: Path):
    search = Search(tmp_path, trials=4)
    search.parameters["fails"] = True
    assert search.start().wait(120) == 2
    search.parameters["fails"] = False
    result = search.run()
    # Between the third failure and the next look at it there may have been time for more.
    assert result["complete"] == 4
    assert result["failed"] >= 3


def test_a_search_that_is_told_to_end_does_not_end_as_if_it_were_over(tmp_path: Path):
    search = Search(tmp_path)
    search.parameters["seconds"] = 30
    process = search.start()
    search.wait_for("Trial 0 begins")
    process.terminate()
    assert process.wait(60) == 128 + signal.SIGTERM
    assert not (tmp_path / "out.json").exists()


def open_study(search: Search) -> SharedStudy:
    """The study of a search that has been started once."""
    os.environ["TRAINYARD_SEARCH_VARIABLES"] = "{}"
    return SharedStudy(read_settings(search.folder / "spec.json"), search.url)


def test_a_trial_that_is_run_again_has_the_parameters_of_the_lost_one_and_nothing_else_of_it(tmp_path: Path):
    search = Search(tmp_path, trials=1)
    process = search.start()
    process.kill()
    process.wait()
    os.environ["TRAINYARD_SEARCH_VARIABLES"] = "{}"
    shared = open_study(search)
    shared.fill(1)
    lost = shared.take("a/0")
    given = shared.suggest(lost)
    lost.set_user_attr(RUN, "run-of-the-lost")
    assert shared.fail(lost.study.trials[0], LOST)
    shared.fill(1)
    again = shared.trials()[1]
    assert (again.params, again.user_attrs) == (given, {SLOT: 0})
    assert shared.suggest(shared.take("a/1")) == given


def test_a_trial_lost_while_its_parameters_were_drawn_gives_what_it_would_have_given(tmp_path: Path):
    search = Search(tmp_path, trials=1)
    process = search.start()
    process.kill()
    process.wait()
    shared = open_study(search)
    shared.fill(1)
    given = shared.suggest(shared.take("a/0"))
    assert list(given) == ["x", "y"]
    for drawn in (["x"], []):
        shared.study._storage.delete_study(shared._id)
        shared = open_study(search)
        shared.fill(1)
        lost = shared.take("a/0")
        for name in drawn:
            lost._suggest(name, to_distribution(shared.settings.space[name]))
        assert shared.fail(lost.study.trials[0], LOST)
        shared.fill(1)
        assert shared.suggest(shared.take("a/1")) == given, drawn


def test_a_heartbeat_that_fails_is_not_the_last():
    beats = []

    class Storage:
        def record_heartbeat(self, _trial: int) -> None:
            beats.append(len(beats))
            if len(beats) == 1:
                raise StorageInternalError

    worker = Worker.__new__(Worker)
    worker._settings = SimpleNamespace(heartbeat_seconds=0.01)
    worker._shared = SimpleNamespace(storage=Storage())
    with worker._heart_beats(SimpleNamespace(_trial_id=1)):
        time.sleep(0.5)
    assert len(beats) > 2


def test_a_database_that_is_away_for_a_while_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(storage, "ASK_AGAIN_SECONDS", 0)
    settings = SimpleNamespace(heartbeat_seconds=60, grace_seconds=300)
    opened = storage.open_storage(f"sqlite:///{tmp_path}/study.db", settings)
    opened.engine.dispose()
    asked = []
    connect = opened.engine.dialect.connect

    def fail_twice(*arguments: object, **named: object) -> object:
        asked.append(1)
        if len(asked) < 3:
            raise sqlite3.OperationalError
        return connect(*arguments, **named)

    monkeypatch.setattr(opened.engine.dialect, "connect", fail_twice)
    assert opened.get_all_studies() == []
    assert len(asked) == 3
    monkeypatch.setattr(storage, "AWAY_SECONDS", 0)
    opened.engine.dispose()
    asked.clear()
    with pytest.raises(StorageInternalError):
        opened.get_all_studies()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ada:p@s3cret@127.0.0.1:1/x",
        "postgresql+psycopg://ada:p@s:s3cret@127.0.0.1/x",
        "postgresql+psycopg://ada:p@h:s3cret/x",
        "s3cret",
    ],
)
def test_of_an_address_that_can_not_be_read_nothing_is_told(url: str):
    with pytest.raises(UserError, match="search-storage-address") as caught:
        storage.open_storage(url, SimpleNamespace(heartbeat_seconds=60, grace_seconds=300))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("astray", [1e200, 1.7e308])
def test_a_training_that_goes_astray_leaves_the_importances_numbers(astray: float):
    study = optuna.create_study()
    for number, value in enumerate((astray, -astray, 3.0, 4.0, 5.0)):
        distributions = {"x": FloatDistribution(0, 5), "y": IntDistribution(0, 4)}
        params = {"x": number / 10, "y": number % 3}
        study.add_trial(optuna.create_trial(value=value, params=params, distributions=distributions))
    shared = SimpleNamespace(trials=study.get_trials, study=study, settings=SimpleNamespace(seed=1))
    found = weigh_parameters(shared)
    assert found is not None
    assert found["method"] == "ped-anova"
    assert all(0 <= value <= 1 for value in found["values"].values())


def test_trials_worse_than_most_are_pruned_by_what_they_log_not_by_when_it_is_looked_at(tmp_path: Path):
    states = []
    for index, poll in enumerate((0.05, 5.0)):
        folder = tmp_path / str(index)
        folder.mkdir()
        search = Search(folder, trials=12, pruning="median", poll_seconds=poll)
        result = search.run()
        assert result["complete"] + result["pruned"] == 12
        states.append([(trial["slot"], trial["state"], trial["value"]) for trial in result["trials"]])
    assert states[0] == states[1]
    assert any(state == "pruned" for _, state, _ in states[0])


def test_the_address_of_the_storage_is_told_nowhere(tmp_path: Path):
    search = Search(tmp_path, url="postgresql+psycopg://ada:s3cret@127.0.0.1:1/studies")
    assert search.start().wait(120) == 2
    assert "s3cret" not in search.log() + (tmp_path / "out.json").read_text()
    assert search.result()["error"]["code"] == "search-storage-unreachable"


@pytest.mark.parametrize(
    ("gpus", "jobs", "shares"),
    [
        ([], 3, [None, None, None]),
        (["0", "1"], 1, [None]),
        (["0", "1", "2", "3"], 2, ["0,2", "1,3"]),
        (["4", "7"], 2, ["4", "7"]),
        (["0", "1"], 3, ["0", "1", "0"]),
    ],
)
def test_gpus_are_shared_out_among_the_trainings_at_the_same_time(gpus, jobs, shares):
    assert share_gpus(gpus, jobs) == shares


def test_gpus_are_those_that_the_job_was_given():
    assert find_gpus({"CUDA_VISIBLE_DEVICES": "2, GPU-5,"}) == ["2", "GPU-5"]
    assert find_gpus({"CUDA_VISIBLE_DEVICES": ""}) == []


@pytest.mark.parametrize(
    ("space", "distribution"),
    [
        (Space("uniform", 0, 1), FloatDistribution(0, 1)),
        (Space("log", 1e-4, 0.1), FloatDistribution(1e-4, 0.1, log=True)),
        (Space("int", 1, 8), IntDistribution(1, 8)),
        (Space("choice", values=("adam", 2, True)), CategoricalDistribution(("adam", 2, True))),
    ],
)
def test_a_space_in_optunas_words(space, distribution):
    assert to_distribution(space) == distribution


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgres://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql://a@b/c", "postgresql+psycopg://a@b/c"),
        ("postgresql+psycopg2://a@b/c", "postgresql+psycopg2://a@b/c"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_postgresql_is_reached_by_the_driver_that_is_there(url, address):
    assert name_driver(url) == address
