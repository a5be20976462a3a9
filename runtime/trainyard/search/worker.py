"""One worker of a search: takes trials that wait, runs the training of each, and says how it ended."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import optuna
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from trainyard.box.kernel import die_with_parent
from trainyard.search.project_process import ProjectProcess
from trainyard.search.study import RUN, WHY, SharedStudy
from trainyard.search.tracking import Tracking, last_finite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainyard.search.settings import Settings

IDLE_SECONDS = 0.2


class Worker:
    """A worker by its name, which no other living one has."""

    def __init__(self, settings: Settings, url: str, name: str, gpus: str | None) -> None:
        self._settings = settings
        self._shared = SharedStudy(settings, url)
        self._tracking = Tracking(settings)
        self._name = name
        self._gpus = gpus
        self._leaves = False

    def leave(self) -> None:
        """Ends this process, and the training that runs on the way out."""
        # Where the interpreter drops the exception, as in a finalizer, the next look at this ends it.
        self._leaves = True
        sys.exit(0)

    def run(self) -> None:
        """Goes on until this process is told to end."""
        while not self._leaves:
            trial = None if self._is_over() else self._shared.take(self._name)
            if trial is None:
                time.sleep(IDLE_SECONDS)
            else:
                self._run_trial(trial)

    def _is_over(self) -> bool:
        deadline = self._shared.deadline()
        return deadline is not None and time.time() >= deadline

    def _run_trial(self, trial: optuna.Trial) -> None:
        with self._heart_beats(trial):
            parameters = {**self._settings.project.parameters, **self._shared.suggest(trial)}
            run = self._tracking.open_run(trial.number)
            trial.set_user_attr(RUN, run)
            shown = " ".join(f"{name}={parameters[name]}" for name in self._settings.space)
            print(f"Trial {trial.number} begins ({self._name}): {shown}", flush=True)
            process = ProjectProcess(self._settings.project, run, parameters, self._gpus)
            try:
                state, why = self._follow(trial, process, run)
            finally:
                process.end()
            self._tracking.note_parameters(run, parameters)
            self._conclude(trial, run, state, why)

    def _follow(self, trial: optuna.Trial, process: ProjectProcess, run: str) -> tuple[TrialState, str | None]:
        """Waits for the end, and gives how it ended and why not well."""
        while (code := process.wait(self._settings.poll_seconds)) is None:
            if self._leaves:
                sys.exit(0)
            if self._prunes(trial, run):
                return TrialState.PRUNED, None
            if process.is_late():
                return TrialState.FAIL, f"it ran longer than {self._settings.project.timeout_seconds:g} s"
        if code != 0:
            said = next((line for line in reversed(process.tail) if line.strip()), "it printed nothing")
            return TrialState.FAIL, f"it ended with exit code {code}: {said.strip()[:300]}"
        # Whether a trial is pruned depends on what it logged, never on when that was looked at.
        if self._prunes(trial, run):
            return TrialState.PRUNED, None
        return TrialState.COMPLETE, None

    def _prunes(self, trial: optuna.Trial, run: str) -> bool:
        """Reports what was logged since, step by step, and says whether the trial is to end at one of them."""
        if self._settings.pruning == "none":
            return False
        known = set(self._shared.storage.get_trial(trial._trial_id).intermediate_values)  # noqa: SLF001
        for step, value in self._tracking.read_values(run):
            if step in known or not math.isfinite(value):
                continue
            trial.report(value, step)
            if trial.should_prune():
                return True
        return False

    def _conclude(self, trial: optuna.Trial, run: str, state: TrialState, why: str | None) -> None:
        values = self._tracking.read_values(run)
        value = last_finite(values) if state == TrialState.COMPLETE else None
        if state == TrialState.COMPLETE and value is None:
            metric = self._settings.metric
            state, why = TrialState.FAIL, f"its {metric} is no number" if values else f"it logged no metric {metric}"
        if why is not None:
            trial.set_user_attr(WHY, why)
        if not self._shared.finish(trial, state, value):
            print(f"Trial {trial.number} was taken for lost meanwhile; what it gave does not count.", flush=True)
        ends = {TrialState.COMPLETE: "FINISHED", TrialState.PRUNED: "KILLED", TrialState.FAIL: "FAILED"}
        self._tracking.end_run(run, ends[state])
        words = {TrialState.COMPLETE: f"{self._settings.metric} {value}", TrialState.PRUNED: "pruned"}
        print(f"Trial {trial.number} ended: {words.get(state, f'failed, {why}')}", flush=True)

    @contextmanager
    def _heart_beats(self, trial: optuna.Trial) -> Iterator[None]:
        """Tells the other hosts, while it runs, that this trial lives."""
        over = threading.Event()

        def beat() -> None:
            while True:
                # One that is missed does no harm; without any more, the training that runs would count as lost.
                with suppress(SQLAlchemyError, optuna.exceptions.StorageInternalError):
                    self._shared.storage.record_heartbeat(trial._trial_id)  # noqa: SLF001
                if over.wait(self._settings.heartbeat_seconds):
                    return

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def work(settings: Settings, url: str, name: str, gpus: str | None) -> None:
    """The body of a worker's process. What it runs ends with it, and it ends with the process that started it."""
    die_with_parent()
    worker = Worker(settings, url, name, gpus)
    signal.signal(signal.SIGTERM, lambda _number, _frame: worker.leave())
    worker.run()
