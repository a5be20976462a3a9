"""What a model's answers hang on, for people to read: it is information, and whatever fails here fails nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.boxed_model import ModelError
from trainyard.command import say
from trainyard.errors import UserError
from trainyard.explain.layout import Layout, lay_out, sum_features, to_form
from trainyard.explain.losses import list_losses, name_measure
from trainyard.explain.permutation import Importances, make_random, permute
from trainyard.explain.settings import Budget, ExplainSettings
from trainyard.files import write_json
from trainyard.inputs import count_rows, take_rows
from trainyard.models import hide_values, predict_all
from trainyard.outputs import interpret
from trainyard.time_limit import end_in_time

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.boxed_model import BoxedModel
    from trainyard.holdout import Holdout
    from trainyard.inputs import Inputs
    from trainyard.reading import Reading

# A slice of fewer rows says little, and more slices nobody reads.
FEWEST_OF_SLICE = 20
MOST_SLICES = 6
# Rows that are attributed at once: between them the time is looked at.
ROWS_AT_ONCE = 16
ATTRIBUTIONS = "attribution"
# Characters of a name or a reason, and the size of a number, that a report has any use for.
LONGEST = 500
LARGEST = 1e100


@dataclass(frozen=True)
class Answered:
    """A model that has answered the holdout: where it runs, what it was asked, how its answers are read."""

    box: BoxedModel
    holdout: Holdout
    reading: Reading
    # What it took to answer all of the holdout.
    seconds: float


def write_explanation(path: Path, answered: Answered, settings: ExplainSettings) -> None:
    """Writes the explanation as JSON. Whatever fails leaves no file and is told: the predictions stand without it."""
    try:
        write_json(path, explain(answered, settings))
    except Exception as error:  # noqa: BLE001 - what people are shown beside a judgement never stops one
        say(f"What the answers hang on could not be written ({type(error).__name__}).")


def explain(answered: Answered, settings: ExplainSettings) -> dict[str, Any]:
    """The importances of a model's inputs over all rows drawn and in the largest slices, and what they cost.

    Which rows are drawn depends on the holdout alone, so two models are explained on the same. The process of the model
    is ended when the time has run out while it still works: nothing may be asked of it afterwards.
    """
    asked = {"method": settings.method, "rows": settings.rows, "seconds": settings.seconds}
    budget = Budget(settings.seconds)
    result: dict[str, Any]
    with end_in_time(answered.box.kill, settings.seconds) as was_ended:
        try:
            result = find_importances(answered, settings, budget)
        except Exception as error:  # noqa: BLE001 - a model answers what was never foreseen when it is given shuffled rows
            told = error.problem.message if isinstance(error, UserError) else str(error) or type(error).__name__
            why = hide_values(told, answered.holdout.inputs)
            result = {"why": "time" if was_ended() else cut(why)}
    return {"asked": asked, "seconds": budget.spent, "evaluationSeconds": answered.seconds, **result}


def find_importances(answered: Answered, settings: ExplainSettings, budget: Budget) -> dict[str, Any]:
    """The importances by the method that is asked for and can be had."""
    holdout = answered.holdout
    drawn = draw_rows(holdout, settings.rows)
    inputs = take_rows(holdout.inputs, drawn)
    layout = lay_out(inputs)
    found, method, why = look_inside(answered.box, settings.method, to_form(inputs, layout), layout, budget)
    if found is None and settings.method in {"captum", "shap"}:
        return {"why": cut(why)}
    if found is None:
        method = "permutation"

        def lose(asked: Inputs) -> np.ndarray:
            raw = predict_all(answered.box.predict, asked)
            return list_losses(interpret(raw, answered.reading.interpretation), answered.reading, drawn)

        found = permute(lose, inputs, layout, seed=holdout.digest, budget=budget, rows=len(drawn))
        if found.done == 0:
            return {"why": cut(found.why or "")}
    return {
        "method": method,
        **({"instead": cut(why)} if why else {}),
        "measure": name_measure(answered.reading) if method == "permutation" else ATTRIBUTIONS,
        "of": holdout.rows,
        "values": layout.size,
        "grid": list(layout.grid) if layout.grid else None,
        **tell(found, layout, {name: [column[row] for row in drawn] for name, column in holdout.slices.items()}),
    }


def look_inside(
    box: BoxedModel,
    asked: str,
    form: Any,  # noqa: ANN401 - an array or a table
    layout: Layout,
    budget: Budget,
) -> tuple[Importances | None, str, str]:
    """Attributions and their method; or None, and why there are none, which is empty where nobody asked for them."""
    chosen = choose_method(box, asked, is_one_form=form is not None)
    if "method" not in chosen:
        return None, "", chosen["why"]
    method = chosen["method"]
    try:
        return attribute(box, method, form, layout, budget), method, ""
    except (ModelError, ValueError, TypeError) as error:
        return None, "", f"{method} failed on it ({hide_values(str(error), form)})"


def draw_rows(holdout: Holdout, most: int) -> np.ndarray:
    """Places of at most so many rows, in order; the same for every model that is asked about this holdout."""
    if holdout.rows <= most:
        return np.arange(holdout.rows)
    return np.sort(make_random(holdout.digest).choice(holdout.rows, most, replace=False))


def choose_method(box: BoxedModel, asked: str, *, is_one_form: bool) -> dict[str, str]:
    """By what the model's inside is looked at (`method`), or why it is not (`why`, empty where nobody asked)."""
    if asked == "permutation":
        return {"why": ""}
    if not is_one_form:
        return {"why": "it takes several tensors"}
    try:
        told = box.ask("choose_attribution", asked)
    except ModelError as error:
        return {"why": f"MLflow does not hand out what it has loaded ({error})"}
    if not isinstance(told, dict) or not all(isinstance(text, str) for text in told.values()):
        return {"why": "its process gave no answer that can be read"}
    # It comes from the process of the model's code: only what we know is taken from it.
    method = told.get("method")
    return {"method": method} if method in {"captum", "shap"} else {"why": told.get("why", "no reason given")}


def attribute(box: BoxedModel, method: str, form: Any, layout: Layout, budget: Budget) -> Importances:  # noqa: ANN401
    """The sizes of attributions, of as many rows as there is time for. Integrated Gradients begin at the mean row."""
    rows = count_rows(form)
    reference = np.asarray(form, dtype=np.float32).mean(axis=0, keepdims=True) if method == "captum" else None
    of_rows = np.full((rows, len(layout.features)), np.nan)
    longest, why, done = 0.0, None, 0
    for start in range(0, rows, ROWS_AT_ONCE):
        if longest > budget.left:
            why = "time"
            break
        began = time.perf_counter()
        part = take_rows(form, slice(start, start + ROWS_AT_ONCE))
        try:
            values = np.asarray(box.ask("attribute", method, part, reference))
        except UserError:
            why = "time"
            break
        longest = max(longest, time.perf_counter() - began)
        if values.shape != np.shape(part) or values.dtype.kind != "f" or not np.isfinite(values).all():
            raise ValueError(f"{method} gave no finite number for each value of the inputs")
        of_rows[start : start + len(values)] = np.abs(sum_features(values, layout))
        done = start + len(values)
    if done == 0:
        raise ValueError(f"{method} had no time for {min(rows, ROWS_AT_ONCE)} rows")
    return Importances(of_rows[:done], np.full(len(layout.features), np.nan), 0, why)


def tell(found: Importances, layout: Layout, slices: dict[str, list[str]]) -> dict[str, Any]:
    """What was found as JSON: of all rows, and of the largest slices."""
    rows = len(found.of_rows)
    members = {
        f"{name}={value}": np.array([one == value for one in column[:rows]])
        for name, column in slices.items()
        for value in dict.fromkeys(column[:rows])
    }
    sizes = {name: int(mask.sum()) for name, mask in members.items()}
    largest = sorted((name for name in sizes if FEWEST_OF_SLICE <= sizes[name] < rows), key=lambda name: -sizes[name])
    return {
        "rows": rows,
        "rounds": found.rounds,
        "done": found.done,
        **({"stopped": cut(found.why)} if found.why else {}),
        "features": [
            {"name": cut(feature.name), "value": to_number(value), "spread": to_number(spread)}
            for feature, value, spread in zip(layout.features, found.of_rows.mean(axis=0), found.spreads, strict=True)
        ],
        "slices": [
            {
                "name": cut(name),
                "rows": sizes[name],
                "values": [to_number(value) for value in found.of_rows[members[name]].mean(axis=0)],
            }
            for name in largest[:MOST_SLICES]
        ],
    }


def to_number(value: float) -> float | None:
    """A number as JSON has it: None for one that was not measured, or is of no size that can be drawn."""
    return float(value) if abs(value) <= LARGEST else None


def cut(text: str) -> str:
    """At most so much of a text as whoever reads it takes."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
