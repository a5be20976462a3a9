"""Models of Keras 3, on PyTorch."""

import os

import numpy as np
from kind import Data, Said, kind

from data import array_of, array_of_prices

PLAIN = "mlflow.keras.log_model(model, signature=…)"


def fit(train: Data, outputs: int, activation: str | None, loss: str):
    """A small model, trained and logged."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import mlflow.keras
    from mlflow.models import infer_signature

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(outputs, activation=activation)])
    model.compile(optimizer=keras.optimizers.Adam(0.05), loss=loss)
    model.fit(train.inputs, train.labels, epochs=10, verbose=0)
    signature = infer_signature(train.inputs[:3], model.predict(train.inputs[:3], verbose=0))
    mlflow.keras.log_model(model, name="model", signature=signature)
    return lambda inputs: np.asarray(model.predict(inputs, verbose=0), dtype=float)


@kind("probabilities (softmax)", PLAIN, array_of((0, 1, 2)), file="npz")
def keras_softmax(train: Data):
    predict = fit(train, 3, "softmax", "sparse_categorical_crossentropy")

    def say(inputs):
        given = predict(inputs)
        return Said(given.argmax(axis=1), given, ("0", "1", "2"))

    return say


@kind("one probability (sigmoid)", PLAIN, array_of((0, 1)), file="npz")
def keras_sigmoid(train: Data):
    predict = fit(train, 1, "sigmoid", "binary_crossentropy")

    def say(inputs):
        given = predict(inputs)[:, 0]
        return Said((given > 0.5).astype(int), np.column_stack([1 - given, given]), ("0", "1"))

    return say


@kind("regression", PLAIN, array_of_prices, file="npz", metric="mae")
def keras_regression(train: Data):
    predict = fit(train, 1, None, "mse")
    return lambda inputs: Said(predict(inputs)[:, 0])
