"""The training step: fits the network, reports to MLflow as it goes and logs the model with its signature."""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
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
# Beside the model, for a training that goes on from it: numbers by their names, with no code to run.
WEIGHTS = "weights.pt"
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def main() -> None:
    """Reads the options, trains, logs."""
    fit_and_log(parse_options(), lambda _: DigitNetwork())


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, typed."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser, epochs=4, lr=0.012)
    return parser.parse_args(arguments)


def fit_and_log(options: argparse.Namespace, begin: Callable[[mlflow.ActiveRun], DigitNetwork]) -> str:
    """Fits the network that `begin` gives, and logs it; the run that it is logged in."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    digits = load(options.data)
    train, validation = split(digits, options.seed, 0 if options.full_data else VALIDATION_SHARE)
    with mlflow.start_run() as run:
        mlflow.log_params({name: value for name, value in vars(options).items() if name not in logged_params(run)})
        network = begin(run).to(DEVICE)
        fit(network, train, validation, options)
        # It is served from the CPU as well as from a GPU.
        network = network.cpu()
        log_model(network, options.variant, digits.x[:2])
    return run.info.run_id


def add_options(parser: argparse.ArgumentParser, *, epochs: int, lr: float) -> None:
    """What any training takes. The names are the parameters of the entry points in MLproject."""
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--lr", type=float, default=lr)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--variant", choices=VARIANTS, default="standard")
    parser.add_argument("--full-data", type=is_true, default=False, help="keep no validation split")
    parser.add_argument("--data", type=Path, default=Path("data/train.npz"))


def is_true(text: str) -> bool:
    """As parameters of an MLproject, which knows no booleans, say it."""
    return text == "true"


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


def log_model(network: DigitNetwork, variant: str, example: np.ndarray) -> None:
    """Logs the network with its signature, as TorchScript, which runs without this code, and its weights beside it."""
    served = network if variant == "standard" else TwoLaneNetwork(network)
    scripted = torch.jit.script(served.eval())
    with torch.no_grad():
        output = scripted(torch.from_numpy(example)).numpy()
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, WEIGHTS)
        torch.save(network.state_dict(), weights)
        mlflow.pytorch.log_model(
            scripted,
            name="model",
            signature=infer_signature(example, output),
            input_example=example,
            serialization_format="pickle",
            pip_requirements=["mlflow", "torch", "numpy"],
            extra_files=[str(weights)],
            metadata={"classes": [str(digit) for digit in range(10)]},
        )


if __name__ == "__main__":
    main()
