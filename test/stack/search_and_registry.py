"""What a team does with a stack: a search by four workers, two of whom are killed, and a registered model with files.

    search_and_registry.py work FOLDER | look

Both print JSON. MLFLOW_TRACKING_URI and OPTUNA_STORAGE say where the stack is.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.append(str(REPOSITORY / "measure" / "bench"))

from tiny_search import Search, find_worker  # noqa: E402

TRACKING = os.environ["MLFLOW_TRACKING_URI"]
STORAGE = os.environ["OPTUNA_STORAGE"]
TRIALS = 10


def work(folder: Path) -> dict:
    """One search left alone and one whose workers are killed twice, of one seed each; then a model under a name."""
    import mlflow

    alone = start(folder, "alone").run()
    search = start(folder, "killed")
    process = search.start()
    for number in (2, 6):
        search.wait_for(f"Trial {number} begins (")
        name = search.log().split(f"Trial {number} begins (")[1].split(")")[0]
        os.kill(find_worker(process.pid, name), signal.SIGKILL)
    if process.wait(300) != 0:
        sys.exit(search.log())
    killed = search.result()
    mlflow.set_tracking_uri(TRACKING)
    mlflow.set_experiment("registered")
    with mlflow.start_run() as run:
        mlflow.log_text("weights " * 100_000, "weights.txt")
    client = mlflow.MlflowClient()
    client.create_registered_model("tiny")
    version = client.create_model_version("tiny", f"{run.info.artifact_uri}/weights.txt", run.info.run_id)
    client.set_registered_model_alias("tiny", "champion", version.version)
    return {"alone": summarize(alone), "killed": summarize(killed)}


def start(folder: Path, name: str) -> Search:
    """A search of the stack's, ready to start."""
    own = folder / name
    own.mkdir(parents=True)
    search = Search(own, url=STORAGE, tracking=TRACKING, experiment=name, study=name, trials=TRIALS, jobs=4)
    search.parameters["seconds"] = 1.5
    return search


def summarize(result: dict) -> dict:
    """What of a search's result the test holds against what it asked for."""
    counts = {name: result[name] for name in ("complete", "failed", "lost")}
    return {**counts, "slots": sorted(trial["slot"] for trial in result["trials"]), "best": result["best"]["value"]}


def look() -> dict:
    """All that registry, runs, files and studies say, as the stack answers now."""
    import mlflow
    import optuna

    client = mlflow.MlflowClient(TRACKING)
    version = client.get_model_version_by_alias("tiny", "champion")
    run = client.get_run(version.run_id)
    weights = Path(client.download_artifacts(run.info.run_id, "weights.txt")).read_bytes()
    experiments = [one.experiment_id for one in client.search_experiments()]
    studies = optuna.load_study(study_name="killed", storage=STORAGE).trials
    return {
        "version": [version.version, version.source, version.run_id, version.creation_timestamp],
        "weights": hashlib.sha256(weights).hexdigest(),
        "runs": sorted(
            [one.info.run_id, one.info.status, one.data.metrics, one.data.params]
            for one in client.search_runs(experiments, max_results=1000)
        ),
        "trials": [[one.number, one.state.name, one.values, one.params] for one in studies],
    }


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    print(json.dumps(work(Path(rest[0])) if verb == "work" else look()))
