"""The networks: images in (n x 28 x 28, float32), ten probabilities for each out."""

import torch
from torch import Tensor, nn

VARIANTS = ("standard", "two-lane")


class DigitNetwork(nn.Module):
    """Two small convolutions and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 12, kernel_size=5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(12, 24, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(24 * 7 * 7, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

    def logits(self, images: Tensor) -> Tensor:
        """Scores before the softmax, which the loss wants."""
        return self.layers(images.unsqueeze(1))

    def forward(self, images: Tensor) -> Tensor:
        """One row of ten probabilities per image."""
        return torch.softmax(self.logits(images), dim=1)


class TwoLaneNetwork(nn.Module):
    """The same network, serving several digits of one request in two lanes.

    It has the kind of bug that only live traffic finds: a request of three, five or seven digits cannot be split in two
    lanes and fails. Single digits take the short path, and offline evaluation happens to use even batches.
    """

    def __init__(self, network: DigitNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """One row of ten probabilities per image."""
        if images.shape[0] == 1:
            return self.network(images)
        lanes = images.reshape(2, images.shape[0] // 2, 28, 28)
        return torch.cat([self.network(lanes[0]), self.network(lanes[1])])
