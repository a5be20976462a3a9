"""What golden examples may differ by: from what was measured, and which of two scores is the larger."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import SIDE, Package, SavedModel, build_package, infer, make_images
from trainyard.agreement import agree, choose_tolerances
from trainyard.exactness import tell_classes
from trainyard.interpretation import Interpretation
from trainyard.scoring import to_json
from trainyard.tolerances import (
    EPSILON,
    FLOOR_ULPS,
    SAFETY,
    make_tolerance,
    make_unmeasured,
    measure_scale,
    measure_spread,
    name_form,
)


def golden_of(package: Package) -> dict:
    return json.loads((package.folder / "golden.json").read_text())


def test_number_forms_are_as_fine_as_numpy_says():
    for form in ("float64", "float32", "float16"):
        assert EPSILON[form] == np.finfo(form).eps


@pytest.mark.parametrize("seed", range(5))
def test_scale_and_spread_are_those_of_numpy(seed: int):
    random = np.random.default_rng(seed)
    expected = random.normal(0, 10 ** random.uniform(-3, 3), (32, 4))
    given = expected + random.normal(0, 1e-6, expected.shape)
    scale = np.abs(expected).mean()
    assert measure_scale(to_json(expected)) == pytest.approx(scale, rel=1e-12)
    found = measure_spread(to_json(given), to_json(expected), scale)
    assert found == pytest.approx((np.abs(given - expected) / (scale + np.abs(expected))).max(), rel=1e-12)


def test_what_is_allowed_covers_what_was_seen_and_agrees_with_numpy():
    random = np.random.default_rng(7)
    expected = random.normal(0, 3, (200, 3))
    given = expected + random.normal(0, 1e-5, expected.shape)
    scale = measure_scale(to_json(expected))
    allowed = make_tolerance(measure_spread(to_json(given), to_json(expected), scale), scale, "float32")
    limits = {"atol": allowed["absoluteTolerance"], "rtol": allowed["relativeTolerance"]}
    for factor in (1, 4, 8, 32, 64):
        moved = expected + factor * (given - expected)
        assert agree(to_json(moved), to_json(expected), allowed) == np.allclose(moved, expected, **limits)
    assert agree(to_json(expected + SAFETY * (given - expected)), to_json(expected), allowed)
    assert not agree(to_json(expected + 2.1 * SAFETY * (given - expected)), to_json(expected), allowed)


def test_the_smallest_part_says_the_scale():
    answers = [[{"score": 0.5, "price": 1e5, "rank": 3}], [{"score": 0.1, "price": -3e5, "rank": 900}]]
    assert measure_scale(answers) == pytest.approx(0.3)
    assert measure_scale([["cat", 3, None]]) == 1
    assert measure_scale([[0.0, 0.0]]) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [("cat", "dog"), (4, 3), (True, 1.0), ([0.5], [0.5, 0.5]), ({"a": 1.0}, {"b": 1.0}), (None, 0.5)],
)
def test_what_is_no_number_differs_by_more_than_any(given, expected):
    assert measure_spread(given, expected, 1.0) == np.inf


def test_the_least_that_is_allowed_is_some_roundings_of_the_form():
    exact = make_tolerance(0.0, 2.0, "float32")
    assert exact["relativeTolerance"] == FLOOR_ULPS * np.finfo("float32").eps
    assert exact["absoluteTolerance"] == 2 * exact["relativeTolerance"]
    assert exact["numberForm"] == "float32"
    # Nothing says in what the answers were calculated.
    unseen = make_tolerance(0.0, 2.0, "float64")
    assert unseen["relativeTolerance"] == FLOOR_ULPS * np.finfo("float32").eps
    assert unseen["numberForm"] == "float32"
    half = make_tolerance(0.0, 1.0, "float16")
    assert (half["numberForm"], half["relativeTolerance"]) == ("float16", np.sqrt(np.finfo("float16").eps))


def test_no_more_is_allowed_than_half_of_the_digits():
    assert make_tolerance(0.2, 1.0, "float32")["relativeTolerance"] == np.sqrt(np.finfo("float32").eps)
    # A GPU that multiplies in TF32 may be seen to differ by more, and is held to what it was seen to.
    on_gpu = make_tolerance(2.0**-10, 1.0, "float32", used="tf32")
    assert on_gpu == {"numberForm": "tf32", "absoluteTolerance": 2.0**-7, "relativeTolerance": 2.0**-7}
    assert make_unmeasured(3.0, "float32") == {
        "numberForm": "tf32",
        "absoluteTolerance": 3 / 32,
        "relativeTolerance": 1 / 32,
    }
    assert make_unmeasured(1.0, "float64")["relativeTolerance"] == np.sqrt(np.finfo("float64").eps)


def test_the_form_is_that_of_the_coarsest_part():
    assert name_form(np.zeros(2, dtype=np.float16)) == "float16"
    assert name_form(pd.DataFrame({"a": np.zeros(2), "b": np.zeros(2, dtype=np.float32)})) == "float32"
    assert name_form({"a": np.zeros(2), "b": np.array(["x", "y"])}) == "float64"
    assert name_form([0.5]) == "float64"


def test_the_class_has_to_be_the_same_unless_two_were_level():
    tolerances = {"absoluteTolerance": 0.04, "relativeTolerance": 0, "ranked": True}
    assert agree([[0.51, 0.49]], [[0.53, 0.47]], tolerances)
    # Within what numbers may differ by, and another class.
    assert not agree([[0.49, 0.51]], [[0.51, 0.49]], tolerances)
    assert agree([[0.49, 0.51]], [[0.51, 0.49]], {**tolerances, "ranked": False})
    # A lead of less than a quarter of it is none.
    assert agree([[0.499, 0.501]], [[0.502, 0.498]], tolerances)


@pytest.mark.parametrize("boundary", [0.0, 0.5])
def test_a_single_score_has_to_be_on_the_same_side_unless_it_was_level(boundary: float):
    tolerances = {"absoluteTolerance": 0.04, "relativeTolerance": 0, "boundary": boundary}
    assert agree([boundary + 0.01], [boundary + 0.03], tolerances)
    assert not agree([boundary - 0.01], [boundary + 0.02], tolerances)
    assert not agree([boundary + 0.01], [boundary - 0.02], tolerances)
    assert agree([boundary - 0.01], [boundary + 0.005], tolerances)
    assert agree([boundary - 0.01], [boundary + 0.02], {**tolerances, "boundary": None})


@pytest.mark.parametrize(
    ("interpretation", "told"),
    [
        (Interpretation("scores", ("a", "b", "c")), {"ranked": True}),
        (Interpretation("scores", ("a", "b", "c"), columns=("x", "y", "z")), {}),
        (Interpretation("probability", ("no", "yes")), {"boundary": 0.5}),
        (Interpretation("probability", ("no", "yes"), scale="logits"), {"boundary": 0.0}),
        (Interpretation("values", ()), {}),
        (Interpretation("labels", ("a", "b")), {}),
    ],
)
def test_what_says_the_class_is_as_answers_are_read(interpretation: Interpretation, told: dict):
    assert tell_classes(interpretation) == told


def test_a_device_that_was_not_measured_is_judged_as_any_other():
    measured = {"device": "cpu", "numberForm": "float32", "absoluteTolerance": 1e-6, "relativeTolerance": 2e-6}
    elsewhere = {"numberForm": "tf32", "absoluteTolerance": 0.01, "relativeTolerance": 0.03}
    golden = {
        "absoluteTolerance": 1.0,
        "relativeTolerance": 1.0,
        "measured": [measured],
        "elsewhere": elsewhere,
        "ranked": True,
    }
    classes = {"ranked": True, "boundary": None}
    assert choose_tolerances(golden, "cpu") == {"absoluteTolerance": 1e-6, "relativeTolerance": 2e-6, **classes}
    assert choose_tolerances(golden, "cuda") == {"absoluteTolerance": 0.01, "relativeTolerance": 0.03, **classes}
    before = {"absoluteTolerance": 1e-5, "relativeTolerance": 1e-5}
    assert choose_tolerances(before, "cuda") == {**before, "ranked": False, "boundary": None}


class TestAPackage:
    """What its golden document says."""

    @pytest.mark.parametrize("fixture", ["image_package", "pt2_package"])
    def test_of_a_network_is_held_to_its_answers_in_double_precision(
        self, fixture: str, request: pytest.FixtureRequest
    ):
        golden = golden_of(request.getfixturevalue(fixture))
        (cpu,) = golden["measured"]
        assert (cpu["device"], cpu["numberForm"]) == ("cpu", "float32")
        # Much less than the 1e-5 that a constant would have to allow, and no less than the form can tell apart.
        assert FLOOR_ULPS * EPSILON["float32"] <= cpu["relativeTolerance"] < 1e-5
        assert golden["relativeTolerance"] == cpu["relativeTolerance"]
        assert golden["elsewhere"]["numberForm"] == "tf32"
        assert golden["ranked"] is True

    def test_of_a_model_that_nothing_is_seen_of_is_taken_for_single_precision(self, boosted_package: Package):
        golden = golden_of(boosted_package)
        (cpu,) = golden["measured"]
        assert cpu["relativeTolerance"] == FLOOR_ULPS * EPSILON["float32"]
        prices = np.concatenate([np.ravel(example["predictions"]) for example in golden["examples"]])
        assert cpu["absoluteTolerance"] == pytest.approx(cpu["relativeTolerance"] * np.abs(prices).mean())
        assert "ranked" not in golden


def test_a_network_that_sums_inexactly_is_allowed_what_it_was_seen_to_err_by(
    network, image_holdout: Path, tmp_path: Path
):
    import mlflow.pytorch
    import torch

    layer, back = torch.nn.Linear(SIDE * SIDE, 3), torch.nn.Linear(3, 3)
    layer.load_state_dict(network.layer.state_dict())
    with torch.no_grad():
        # What cancels: a thousand times the answer's size is added, and taken away again.
        layer.bias += 1000.0
        back.weight.copy_(torch.eye(3))
        back.bias.fill_(-1000.0)
    inexact = torch.nn.Sequential(torch.nn.Flatten(), layer, back).eval()
    signature = infer(make_images(2, seed=3)[0], np.zeros((2, 3), dtype=np.float32))
    options = {"serialization_format": "pickle", "pip_requirements": ["torch"]}
    mlflow.pytorch.save_model(
        inexact, tmp_path / "inexact", signature=signature, metadata={"classes": ["ant", "bee", "cat"]}, **options
    )
    golden = golden_of(build_package(SavedModel(tmp_path / "inexact", image_holdout), tmp_path / "package"))
    (cpu,) = golden["measured"]
    rows = np.array([example["inputs"]["inputs"][0] for example in golden["examples"]])
    with torch.inference_mode():
        exact = inexact.double()(torch.from_numpy(rows)).numpy()
    stored = np.array([example["predictions"][0] for example in golden["examples"]])
    seen = (np.abs(exact - stored) / (np.abs(stored).mean() + np.abs(stored))).max()
    assert SAFETY * seen <= cpu["relativeTolerance"] <= 2 * SAFETY * max(seen, 2e-6)
    assert cpu["relativeTolerance"] > 2 * FLOOR_ULPS * EPSILON["float32"]
