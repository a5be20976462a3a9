"""Networks of PyTorch, of every form of output."""

from pathlib import Path

import numpy as np
from kind import Data, Said, kind

from data import array_of, array_of_prices, pictures

CODE = str(Path(__file__).parents[1] / "networks.py")
PLAIN = "mlflow.pytorch.log_model(model, input_example=…)"
PICKLED = "mlflow.pytorch.log_model(…, serialization_format='pickle', code_paths=[…])"
THREE = (0, 1, 2)
WORDS = ("ant", "bee", "cat")


def fit(train: Data, outputs: int, form: str):
    """A network, trained on what its layer says."""
    import torch
    from networks import Network

    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.from_numpy(train.inputs)
    model = Network(x[0].numel(), outputs, form)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(120):
        optimizer.zero_grad()
        weigh(model.layer(x.flatten(1)), train.labels).backward()
        optimizer.step()
    return model.eval()


def weigh(numbers, labels):
    """The loss, by what labels there are."""
    from torch import from_numpy
    from torch.nn import functional

    if labels.dtype.kind == "f":
        return functional.mse_loss(numbers[:, 0], from_numpy(labels))
    if numbers.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(numbers[:, 0], from_numpy(labels).float())
    return functional.cross_entropy(numbers, from_numpy(np.array([place(one) for one in labels])))


def place(label) -> int:
    """The place of a label among the classes."""
    return WORDS.index(label) if isinstance(label, str) else int(label)


def log(model, train: Data, pickled=False, **options):
    """Logs it as the documentation does."""
    import mlflow.pytorch

    if pickled:
        options |= {"serialization_format": "pickle", "code_paths": [CODE]}
    mlflow.pytorch.log_model(model, name="model", input_example=train.inputs[:3], **options)


def numbers_of(model, inputs):
    """What its layer says."""
    import torch

    with torch.inference_mode():
        return model.layer(torch.from_numpy(inputs).flatten(1)).double().numpy()


def softmax(numbers):
    """Probabilities."""
    grown = np.exp(numbers - numbers.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


def say_classes(model, names=("0", "1", "2")):
    """The answers of a network of three classes."""

    def predict(inputs):
        numbers = numbers_of(model, inputs)
        return Said(np.array(names)[numbers.argmax(axis=1)], softmax(numbers), names)

    return predict


def log_classes(train: Data, form: str, pickled=False, **options):
    """Trains and logs one of three classes."""
    model = fit(train, 3, form)
    log(model, train, pickled, **options)
    return say_classes(model)


@kind("logits", PLAIN, array_of(THREE), file="npz")
def logits(train: Data):
    return log_classes(train, "logits")


@kind("probabilities (softmax)", PLAIN, array_of(THREE), file="npz")
def softmax_of_three(train: Data):
    return log_classes(train, "softmax")


@kind("logarithms of probabilities (log_softmax)", PLAIN, array_of(THREE), file="npz")
def log_softmax(train: Data):
    return log_classes(train, "log_softmax")


@kind("logits, pickled with its code", PICKLED, array_of(THREE), file="npz")
def pickled_logits(train: Data):
    return log_classes(train, "logits", pickled=True)


@kind("pictures in, logits out", PLAIN, pictures, file="npz")
def of_pictures(train: Data):
    return log_classes(train, "logits")


@kind(
    "class names in the model's metadata",
    "mlflow.pytorch.log_model(…, metadata={'classes': […]})",
    array_of(WORDS),
    file="npz",
)
def names_in_metadata(train: Data):
    model = fit(train, 3, "logits")
    log(model, train, metadata={"classes": list(WORDS)})
    return say_classes(model, WORDS)


@kind("logits of classes in text: as many as labels", PLAIN, array_of(WORDS), file="npz")
def names_by_order(train: Data):
    model = fit(train, 3, "logits")
    log(model, train)
    return say_classes(model, WORDS)


@kind("TorchScript", "mlflow.pytorch.log_model(torch.jit.script(model), …)", array_of(THREE), file="npz")
def scripted(train: Data):
    import torch

    model = fit(train, 3, "logits")

    class Plain(torch.nn.Module):
        """The layer alone: TorchScript knows one type of answer."""

        def __init__(self) -> None:
            """Of the layer."""
            super().__init__()
            self.layer = model.layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """Logits."""
            return self.layer(x)

    log(torch.jit.script(Plain().eval()), train, serialization_format="pickle")
    return say_classes(model)


@kind("one probability (sigmoid)", PLAIN, array_of((0, 1)), file="npz")
def sigmoid(train: Data):
    model = fit(train, 1, "sigmoid")
    log(model, train)
    return say_one(model)


def say_one(model):
    """The answers of a network of one score."""

    def predict(inputs):
        given = 1 / (1 + np.exp(-numbers_of(model, inputs)[:, 0]))
        return Said((given > 0.5).astype(int), np.column_stack([1 - given, given]), ("0", "1"))

    return predict


@kind("one logit", PLAIN, array_of((0, 1)), file="npz", outcome="answers-unstated")
def one_logit(train: Data):
    model = fit(train, 1, "logit")
    log(model, train)
    return say_one(model)


@kind("one logit, its scale declared", PLAIN, array_of((0, 1)), file="npz", declares="{ scores: logits }")
def one_logit_declared(train: Data):
    return one_logit(train)


@kind("the class's index (argmax)", PICKLED, array_of(THREE), file="npz", outcome="answers-unstated")
def argmax(train: Data):
    return log_classes(train, "argmax", pickled=True)


@kind("the same, the task declared", PICKLED, array_of(THREE), file="npz", declares="{ task: multiclass }")
def argmax_declared(train: Data):
    model = fit(train, 3, "argmax")
    log(model, train, pickled=True)
    return lambda inputs: Said(numbers_of(model, inputs).argmax(axis=1))


@kind("a tuple of tensors", PICKLED, array_of(THREE), file="npz", outcome="prediction-failed")
def tuple_of_tensors(train: Data):
    return log_unexampled(train, "tuple")


@kind("a mapping of tensors", PICKLED, array_of(THREE), file="npz", outcome="prediction-failed")
def mapping_of_tensors(train: Data):
    return log_unexampled(train, "dict")


def log_unexampled(train: Data, form: str):
    """MLflow gives no example to what it can't predict with; the signature is stated."""
    import mlflow.pytorch
    from mlflow.models import infer_signature

    model = fit(train, 3, form)
    signature = infer_signature(train.inputs[:3], np.zeros((3, 3), dtype=np.float32))
    mlflow.pytorch.log_model(model, name="model", signature=signature, serialization_format="pickle", code_paths=[CODE])
    return say_classes(model)


@kind("regression: a column of numbers", PLAIN, array_of_prices, file="npz", metric="mae")
def regression(train: Data):
    model = fit(train, 1, "numbers")
    log(model, train)
    return lambda inputs: Said(numbers_of(model, inputs)[:, 0])


@kind(
    "squeezed: no axis is left for one row",
    PICKLED,
    array_of_prices,
    file="npz",
    metric="mae",
    outcome="answers-unreadable",
)
def squeezed(train: Data):
    model = fit(train, 1, "squeeze")
    log(model, train, pickled=True)
    return lambda inputs: Said(numbers_of(model, inputs)[:, 0])


@kind("dropout left on", PICKLED, array_of(THREE), file="npz", outcome="model-answers-at-random")
def dropout_left_on(train: Data):
    return log_classes(train, "dropout", pickled=True)


@kind("an embedding", PLAIN, array_of(THREE), file="npz", outcome="labels-unknown")
def embedding(train: Data):
    """A layer of a larger network, whose axes are nobody's classes."""
    import torch
    from networks import Network

    torch.manual_seed(0)
    model = Network(train.inputs[0].size, 16, "embedding").eval()
    log(model, train)
    return say_classes(model)
