"""Keeps a search going on one host: lets trials wait, replaces workers that die, and knows when it is over."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from optuna.trial import TrialState

from trainyard.box.keeper import find_parent, list_descendants
from trainyard.box.kernel import adopt_orphans
from trainyard.errors import UserError
from trainyard.files import write_json
from trainyard.search.gpus import find_gpus, share_gpus
from trainyard.search.progress import describe_progress
from trainyard.search.settings import STORAGE_VARIABLE, VARIABLES_VARIABLE
from trainyard.search.study import ENDED, LOST, RUN, WHY, WORKER, SharedStudy, fails_by_itself, host_of
from trainyard.search.tracking import Tracking

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from trainyard.search.settings import Settings

START = Path(__file__).resolve().parents[2] / "start.py"
LOOK_SECONDS = 0.5
# Workers that die beyond this many show that something on the host ends them.
MOST_DEATHS = 20
# A host none of whose first trainings ends well would go on failing.
MOST_FIRST_FAILURES = 3
# Looks after the search, and so stays while others train (actions/train/tune.ts).
FIRST = "job"
# How long workers get to end their trainings; whoever ends this process gives it ten.
END_SECONDS = 8


class Supervisor:
    """A search on this host. `spec` is the file of its settings, which each worker reads."""

    def __init__(self, settings: Settings, url: str, spec: Path, progress: Path) -> None:
        self._settings = settings
        self._url = url
        self._spec = spec
        self._progress = progress
        self._shared = SharedStudy(settings, url)
        self._tracking = Tracking(settings)
        names = [f"{settings.host}/{index}" for index in range(settings.jobs)]
        shares = share_gpus(find_gpus(os.environ), settings.jobs)
        self._gpus = dict(zip(names, shares, strict=True))
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._deaths = 0
        self._rests = False
        # What others ran or ended when that last changed, and when that was.
        self._others: set[tuple[int, TrialState]] = set()
        self._heard = -math.inf
        # Those that an earlier job of this search has told already: whoever runs it again has mended why.
        self._told = {trial.number for trial in self._shared.trials() if fails_by_itself(trial)}

    def run(self) -> SharedStudy:
        """Gives the study once all slots have their trial, or no more may begin. Raises a UserError where it can't."""
        adopt_orphans()
        self._shared.begin()
        self._shared.join(self._settings.host)
        for name in self._gpus:
            self._reclaim(name)
        try:
            while not self._is_over():
                self._look_after()
                time.sleep(LOOK_SECONDS)
        finally:
            self._end_workers()
            write_json(self._progress, describe_progress(self._shared))
        return self._shared

    def _is_over(self) -> bool:
        if self._shared.open_slots() == 0:
            return True
        running = any(trial.state == TrialState.RUNNING for trial in self._shared.trials())
        return self._is_late() and not running

    def _is_late(self) -> bool:
        deadline = self._shared.deadline()
        return deadline is not None and time.time() >= deadline

    def _look_after(self) -> None:
        optuna.storages.fail_stale_trials(self._shared.study)
        if not self._is_late():
            self._shared.fill(2 * self._settings.jobs)
        self._listen()
        if not self._rests:
            self._replace_dead()
        self._leave_hopeless()
        write_json(self._progress, describe_progress(self._shared))

    def _replace_dead(self) -> None:
        for name, gpus in self._gpus.items():
            worker = self._workers.get(name)
            if worker is not None and worker.poll() is None:
                continue
            if worker is not None:
                self._bury(name, worker)
            self._workers[name] = self._start(name, gpus)

    def _listen(self) -> None:
        """Notes what the other hosts do."""
        states = (*ENDED, TrialState.RUNNING)
        theirs = [one for one in self._shared.trials() if one.state in states and host_of(one) != self._settings.host]
        others = {(trial.number, trial.state) for trial in theirs}
        if others != self._others or any(trial.state == TrialState.RUNNING for trial in theirs):
            self._heard = time.monotonic()
        self._others = others

    def _start(self, name: str, gpus: str | None) -> subprocess.Popen[bytes]:
        shown = [] if gpus is None else ["--gpus", gpus]
        return subprocess.Popen(
            [sys.executable, "-I", "-u", str(START), "search", "--spec", str(self._spec), "--worker", name, *shown],
            env={
                **os.environ,
                STORAGE_VARIABLE: self._url,
                VARIABLES_VARIABLE: json.dumps(self._settings.project.variables),
            },
            stdin=subprocess.DEVNULL,
        )

    def _bury(self, name: str, worker: subprocess.Popen[bytes]) -> None:
        """A worker has died: what it ran ends, and its trial is run again."""
        self._deaths += 1
        print(f"A worker has died ({worker.returncode}); its trial is run again.", flush=True)
        self._end_orphans()
        self._reclaim(name)
        if self._deaths > MOST_DEATHS:
            raise UserError(
                "search-workers-die",
                f"{self._deaths} workers of the search have died on this host, the last with {worker.returncode}.",
                "Look for what ends them, such as too little memory (search.jobs), and run the job again.",
            )

    def _end_orphans(self) -> None:
        """Ends what dead workers have left: it is this process's own now."""
        own = {worker.pid for worker in self._workers.values() if worker.poll() is None}
        parents = {process: find_parent(process) for process in list_descendants()}
        for process in parents:
            ancestor = process
            while parents.get(ancestor) in parents:
                ancestor = parents[ancestor]
            if ancestor not in own:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def _reclaim(self, name: str) -> None:
        """Trials that a worker of this name left running are nobody's any more."""
        for trial in self._shared.trials():
            if trial.state == TrialState.RUNNING and trial.user_attrs.get(WORKER) == name:
                self._lose(trial)

    def _lose(self, trial: FrozenTrial) -> None:
        run = trial.user_attrs.get(RUN)
        if self._shared.fail(trial, LOST) and run is not None:
            self._tracking.end_run(run, "KILLED")

    def _leave_hopeless(self) -> None:
        """Where nothing ever ended well here, what failed so often is told instead of being tried to the end."""
        own = [trial for trial in self._shared.trials() if host_of(trial) == self._settings.host]
        failed = [trial for trial in own if fails_by_itself(trial) and trial.number not in self._told]
        if len(failed) < MOST_FIRST_FAILURES or any(trial.state in ENDED for trial in own):
            return
        # Who fails is sooner over than who does well: one that has outlasted all failures may yet.
        longest = max(trial.duration for trial in failed)
        running = [trial.datetime_start for trial in own if trial.state == TrialState.RUNNING]
        # All of them are of this host's clock, in its zone.
        if any(datetime.now() - start > longest for start in running):  # noqa: DTZ005 - Optuna's times have no zone
            return
        said = failed[-1].user_attrs.get(WHY)
        if self._settings.host == FIRST and time.monotonic() - self._heard < self._settings.grace_seconds:
            self._rest(said)
            return
        self._withdraw()
        raise UserError(
            "search-fails",
            f"The first {len(failed)} trainings of the search on this host failed; of the last: {said}.",
            "Mend it and ask again; the whole output is in the log above.",
        )

    def _rest(self, said: str) -> None:
        """Leaves the trials to the other hosts."""
        if self._rests:
            return
        print(f"This host tries no more trials, for none ends well on it: {said}. Others go on.", flush=True)
        self._rests = True
        self._withdraw()

    def _withdraw(self) -> None:
        """Ends what runs here, and gives its trials back at once: by silence alone they would be missed much later."""
        self._end_workers()
        for name in self._gpus:
            self._reclaim(name)

    def _end_workers(self) -> None:
        living = [worker for worker in self._workers.values() if worker.poll() is None]
        for worker in living:
            worker.terminate()
        deadline = time.monotonic() + END_SECONDS
        for worker in living:
            with suppress(subprocess.TimeoutExpired):
                worker.wait(max(0.0, deadline - time.monotonic()))
            worker.kill()
            worker.wait()
        self._end_orphans()
