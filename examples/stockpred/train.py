"""The training step: fits a model on the oldest days, reports on those after them and logs it with its signature."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import torch
import xgboost
from mlflow.models import infer_signature
from torch import nn

from days import FEATURES, TARGET, load
from models import Baseline, fit_network, fit_trees

MODELS = ("baseline", "network", "trees")
EVEN = 0.5


def main() -> None:
    """Reads the options, trains, logs."""
    fit_and_log(parse_options())


def fit_and_log(options: argparse.Namespace) -> str:
    """Fits the model that is asked for, and logs it; the run that it is logged in."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    days = load(find_store() / "train")
    cut = round(len(days) * options.share)
    train, later = days.iloc[:cut], days.iloc[cut:]
    with mlflow.start_run() as run:
        logged = set(mlflow.get_run(run.info.run_id).data.params)
        mlflow.log_params({name: value for name, value in vars(options).items() if name not in logged})
        model = fit(train, options)
        mlflow.log_metric("train_days", len(train))
        if len(later) > 0:
            metrics = measure(predict(model, later[list(FEATURES)]), later[TARGET].to_numpy())
            mlflow.log_metrics(metrics)
            print(f"{options.model}: {metrics}", flush=True)
        log_model(model, train[list(FEATURES)].head(3))
    return run.info.run_id


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, typed. The names are the parameters of the entry point in MLproject."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="network")
    parser.add_argument("--share", type=float, default=1.0, help="of the days, the oldest, that are learned from")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def find_store() -> Path:
    """The folder of the data; says what to do when there is none."""
    store = Path(os.environ.get("STOCKPRED_DATA", "data"))
    if not (store / "train").is_dir():
        raise SystemExit(f"{store}/train is missing. Run prepare_data.py and set STOCKPRED_DATA to its --out folder.")
    return store


def fit(train: pd.DataFrame, options: argparse.Namespace) -> nn.Module | xgboost.Booster:
    """The model that is asked for, trained on these days."""
    inputs, up = train[list(FEATURES)].to_numpy(), train[TARGET].to_numpy()
    match options.model:
        case "baseline":
            return Baseline(float(up.mean()))
        case "network":
            return fit_network(inputs, up, epochs=options.epochs, lr=options.lr)
        case _:
            return fit_trees(train[list(FEATURES)], up, depth=options.depth, rounds=options.rounds, seed=options.seed)


def predict(model: nn.Module | xgboost.Booster, inputs: pd.DataFrame) -> np.ndarray:
    """One probability a day."""
    if isinstance(model, xgboost.Booster):
        return model.predict(xgboost.DMatrix(inputs))
    with torch.no_grad():
        return model(torch.from_numpy(inputs.to_numpy(dtype=np.float32, copy=True))).numpy()


def measure(probabilities: np.ndarray, up: np.ndarray) -> dict[str, float]:
    """How surprised the model was by what happened (ln 2 = 0.693 by knowing nothing), and how often it was right."""
    given = np.clip(probabilities.ravel().astype(float), 1e-6, 1 - 1e-6)
    loss = -np.mean(np.where(up == 1, np.log(given), np.log(1 - given)))
    return {"val_log_loss": float(loss), "val_accuracy": float(np.mean((given > EVEN) == (up == 1)))}


def log_model(model: nn.Module | xgboost.Booster, example: pd.DataFrame) -> None:
    """Logs the model with its signature: the same columns in, and one probability out, whichever it is."""
    signature = infer_signature(example, predict(model, example))
    if isinstance(model, xgboost.Booster):
        mlflow.xgboost.log_model(model, name="model", signature=signature, input_example=example)
        return
    mlflow.pytorch.log_model(
        torch.jit.script(model.eval()),
        name="model",
        signature=signature,
        input_example=example,
        serialization_format="pickle",
        pip_requirements=["mlflow", "torch", "numpy", "pandas"],
    )


if __name__ == "__main__":
    main()
