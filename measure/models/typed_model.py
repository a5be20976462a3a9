"""A model from code: MLflow keeps this file, and no pickle."""

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Rule(PythonModel):
    """A plain rule."""

    def predict(self, context: object, model_input: pd.DataFrame, params: dict | None = None) -> np.ndarray:
        """A label for each row."""
        del context, params
        return np.where(model_input["age"] - 0.7 * model_input["income"] > 0.4, "yes", "no")  # noqa: PLR2004


set_model(Rule())
