"""The reference profile: how inputs and predictions were spread on the holdout (core/drift/profile.ts)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from trainyard.binning import choose_edges, count_into
from trainyard.features import Extractor, Feature, list_features
from trainyard.inputs import Inputs, count_rows
from trainyard.outputs import Interpretation, Outcome, name_truth

PROFILE_SCHEMA = "trainyard.profile/1"
MAX_CATEGORIES = 20
CATEGORY_MASS = 0.99
# More than this is a name or an id, not a category; its spread says nothing.
MAX_DISTINCT_CATEGORIES = 4096
CONFIDENCE_BINS = 20


def make_profile(
    identity: dict[str, str],
    inputs: Inputs,
    labels: np.ndarray,
    interpretation: Interpretation,
    outcome: Outcome,
) -> dict[str, Any]:
    """The profile of a model on held-out rows. `identity` gives `model`, `version` and `created`."""
    return {
        "schema": PROFILE_SCHEMA,
        **identity,
        "rows": count_rows(inputs),
        "features": profile_features(inputs),
        "prediction": profile_predictions(labels, interpretation, outcome),
    }


def profile_features(inputs: Inputs) -> list[dict[str, Any]]:
    """One histogram per feature; a feature without a single value has nothing to compare with and is left out."""
    extractor = Extractor(list_features(inputs))
    numbers, categories = extractor.extract(inputs)
    numeric = [profile_numbers(feature, numbers[:, i]) for i, feature in enumerate(extractor.numeric)]
    named = [profile_categories(f, values) for f, values in zip(extractor.categorical, categories, strict=True)]
    return [profile for profile in numeric + named if profile is not None]


def profile_numbers(feature: Feature, values: np.ndarray) -> dict[str, Any] | None:
    """The histogram of a numeric feature. Infinite values count as missing, as they do when serving."""
    finite = values[np.isfinite(values)]
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
    return profile


def profile_categories(feature: Feature, values: list[str | None]) -> dict[str, Any] | None:
    """The commonest categories, at most 20 that hold 99 % of the rows; then `other` (the rest), `unseen` (none yet)."""
    counted = Counter(value for value in values if value is not None)
    total = sum(counted.values())
    if total == 0 or len(counted) > MAX_DISTINCT_CATEGORIES:
        return None
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    kept: list[tuple[str, int]] = []
    for item in ranked[:MAX_CATEGORIES]:
        if sum(count for _, count in kept) >= CATEGORY_MASS * total:
            break
        kept.append(item)
    counts = [count for _, count in kept]
    return {
        "name": feature.name,
        "kind": "categorical",
        "categories": [name for name, _ in kept],
        "rare": [name for name, _ in ranked[len(kept) :]],
        "counts": [*counts, total - sum(counts), 0],
        "missing": len(values) - total,
    }


def profile_predictions(labels: np.ndarray, interpretation: Interpretation, outcome: Outcome) -> dict[str, Any]:
    """Predictions per class with confidence bins and how often each was right; or a histogram of numbers."""
    if interpretation.task == "regression":
        finite = outcome.chosen[np.isfinite(outcome.chosen)]
        edges = choose_edges(finite)
        return {"kind": "numeric", "edges": edges, "counts": count_into(edges, finite).tolist()}
    classes = list(interpretation.classes)
    known = outcome.chosen >= 0
    profile: dict[str, Any] = {
        "kind": "classes",
        "classes": classes,
        "counts": np.bincount(outcome.chosen[known], minlength=len(classes)).tolist(),
    }
    if outcome.confidence is not None:
        index = {name: position for position, name in enumerate(classes)}
        truth = np.array([index.get(name, -2) for name in name_truth(labels, interpretation.classes)])
        right = truth == outcome.chosen
        profile["confidence"] = profile_confidence(outcome.confidence[known], right[known])
    return profile


def profile_confidence(confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """Twenty bins of equal mass, with the rows and the right predictions in each."""
    edges = choose_edges(confidence, CONFIDENCE_BINS)
    return {
        "edges": edges,
        "total": count_into(edges, confidence).tolist(),
        "correct": count_into(edges, confidence[right]).tolist(),
    }
