"""Exported programs of networks that take inputs of any length."""

from pathlib import Path

import mlflow
import numpy as np
import pytest
import torch
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from tiny_network import MeanOfWords, TinyNetwork
from trainyard.export import write_export
from trainyard.runners import load_program

ANY_LENGTH = ModelSignature(Schema([TensorSpec(np.dtype("int64"), (-1, -1))]))
THIRTY_TWO = np.zeros((3, 32), dtype=np.int64)


def save(module: torch.nn.Module, folder: Path, signature: ModelSignature = ANY_LENGTH) -> Path:
    options = {"serialization_format": "pickle", "pip_requirements": ["torch"]}
    mlflow.pytorch.save_model(module, str(folder), signature=signature, **options)
    return folder


def test_a_program_answers_every_length_that_the_signature_leaves_open(tmp_path: Path):
    network = MeanOfWords()
    write_export("pt2", save(network, tmp_path / "model"), tmp_path / "model.pt2", THIRTY_TWO)
    program = load_program(tmp_path / "model.pt2", "cpu")
    for rows, length in ((1, 32), (4, 20), (2, 1), (1, 500)):
        words = torch.randint(0, 10, (rows, length))
        torch.testing.assert_close(program(words), network(words))


def test_a_program_that_would_take_one_length_only_is_none(tmp_path: Path):
    pictures = ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, -1))]))
    model = save(TinyNetwork(32, 3), tmp_path / "model", pictures)
    with pytest.raises(Exception, match="32"):
        write_export("pt2", model, tmp_path / "model.pt2", THIRTY_TWO.astype(np.float32))
