"""A package that takes pictures: built, unpacked and asked through the handler that it carries."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from conftest import SIDE, Package, SavedModel, build_package, infer, make_images
from test_handler import FakeContext
from test_pictures import save
from trainyard.errors import Problem, UserError
from trainyard.evaluate import main as evaluate
from trainyard.golden import write_requests
from trainyard.handler import answer_batch, start
from trainyard.holdout import Holdout, HoldoutColumns, load_holdout
from trainyard.measure import main as measure
from trainyard.picture_steps import parse_steps
from trainyard.settings import read_settings
from trainyard.signature import parse_signature

if TYPE_CHECKING:
    from pathlib import Path

STEPS = {
    "kind": "image",
    "size": [SIDE, SIDE],
    "mode": "L",
    "scale": 1 / 32,
    "mean": [3.5],
    "std": [1],
    "layout": "HW",
    "interpolation": "bilinear",
}
PNG = {"content-type": "image/png"}


def to_levels(images: np.ndarray) -> np.ndarray:
    """Levels from which the steps make these numbers again, as near as 8 bits come."""
    return np.clip(np.rint((images + 3.5) * 32), 0, 255).astype(np.uint8)


def draw(seed: int) -> bytes:
    return save(Image.fromarray(to_levels(make_images(1, seed)[0])[0]))


def to_tensor(seed: int) -> np.ndarray:
    """What the steps make of that picture, written out."""
    levels = to_levels(make_images(1, seed)[0]).astype(np.float64)
    return (levels * (1 / 32) - 3.5).astype(np.float32)


@pytest.fixture(scope="session")
def picture_model(models: Path, eager_model: SavedModel) -> SavedModel:
    """The model of noisy patterns, with a holdout of PNG files in Parquet."""
    images, labels = make_images(200, seed=2)
    pictures = [save(Image.fromarray(levels)) for levels in to_levels(images)]
    table = pd.DataFrame({"id": range(len(labels)), "picture": pictures, "label": labels})
    table.to_parquet(models / "pictures.parquet")
    return SavedModel(eager_model.folder, models / "pictures.parquet")


@pytest.fixture(scope="session")
def picture_package(models: Path, picture_model: SavedModel) -> Package:
    return build_package(picture_model, models / "picture-package", "--pictures", json.dumps(STEPS))


def refuse_holdout(path: Path) -> Problem:
    """Why a holdout can't be read for the model."""
    signature = parse_signature(infer(make_images(1, 1)[0], np.zeros((1, 3))).to_dict())
    with pytest.raises(UserError) as caught:
        load_holdout(path, HoldoutColumns("label", "id", None, ()), signature, parse_steps(STEPS))
    return caught.value.problem


def ask(folder: Path, *asked: tuple[object, dict[str, str]], service=None):
    service = service or start(FakeContext(folder, []))
    context = FakeContext(folder, [headers for _, headers in asked])
    entries = [body if isinstance(body, dict) else {"body": body} for body, _ in asked]
    answers = answer_batch(service, entries, context)
    return context.statuses, [json.loads(answer) for answer in answers]


class TestPackage:
    """One declaration, in everything that is packed."""

    def test_it_carries_the_steps_it_was_packed_with(self, picture_package: Package, tmp_path: Path):
        folder = picture_package.unpack(tmp_path)
        kept = read_settings(folder / "settings.json").pictures
        assert kept is not None
        assert kept.to_json() == STEPS

    def test_golden_examples_are_the_pictures_and_answers_to_what_the_steps_make(
        self, picture_package: Package, picture_model: SavedModel, network
    ):
        import torch

        golden = json.loads((picture_package.folder / "golden.json").read_text())
        held = {base64.b64encode(one).decode() for one in pd.read_parquet(picture_model.holdout)["picture"]}
        for example in golden["examples"]:
            (text,) = example["inputs"]["inputs"]
            assert text in held
            levels = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
            tensor = torch.from_numpy((levels / 32 - 3.5).astype(np.float32))[None]
            with torch.no_grad():
                assert np.allclose(example["predictions"], network(tensor).numpy(), atol=1e-5)

    def test_what_is_measured_answers_them_by_its_own_handler(self, picture_package: Package, tmp_path: Path):
        out = tmp_path / "measured.json"
        assert measure(["--package-dir", str(picture_package.folder), "--out", str(out), "--calls", "5"]) == 0
        assert json.loads(out.read_text())["examples"] == 32

    def test_the_profile_is_that_of_the_same_pixels_as_tensors(
        self, picture_package: Package, models: Path, eager_model: SavedModel
    ):
        images, labels = make_images(200, seed=2)
        tensors = (to_levels(images) * (1 / 32) - 3.5).astype(np.float32)
        np.savez(models / "tensors.npz", x=tensors, label=labels, id=np.arange(200))
        other = build_package(SavedModel(eager_model.folder, models / "tensors.npz"), models / "tensor-package")
        profiles = [json.loads((one.folder / "profile.json").read_text()) for one in (picture_package, other)]
        assert profiles[0] == profiles[1]

    def test_steps_that_do_not_fit_stop_the_build(self, picture_model: SavedModel, tmp_path: Path):
        options = ["--pictures", json.dumps({**STEPS, "size": [28, 28]})]
        out = tmp_path / "out.json"
        with pytest.raises(AssertionError):
            build_package(picture_model, tmp_path, *options)
        problem = json.loads(out.read_text())["error"]
        assert problem["code"] == "serving-input-shape"
        assert "[28, 28]" in problem["message"]
        assert f"[{SIDE}, {SIDE}]" in problem["message"]

    @pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
    def test_a_holdout_of_pictures_is_judged_by_the_same_steps(
        self, picture_model: SavedModel, tmp_path: Path, form: str
    ):
        table = pd.read_parquet(picture_model.holdout)
        holdout = tmp_path / f"held.{form}"
        if form == "parquet":
            # As Hugging Face's data sets have them.
            table.assign(picture=[{"bytes": one, "path": None} for one in table["picture"]]).to_parquet(holdout)
        else:
            texts = table.assign(picture=[base64.b64encode(one).decode() for one in table["picture"]])
            written = texts.to_csv(index=False) if form == "csv" else texts.to_json(orient="records", lines=True)
            holdout.write_text(written)
        out = tmp_path / "out.json"
        files = ["--predictions", str(tmp_path / "p.parquet"), "--out", str(out), "--holdout", str(holdout)]
        steps = ["--pictures", json.dumps(STEPS), "--target", "label", "--id", "id"]
        assert evaluate(["--model-uri", str(picture_model.folder), *files, *steps]) == 0
        assert json.loads(out.read_text())["metrics"]["accuracy"] > 0.9
        kept = json.loads(pq.read_schema(tmp_path / "p.parquet").metadata[b"trainyard"])["pictures"]
        assert kept == {**STEPS, "interpolation": kept["interpolation"]}

    def test_a_holdout_of_pictures_is_refused_where_nothing_says_how_they_are_taken(
        self, picture_model: SavedModel, tmp_path: Path
    ):
        out = tmp_path / "out.json"
        files = ["--predictions", str(tmp_path / "p.parquet"), "--out", str(out)]
        about = ["--holdout", str(picture_model.holdout), "--target", "label", "--id", "id"]
        assert evaluate(["--model-uri", str(picture_model.folder), *files, *about]) != 0
        assert json.loads(out.read_text())["error"]["code"] == "holdout-without-steps"

    def test_steps_that_no_picture_went_through_are_not_kept(self, eager_model: SavedModel, tmp_path: Path):
        files = ["--predictions", str(tmp_path / "p.parquet"), "--out", str(tmp_path / "out.json")]
        about = ["--holdout", str(eager_model.holdout), *eager_model.columns, "--pictures", json.dumps(STEPS)]
        assert evaluate(["--model-uri", str(eager_model.folder), *files, *about]) == 0
        assert "pictures" not in json.loads(pq.read_schema(tmp_path / "p.parquet").metadata[b"trainyard"])

    def test_a_held_out_picture_that_no_request_may_have_is_named(self, picture_model: SavedModel, tmp_path: Path):
        table = pd.read_parquet(picture_model.holdout).head(20)
        table.loc[3, "picture"] = table["picture"][3][:40]
        table.to_parquet(tmp_path / "held.parquet")
        broken = SavedModel(picture_model.folder, tmp_path / "held.parquet")
        with pytest.raises(AssertionError):
            build_package(broken, tmp_path, "--pictures", json.dumps(STEPS))
        problem = json.loads((tmp_path / "out.json").read_text())["error"]
        assert (problem["code"], "row 4" in problem["message"]) == ("holdout-picture", True)

    @pytest.mark.parametrize(
        ("cell", "words"),
        [
            (None, "has no picture in row 4"),
            ({"bytes": None, "path": None}, "has no picture in row 4"),
            ({"bytes": None, "path": "a/b.png"}, "has a path in place of a picture in row 4"),
        ],
    )
    @pytest.mark.parametrize("form", ["parquet", "jsonl"])
    def test_a_row_without_a_picture_is_named(
        self, picture_model: SavedModel, tmp_path: Path, cell: object, words: str, form: str
    ):
        table = pd.read_parquet(picture_model.holdout).head(6)
        pictures = [one if form == "parquet" else base64.b64encode(one).decode() for one in table["picture"]]
        if isinstance(cell, dict):
            pictures = [{"bytes": one, "path": None} for one in pictures]
        table["picture"] = pd.Series([*pictures[:3], cell, *pictures[4:]], dtype=object)
        path = tmp_path / f"held.{form}"
        if form == "parquet":
            table.to_parquet(path)
        else:
            table.to_json(path, orient="records", lines=True)
        problem = refuse_holdout(path)
        assert (problem.code, words in problem.message) == ("holdout-picture", True)

    @pytest.mark.parametrize("is_text", [True, False])
    def test_a_column_of_paths_says_so(self, picture_model: SavedModel, tmp_path: Path, is_text: bool):  # noqa: FBT001
        table = pd.read_parquet(picture_model.holdout).head(6)
        paths = [f"digits/{row}.png" for row in range(6)]
        table["picture"] = paths if is_text else [{"bytes": None, "path": path} for path in paths]
        table.to_parquet(tmp_path / "held.parquet")
        problem = refuse_holdout(tmp_path / "held.parquet")
        assert "has paths in place of pictures in rows 1, 2, 3 and 3 more" in problem.message


def test_golden_examples_of_large_rows_are_as_many_as_a_host_reads():
    tensors = np.random.default_rng(1).random((40, 3, 224, 224), dtype=np.float32)
    held = Holdout(tensors, np.zeros(40), list(map(str, range(40))), None, {}, "")
    signature = parse_signature(infer(tensors[:1], np.zeros((1, 2))).to_dict())
    size = sum(len(json.dumps(request)) for request in write_requests(held, signature))
    assert 40_000_000 < size <= 48_000_000
    photos = [bytes(60_000_000)] * 40
    assert len(write_requests(replace(held, pictures=photos), signature)) == 1
    assert len(write_requests(replace(held, pictures=[b"small"] * 40), signature)) == 32


class TestCapture:
    """What is counted of a picture is what is counted of its tensor, and nothing of it is written."""

    def test_a_picture_and_its_tensor_are_counted_alike(
        self, picture_package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        folder = picture_package.unpack(tmp_path / "archive")
        counted = []
        for kind in ("picture", "tensor"):
            monkeypatch.setenv("TRAINYARD_CAPTURE_DIR", str(tmp_path / kind))
            service = start(FakeContext(folder, []))
            asked = [
                (draw(seed), PNG) if kind == "picture" else (json.dumps({"inputs": to_tensor(seed).tolist()}), {})
                for seed in range(20, 30)
            ]
            statuses, _ = ask(folder, *asked, service=service)
            assert statuses == [200] * 10
            service.close()
            (snapshot,) = (tmp_path / kind).glob("*.json")
            counted.append(json.loads(snapshot.read_text()))
            written = b"".join(file.read_bytes() for file in (tmp_path / kind).iterdir())
            assert b"PNG" not in written
        assert counted[0]["n"] == 10
        assert counted[0]["features"] == counted[1]["features"]
        assert counted[0]["prediction"] == counted[1]["prediction"]
