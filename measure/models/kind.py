"""One kind of model that people log: its data, how it is logged, and what it says by its own library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

WORKS = "works"


@dataclass(frozen=True)
class Data:
    """Inputs as a table or an array, and a label for each row; and of which query each is, where they are ranked."""

    inputs: Any
    labels: np.ndarray
    queries: np.ndarray | None = None


@dataclass(frozen=True)
class Said:
    """What a model says of rows by its own library, in the words of the holdout's labels.

    `scores` has a column for each of `classes`. Several classes of a row stand in one text, with `|` between them;
    of several quantiles `scores` has a column for each, and the answers are the middle one.
    """

    answers: Any
    scores: Any = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A row of the table.

    `declares` is `answers` of trainyard.yml, as YAML; `outcome` is `works`, or the code that it is refused by in
    `trainyard check`. `log` trains and logs a model, and gives its own predict.
    """

    name: str
    family: str
    title: str
    logged: str
    data: Callable[[int, int], Data]
    log: Callable[[Data], Callable[[Any], Said]]
    outcome: str = WORKS
    declares: str = ""
    file: str = "csv"
    metric: str = "accuracy"
    # What else stands under data.holdout, as YAML.
    holdout: str = ""


KINDS: dict[str, Kind] = {}


def kind(title: str, logged: str, data: Callable[[int, int], Data], **said: str) -> Callable[..., Any]:
    """Enters a function as the kind of its name."""

    def enter(log: Callable[[Data], Callable[[Any], Said]]) -> Callable[[Data], Callable[[Any], Said]]:
        family = log.__module__.rpartition(".")[2]
        name = log.__name__.replace("_", "-")
        if name in KINDS:
            raise ValueError(f"two kinds are called {name}")
        KINDS[name] = Kind(name, family, title, logged, data, log, **said)
        return log

    return enter
