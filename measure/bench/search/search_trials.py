"""Seconds per trial of the same sleeping training: one worker, four, and Optuna by itself. One line of JSON.

Its arguments are the seconds that a training sleeps, and the number of trials.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH), str(BENCH.parents[1] / "runtime")]

from tiny_search import TRAINING, Search  # noqa: E402

SECONDS = float(sys.argv[1])
TRIALS = int(sys.argv[2])


def time_search(jobs: int) -> float:
    """From the first begin of a trial to the last end, by trial."""
    import optuna  # noqa: PLC0415 - as a search does, after MLflow

    with tempfile.TemporaryDirectory() as folder:
        search = Search(Path(folder), trials=TRIALS, jobs=jobs)
        search.parameters["seconds"] = SECONDS
        search.run()
        return span(optuna.load_study(study_name="tiny", storage=search.url))


def time_optuna() -> float:
    """The same training started by an objective of a few lines, with the same storage and sampler."""
    import mlflow  # noqa: PLC0415 - its file store has to be allowed first
    import optuna  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        search = Search(Path(folder))

        def objective(trial: optuna.Trial) -> float:
            x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
            experiment = search.client.get_run(search.parent).info.experiment_id
            run = search.client.create_run(experiment).info.run_id
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", TRAINING, "--run-id", run, f"x={x}", f"y={y}", f"seconds={SECONDS}"],
                env={"STORE": search.store, "DONE": str(search.done)},
                check=True,
            )
            search.client.set_terminated(run)
            return mlflow.MlflowClient(search.tracking).get_metric_history(run, "loss")[-1].value

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=7, multivariate=True)
        study = optuna.create_study(storage=search.url, study_name="bare", sampler=sampler)
        study.optimize(objective, n_trials=TRIALS)
        return span(study)


def span(study: object) -> float:
    """Seconds per trial of a study."""
    trials = study.get_trials()
    begin = min(trial.datetime_start for trial in trials)
    return (max(trial.datetime_complete for trial in trials) - begin).total_seconds() / len(trials)


if __name__ == "__main__":
    print(json.dumps({"one": time_search(1), "four": time_search(4), "optuna": time_optuna()}))
