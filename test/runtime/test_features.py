"""What of an input is counted."""

import numpy as np
import pandas as pd
import pytest

from trainyard.features import Extractor, list_features, make_direction


def test_an_image_gives_brightness_contrast_and_eight_projections():
    images = np.random.default_rng(1).random((5, 28, 28)).astype(np.float32)
    features = list_features(images)
    assert [feature.kind for feature in features] == ["scalar"] * 2 + ["projection"] * 8
    values = Extractor(features).extract(images)[0]
    assert np.allclose(values[:, 0], images.mean(axis=(1, 2)))
    assert np.allclose(values[:, 1], images.std(axis=(1, 2)))
    assert np.allclose(values[:, 5], images.reshape(5, -1) @ make_direction(3, 784), atol=1e-6)


def test_a_direction_is_the_same_everywhere_and_of_length_one():
    direction = make_direction(0, 784)
    assert np.isclose(np.linalg.norm(direction), 1)
    assert np.allclose(direction[:3] / direction[0], np.array([1.764052346, 0.400157208, 0.978737984]) / 1.764052346)


def test_a_narrow_tensor_is_counted_by_column():
    tensor = np.arange(6, dtype=np.float32).reshape(2, 3)
    features = list_features(tensor)
    assert [feature.name for feature in features] == ["x0", "x1", "x2"]
    assert Extractor(features).extract(tensor)[0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_named_tensors_keep_their_names():
    inputs = {"picture": np.ones((2, 10, 10)), "age": np.array([[1.0], [2.0]])}
    features = list_features(inputs)
    assert [feature.name for feature in features][:3] == [
        "picture/brightness",
        "picture/contrast",
        "picture/projection-0",
    ]
    assert features[-1].name == "age/x0"
    assert Extractor(features).extract(inputs)[0][:, -1].tolist() == [1, 2]


def test_a_table_has_numbers_times_and_categories():
    table = pd.DataFrame(
        {
            "income": [1.5, None],
            "at": pd.to_datetime(["1970-01-01T00:01:00", None]),
            "region": ["north", None],
            "member": [True, False],
        }
    )
    extractor = Extractor(list_features(table))
    numbers, categories = extractor.extract(table)
    assert numbers[0].tolist() == [1.5, 60]
    assert np.isnan(numbers[1]).all()
    assert categories == [["north", None], ["True", "False"]]


def test_a_column_that_does_not_come_counts_as_missing():
    extractor = Extractor(list_features(pd.DataFrame({"a": [1.0], "b": ["x"]})))
    other = pd.DataFrame({"c": [1, 2]})
    numbers, categories = extractor.extract(other)
    assert np.isnan(numbers).all()
    assert categories == [[None, None]]


def test_a_column_left_out_of_the_profile_is_passed_over():
    tensor = np.array([[1.0, np.nan, 3.0]])
    features = [feature for feature in list_features(tensor) if feature.name != "x1"]
    assert Extractor(features).extract(tensor)[0].tolist() == [[1, 3]]


def test_many_images_are_looked_at_in_blocks(monkeypatch: pytest.MonkeyPatch):
    images = np.random.default_rng(1).integers(0, 256, (50, 28, 28), dtype=np.uint8)
    whole = Extractor(list_features(images)).extract(images)[0]
    monkeypatch.setattr("trainyard.features.BLOCK_VALUES", 784 * 7)
    blocks: list[int] = []
    extract = Extractor._extract_block
    monkeypatch.setattr(
        Extractor, "_extract_block", lambda self, name, block: blocks.append(len(block)) or extract(self, name, block)
    )
    assert np.allclose(Extractor(list_features(images)).extract(images)[0], whole)
    assert blocks == [7] * 7 + [1]


def test_bytes_and_lists_are_nothing_to_count_and_names_may_be_numbers():
    table = pd.DataFrame({0: [1.5, 2.5], "image": [b"a", None], "list": [[1], np.array([1, 2])], "text": ["x", None]})
    features = list_features(table)
    assert [feature.name for feature in features] == ["0", "text"]
    numbers, categories = Extractor(features).extract(table)
    assert numbers[:, 0].tolist() == [1.5, 2.5]
    assert categories == [["x", None]]
