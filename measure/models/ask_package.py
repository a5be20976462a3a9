"""Asks a package the whole holdout, row by row and at once, and compares with MLflow and with the model's own library.

    python ask_package.py --package FOLDER --model URI --kind NAME --said by-its-own-library.json --runtime FOLDER

Prints what differs, as a JSON list of sentences.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
from read_kinds import read_kinds

from train import HELD_OUT, ROWS

if TYPE_CHECKING:
    from kind import Kind

ALONE = 12
TOLERANCE = 1e-4


def main() -> None:
    """Reads the options and prints."""
    parser = argparse.ArgumentParser()
    for name in ("package", "model", "kind", "said", "runtime"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    sys.path.insert(0, options.runtime)
    chosen = read_kinds()[options.kind]
    said = json.loads(Path(options.said).read_bytes())["answers"]
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(Path(options.package) / "model.mar") as archive:
            archive.extractall(folder)
        sys.stdout.write(f"{json.dumps(compare(Path(folder), options.model, chosen, said))}\n")


def compare(folder: Path, uri: str, chosen: Kind, said: list[Any]) -> list[str]:
    """What differs, a sentence each."""
    from trainyard.messages import Request  # noqa: PLC0415
    from trainyard.outputs import interpret  # noqa: PLC0415 - on the path only now
    from trainyard.service import name_answers, open_service  # noqa: PLC0415
    from trainyard.settings import SETTINGS_FILE, read_settings  # noqa: PLC0415

    # First, so that it finds what it needs by itself.
    service = open_service(folder, environment={})
    model = mlflow.pyfunc.load_model(uri)
    inputs = chosen.data(ROWS, HELD_OUT).inputs
    found = []
    ends = [(0, len(inputs)), *((row, row + 1) for row in range(ALONE))]
    for start, end in ends:
        rows = inputs[start:end]
        (answer,) = service.answer([Request(f"{start}", write_request(rows).encode())])
        given = json.loads(answer.body)
        if answer.status != 200:  # noqa: PLR2004
            found.append(f"rows {start} to {end}: status {answer.status}, {given.get('code')}")
        elif not agree(given["predictions"], plain(model.predict(rows))):
            found.append(f"rows {start} to {end}: other answers than mlflow.pyfunc gives")
    interpretation = read_settings(folder / SETTINGS_FILE).interpretation
    named = name_answers(interpret(model.predict(inputs), interpretation), interpretation)
    meant = [read(one, interpretation.task) for one in named]
    if not agree(meant, [read(one, interpretation.task) for one in translate(said, chosen)]):
        found.append("answers mean something else than the model's own library says")
    return found


def translate(said: list[Any], chosen: Kind) -> list[Any]:
    """Labels as what they stand for, where that is declared."""
    import yaml  # noqa: PLC0415

    mapping = (yaml.safe_load(chosen.declares) or {}).get("labels", {}) if chosen.declares else {}
    return [mapping.get(one, one) for one in said]


def read(value: Any, task: str) -> Any:  # noqa: ANN401
    """A number where it is one, else a name; flags and numbers that stand for them are the same."""
    if task in {"regression", "quantiles", "ranking"}:
        return float(value)
    return {"False": "0", "True": "1"}.get(str(value), str(value))


def write_request(rows: Any) -> str:  # noqa: ANN401
    """A request as a client of MLflow writes it."""
    if isinstance(rows, pd.DataFrame):
        return json.dumps(
            {"dataframe_split": json.loads(rows.to_json(orient="split", date_format="iso", double_precision=15))}
        )
    return json.dumps({"inputs": np.asarray(rows).tolist()})


def plain(raw: Any) -> Any:  # noqa: ANN401
    """What MLflow's scoring server would write, by its own encoder."""
    from mlflow.pyfunc.scoring_server import _get_jsonable_obj  # noqa: PLC0415
    from mlflow.utils.proto_json_utils import NumpyEncoder  # noqa: PLC0415

    if hasattr(raw, "detach"):
        raw = raw.detach().numpy()
    # Its own server writes a Series as a table of one column without a name; ours writes the list that it is.
    if isinstance(raw, pd.Series):
        raw = raw.tolist()
    return json.loads(json.dumps(_get_jsonable_obj(raw, pandas_orient="records"), cls=NumpyEncoder))


def agree(given: Any, expected: Any) -> bool:  # noqa: ANN401
    """Numbers within the tolerance of single precision, everything else exactly."""
    if isinstance(expected, dict):
        return (
            isinstance(given, dict)
            and given.keys() == expected.keys()
            and all(agree(given[key], expected[key]) for key in expected)
        )
    if isinstance(expected, list):
        return isinstance(given, list) and len(given) == len(expected) and all(map(agree, given, expected))
    if isinstance(expected, float) and isinstance(given, float | int):
        return math.isclose(given, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return given == expected or (given is None and isinstance(expected, float) and math.isnan(expected))


if __name__ == "__main__":
    main()
