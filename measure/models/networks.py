"""Small networks of PyTorch, by the form of what they answer. Logged with the models, as code of their own."""

import torch
from torch import nn


class Network(nn.Module):
    """A layer, and what is made of its numbers."""

    def __init__(self, inputs: int, outputs: int, form: str) -> None:
        """As many numbers in and out."""
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)
        self.dropout = nn.Dropout(0.5)
        self.form = form

    def forward(self, x: torch.Tensor) -> object:  # noqa: PLR0911 - one line per form
        """What the form says."""
        numbers = self.layer(x.flatten(1))
        if self.form == "log_softmax":
            return numbers.log_softmax(1)
        if self.form == "softmax":
            return numbers.softmax(1)
        if self.form == "sigmoid":
            return numbers.sigmoid()
        if self.form == "argmax":
            return numbers.argmax(1)
        if self.form == "tuple":
            return numbers, numbers.argmax(1)
        if self.form == "dict":
            return {"logits": numbers, "label": numbers.argmax(1)}
        if self.form == "squeeze":
            return numbers.squeeze()
        if self.form == "dropout":
            return nn.functional.dropout(numbers, 0.5, training=True)
        if self.form == "embedding":
            return nn.functional.normalize(numbers, dim=1)
        return numbers
