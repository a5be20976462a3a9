"""Examples of how a model must behave: it is asked about them beside the holdout, and judge looks at its answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainyard.check_answers import refuse_unanswered
from trainyard.declared_inputs import refuse_other_inputs
from trainyard.errors import UserError
from trainyard.files import digest_file
from trainyard.holdout import HoldoutColumns, read_file
from trainyard.holdout_inputs import choose_inputs
from trainyard.inputs import count_rows
from trainyard.models import predict_all
from trainyard.outputs import interpret
from trainyard.predictions import name_predictions

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from trainyard.picture_steps import PictureSteps
    from trainyard.reading import Reading
    from trainyard.signature import Signature

# The columns that say what must be answered; all others are inputs (core/gate/examples.ts).
COLUMNS = HoldoutColumns(target="expect", id="id", group="pair", slices=("within",), time="relation")
MOST_EXAMPLES = 10_000


def add_examples_option(parser: argparse.ArgumentParser) -> None:
    """The option that names files of examples."""
    parser.add_argument("--examples", action="append", type=Path, default=[], help="CSV of examples; may be repeated")


def answer_examples(
    path: Path,
    predict: Callable[[Any], Any],
    reading: Reading,
    inputs: tuple[str, ...],
    signature: Signature | None,
    steps: PictureSteps | None = None,
) -> dict[str, Any]:
    """What the model answers to the examples of a file, read as its answers to the holdout were, and the digest.

    Raises UserError when the file can't be read or has other columns than the model takes, and when an answer is none.
    """
    if not path.is_file():
        raise UserError("examples-missing", f"{path} is not there.", "Correct `examples` under gate.", str(path))
    columns = replace(COLUMNS, inputs=inputs)
    refuse_other_inputs(columns, signature, path)
    given, _ = choose_inputs(read_file(path, columns, signature), columns, signature, path, steps)
    if not 0 < count_rows(given) <= MOST_EXAMPLES:
        raise UserError(
            "examples-count",
            f"{path} has {count_rows(given)} examples.",
            f"Give at least one and at most {MOST_EXAMPLES}; what is to be counted belongs into the holdout.",
            str(path),
        )
    outcome = interpret(predict_all(predict, given), reading.interpretation)
    refuse_unanswered(outcome, reading.interpretation)
    answers = name_predictions(replace(reading, outcome=outcome))
    scores = outcome.scores if reading.interpretation.task == "binary" else None
    return {
        "digest": digest_file(path),
        "answers": np.asarray(answers).tolist(),
        "scores": None if scores is None else scores[:, -1].tolist(),
    }
