"""What a search writes to MLflow and reads from there: a child run for each trial, and the metric that it logs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import Param

if TYPE_CHECKING:
    from trainyard.search.settings import Settings

PARENT_TAG = "mlflow.parentRunId"
TRIAL_TAG = "trainyard.trial"


class Tracking:
    """The experiment of a search."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = mlflow.MlflowClient()
        self._experiment = self._client.get_run(settings.parent_run).info.experiment_id

    def open_run(self, number: int) -> str:
        """A child run for a trial."""
        tags = {**self._settings.tags, PARENT_TAG: self._settings.parent_run, TRIAL_TAG: str(number)}
        run = self._client.create_run(self._experiment, tags=tags, run_name=f"trial {number}")
        return run.info.run_id

    def note_parameters(self, run: str, parameters: dict[str, Any]) -> None:
        """Logs what the training itself has not: it may have logged the same under its name, in its own spelling."""
        known = self._client.get_run(run).data.params
        missing = [Param(name, str(value)) for name, value in parameters.items() if name not in known]
        self._client.log_batch(run, params=missing)

    def end_run(self, run: str, status: str) -> None:
        """Ends a run that its own training has not ended."""
        if self._client.get_run(run).info.status not in {"FINISHED", "FAILED", "KILLED"} or status == "KILLED":
            self._client.set_terminated(run, status)

    def read_values(self, run: str) -> list[tuple[int, float]]:
        """The values of the metric and their steps, in that order; counted where steps are not told apart."""
        history = self._client.get_metric_history(run, self._settings.metric)
        history.sort(key=lambda one: (one.step, one.timestamp))
        steps = [one.step for one in history]
        told_apart = len(set(steps)) == len(steps) and all(step >= 0 for step in steps)
        return [(one.step if told_apart else index, one.value) for index, one in enumerate(history)]


def last_finite(values: list[tuple[int, float]]) -> float | None:
    """The last value, if it is a number."""
    return values[-1][1] if values and math.isfinite(values[-1][1]) else None
