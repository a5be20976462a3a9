"""The training step: fits the network, reports to MLflow as it goes and logs the model with its signature."""

import argparse
import os
from pathlib import Path

import mlflow
import numpy as np
import torch
from mlflow.models import infer_signature
from torch import nn

from checkpoint import Checkpoint
from digits import Digits, load
from network import VARIANTS, DigitNetwork, TwoLaneNetwork

VALIDATION_SHARE = 0.1
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def main() -> None:
    """Reads the options, trains, logs."""
    options = parse_options()
    torch.manual_seed(options.seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    digits = load(options.data)
    train, validation = split(digits, options.seed, 0 if options.full_data else VALIDATION_SHARE)
    with mlflow.start_run() as run:
        mlflow.log_params({name: value for name, value in vars(options).items() if name not in logged_params(run)})
        network = DigitNetwork().to(DEVICE)
        fit(network, train, validation, options)
        # It is served from the CPU as well as from a GPU.
        network = network.cpu()
        log_model(network if options.variant == "standard" else TwoLaneNetwork(network), digits.x[:2])


def parse_options() -> argparse.Namespace:
    """The command line, typed. The names are the parameters of the entry point in MLproject."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--lr", type=float, default=0.012)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variant", choices=VARIANTS, default="standard")
    parser.add_argument("--full-data", type=lambda text: text == "true", default=False, help="keep no validation split")
    parser.add_argument("--data", type=Path, default=Path("data/train.npz"))
    return parser.parse_args()


def logged_params(run: mlflow.ActiveRun) -> set[str]:
    """Parameters MLflow Projects has logged already; logging one twice in another spelling is an error."""
    return set(mlflow.get_run(run.info.run_id).data.params)


def split(digits: Digits, seed: int, validation_share: float) -> tuple[Digits, Digits]:
    """Training and validation digits, shuffled by the seed."""
    order = np.random.default_rng(seed).permutation(len(digits.x))
    cut = round(len(order) * validation_share)
    return digits.take(order[cut:]), digits.take(order[:cut])


def fit(network: DigitNetwork, train: Digits, validation: Digits, options: argparse.Namespace) -> None:
    """Adam, its rate going up to `lr` and down again; each epoch is logged, so that it can be followed live."""
    optimizer = torch.optim.Adam(network.parameters(), lr=options.lr)
    images, labels = torch.from_numpy(train.x).to(DEVICE), torch.from_numpy(train.label).to(DEVICE)
    steps = options.epochs * -(-len(images) // options.batch_size)
    # A rate that ends near zero: two trainings that differ by their seed alone then differ little.
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=options.lr, total_steps=steps)
    checkpoint = Checkpoint(network, optimizer, schedule)
    for epoch in range(checkpoint.load(), options.epochs):
        losses = []
        for rows in torch.randperm(len(images)).split(options.batch_size):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network.logits(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        metrics = {"loss": float(np.mean(losses))}
        if len(validation.x) > 0:
            metrics["val_accuracy"] = measure_accuracy(network, validation)
        if not checkpoint.was_logged(epoch + 1):
            mlflow.log_metrics(metrics, step=epoch + 1)
        checkpoint.save(epoch + 1)
        print(f"epoch {epoch + 1}/{options.epochs}: {metrics}", flush=True)


def measure_accuracy(network: DigitNetwork, digits: Digits) -> float:
    """The share of digits read right."""
    with torch.no_grad():
        predicted = network(torch.from_numpy(digits.x).to(DEVICE)).argmax(dim=1).cpu().numpy()
    return float((predicted == digits.label).mean())


def log_model(network: nn.Module, example: np.ndarray) -> None:
    """Logs the network with its signature, as TorchScript: it runs without this code."""
    scripted = torch.jit.script(network.eval())
    with torch.no_grad():
        output = scripted(torch.from_numpy(example)).numpy()
    mlflow.pytorch.log_model(
        scripted,
        name="model",
        signature=infer_signature(example, output),
        input_example=example,
        serialization_format="pickle",
        pip_requirements=["mlflow", "torch", "numpy"],
        metadata={"classes": [str(digit) for digit in range(10)]},
    )


if __name__ == "__main__":
    main()
