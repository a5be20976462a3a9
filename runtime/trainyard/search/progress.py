"""How far a search is, and what came of it."""

from __future__ import annotations

import math
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState

from trainyard.search.study import ENDED, RUN, SLOT, counts, fails_by_itself

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from trainyard.search.study import SharedStudy

# Importances of fewer trials say nothing.
FEWEST_FOR_IMPORTANCE = 4
# fANOVA squares sums of values: with larger ones, of trainings that went astray, it gives no numbers or none at all.
MOST_FOR_FANOVA = 1e100


def describe_progress(shared: SharedStudy) -> dict[str, Any]:
    """Counts, the best trial and the values so far, in the order in which they were given."""
    trials = shared.trials()
    ended = sorted((trial for trial in trials if trial.state in ENDED), key=lambda trial: trial.datetime_complete)
    complete = [trial for trial in ended if trial.state == TrialState.COMPLETE]
    deadline = shared.deadline()
    return {
        "asked": shared.settings.trials,
        "complete": len(complete),
        "pruned": len(ended) - len(complete),
        "running": sum(trial.state == TrialState.RUNNING for trial in trials),
        "failed": sum(fails_by_itself(trial) for trial in trials),
        "lost": sum(counts(trial) and not fails_by_itself(trial) for trial in trials),
        "values": [trial.value for trial in complete],
        "best": describe_best(shared, complete),
        "seconds": time.time() - shared.begin(),
        "secondsToDeadline": None if deadline is None else deadline - time.time(),
    }


def describe_best(shared: SharedStudy, complete: list[FrozenTrial]) -> dict[str, Any] | None:
    """The best of the trials that ran to their end; of equals the first."""
    if not complete:
        return None
    sign = -1 if shared.settings.direction == "maximize" else 1
    best = min(complete, key=lambda trial: (sign * trial.value, trial.number))
    return {
        "trial": best.number,
        "value": best.value,
        "parameters": best.params,
        "runId": best.user_attrs.get(RUN),
    }


def describe_result(shared: SharedStudy) -> dict[str, Any]:
    """The whole search, once it is over."""
    settings = shared.settings
    return {
        **describe_progress(shared),
        "study": settings.study,
        "metric": settings.metric,
        "direction": settings.direction,
        "sampler": {"kind": "tpe", "seed": settings.seed, "multivariate": True, "constantLiar": True},
        "pruning": settings.pruning,
        "optuna": optuna.__version__,
        "importances": weigh_parameters(shared),
        "trials": [describe_trial(trial) for trial in shared.trials() if trial.state in ENDED],
    }


def describe_trial(trial: FrozenTrial) -> dict[str, Any]:
    """One trial that has ended."""
    started, ended = trial.datetime_start, trial.datetime_complete
    return {
        "number": trial.number,
        "slot": trial.user_attrs.get(SLOT),
        "state": trial.state.name.lower(),
        "value": trial.value,
        "parameters": trial.params,
        "runId": trial.user_attrs.get(RUN),
        "seconds": None if started is None or ended is None else (ended - started).total_seconds(),
    }


def weigh_parameters(shared: SharedStudy) -> dict[str, Any] | None:
    """How much of the differences each parameter explains, and by which method; nothing where that can't be told."""
    complete = [trial for trial in shared.trials() if trial.state == TrialState.COMPLETE]
    if len(complete) < FEWEST_FOR_IMPORTANCE or len({trial.value for trial in complete}) == 1:
        return None
    method, evaluator = (
        ("fanova", optuna.importance.FanovaImportanceEvaluator(seed=shared.settings.seed))
        if find_spec("sklearn") and all(abs(trial.value) < MOST_FOR_FANOVA for trial in complete)
        else ("ped-anova", optuna.importance.PedAnovaImportanceEvaluator())
    )
    try:
        values = optuna.importance.get_param_importances(shared.study, evaluator=evaluator)
    except (RuntimeError, ValueError):
        return None
    if not all(map(math.isfinite, values.values())):
        return None
    return {"method": method, "values": {name: float(value) for name, value in values.items()}}
