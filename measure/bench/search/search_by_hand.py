"""The same search as somebody writes it who has MLflow and Optuna alone: one `mlflow run` a trial of the project here.

Its arguments are the experiment, the seconds that a training waits, and the number of trials; MLFLOW_TRACKING_URI says
where MLflow is.
"""

from __future__ import annotations

import subprocess
import sys

import mlflow
import optuna

EXPERIMENT, SECONDS, TRIALS = sys.argv[1], sys.argv[2], int(sys.argv[3])
CLIENT = mlflow.MlflowClient()
EXPERIMENT_ID = CLIENT.create_experiment(EXPERIMENT)
PARENT = CLIENT.create_run(EXPERIMENT_ID).info.run_id


def objective(trial: optuna.Trial) -> float:
    """One training, below the run of the search."""
    run = CLIENT.create_run(EXPERIMENT_ID, tags={"mlflow.parentRunId": PARENT}).info.run_id
    given = {"seconds": SECONDS, "x": trial.suggest_float("x", -5, 5)}
    parameters = [part for name, value in given.items() for part in ("-P", f"{name}={value}")]
    command = [sys.executable, "-m", "mlflow", "run", ".", "--env-manager", "local", "--run-id", run, *parameters]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return CLIENT.get_metric_history(run, "loss")[-1].value


sampler = optuna.samplers.TPESampler(seed=0, multivariate=True)
study = optuna.create_study(storage="sqlite:///study.db", study_name=EXPERIMENT, sampler=sampler)
study.optimize(objective, n_trials=TRIALS)
CLIENT.set_terminated(PARENT)
