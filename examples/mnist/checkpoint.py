"""Where a training stands, so that one whose runner is lost goes on from there, in the same MLflow run.

Trainyard names the folder in TRAINYARD_CHECKPOINT_DIR and brings its files to whichever runner goes on; by hand there
is none, and nothing is kept.
"""

import os
from pathlib import Path

import mlflow
import torch


class Checkpoint:
    """Everything that the next epoch depends on: parts with a `state_dict`, and the state of chance."""

    def __init__(self, *parts: torch.nn.Module | torch.optim.Optimizer | torch.optim.lr_scheduler.LRScheduler) -> None:
        self.parts = parts
        folder = os.environ.get("TRAINYARD_CHECKPOINT_DIR")
        self.file = Path(folder, "last.pt") if folder else None
        self.logged: set[int] = set()

    def load(self) -> int:
        """Brings the parts to where they were, and gives how many epochs that took; 0 without a checkpoint."""
        if self.file is None or not self.file.exists():
            return 0
        state = torch.load(self.file, weights_only=True, map_location="cpu")
        for part, kept in zip(self.parts, state["parts"], strict=True):
            part.load_state_dict(kept)
        torch.set_rng_state(state["chance"])
        if run := mlflow.active_run():
            history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
            self.logged = {metric.step for metric in history}
        return state["epochs"]

    def was_logged(self, epoch: int) -> bool:
        """Whether a lost attempt has logged this epoch already, and was lost before its checkpoint was kept."""
        return epoch in self.logged

    def save(self, epochs: int) -> None:
        """Writes the checkpoint beside the last one and puts it in its place: there is always a whole one."""
        if self.file is None:
            return
        kept = {"parts": [part.state_dict() for part in self.parts], "chance": torch.get_rng_state(), "epochs": epochs}
        torch.save(kept, self.file.with_suffix(".part"))
        self.file.with_suffix(".part").replace(self.file)
