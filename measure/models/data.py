"""Small made-up data: each is a function from a number of rows and a seed to inputs and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from kind import Data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIDE = 8
WORDS = {"good": ("fine", "great", "liked", "lovely"), "bad": ("awful", "broken", "poor", "late")}
Maker = "Callable[[int, int], Data]"


def draw_numbers(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Four numbers a row, and one that depends on them."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(rows, 4)).round(3)
    return numbers, numbers @ [1.0, -0.7, 0.4, 0.1] + random.normal(0, 0.3, rows)


def table_of(labels: Sequence[Any]) -> Callable[[int, int], Data]:
    """A table of numbers with as many classes as there are labels, in unequal shares."""
    return lambda rows, seed: make_table(rows, seed, labels)


def make_table(rows: int, seed: int, labels: Sequence[Any]) -> Data:
    """The same, made."""
    import pandas as pd  # noqa: PLC0415 - the list of kinds is read without

    numbers, target = draw_numbers(rows, seed)
    edges = {2: [0.4], 3: [-0.5, 0.7]}[len(labels)]
    places = np.digitize(target, edges)
    table = pd.DataFrame(numbers, columns=["age", "income", "debt", "years"])
    return Data(table, np.array(labels, dtype=object)[places])


def mixed_of(labels: Sequence[Any]) -> Callable[[int, int], Data]:
    """A table of numbers and a column of texts."""

    def make(rows: int, seed: int) -> Data:
        made = make_table(rows, seed, labels)
        regions = np.random.default_rng(seed + 1).choice(["north", "south", "east"], rows)
        return Data(made.inputs.assign(region=regions), made.labels)

    return make


def prices(rows: int, seed: int) -> Data:
    """A table of numbers, and a number with fractions."""
    made = make_table(rows, seed, ("a", "b"))
    return Data(made.inputs, (draw_numbers(rows, seed)[1] * 10 + 100).round(2))


def counts(rows: int, seed: int) -> Data:
    """A table of numbers, and counts."""
    made = make_table(rows, seed, ("a", "b"))
    target = draw_numbers(rows, seed)[1]
    return Data(made.inputs, np.random.default_rng(seed).poisson(np.exp(target / 2 + 1)))


def array_of(labels: Sequence[Any]) -> Callable[[int, int], Data]:
    """The numbers as an array of single precision."""

    def make(rows: int, seed: int) -> Data:
        made = make_table(rows, seed, labels)
        return Data(made.inputs.to_numpy().astype(np.float32), np.array(made.labels.tolist()))

    return make


def array_of_prices(rows: int, seed: int) -> Data:
    """The same of prices."""
    made = prices(rows, seed)
    return Data(made.inputs.to_numpy().astype(np.float32), made.labels.astype(np.float32))


def pictures(rows: int, seed: int) -> Data:
    """Noisy pictures of three patterns."""
    patterns = np.random.default_rng(0).random((3, 1, SIDE, SIDE)) > 0.5  # noqa: PLR2004
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, rows)
    return Data((patterns[labels] + random.normal(0, 0.8, (rows, 1, SIDE, SIDE))).astype(np.float32), labels)


def reviews(rows: int, seed: int) -> Data:
    """Sentences of words that are good or bad, now and then one of the other."""
    import pandas as pd  # noqa: PLC0415

    random = np.random.default_rng(seed)
    labels = random.choice(["bad", "good"], rows, p=[0.4, 0.6])
    texts = [" ".join(draw_words(random, label)) for label in labels]
    return Data(pd.DataFrame({"text": texts}), labels)


def draw_words(random: np.random.Generator, label: str) -> list[str]:
    """Five words."""
    other = "bad" if label == "good" else "good"
    return [str(random.choice(WORDS[label if random.random() < 0.7 else other])) for _ in range(5)]  # noqa: PLR2004


def days(rows: int, seed: int) -> Data:
    """Days in a row, one number each; later ones for the holdout."""
    import pandas as pd  # noqa: PLC0415

    first = pd.Timestamp("2024-01-01") + pd.Timedelta(days=rows * (seed - 1))
    dates = pd.date_range(first, periods=rows)
    noise = np.random.default_rng(seed).normal(0, 0.5, rows)
    values = 20 + 0.01 * np.arange(rows) + 3 * np.sin(np.arange(rows) * 2 * np.pi / 7) + noise
    return Data(pd.DataFrame({"ds": dates}), values.round(3))


TOPICS = ("news", "sport", "film")


def topics(rows: int, seed: int) -> Data:
    """A table of numbers, and which of three topics each row has: several, or none."""
    import pandas as pd  # noqa: PLC0415

    numbers, _ = draw_numbers(rows, seed)
    noise = np.random.default_rng(seed + 1).normal(0, 0.3, (rows, len(TOPICS)))
    has = numbers[:, : len(TOPICS)] + noise > [0.1, 0.5, 0.9]
    texts = ["|".join(np.array(TOPICS)[row]) or "|" for row in has]
    return Data(pd.DataFrame(numbers, columns=["age", "income", "debt", "years"]), np.array(texts, dtype=object))


def mark_topics(labels: np.ndarray) -> np.ndarray:
    """1 for each topic that a row has, else 0: what libraries train on."""
    return np.array([[name in text.split("|") for name in TOPICS] for text in labels]).astype(int)


def array_of_topics(rows: int, seed: int) -> Data:
    """The same as an array of single precision."""
    made = topics(rows, seed)
    return Data(made.inputs.to_numpy().astype(np.float32), made.labels)


def offers(rows: int, seed: int) -> Data:
    """A table of numbers, how relevant each row is (0 to 3), and the query of ten rows that it belongs to."""
    made = make_table(rows, seed, ("a", "b"))
    relevance = np.digitize(draw_numbers(rows, seed)[1], [0.2, 0.9, 1.6])
    return Data(made.inputs, relevance, np.arange(rows) // 10)


def offers_with_query(rows: int, seed: int) -> Data:
    """The same, the query among the inputs."""
    made = offers(rows, seed)
    return Data(made.inputs.assign(query=made.queries), made.labels, made.queries)
