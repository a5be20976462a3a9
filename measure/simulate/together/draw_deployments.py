"""Deployments as the runtime counts them, whose columns go together: one JSON line each, for together.ts beside this.

Run from the root of the repository: PYTHONPATH=runtime python measure/simulate/together/draw_deployments.py OPTIONS
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np
import pandas as pd

from trainyard.contract import Contract
from trainyard.counters import Counters
from trainyard.interpretation import Interpretation, Outcome
from trainyard.outputs import interpret
from trainyard.profile import make_profile
from trainyard.reading import Reading

CLASSES = Interpretation("scores", ("no", "yes"))
IDENTITY = {"model": "simulated", "version": "1", "created": "2026-02-01T00:00:00.000Z"}
REFERENCE_DAYS = 28
STRONG, WEAK = 0.8, 0.4
COLUMNS = ("spend", "income", "visits", "age", "rooms", "distance")


def draw_day(random: np.random.Generator, options: argparse.Namespace, strong: float) -> pd.DataFrame:
    """Six columns: two go together strongly, two weakly, one has ties, one a long tail; each wanders alone."""
    values = random.normal(size=(options.rows, len(COLUMNS)))
    values[:, 1] = strong * values[:, 0] + np.sqrt(1 - strong**2) * values[:, 1]
    values[:, 3] = WEAK * values[:, 2] + np.sqrt(1 - WEAK**2) * values[:, 3]
    values += options.wobble * random.normal(size=len(COLUMNS))
    values[:, 4] = np.rint(2 * values[:, 4])
    values[:, 5] = np.exp(values[:, 5])
    return pd.DataFrame(values, columns=COLUMNS)


def answer(rows: pd.DataFrame) -> Outcome:
    """The answers of a model that goes by a column alone."""
    chance = 1 / (1 + np.exp(-rows["age"].to_numpy()))
    return interpret(np.column_stack([1 - chance, chance]), CLASSES)


def draw_deployment(seed: int, options: argparse.Namespace) -> dict:
    """A profile, and what was counted on each day; from the day `options.after` on the strong pair goes otherwise."""
    random = np.random.default_rng([options.seed, seed])
    reference = [draw_day(random, options, STRONG) for _ in range(REFERENCE_DAYS)]
    rows = pd.concat(reference, ignore_index=True)
    days = [np.arange(len(rows)) // options.rows == day for day in range(REFERENCE_DAYS)]
    reading = Reading(CLASSES, answer(rows), ["yes"] * len(rows), Contract(), ())
    profile = make_profile(IDENTITY, rows, reading, days if options.days else ())
    return {"profile": profile, "days": [count_day(profile, random, options, day) for day in range(options.live)]}


def count_day(profile: dict, random: np.random.Generator, options: argparse.Namespace, day: int) -> dict:
    """What a host counts of one day."""
    counters = Counters(profile)
    rows = draw_day(random, options, STRONG if day < options.after else options.strong)
    counters.count(rows, answer(rows))
    snapshot = counters.take_snapshot()
    return {name: snapshot[name] for name in ("n", "features", "prediction")}


def main() -> None:
    """Prints the deployments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deployments", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1000, help="a day")
    parser.add_argument("--wobble", type=float, default=0.0, help="how far each column wanders from day to day, in sd")
    parser.add_argument("--live", type=int, default=30, help="days of service")
    parser.add_argument("--after", type=int, default=10**6, help="days until the pair goes together otherwise")
    parser.add_argument("--strong", type=float, default=STRONG, help="its correlation from then on")
    parser.add_argument("--days", action="store_true", help="the profile knows its days")
    options = parser.parse_args()
    for seed in range(options.deployments):
        sys.stdout.write(json.dumps(draw_deployment(seed, options)) + "\n")


if __name__ == "__main__":
    main()
