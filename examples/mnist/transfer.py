"""A second training step: goes on from the weights of a version in the registry, rather than from chance.

What is taken of the version are its weights alone: to load the model itself would be to run whatever it is made of.
"""

import argparse
import hashlib
import re
from pathlib import Path

import mlflow
import torch
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

import train
from network import DigitNetwork

ORIGIN = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[0-9]+)|@(?P<alias>[^/@]+))")
# On the run, which so says what its network came from, wherever an alias points by now.
VERSION_TAG, DIGEST_TAG = "transfer.version", "transfer.weights"


def main() -> None:
    """Reads the options, takes the weights over, trains, logs."""
    options = parse_options()
    train.fit_and_log(options, lambda run: take_over(run, getattr(options, "from"), freeze=options.freeze))


def parse_options() -> argparse.Namespace:
    """The command line, typed. The names are the parameters of the entry point in MLproject."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", required=True, help="models:/<name>/<version> or models:/<name>@<alias>")
    parser.add_argument("--freeze", type=train.is_true, default=True, help="train the last layer alone")
    # Few steps, and smaller ones: the network has been trained before.
    train.add_options(parser, epochs=2, lr=0.006)
    return parser.parse_args()


def take_over(run: mlflow.ActiveRun, origin: str, *, freeze: bool) -> DigitNetwork:
    """The network with the weights of that version, which is noted on the run; frozen up to its last layer, or not."""
    version = find_version(run, origin)
    try:
        file = Path(mlflow.artifacts.download_artifacts(f"{version}/extra_files/{train.WEIGHTS}"))
    except (MlflowException, OSError) as error:
        raise SystemExit(
            f"transfer: {version} has no weights beside it: {error}. "
            "Train it once more with train.py as it is now, or name a newer version."
        ) from error
    mlflow.set_tags({VERSION_TAG: version, DIGEST_TAG: f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"})
    network = DigitNetwork()
    network.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
    if freeze:
        network.layers[:-1].requires_grad_(requires_grad=False)
    print(f"goes on from {version}", flush=True)
    return network


def find_version(run: mlflow.ActiveRun, origin: str) -> str:
    """`models:/<name>/<version>`. A training that goes on after its runner was lost keeps to the one it began with."""
    asked = ORIGIN.fullmatch(origin)
    if asked is None:
        raise SystemExit(f"transfer: from={origin} is not models:/<name>/<version> or models:/<name>@<alias>.")
    if noted := mlflow.get_run(run.info.run_id).data.tags.get(VERSION_TAG):
        return require_noted(noted, origin, asked)
    if asked["version"]:
        return origin
    try:
        found = MlflowClient().get_model_version_by_alias(asked["name"], asked["alias"])
    except MlflowException as error:
        raise SystemExit(f"transfer: {origin} is not in the registry: {error.message}") from error
    return f"models:/{asked['name']}/{found.version}"


def require_noted(noted: str, origin: str, asked: re.Match[str]) -> str:
    """That version, where it may be what is asked for: whoever may write to the run may have written the tag."""
    was = ORIGIN.fullmatch(noted)
    if was is None or was["version"] is None or was["name"] != asked["name"] or (asked["version"] and noted != origin):
        raise SystemExit(
            f"transfer: the run notes {noted}, which is not what from={origin} asks for. "
            f"Begin a new run, or remove the run's tag {VERSION_TAG}."
        )
    return noted


if __name__ == "__main__":
    main()
