"""A search of a training that only writes its metric, to a file store or a server of MLflow, without its start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# x and y come with `-P name=value`, the run with `--run-id`: as `mlflow run` has it.
TRAINING = """
import json, os, sys, time
from pathlib import Path
from urllib.request import Request, urlopen
words = sys.argv[1:]
given = dict(word.split("=", 1) for word in words if "=" in word)
run = words[words.index("--run-id") + 1]
store = os.environ["STORE"]
def log(value, step):
    now = int(time.time() * 1000)
    if store.startswith("http"):
        metric = {"run_id": run, "key": "loss", "value": value, "timestamp": now, "step": step}
        headers = {"Content-Type": "application/json"}
        url = f"{store}/api/2.0/mlflow/runs/log-metric"
        urlopen(Request(url, json.dumps(metric).encode(), headers), timeout=60).read()
    else:
        with (next(Path(store).glob(f"*/{run}/metrics")) / "loss").open("a") as file:
            file.write(f"{now} {value} {step}\\n")
if given.get("fails") == "true":
    sys.exit("ValueError: no such layer")
x, y = float(given["x"]), float(given["y"])
loss = (x - 1) ** 2 + (y + 2) ** 2
for step in range(3):
    time.sleep(float(given.get("seconds", 0)) / 3)
    log(loss + 10 * (2 - step), step)
(Path(os.environ["DONE"]) / run).touch()
"""


class Search:
    """One search in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        url: str | None = None,
        tracking: str | None = None,
        experiment: str = "tiny",
        **settings: object,
    ) -> None:
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        import mlflow

        self.folder = folder
        self.url = url or f"sqlite:///{folder}/study.db"
        self.store = str(folder / "mlruns")
        self.tracking = tracking or f"file://{self.store}"
        self.done = folder / "done"
        self.done.mkdir()
        client = mlflow.MlflowClient(self.tracking)
        self.client = client
        self.parent = client.create_run(client.create_experiment(experiment)).info.run_id
        (folder / "train.py").write_text(TRAINING)
        self.settings = {
            "study": "tiny",
            "trials": 6,
            "jobs": 1,
            "metric": "loss",
            "direction": "minimize",
            "seed": 7,
            "pruning": "none",
            "timeout_seconds": None,
            "host": "a",
            "heartbeat_seconds": 60,
            "grace_seconds": 300,
            "poll_seconds": 0.05,
            "parent_run": self.parent,
            "tags": {},
            "space": {
                "x": {"kind": "uniform", "low": -5, "high": 5},
                "y": {"kind": "uniform", "low": -5, "high": 5},
            },
            **settings,
        }
        self.parameters = {"x": 0, "y": 0}

    def start(self) -> subprocess.Popen[str]:
        """The command, as the train action starts it."""
        variables = {"STORE": self.tracking.removeprefix("file://"), "DONE": str(self.done), "PATH": os.environ["PATH"]}
        box = {
            "level": "process",
            "nobody": False,
            "network": True,
            "hide": [],
            "secret": [],
            "show": [],
            "write": [],
            "limits": {"memoryBytes": None, "fileBytes": None, "processes": 4096},
            "command": [sys.executable, "-I", "-S", str(self.folder / "train.py"), "--run-id", "@run"],
            "cwd": str(self.folder),
        }
        project = {
            "start": [sys.executable, "-I", "-S", str(REPOSITORY / "runtime/start.py"), "box"],
            "box": box,
            "cwd": str(self.folder),
            "parameters": self.parameters,
            "timeout_seconds": 300,
        }
        spec = self.folder / "spec.json"
        spec.write_text(json.dumps({**self.settings, "project": project}))
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": self.tracking,
            "TRAINYARD_SEARCH_STORAGE": self.url,
            "TRAINYARD_SEARCH_VARIABLES": json.dumps(variables),
        }
        start = str(REPOSITORY / "runtime/start.py")
        paths = ["--out", str(self.folder / "out.json"), "--progress", str(self.folder / "progress.json")]
        return subprocess.Popen(
            [sys.executable, "-I", "-u", start, "search", "--spec", str(spec), *paths],
            env=environment,
            stdout=(self.folder / "log").open("a"),
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> dict:
        """What came of it, once it has ended."""
        code = self.start().wait(300)
        assert code == 0, self.log()
        return self.result()

    def result(self) -> dict:
        """What the command wrote."""
        return json.loads((self.folder / "out.json").read_text())

    def log(self) -> str:
        """All that was printed."""
        return (self.folder / "log").read_text()

    def wait_for(self, text: str, seconds: float = 120) -> None:
        """Waits until that has been printed."""
        end = time.monotonic() + seconds
        while text not in self.log():
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)


def find_worker(supervisor: int, name: str) -> int:
    """The process of a search's worker."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(supervisor)], capture_output=True, text=True, check=False
    )
    return next(int(line.split()[0]) for line in listed.stdout.splitlines() if f"--worker {name}" in line)
