"""A network small enough to train while tests wait."""

import torch
from torch import Tensor, nn


class TinyNetwork(nn.Module):
    """Pictures in, class probabilities out."""

    def __init__(self, pixels: int, classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(pixels, classes)

    def score(self, x: Tensor) -> Tensor:
        """Scores before the softmax."""
        return self.layer(x.flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        """One row of probabilities per picture."""
        return torch.softmax(self.score(x), dim=1)


class MeanOfWords(nn.Module):
    """Texts of any length, as numbers of words, in; one score per text out."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(10, 4)
        self.layer = nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        """The mean of the words' places, weighed."""
        return self.layer(self.words(x).mean(dim=1))
