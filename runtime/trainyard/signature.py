"""A model's MLflow signature, read from its `MLmodel` file without importing MLflow."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TensorSpec:
    """One tensor: its name (None when it is the only, unnamed input), numpy dtype and shape; -1 is any length."""

    name: str | None
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class ColumnSpec:
    """One column: its name as text and its MLflow type. `type` is None for nested types, which are not checked here.

    `key` is the name as the model has it: a number where the table that it was logged with had numbers for names.
    """

    name: str
    type: str | None
    required: bool
    key: str | int
    # Whether the signature names it; else it is known by its place alone.
    named: bool = True


@dataclass(frozen=True)
class Signature:
    """The inputs a model takes: tensors or columns, never both. `document` is the signature as MLflow stores it."""

    tensors: tuple[TensorSpec, ...]
    columns: tuple[ColumnSpec, ...]
    document: dict[str, Any]
    # Names of what may be given beside the inputs.
    params: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, where they have one."""
        named = (spec.name for spec in self.columns if spec.named)
        return (*(spec.name for spec in self.tensors if spec.name is not None), *named)

    @property
    def optional(self) -> frozenset[str]:
        """Names of the columns that may be left out."""
        return frozenset(spec.name for spec in self.columns if not spec.required)

    @property
    def only_column(self) -> ColumnSpec | None:
        """The one column the model takes, if that is all it takes."""
        return self.columns[0] if len(self.columns) == 1 and not self.tensors else None

    @property
    def only_tensor(self) -> TensorSpec | None:
        """The one tensor the model takes, if that is all it takes."""
        return self.tensors[0] if len(self.tensors) == 1 and not self.columns else None

    @cached_property
    def outputs(self) -> tuple[TensorSpec | ColumnSpec, ...]:
        """What the model answers, as far as the signature says so."""
        said = self.document.get("outputs")
        tensors, columns = parse_specs(json.loads(said) if said else [])
        return (*tensors, *columns)


@dataclass(frozen=True)
class ModelDescription:
    """What `MLmodel` says: flavours, signature (None when the model has none), own metadata, time of logging."""

    flavors: dict[str, Any]
    signature: Signature | None
    metadata: dict[str, Any]
    created: str


def read_model_description(model_folder: Path) -> ModelDescription:
    """Reads `MLmodel`."""
    import yaml  # noqa: PLC0415 - MLflow brings it; the handler of an exported model runs without

    document = yaml.safe_load((model_folder / "MLmodel").read_text(encoding="utf-8"))
    signature = document.get("signature")
    return ModelDescription(
        flavors=document["flavors"],
        signature=parse_signature(signature) if signature else None,
        metadata=document.get("metadata") or {},
        created=str(document["utc_time_created"]).replace(" ", "T")[:23] + "Z",
    )


def parse_signature(document: dict[str, Any]) -> Signature | None:
    """A signature from MLflow's form: JSON texts by `inputs`, `outputs` and `params`. None when it names no inputs."""
    inputs = json.loads(document["inputs"]) if document.get("inputs") else None
    if not inputs:
        return None
    tensors, columns = parse_specs(inputs)
    return Signature(tensors, columns, document, parse_params(document.get("params")))


def parse_specs(items: list[dict[str, Any]]) -> tuple[tuple[TensorSpec, ...], tuple[ColumnSpec, ...]]:
    """Tensors and columns, of inputs or of outputs, from MLflow's list of them."""
    tensors = tuple(
        TensorSpec(item.get("name"), item["tensor-spec"]["dtype"], tuple(item["tensor-spec"]["shape"]))
        for item in items
        if item["type"] == "tensor"
    )
    columns = tuple(
        ColumnSpec(
            str(item.get("name", position)),
            None if item["type"] in {"array", "object", "map", "any", "sparse_vector"} else item["type"],
            item.get("required", True),
            item.get("name", position),
            "name" in item,
        )
        for position, item in enumerate(items)
        if item["type"] != "tensor"
    )
    return tensors, columns


def parse_params(text: str | None) -> tuple[str, ...]:
    """Names of the parameters of inference."""
    return tuple(str(item["name"]) for item in json.loads(text)) if text else ()
