"""A search, by real processes: exactly the asked trials whoever dies, the same values by the same seed."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from tiny_search import Search, find_worker

from trainyard.search.gpus import find_gpus, share_gpus
from trainyard.search.settings import Space
from trainyard.search.storage import name_driver
from trainyard.search.study import to_distribution

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
