"""Attributions by Captum and SHAP, computed where the model's own code runs: both look into the model itself.

Captum's Integrated Gradients: M. Sundararajan, A. Taly and Q. Yan, "Axiomatic Attribution for Deep Networks", ICML
2017. SHAP's trees: S. Lundberg et al., "From local explanations to global understanding with explainable AI for trees",
Nature Machine Intelligence 2 (2020).
"""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from typing import Any

import numpy as np

STEPS = 50
# Rows of one pass through a network, the steps of all rows counted.
PASS_ROWS = 256
TREE_PACKAGES = frozenset({"sklearn", "xgboost", "lightgbm"})
INSTALL = "pip install 'captum==0.9.0'", "pip install 'shap==0.51.0'"


class Attributor:
    """Attributions of one loaded model's answers to the values of its inputs."""

    def __init__(self, raw: Any) -> None:  # noqa: ANN401 - whatever MLflow has loaded
        self._raw = raw
        self._trees: Any = None

    def choose(self, asked: str) -> dict[str, str]:
        """The method that this model can be explained by (`method`), or why it can't be (`why`)."""
        torch = sys.modules.get("torch")
        is_network = torch is not None and isinstance(self._raw, torch.nn.Module)
        package = type(self._raw).__module__.partition(".")[0]
        if asked == "captum" or (asked == "auto" and is_network):
            if not is_network:
                return {"why": "Captum explains models of the flavour mlflow.pytorch, and this is none"}
            return choose_package("captum", INSTALL[0])
        if asked == "auto" and package not in TREE_PACKAGES:
            return {"why": "it is neither a network of PyTorch nor trees that SHAP knows"}
        found = choose_package("shap", INSTALL[1])
        return found if "why" in found else self._choose_trees()

    def attribute(self, method: str, inputs: Any, reference: Any) -> np.ndarray:  # noqa: ANN401 - array or table
        """A number for each value of each row, in the shape of the rows."""
        if method == "captum":
            return self._integrate(np.asarray(inputs), np.asarray(reference))
        return np.asarray(self._explain_trees(inputs))

    def _choose_trees(self) -> dict[str, str]:
        import shap  # noqa: PLC0415 - an extra, which takes seconds to import

        try:
            self._trees = shap.TreeExplainer(self._raw)
        except Exception as error:  # noqa: BLE001 - what it does not know it refuses in many ways
            return {"why": f"SHAP knows no trees in it ({type(error).__name__})"}
        return {"method": "shap"}

    def _integrate(self, inputs: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """Integrated Gradients of the class that each row is given, or of the number, from the reference on."""
        import torch  # noqa: PLC0415 - takes seconds to import; other models do without
        from captum.attr import IntegratedGradients  # noqa: PLC0415 - an extra

        if inputs.dtype.kind != "f":
            inputs, reference = inputs.astype(np.float32), reference.astype(np.float32)
        network = self._raw
        with suppress(NotImplementedError):
            # An exported program says so: it is what it was when it was exported.
            network.eval()
        parameter = next(network.parameters(), None)
        device = "cpu" if parameter is None else parameter.device
        rows, base = (torch.from_numpy(np.ascontiguousarray(one)).to(device) for one in (inputs, reference))
        with torch.no_grad():
            answers = network(rows)
        target = answers.argmax(dim=1) if answers.ndim > 1 and answers.shape[1] > 1 else None
        found = IntegratedGradients(network).attribute(
            rows, baselines=base, target=target, n_steps=STEPS, internal_batch_size=max(PASS_ROWS, len(rows))
        )
        return found.detach().cpu().numpy()

    def _explain_trees(self, inputs: Any) -> np.ndarray:  # noqa: ANN401 - array or table
        """SHAP values by the trees' own paths; of several outputs, the mean of their sizes."""
        values = self._trees.shap_values(inputs, check_additivity=False)
        values = np.stack(values, axis=-1) if isinstance(values, list) else np.asarray(values)
        rows = np.shape(inputs)
        return np.abs(values).mean(axis=-1) if values.ndim > len(rows) else values


def choose_package(name: str, install: str) -> dict[str, str]:
    """The method of a package, where that is installed beside the model."""
    if importlib.util.find_spec(name) is not None:
        return {"method": name}
    return {"why": f"{name} is not installed in the Python that the model runs in ({install})"}
