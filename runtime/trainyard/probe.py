"""What must hold of a model before it is judged: that it answers a row alone, and the same one twice, as it did all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainyard.errors import UserError
from trainyard.inputs import Inputs, take_rows
from trainyard.models import predict_all
from trainyard.scoring import to_json

if TYPE_CHECKING:
    from collections.abc import Callable


def require_steady_answers(predict: Callable[[Inputs], Any], inputs: Inputs) -> None:
    """Asks for the first row alone, twice. Raises UserError when there is not one answer each time, the same one.

    A package could be built of no such model: it is found out here, before it is judged.
    """
    row = take_rows(inputs, slice(0, 1))
    first, second = (to_json(predict_all(predict, row)) for _ in range(2))
    if first == second:
        return
    raise UserError(
        "model-answers-at-random",
        "The model answers the same row differently each time it is asked.",
        "Turn off what draws at random in predict, such as dropout (`training=self.training`), or fix its seed.",
    )
