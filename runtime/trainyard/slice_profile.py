"""What of a profile is by slice: the answers and the confidences of rows that hold one value of a declared column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.counters import Counters
from trainyard.derived import count_letters, count_room, name_derived
from trainyard.inputs import Inputs, count_rows, take_rows
from trainyard.interpretation import Outcome
from trainyard.slices import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

# Slices that are watched: each is judged beside all other features, and shares their false alarms.
MOST_SLICES = 12
# Between `warn` and the tolerance lies 0.08. By core/drift/reference-noise.ts the noise of 300 rows of reference in ten
# bins explains 0.10 of it: a shift at `warn` would stay hidden. That of 1,000 rows explains 0.05.
FEWEST_ROWS = 1000
MOST_CLASSES = 64
# Rows that are counted in one step.
ROWS_TOGETHER = 1000
# Of a value, as of a column's name (core/drift/profile.ts).
MOST_LETTERS = 512
CONFIDENCE = "/confidence"
# After the classes, as after the categories of a column: the rare ones, and those never seen. There are none.
NO_OTHERS = [0, 0]


def profile_slices(
    profile: dict[str, Any],
    rows: tuple[Inputs, Outcome],
    wanted: Sequence[str],
    days: Sequence[np.ndarray] = (),
) -> list[dict[str, Any]]:
    """Features of the slices of these columns, the largest first, counted as a host counts the same `rows`.

    Only of columns that a request brings and that are counted by value: of others a host can't know the slice. No more
    than a profile has room for.
    """
    chosen = choose_slices(profile, wanted)
    empty = [feature for column, value in chosen for feature in describe_slice(profile["prediction"], column, value)]
    empty = empty[: count_room(profile["features"])]
    if not empty or any(feature["name"].startswith(PREFIX) for feature in profile["features"]):
        return []
    columns = {column for column, _ in chosen}
    counted = profile | {"features": [f for f in profile["features"] if f["name"] in columns] + empty}
    whole = count_rows_of(counted, rows, np.ones(count_rows(rows[0]), dtype=bool))
    blocks = [count_rows_of(counted, rows, day) for day in days]
    return [
        feature
        | {"counts": whole[feature["name"]]["counts"]}
        | ({"blocks": [block[feature["name"]]["counts"] for block in blocks]} if blocks else {})
        for feature in empty
    ]


def choose_slices(profile: dict[str, Any], wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Columns and values of the largest slices that are large enough."""
    known = {feature["name"]: feature for feature in profile["features"] if feature["kind"] == "categorical"}
    sizes = [
        (size, column, value)
        for column in dict.fromkeys(wanted)
        if column in known
        for value, size in zip(known[column]["categories"], known[column]["counts"], strict=False)
        if size >= FEWEST_ROWS and count_letters(value) <= MOST_LETTERS
    ]
    return [(column, value) for _, column, value in sorted(sizes, key=lambda one: (-one[0], one[1:]))[:MOST_SLICES]]


def count_rows_of(profile: dict[str, Any], rows: tuple[Inputs, Outcome], part: np.ndarray) -> dict[str, Any]:
    """What a host counts of the rows of a part, by feature: some after the others, as all would fill the memory."""
    inputs, outcome = rows
    counters = Counters(profile)
    places = np.flatnonzero(part)
    for start in range(0, len(places), ROWS_TOGETHER):
        some = places[start : start + ROWS_TOGETHER]
        scores, parts = (None if one is None else one[some] for one in (outcome.scores, outcome.parts))
        counters.count(take_rows(inputs, some), Outcome(outcome.chosen[some], scores, parts=parts))
    return counters.take_snapshot()["features"]


def spell_slice(column: str, value: str) -> str:
    r"""Column and value in one word that no other slice spells, nor the confidences of one.

    As they are, but for marks: `=` in a column is `\=`, `\` is doubled in both, and a value that ends as confidences
    are called has one more before that.
    """
    first, second = (text.replace("\\", "\\\\") for text in (column, value))
    if second.endswith(CONFIDENCE):
        second = second.removesuffix(CONFIDENCE) + "\\" + CONFIDENCE
    first = first.replace("=", "\\=")
    return f"{first}={second}"


def describe_slice(prediction: dict[str, Any], column: str, value: str) -> list[dict[str, Any]]:
    """The bins of a slice's answers and confidences, empty."""
    name = name_derived(PREFIX, spell_slice(column, value), CONFIDENCE)
    described: list[dict[str, Any]] = []
    if prediction["kind"] == "numeric":
        bins = {"kind": "scalar", "edges": prediction["edges"], "counts": [0] * len(prediction["counts"])}
        described.append({"name": name, **bins, "slice": {"column": column, "value": value, "of": "answers"}})
    elif len(prediction["classes"]) <= MOST_CLASSES:
        bins = {
            "kind": "categorical",
            "categories": prediction["classes"],
            "counts": [0] * len(prediction["classes"]) + NO_OTHERS,
        }
        described.append({"name": name, **bins, "slice": {"column": column, "value": value, "of": "answers"}})
    confidence = prediction.get("confidence", {"edges": []})
    if confidence["edges"]:
        bins = {"kind": "scalar", "edges": confidence["edges"], "counts": [0] * len(confidence["total"])}
        said = {"column": column, "value": value, "of": "confidence"}
        described.append({"name": f"{name}{CONFIDENCE}", **bins, "slice": said})
    return [{**feature, "missing": 0} for feature in described]
