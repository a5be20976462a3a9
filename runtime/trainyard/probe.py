"""What must hold of a model before it is judged: that it answers a row alone, and the same one twice, as it did all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainyard.agreement import agree
from trainyard.errors import UserError
from trainyard.inputs import Inputs, count_rows, take_rows
from trainyard.models import join_answers, predict_all
from trainyard.scoring import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

# Rows that are asked alone and together.
TOGETHER = 4
# Another order of the same sums, in single precision or on a GPU, makes less of a difference.
ROUNDING = {"absoluteTolerance": 1e-3, "relativeTolerance": 1e-3}


def require_steady_answers(predict: Callable[[Inputs], Any], inputs: Inputs) -> None:
    """Asks for the first row alone, twice, and for the first rows each alone and together.

    Raises UserError when there is not one answer for each row, the same one whatever else is asked with it. A package
    could be built of no such model: it is found out here, before it is judged.
    """
    row = take_rows(inputs, slice(0, 1))
    first, second = (to_json(predict_all(predict, row)) for _ in range(2))
    if first != second:
        raise UserError(
            "model-answers-at-random",
            "The model answers the same row differently each time it is asked.",
            "Turn off what draws at random in predict, such as dropout (`training=self.training`), or fix its seed.",
        )
    count = min(TOGETHER, count_rows(inputs))
    together = to_json(predict_all(predict, take_rows(inputs, slice(0, count))))
    alone = [predict_all(predict, take_rows(inputs, slice(place, place + 1))) for place in range(count)]
    if agree(to_json(join_answers(alone)), together, ROUNDING):
        return
    raise UserError(
        "model-answers-by-batch",
        f"The model answers the first {count} rows otherwise each alone than together: what is served would not be "
        "what is judged.",
        "Let predict scale by what training has seen, not by the rows it is asked (`scaler.transform`, `.eval()`).",
    )
