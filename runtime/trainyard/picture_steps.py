"""How a picture becomes a model's input: the steps that trainyard.yml declares under `serving.input`.

They travel with the version: in its package, and in what judges it. A model's own code says nothing of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from trainyard.errors import UserError

if TYPE_CHECKING:
    import argparse

    from trainyard.signature import Signature, TensorSpec

CHANNELS = {"L": 1, "RGB": 3}
LEVELS = 256
REMEDY = "Correct serving.input in trainyard.yml of the default branch, or log the model with the signature it has."


@dataclass(frozen=True)
class PictureSteps:
    """One picture, step by step: `mode`, `shorter_side` or not, `size`, and `(value x scale - mean) / std` by channel.

    `size` is height and width in pixels. With `shorter_side` the picture keeps its proportions: that side becomes so
    long, and the middle of `size` is cut out; without it the picture is stretched to `size`.
    """

    size: tuple[int, int]
    mode: Literal["L", "RGB"]
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: Literal["CHW", "HWC", "HW"]
    interpolation: Literal["nearest", "bilinear", "bicubic"]
    shorter_side: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one picture as the model is given it."""
        height, width = self.size
        channels = CHANNELS[self.mode]
        return {"CHW": (channels, height, width), "HWC": (height, width, channels), "HW": (height, width)}[self.layout]

    def make_levels(self, dtype: np.dtype) -> np.ndarray:
        """Channels x 256: what each level becomes, computed in double precision and rounded once to the type."""
        values = np.arange(LEVELS, dtype=np.float64) * self.scale
        count = CHANNELS[self.mode]
        mean, std = (np.broadcast_to(np.array(one), count)[:, None] for one in (self.mean, self.std))
        levels = (values - mean) / std
        return levels.astype(dtype) if dtype.kind == "f" else np.rint(levels).astype(dtype)

    def make_tensor(self, pixels: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The model's input from pictures of the declared size: rows x height x width x channels of levels (uint8)."""
        levels = self.make_levels(dtype)
        made = np.empty((len(pixels), *self.shape), dtype=dtype)
        planes = {"CHW": made, "HWC": np.moveaxis(made, -1, 1), "HW": made[:, np.newaxis]}[self.layout]
        for channel, level in enumerate(levels):
            np.take(level, pixels[..., channel], out=planes[:, channel], mode="clip")
        return made

    def to_json(self) -> dict[str, Any]:
        """As `parse_steps` reads it."""
        shorter = {} if self.shorter_side is None else {"shorterSide": self.shorter_side}
        return {
            "kind": "image",
            "size": list(self.size),
            "mode": self.mode,
            "scale": self.scale,
            "mean": list(self.mean),
            "std": list(self.std),
            "layout": self.layout,
            "interpolation": self.interpolation,
            **shorter,
        }


def parse_steps(document: dict[str, Any] | None) -> PictureSteps | None:
    """The steps from JSON (`Serving.input` in core/config/config.ts); None where nothing is declared."""
    if document is None:
        return None
    height, width = document["size"]
    return PictureSteps(
        (height, width),
        document["mode"],
        document["scale"],
        tuple(document["mean"]),
        tuple(document["std"]),
        document["layout"],
        document["interpolation"],
        document.get("shorterSide"),
    )


def add_steps_option(parser: argparse.ArgumentParser) -> None:
    """The option that gives what trainyard.yml declares of pictures."""
    parser.add_argument("--pictures", type=json.loads, default=None, help="JSON of serving.input in trainyard.yml")


def require_fit(steps: PictureSteps, signature: Signature) -> None:
    """Raises UserError unless the steps give what the model's signature asks for."""
    spec = signature.only_tensor
    if spec is None:
        given = f"{len(signature.tensors)} tensors" if signature.tensors else "a table"
        raise UserError(
            "serving-input-form", f"serving.input makes one tensor of a picture: the model takes {given}.", REMEDY
        )
    wanted, made = spec.shape[1:], steps.shape
    if (
        len(spec.shape) == 0
        or len(wanted) != len(made)
        or any(w not in {-1, m} for w, m in zip(wanted, made, strict=True))
    ):
        raise UserError(
            "serving-input-shape",
            f"serving.input makes {list(made)} of a picture ({steps.layout}, {steps.mode}), and the model's signature "
            f"asks for {list(wanted)}.",
            REMEDY,
        )
    if spec.shape[0] not in {-1, 1}:
        raise UserError(
            "serving-input-shape",
            f"The model's signature asks for {spec.shape[0]} pictures at once, and a request may have one.",
            "Log the model with a signature whose first axis is open (-1).",
        )
    require_levels(steps, spec)


def require_levels(steps: PictureSteps, spec: TensorSpec) -> None:
    """Raises UserError where the tensor's type does not hold what the steps make of the levels of a picture."""
    dtype = np.dtype(spec.dtype)
    exact = steps.make_levels(np.dtype(np.float64))
    if dtype.kind == "f":
        fits = np.abs(exact).max() <= np.finfo(dtype).max
    elif dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        is_whole = np.equal(np.mod(exact, 1), 0).all()
        fits = bool(is_whole) and exact.min() >= bounds.min and exact.max() <= bounds.max
    else:
        fits = False
    if not fits:
        raise UserError(
            "serving-input-type",
            f"serving.input makes numbers from {exact.min():g} to {exact.max():g}, and the model's signature asks for "
            f"{spec.dtype}.",
            REMEDY,
        )
