"""The reference profile: how inputs and predictions were spread on the holdout (core/drift/profile.ts)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.binning import choose_edges, count_into
from trainyard.column_roles import NOT_COUNTED, find_roles
from trainyard.dependence import profile_together
from trainyard.features import Extractor, Feature, list_features
from trainyard.inputs import Inputs, count_rows
from trainyard.interpretation import NUMERIC_TASKS, OTHER_ANSWERS
from trainyard.outputs import place_kept, place_others
from trainyard.parts import WHOLE, Parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trainyard.column_roles import Role
    from trainyard.reading import Reading

PROFILE_SCHEMA = "trainyard.profile/1"
MAX_CATEGORIES = 20
CATEGORY_MASS = 0.99
# The rare ones are named up to here: more of them no host need keep.
MAX_NAMED_CATEGORIES = 4096
# The bins of one histogram: core/drift/profile.ts.
MAX_CLASSES = 4096
CONFIDENCE_BINS = 20
# Numbers are near to their labels where so many of the holdout are: fewer say less of all, more are easily kept.
NEAR_SHARE = 0.8


def make_profile(
    identity: dict[str, str],
    inputs: Inputs,
    reading: Reading,
    days: Sequence[np.ndarray] = (),
    declared: Mapping[str, Role] | None = None,
) -> dict[str, Any]:
    """The profile of a model on held-out rows. `identity` gives `model`, `version` and `created`.

    Columns are what `declared` says, else what they are recognised as; those that are not counted are named in it.

    `days` says which rows are of which day: the counts of each are kept too, so that usual days can be told from drift.
    How many rows of each bin were answered right is kept of features, so that a loss can be told beside their shifts.
    """
    roles = find_roles(inputs, declared or {})
    parts = Parts(days, find_right(reading))
    return {
        "schema": PROFILE_SCHEMA,
        **identity,
        "rows": count_rows(inputs),
        "features": profile_features(inputs, {name: found.role for name, found in roles.items()}, parts),
        "leftOut": [
            {"name": name, "as": found.role, "declared": found.is_declared}
            for name, found in roles.items()
            if found.role in NOT_COUNTED
        ],
        "prediction": profile_predictions(reading, days),
    }


def profile_features(
    inputs: Inputs,
    roles: Mapping[str, Role],
    parts: Parts = WHOLE,
) -> list[dict[str, Any]]:
    """One histogram per feature; a feature without a single value has nothing to compare with and is left out."""
    extractor = Extractor(list_features(inputs, roles))
    numbers, categories = extractor.extract(inputs)
    numeric = [profile_numbers(feature, numbers[:, i], parts) for i, feature in enumerate(extractor.numeric)]
    named = [profile_categories(f, values, parts) for f, values in zip(extractor.categorical, categories, strict=True)]
    features = [profile for profile in numeric + named if profile is not None]
    kept = [number for number, profile in enumerate(numeric) if profile is not None]
    return features + profile_together(features, numbers[:, kept], parts)


def profile_numbers(feature: Feature, values: np.ndarray, parts: Parts) -> dict[str, Any] | None:
    """The histogram of a numeric feature. Infinite values count as missing, as they do when serving."""
    present = np.isfinite(values)
    finite = values[present]
    if len(finite) == 0:
        return None
    edges = choose_edges(finite)
    profile: dict[str, Any] = {
        "name": feature.name,
        "kind": feature.kind,
        "edges": edges,
        "counts": count_into(edges, finite).tolist(),
        "missing": len(values) - len(finite),
        "min": float(finite.min()),
        "max": float(finite.max()),
    }
    if feature.kind == "projection":
        profile["projection"] = {"seed": feature.seed, "dimension": feature.dimension}
    if feature.statistic:
        profile["text"] = {"column": feature.texts, "statistic": feature.statistic}
    return profile | parts.count(lambda part: count_into(edges, values[present & part]))


def profile_categories(
    feature: Feature,
    values: list[str | None],
    parts: Parts,
) -> dict[str, Any] | None:
    """The commonest categories, at most 20 that hold 99 % of the rows; then `other` (the rest), `unseen` (none yet).

    How many occur `once` says what share of other rows holds categories that these do not. Of too many to be named the
    `rare` ones are not there, and every other category is one of the rest.
    """
    counted = Counter(value for value in values if value is not None)
    total = sum(counted.values())
    if total == 0:
        return None
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    kept: list[tuple[str, int]] = []
    for item in ranked[:MAX_CATEGORIES]:
        if sum(count for _, count in kept) >= CATEGORY_MASS * total:
            break
        kept.append(item)
    counts = [count for _, count in kept]
    bins = {name: position for position, (name, _) in enumerate(kept)}
    # Missing rows are in no bin; those of a rare category are in the one before the last.
    placed = np.array([-1 if value is None else bins.get(value, len(kept)) for value in values])
    return {
        "name": feature.name,
        "kind": "categorical",
        "categories": [name for name, _ in kept],
        **({"rare": [name for name, _ in ranked[len(kept) :]]} if len(ranked) <= MAX_NAMED_CATEGORIES else {}),
        "counts": [*counts, total - sum(counts), 0],
        "missing": len(values) - total,
        "once": sum(count == 1 for count in counted.values()),
        **parts.count(lambda part: np.bincount(placed[part & (placed >= 0)], minlength=len(kept) + 2)),
    }


def profile_predictions(reading: Reading, days: Sequence[np.ndarray] = ()) -> dict[str, Any]:
    """Predictions per class with confidence bins and how often each was right; or a histogram of numbers.

    Where the classes are not all that there can be, or too many for a bin each, a last one holds every other answer.
    Of texts it is their length, of quantiles the middle one; of several classes a row all together are one of the
    commonest answers.
    """
    interpretation, outcome = reading.interpretation, reading.outcome
    if interpretation.task in NUMERIC_TASKS or interpretation.task == "text":
        return profile_numeric_predictions(outcome.chosen, days) | promise_nearness(reading)
    has_sets = interpretation.task == "multilabel"
    classes = list(interpretation.sets if has_sets else interpretation.classes)
    chosen = outcome.chosen
    is_open = has_sets or interpretation.world != "closed"
    kept: dict[str, Any] = {}
    if len(classes) >= MAX_CLASSES:
        places = choose_commonest(chosen, len(classes))
        classes = [classes[place] for place in places]
        chosen = place_kept(chosen, places, len(classes))
        kept = {"kept": places.tolist()}
    if is_open or kept:
        classes.append(OTHER_ANSWERS)
    if is_open:
        chosen = place_others(chosen, len(classes) - 1)
    known = chosen >= 0
    profile: dict[str, Any] = {
        "kind": "classes",
        "classes": classes,
        "counts": np.bincount(chosen[known], minlength=len(classes)).tolist(),
        **({"open": True} if is_open else {}),
        **kept,
    }
    profile["confidence"] = profile_confidence(outcome.confidence, reading.right, known)
    profile["truth"] = {"kind": "set" if has_sets else "name", "labels": reading.contract.labels}
    return profile | Parts(days).count(lambda day: np.bincount(chosen[known & day], minlength=len(classes)))


def choose_commonest(chosen: np.ndarray, classes: int) -> np.ndarray:
    """The classes that are answered most, as many as have a bin of their own, in their order."""
    counts = np.bincount(chosen[chosen >= 0], minlength=classes)
    return np.sort(np.argsort(-counts, kind="stable")[: MAX_CLASSES - 1])


def profile_numeric_predictions(chosen: np.ndarray, days: Sequence[np.ndarray]) -> dict[str, Any]:
    """The histogram of predicted numbers."""
    present = np.isfinite(chosen)
    edges = choose_edges(chosen[present])
    return {
        "kind": "numeric",
        "edges": edges,
        "counts": count_into(edges, chosen[present]).tolist(),
        **Parts(days).count(lambda day: count_into(edges, chosen[present & day])),
    }


def promise_nearness(reading: Reading) -> dict[str, Any]:
    """How near most numbers are to their labels: late ones are held against that. Nothing of other tasks."""
    if reading.interpretation.task != "regression":
        return {}
    within, right = find_near(reading)
    return {
        "confidence": {"edges": [], "total": [len(right)], "correct": [int(right.sum())]},
        "truth": {"kind": "number", "within": within},
    }


def find_near(reading: Reading) -> tuple[float, np.ndarray]:
    """How near most numbers are to their labels, and which of them are."""
    errors = np.abs(reading.outcome.chosen - np.asarray(reading.truth, dtype=np.float64))
    within = float(np.quantile(errors, NEAR_SHARE, method="inverted_cdf"))
    return within, errors <= within


def find_right(reading: Reading) -> np.ndarray | None:
    """Which rows are answered as late labels will be told right; nothing of a task whose labels can't be told so."""
    task = reading.interpretation.task
    if task == "regression":
        return find_near(reading)[1]
    return None if task in NUMERIC_TASKS or task == "text" else reading.right


def profile_confidence(confidence: np.ndarray | None, right: np.ndarray, known: np.ndarray) -> dict[str, Any]:
    """Twenty bins of equal mass, with the known rows and the right ones in each; one for a model without confidence."""
    if confidence is None:
        return {"edges": [], "total": [int(known.sum())], "correct": [int(right[known].sum())]}
    confidence, right = confidence[known], right[known]
    edges = choose_edges(confidence, CONFIDENCE_BINS)
    return {
        "edges": edges,
        "total": count_into(edges, confidence).tolist(),
        "correct": count_into(edges, confidence[right]).tolist(),
    }
