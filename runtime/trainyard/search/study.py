"""One Optuna study that processes on one host or several share, in which every asked trial ends exactly once.

A search of N trials has N slots. A trial that waits carries its slot; of several trials in one slot the first by its
number that has not failed owns it, and the others are given up before they run. So a slot is filled once, however many
workers die and however many hosts look after the study.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from trainyard.errors import UserError
from trainyard.search.storage import open_storage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from trainyard.search.settings import Settings, Space

# Tries of one slot: the first, and two more where a worker was lost or the training failed.
MOST_TRIES = 3
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
# So many random trials come before the sampler learns from them.
STARTUP_TRIALS = 10
# Medians of fewer trials prune nothing.
PRUNING_STARTUP = 5

SLOT = "trainyard.slot"
WORKER = "trainyard.worker"
RUN = "trainyard.run"
WHY = "trainyard.why"
BEGAN = "trainyard.began"
# Before the name of each host that takes part.
HOST = "trainyard.host."
LOST = "lost"
GIVEN_UP = "another trial has this place"


class SharedStudy:
    """The study, as one process of a search sees it."""

    def __init__(self, settings: Settings, url: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.settings = settings
        self.storage = open_storage(url, settings)
        self.study = optuna.create_study(
            study_name=settings.study,
            storage=self.storage,
            direction=settings.direction,
            load_if_exists=True,
            pruner=make_pruner(settings.pruning),
        )
        self._id = self.storage.get_study_id_from_name(settings.study)
        name = hashlib.sha256(f"{url} {settings.study}".encode()).hexdigest()[:16]
        self._lock = Path(tempfile.gettempdir(), f"trainyard-search-{os.getuid()}-{name}.lock")

    def begin(self) -> float:
        """When the search began, by the clock of whoever began it, in seconds; it begins now where it has not."""
        began = self.study.user_attrs.get(BEGAN)
        if began is None:
            began = time.time()
            self.study.set_user_attr(BEGAN, began)
        return float(began)

    def join(self, host: str) -> None:
        """Tells the other hosts that this one takes part."""
        self.study.set_user_attr(f"{HOST}{host}", "joined")

    def deadline(self) -> float | None:
        """When no new trial begins any more."""
        timeout = self.settings.timeout_seconds
        return None if timeout is None else float(self.study.user_attrs.get(BEGAN, time.time())) + timeout

    def trials(self) -> list[FrozenTrial]:
        """All trials, in the order of their numbers."""
        return self.study.get_trials(deepcopy=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Held while a trial changes its state: SQLite lets two processes of one host take the same one."""
        with self._lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def id_of(self, trial: FrozenTrial) -> int:
        """What the storage calls a trial."""
        return self.storage.get_trial_id_from_study_id_trial_number(self._id, trial.number)

    def take(self, worker: str) -> optuna.Trial | None:
        """The next trial that waits, begun by this worker; nothing when none does."""
        with self.locked():
            for waiting in self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
                trial_id = self.id_of(waiting)
                # Before it runs: one that died in between would be nobody's, and never be missed.
                self.storage.set_trial_user_attr(trial_id, WORKER, worker)
                self.storage.record_heartbeat(trial_id)
                try:
                    if not self.storage.set_trial_state_values(trial_id, state=TrialState.RUNNING):
                        continue
                except optuna.exceptions.UpdateFinishedTrialError:
                    continue
                # Again: a worker of another host may have put its name there, and come too late.
                self.storage.set_trial_user_attr(trial_id, WORKER, worker)
                if self._owns(waiting):
                    return self._begin(trial_id, waiting)
                self._set_failed(trial_id, GIVEN_UP)
        return None

    def _owns(self, mine: FrozenTrial) -> bool:
        """Whether no trial with a lower number, which has not failed, has the same slot."""
        slot = mine.user_attrs[SLOT]
        return not any(
            trial.number < mine.number and trial.user_attrs.get(SLOT) == slot and trial.state != TrialState.FAIL
            for trial in self.trials()
        )

    def _begin(self, trial_id: int, waiting: FrozenTrial) -> optuna.Trial:
        """Samples its parameters. What is drawn depends on seed, slot and what was learnt, not on who draws."""
        slot = waiting.user_attrs[SLOT]
        earlier = sum(fails_by_itself(trial) for trial in self.trials() if trial.user_attrs.get(SLOT) == slot)
        said = f"{self.settings.seed}/{slot}/{earlier}"
        seed = int.from_bytes(hashlib.sha256(said.encode()).digest()[:4], "big")
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=STARTUP_TRIALS, multivariate=True, constant_liar=True
        )
        return optuna.Trial(self.study, trial_id)

    def finish(self, trial: optuna.Trial, state: TrialState, value: float | None = None) -> bool:
        """Ends a trial; `False` when somebody has ended it already, who took this worker for lost."""
        with self.locked():
            try:
                frozen = self.storage.get_trial(trial._trial_id)  # noqa: SLF001 - has no other name here
                if state == TrialState.PRUNED:
                    last = frozen.last_step
                    value = None if last is None else frozen.intermediate_values[last]
                values = None if value is None else [value]
                return self.storage.set_trial_state_values(frozen._trial_id, state=state, values=values)  # noqa: SLF001
            except optuna.exceptions.UpdateFinishedTrialError:
                return False

    def fail(self, trial: FrozenTrial, why: str) -> bool:
        """Ends a trial that came to nothing, and says why; `False` when it has ended already."""
        with self.locked():
            return self._set_failed(self.id_of(trial), why)

    def _set_failed(self, trial_id: int, why: str) -> bool:
        try:
            self.storage.set_trial_user_attr(trial_id, WHY, why)
            return self.storage.set_trial_state_values(trial_id, state=TrialState.FAIL)
        except optuna.exceptions.UpdateFinishedTrialError:
            return False

    def fill(self, most: int) -> None:
        """Lets trials wait in slots that have none, so that at most `most` wait at once."""
        trials = self.trials()
        taken = {trial.user_attrs.get(SLOT) for trial in trials if trial.state != TrialState.FAIL}
        room = most - sum(trial.state == TrialState.WAITING for trial in trials)
        for slot in range(self.settings.trials):
            if room <= 0:
                return
            tried = [trial for trial in trials if trial.user_attrs.get(SLOT) == slot and counts(trial)]
            if slot not in taken and not self._is_tried_out(tried, trials):
                self._enqueue(slot, tried[-1] if tried else None)
                room -= 1

    def _enqueue(self, slot: int, before: FrozenTrial | None) -> None:
        """One more trial of a slot: of a lost one the same parameters again, else new ones."""
        # One lost while they were drawn has some of them only: drawn beside those the others would be other values.
        if before is not None and not fails_by_itself(before) and before.params.keys() == self.settings.space.keys():
            again = {"params": before.params, "distributions": before.distributions}
        else:
            again = {}
        # Nothing else of the lost one: under the name of its worker this one would be taken for that worker's.
        self.study.add_trial(optuna.create_trial(state=TrialState.WAITING, user_attrs={SLOT: slot}, **again))

    def open_slots(self) -> int:
        """How many slots may still get their trial."""
        trials = self.trials()
        by_slot: dict[int, list[FrozenTrial]] = {}
        for trial in trials:
            by_slot.setdefault(trial.user_attrs.get(SLOT, -1), []).append(trial)
        return sum(self._may_go_on(by_slot.get(slot, []), trials) for slot in range(self.settings.trials))

    def _may_go_on(self, own: list[FrozenTrial], trials: list[FrozenTrial]) -> bool:
        """Whether a slot with these trials has none that ended, and may still get one."""
        if any(trial.state in ENDED for trial in own):
            return False
        is_open = any(not trial.state.is_finished() for trial in own)
        return is_open or not self._is_tried_out([trial for trial in own if counts(trial)], trials)

    def _is_tried_out(self, tried: list[FrozenTrial], trials: list[FrozenTrial]) -> bool:
        """Whether a slot with these tries gets no more.

        Of several hosts, one that never ended a trial well says nothing alone.
        """
        if len(tried) < MOST_TRIES:
            return False
        hosts = {host_of(trial) for trial in tried}
        others = {name for name in self.study.user_attrs if name.startswith(HOST)} - {f"{HOST}{host}" for host in hosts}
        return len(hosts) > 1 or not others or any(trial.state in ENDED and host_of(trial) in hosts for trial in trials)

    def suggest(self, trial: optuna.Trial) -> dict[str, Any]:
        """The parameters of a trial."""
        return {name: trial._suggest(name, to_distribution(one)) for name, one in self.settings.space.items()}  # noqa: SLF001


def host_of(trial: FrozenTrial) -> str:
    """The host that has run a trial, or runs it; nothing where none has yet."""
    return trial.user_attrs.get(WORKER, "").partition("/")[0]


def counts(trial: FrozenTrial) -> bool:
    """Whether a failed trial was a try: what was given up before it ran was none."""
    return trial.state == TrialState.FAIL and trial.user_attrs.get(WHY) != GIVEN_UP


def fails_by_itself(trial: FrozenTrial) -> bool:
    """Whether a trial failed by its own training: Optuna says nothing of those whose worker was silent too long."""
    return counts(trial) and trial.user_attrs.get(WHY, LOST) != LOST


def to_distribution(space: Space) -> BaseDistribution:
    """The space of one parameter in Optuna's words."""
    if space.kind == "choice":
        return CategoricalDistribution(space.values)
    if space.kind == "int":
        return IntDistribution(int(space.low), int(space.high))
    return FloatDistribution(space.low, space.high, log=space.kind == "log")


def make_pruner(name: str) -> optuna.pruners.BasePruner:
    """The pruner of that name."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=PRUNING_STARTUP)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner()
    if name == "none":
        return optuna.pruners.NopPruner()
    raise UserError("unknown-pruning", f"There is no pruning called {name}.", "Use median, hyperband or none.")
