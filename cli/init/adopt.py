"""Logs a model that exists into this run, as it is, in the place of a training.

python adopt.py models:/NAME/VERSION

`trainyard init --adopt` has put it here. Once that model serves, `steps.train` of trainyard.yml names the training
again, and this can go.
"""

import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.models import Model

# A bundle by OpenSSF Model Signing is about every file of the folder that it lies in.
SIGNATURE = "model.sig"


def adopt(source: str) -> None:
    """Copies the model's files to the run that MLflow Projects has opened, and the metrics it is known by."""
    client = mlflow.MlflowClient()
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        place = Path(mlflow.artifacts.download_artifacts(source, dst_path=folder))
        # What the registry adds to a download is no part of the model.
        (place / "registered_model_meta").unlink(missing_ok=True)
        model = Model.load(str(place))
        taken_from = model.run_id
        run_id = run.info.run_id
        logged = mlflow.initialize_logged_model(
            name="model", source_run_id=run_id, tags={"trainyard.adopted_from": source}
        )
        # What somebody has signed stays as it is, also where MLmodel names the run that it came from.
        if not (place / SIGNATURE).exists():
            model.model_id = model.model_uuid = logged.model_id
            model.run_id = run_id
            model.artifact_path = logged.artifact_location
            model.save(str(place / "MLmodel"))
        client.log_model_artifacts(logged.model_id, str(place))
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        mlflow.finalize_logged_model(logged.model_id, "READY")
        mlflow.set_tag("trainyard.adopted_from", source)
        if taken_from is not None:
            mlflow.log_metrics(known_by(client, taken_from))
    print(f"{source} is logged as {logged.model_uri}.")


def known_by(client: mlflow.MlflowClient, run_id: str) -> dict[str, float]:
    """The metrics of the run that logged a model; none where it is gone, or on another server."""
    try:
        return client.get_run(run_id).data.metrics
    except MlflowException as error:
        print(f"The run {run_id} that it is of tells no metrics: {error}")
        return {}


if __name__ == "__main__":
    adopt(sys.argv[1])
