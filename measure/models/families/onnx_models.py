"""Models in ONNX."""

import numpy as np
from kind import Data, Said, kind

from data import array_of, array_of_prices

PLAIN = "skl2onnx.to_onnx, then mlflow.onnx.log_model(…, signature=…)"
THREE = ("low", "middle", "high")


def convert(model, train: Data, zipmap=False):
    """A model of scikit-learn, converted and logged."""
    import mlflow.onnx
    from mlflow.models import infer_signature
    from skl2onnx import to_onnx

    options = {id(model): {"zipmap": zipmap}} if hasattr(model, "classes_") else None
    converted = to_onnx(model, train.inputs[:1], options=options, target_opset=18)
    signature = infer_signature(train.inputs[:3], model.predict(train.inputs[:3]))
    mlflow.onnx.log_model(converted, name="model", signature=signature)


def fit_classes(train: Data, zipmap=False):
    """A classifier of scikit-learn in ONNX: a label and probabilities."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(train.inputs, train.labels)
    convert(model, train, zipmap)
    classes = tuple(str(name) for name in model.classes_)
    return lambda inputs: Said(model.predict(inputs), model.predict_proba(inputs), classes)


@kind(
    "classifier of scikit-learn: label and probabilities",
    PLAIN,
    array_of((0, 1)),
    file="npz",
    outcome="answers-unstated",
)
def onnx_classifier(train: Data):
    return fit_classes(train)


@kind(
    "the same, its parts declared",
    PLAIN,
    array_of((0, 1)),
    file="npz",
    declares="{ task: binary, prediction: label, score-columns: probabilities, classes: [0, 1] }",
)
def onnx_classifier_declared(train: Data):
    return fit_classes(train)


@kind(
    "classifier of three classes in text, its parts declared",
    PLAIN,
    array_of(THREE),
    file="npz",
    declares="{ prediction: label, score-columns: probabilities, classes: [high, low, middle] }",
)
def onnx_three_declared(train: Data):
    return fit_classes(train)


@kind(
    "classifier with probabilities as a list of mappings (ZipMap)",
    PLAIN,
    array_of(THREE),
    file="npz",
    declares="{ prediction: output_label, scores: none }",
)
def onnx_zipmap(train: Data):
    fitted = fit_classes(train, zipmap=True)
    return lambda inputs: Said(fitted(inputs).answers)


@kind("regressor of scikit-learn", PLAIN, array_of_prices, file="npz", metric="mae")
def onnx_regressor(train: Data):
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(n_estimators=10).fit(train.inputs, train.labels)
    convert(model, train)
    return lambda inputs: Said(model.predict(inputs))


@kind("network of PyTorch: one output", "mlflow.onnx.log_model(…, signature=…)", array_of((0, 1, 2)), file="npz")
def onnx_network(train: Data):
    import mlflow.onnx
    import onnx
    from mlflow.models import infer_signature
    from onnx import TensorProto, helper, numpy_helper
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(train.inputs, train.labels)
    weights = [
        numpy_helper.from_array(model.coef_.T.astype(np.float32), "w"),
        numpy_helper.from_array(model.intercept_.astype(np.float32), "b"),
    ]
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["x", "w", "b"], ["logits"])],
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, 3])],
        weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(made)
    signature = infer_signature(train.inputs[:3], model.predict_proba(train.inputs[:3]))
    mlflow.onnx.log_model(made, name="model", signature=signature)
    return lambda inputs: Said(model.predict(inputs), model.predict_proba(inputs), ("0", "1", "2"))
