"""Three ways to give the probability that the next day closes higher, each in the same form: one number a row."""

import numpy as np
import torch
import xgboost
from torch import Tensor, nn


class Baseline(nn.Module):
    """Says each day how often the days before closed higher: what any other model has to beat."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.register_buffer("share", torch.tensor(share, dtype=torch.float32))

    def forward(self, days: Tensor) -> Tensor:
        """The same probability for each row."""
        return self.share.expand(days.shape[0]).clone()


class Network(nn.Module):
    """A small network over the features, which it scales by the days that it was trained on."""

    def __init__(self, days: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", days.mean(dim=0))
        self.register_buffer("deviation", days.std(dim=0))
        self.layers = nn.Sequential(nn.Linear(days.shape[1], 8), nn.Tanh(), nn.Linear(8, 1))

    def logits(self, days: Tensor) -> Tensor:
        """Scores before the sigmoid, which the loss wants."""
        return self.layers((days - self.mean) / self.deviation)[:, 0]

    def forward(self, days: Tensor) -> Tensor:
        """One probability a row."""
        return torch.sigmoid(self.logits(days))


def fit_network(days: np.ndarray, up: np.ndarray, *, epochs: int, lr: float) -> Network:
    """Adam on batches of 64 days, with weights kept small: there is far more noise than signal."""
    inputs = torch.from_numpy(days.astype(np.float32))
    truth = torch.from_numpy(up.astype(np.float32))
    network = Network(inputs)
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=0.1)
    for _ in range(epochs):
        for rows in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(network.logits(inputs[rows]), truth[rows]).backward()
            optimizer.step()
    return network


def fit_trees(days: np.ndarray, up: np.ndarray, *, depth: int, rounds: int, seed: int) -> xgboost.Booster:
    """Boosted trees of little depth, each of little weight."""
    options = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.05, "seed": seed, "nthread": 1}
    return xgboost.train(options, xgboost.DMatrix(days, up), num_boost_round=rounds)
