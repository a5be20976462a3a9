"""What of a holdout a model may be given: never what it is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from trainyard.holdout import HoldoutColumns
    from trainyard.signature import Signature


def refuse_other_inputs(columns: HoldoutColumns, signature: Signature | None, path: Path) -> None:
    """Raises UserError for a signature that asks for the label, or for a column that the holdout does not give."""
    asked = signature.names if signature else ()
    if columns.target in asked:
        raise UserError(
            "model-takes-the-label",
            f"The model's signature names the input {columns.target}, which is the label of {path}.",
            "Log the model with a signature of its inputs alone: a model that is given the label is judged by nothing.",
            str(path),
        )
    others = [name for name in asked if not columns.may_be_given(name)]
    if others:
        raise UserError(
            "model-input-not-given",
            f"The model's signature names {', '.join(others)}, which {path} gives to no model.",
            "Log the model without them; or let the default branch list every input in data.holdout.inputs.",
            str(path),
        )
