"""Parts of the holdout whose rows a profile counts by themselves, in the bins of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np


@dataclass(frozen=True)
class Parts:
    """Which rows are of which day, and which were answered right; of none where that is not known."""

    days: Sequence[np.ndarray] = ()
    right: np.ndarray | None = None

    def count(self, count: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
        """The counts of each day as `blocks`, and of right answers as `right`; nothing of what is not known."""
        blocks = {"blocks": [count(day).tolist() for day in self.days]} if self.days else {}
        return blocks | ({} if self.right is None else {"right": count(self.right).tolist()})


WHOLE = Parts()
