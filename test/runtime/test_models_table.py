"""docs/models.md: its rows are those of the instrument, and the cheap ones are played here too, with what there is."""

import json
import re
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY, SavedModel

sys.path.append(str(REPOSITORY / "measure" / "models"))

from read_kinds import read_kinds
from write_holdouts import write_holdout

from train import HELD_OUT, ROWS, describe

PAGE = REPOSITORY / "docs" / "models.md"
ROW = re.compile(
    r"^\| (.*?) \| `(.*?)` \| (?:`(.*?)`)? ?\| (?:refused: `(.*?)`|(works|not played yet)) \|$", re.MULTILINE
)
CHEAP = (
    "binomial",
    "columns-of-quantiles",
    "digits-in-text",
    "encoded",
    "encoded-declared",
    "forest-of-topics",
    "lists-of-topics",
    "mapping",
    "multi-output",
    "network-of-topics",
    "scores-with-query",
    "table-of-classes",
    "without-signature",
    "xgboost-booster",
    "xgboost-quantiles",
    "xgboost-ranker",
)


def test_the_page_has_a_row_for_each_kind_as_it_is_expected_to_end():
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    kinds = {(one.title, one.logged, one.declares): one.outcome for one in read_kinds().values()}
    assert sorted(row[:3] for row in rows) == sorted(kinds)
    ended = {row[:3]: row[3] or row[4] for row in rows if row[4] != "not played yet"}
    assert ended == {row: kinds[row] for row in ended}
    assert len(ended) >= 60


@pytest.mark.parametrize("name", CHEAP)
def test_a_kind_is_read_as_its_own_library_means_it(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    import cloudpickle
    import mlflow
    import yaml

    from trainyard.evaluate import main

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    kind = read_kinds()[name]
    # As the training does: the model's process can't import where it was written.
    cloudpickle.register_pickle_by_value(sys.modules[kind.log.__module__])
    with mlflow.start_run() as run:
        predict = kind.log(kind.data(ROWS, 1))
    held = kind.data(ROWS, HELD_OUT)
    write_holdout(kind, tmp_path)
    source = SavedModel(tmp_path, tmp_path / f"holdout.{kind.file}")
    answers = yaml.safe_load(kind.declares) if kind.declares else {}
    code = main(
        [
            *("--model-uri", f"runs:/{run.info.run_id}/model", "--predictions", str(tmp_path / "answers.parquet")),
            *("--out", str(tmp_path / "out.json"), "--holdout", str(source.holdout), *source.columns),
            *("--answers", json.dumps({key: say(value) for key, value in answers.items()})),
        ]
    )
    told = json.loads((tmp_path / "out.json").read_text())
    if kind.outcome != "works":
        assert (code, told["error"]["code"]) == (2, kind.outcome)
        return
    assert code == 0
    expected = describe(kind, held, predict(held.inputs))["metrics"]
    if kind.metric == "ndcg":
        # Of rankings the runtime tells no figure: what it hands on is what the model says.
        given = pq.read_table(tmp_path / "answers.parquet")["prediction"].to_numpy()
        np.testing.assert_allclose(given, predict(held.inputs).answers, rtol=1e-5)
        return
    assert told["metrics"][kind.metric] == pytest.approx(expected[kind.metric])
    if "log-loss" in expected:
        assert told["metrics"]["log-loss"] == pytest.approx(expected["log-loss"], rel=1e-4)


def say(value: object) -> object:
    """As trainyard.yml hands names of classes on: in text."""
    if isinstance(value, dict):
        return {str(key): str(one) for key, one in value.items()}
    if isinstance(value, list):
        return [one if isinstance(one, float) else str(one) for one in value]
    return value
