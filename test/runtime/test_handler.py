"""The handler, with a context like TorchServe's."""

import json
from pathlib import Path

import numpy as np
import pytest

from conftest import Package, SavedModel, build_package, infer, make_images, make_table
from trainyard.handler import answer_batch, start
from trainyard.service import ModelService


class FakeContext:
    """TorchServe's context for one batch: what it hands in, and what is set on the answers."""

    def __init__(self, folder: Path, headers: list[dict[str, str]]) -> None:
        self.system_properties = {"model_dir": str(folder), "gpu_id": None}
        self._headers = headers
        self.statuses = [200] * len(headers)
        self.answer_headers: list[dict[str, str]] = [{} for _ in headers]

    def get_request_id(self, idx: int = 0) -> str:
        return f"torchserve-{idx}"

    def get_all_request_header(self, idx: int) -> dict:
        return {"body": {"content-type": "application/json"}, **self._headers[idx]}

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        assert phrase
        self.statuses[idx] = code

    def set_response_content_type(self, idx: int, value: str) -> None:
        self.answer_headers[idx]["content-type"] = value

    def set_response_header(self, idx: int, key: str, value: str) -> None:
        self.answer_headers[idx][key] = value


def body(*seeds: int) -> dict:
    return {"inputs": np.concatenate([make_images(1, seed)[0] for seed in seeds]).tolist()}


@pytest.fixture
def unpacked(image_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINYARD_CAPTURE_DIR", str(tmp_path / "capture"))
    monkeypatch.setenv("TRAINYARD_VERSION", "42")
    return image_package.unpack(tmp_path / "archive")


def ask(service: ModelService, folder: Path, *requests: object, headers: dict[str, str] | None = None):
    context = FakeContext(folder, [headers or {} for _ in requests])
    answers = answer_batch(service, [{"body": request} for request in requests], context)
    return context, [json.loads(answer) for answer in answers]


def test_each_request_of_a_batch_gets_its_own_answer(unpacked: Path):
    service = start(FakeContext(unpacked, []))
    context, (first, wrong, third) = ask(service, unpacked, body(5), {"inputs": [[1]]}, body(6, 7))
    assert context.statuses == [200, 400, 200]
    assert wrong["code"] == "wrong-shape"
    assert len(third["predictions"]) == 2
    _, (alone,) = ask(service, unpacked, body(5))
    assert np.allclose(first["predictions"], alone["predictions"])


def test_ids_and_version_are_told(unpacked: Path):
    service = start(FakeContext(unpacked, []))
    context, _ = ask(service, unpacked, body(5), headers={"X-Request-ID": "mine"})
    assert context.answer_headers[0] == {
        "content-type": "application/json",
        "x-trainyard-request-id": "mine",
        "x-trainyard-version": "42",
    }
    context, _ = ask(service, unpacked, body(5))
    assert context.answer_headers[0]["x-trainyard-request-id"] == "torchserve-0"


@pytest.mark.parametrize(
    ("depth", "codes"), [(70, ["not-an-object", "ragged-inputs"]), (100_000, ["not-json", "not-json"])]
)
def test_a_body_nested_deeply_is_the_clients_own_mistake(unpacked: Path, depth: int, codes: list[str]):
    service = start(FakeContext(unpacked, []))
    nested = b"[" * depth + b"]" * depth
    context, answers = ask(service, unpacked, nested, b'{"inputs": ' + nested + b"}", body(5))
    assert context.statuses == [400, 400, 200]
    assert [answer["code"] for answer in answers[:2]] == codes


def test_a_pinned_request_is_answered_and_no_evidence(unpacked: Path, tmp_path: Path):
    service = start(FakeContext(unpacked, []))
    context, (answer, wrong) = ask(service, unpacked, body(5), {"nonsense": 1}, headers={"X-Trainyard-Pin": "42"})
    assert context.statuses == [200, 400]
    assert len(answer["predictions"]) == 1
    assert wrong["code"]
    unreadable = ModelService(service._settings, lambda _inputs: "no answer", "42", service._capture)
    ask(unreadable, unpacked, body(5), headers={"x-trainyard-pin": "42"})
    ask(service, unpacked, body(5), headers={"x-request-id": "r"})
    service.close()
    (snapshot,) = (tmp_path / "capture").glob("*.json")
    counted = json.loads(snapshot.read_text())
    assert (counted["n"], counted["invalid"], counted["refused"]) == (1, 0, 0)
    (log,) = (tmp_path / "capture").glob("*.log")
    assert [line.split("\t")[0] for line in log.read_text().splitlines()] == ["r"]


def test_an_invalid_answer_to_a_copy_is_counted_apart(unpacked: Path, tmp_path: Path):
    service = start(FakeContext(unpacked, []))
    copy = {"X-Trainyard-Copy": "1", "x-request-id": "r"}
    ask(service, unpacked, body(5), headers=copy)
    for answer in ("no answer", np.full((1, 3), np.nan)):
        invalid = ModelService(service._settings, lambda _inputs, answer=answer: answer, "42", service._capture)
        ask(invalid, unpacked, body(5), headers=copy)
    ask(invalid, unpacked, body(5), headers={"x-request-id": "s"})
    service.close()
    (snapshot,) = (tmp_path / "capture").glob("*.json")
    counted = json.loads(snapshot.read_text())
    assert (counted["n"], counted["invalid"], counted["invalidAnswers"], counted["invalidCopies"]) == (4, 3, 1, 2)
    (log,) = (tmp_path / "capture").glob("*.log")
    assert [line.split("\t")[0] for line in log.read_text().splitlines()] == ["r", "r", "s"]


def test_answers_and_refusals_are_counted(unpacked: Path, tmp_path: Path):
    service = start(FakeContext(unpacked, []))
    ask(service, unpacked, body(5), body(6, 7), {"nonsense": 1}, headers={"x-request-id": "r"})
    service.close()
    (snapshot,) = (tmp_path / "capture").glob("*.json")
    counted = json.loads(snapshot.read_text())
    assert (counted["n"], counted["invalid"], counted["refused"], counted["version"]) == (3, 0, 1, "42")
    assert sum(counted["features"]["brightness"]["counts"]) == 3
    (log,) = (tmp_path / "capture").glob("*.log")
    assert [line.split("\t")[0] for line in log.read_text().splitlines()] == ["r", "r:0", "r:1"]
    assert {line.split("\t")[2] for line in log.read_text().splitlines()} <= {"ant", "bee", "cat"}


def test_what_mlflow_refuses_is_counted_as_refused_too(unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    service = start(FakeContext(unpacked, []))

    def refuse(_):
        raise MlflowException("Failed to enforce schema of data: missing required property `role`")

    monkeypatch.setattr(service, "_run", refuse)
    context, _ = ask(service, unpacked, body(5), body(6))
    service.close()
    (snapshot,) = (tmp_path / "capture").glob("*.json")
    counted = json.loads(snapshot.read_text())
    assert context.statuses == [400, 400]
    assert (counted["n"], counted["invalid"], counted["refused"]) == (0, 0, 2)


def test_an_answer_of_another_form_is_invalid(unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    service = start(FakeContext(unpacked, []))
    monkeypatch.setattr(service, "_run", lambda _: {"one": [1], "two": [2]})
    context, _ = ask(service, unpacked, body(5))
    monkeypatch.setattr(service, "_run", lambda _: np.full((1, 3), np.nan))
    ask(service, unpacked, body(6, 7))
    ask(service, unpacked, body(8))
    service.close()
    (snapshot,) = (tmp_path / "capture").glob("*.json")
    counted = json.loads(snapshot.read_text())
    assert context.statuses == [200]
    assert (counted["n"], counted["invalid"], counted["invalidAnswers"], counted["refused"]) == (4, 4, 3, 0)


class MlflowException(Exception):  # noqa: N818 - as MLflow calls it
    """Stands for MLflow's own, which is told by its name."""


def test_a_failure_of_the_models_code_is_500_for_that_request_alone(unpacked: Path, monkeypatch: pytest.MonkeyPatch):
    service = start(FakeContext(unpacked, []))
    run = service._run

    def fail_on_large_values(inputs):
        if inputs.max() > 100:
            raise RuntimeError("does not fit")
        return run(inputs)

    monkeypatch.setattr(service, "_run", fail_on_large_values)
    large = {"inputs": np.full((1, 12, 12), 1000.0).tolist()}
    context, (good, bad) = ask(service, unpacked, body(5), large)
    assert context.statuses == [200, 500]
    assert "predictions" in good
    assert bad["code"] == "prediction-failed"
    assert "does not fit" not in bad["message"]


def test_trouble_with_counting_does_not_cost_the_answer(unpacked: Path, monkeypatch: pytest.MonkeyPatch):
    service = start(FakeContext(unpacked, []))

    def fail(*_arguments):
        raise OSError("disk full")

    monkeypatch.setattr(service._capture, "record", fail)
    context, (answer,) = ask(service, unpacked, body(5))
    assert context.statuses == [200]
    assert "predictions" in answer


def test_nothing_is_written_where_nobody_asked_for_it(image_package: Package, tmp_path: Path):
    folder = image_package.unpack(tmp_path)
    service = start(FakeContext(folder, []))
    before = sorted(tmp_path.rglob("*"))
    ask(service, folder, body(5))
    service.close()
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == []


def test_a_table_model_refuses_what_does_not_fit(tabular_package: Package, tmp_path: Path):
    folder = tabular_package.unpack(tmp_path)
    service = start(FakeContext(folder, []))
    good = {"dataframe_records": [{"income": 20000.0, "age": 30, "region": "north"}]}
    context, (answer, refusal) = ask(service, folder, good, {"dataframe_records": [{"income": 1.0}]})
    assert context.statuses == [200, 400]
    assert len(answer["predictions"][0]) == 2
    assert refusal == {"code": "missing-columns", "message": "The request lacks age, region."}


def test_answers_that_are_not_one_per_row_are_asked_for_one_by_one(unpacked: Path, monkeypatch: pytest.MonkeyPatch):
    service = start(FakeContext(unpacked, []))
    monkeypatch.setattr(service, "_run", lambda inputs: {"sum": [float(inputs.sum())]})
    context, answers = ask(service, unpacked, body(5), body(6, 7))
    assert context.statuses == [200, 200]
    assert [len(answer["predictions"]["sum"]) for answer in answers] == [1, 1]


@pytest.fixture(scope="session")
def gappy_package(models: Path) -> Package:
    """A pipeline that takes gaps, trained on a table with some: MLflow says which columns may be left out."""
    import mlflow.sklearn
    from sklearn.ensemble import HistGradientBoostingClassifier

    table = make_table(400, seed=1)
    inputs = table[["income", "age"]].assign(debt=np.where(table.index % 3 == 0, np.nan, table["income"] / 2))
    model = HistGradientBoostingClassifier(max_iter=5).fit(inputs, table["label"])
    signature = infer(inputs, model.predict_proba(inputs))
    assert [spec.required for spec in signature.inputs] == [True, True, False]
    mlflow.sklearn.save_model(
        model,
        models / "gappy",
        signature=signature,
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
    holdout = models / "gappy.csv"
    make_table(200, seed=2).drop(columns=["price", "region"]).assign(debt=1000.0).to_csv(holdout, index=False)
    return build_package(SavedModel(models / "gappy", holdout), models / "gappy-package")


def test_a_row_without_an_optional_column_is_answered_and_one_without_a_required_column_refused(
    gappy_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TRAINYARD_CAPTURE_DIR", str(tmp_path / "capture"))
    folder = gappy_package.unpack(tmp_path / "archive")
    service = start(FakeContext(folder, []))
    row = {"income": 20000.0, "age": 30}
    null = {"dataframe_records": [{**row, "debt": None}]}
    without = {"dataframe_records": [row]}
    mixed = {"dataframe_records": [{**row, "debt": 3.0}, row]}
    lacking = {"dataframe_records": [{**row, "debt": 3.0}, {"income": 1.0}]}
    context, (of_null, of_without, of_mixed, refusal) = ask(service, folder, null, without, mixed, lacking)
    assert context.statuses == [200, 200, 200, 400]
    assert of_without == of_null
    assert of_mixed["predictions"][1] == of_null["predictions"][0]
    assert refusal == {"code": "missing-columns", "message": "The request lacks age in row 2 (the first example is 1)."}
    service.close()
    (counted,) = [json.loads(path.read_bytes()) for path in (tmp_path / "capture").glob("*.json")]
    assert (counted["n"], counted["invalid"], counted["refused"]) == (4, 0, 1)


def test_a_holdout_without_an_optional_column_is_packed(gappy_package: Package, tmp_path: Path):
    import pandas as pd

    holdout = tmp_path / "gappy.csv"
    pd.read_csv(gappy_package.source.holdout).drop(columns="debt").to_csv(holdout, index=False)
    package = build_package(SavedModel(gappy_package.source.folder, holdout), tmp_path / "package")
    folder = package.unpack(tmp_path / "archive")
    context, _ = ask(start(FakeContext(folder, [])), folder, {"dataframe_records": [{"income": 2.0, "age": 30}]})
    assert context.statuses == [200]
