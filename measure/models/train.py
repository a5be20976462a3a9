"""The training of one kind: what a user's own script would be. Says beside the model what its own library answers.

python training/train.py --kind whole-numbers
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import cloudpickle
import mlflow
import mlflow.models
from read_kinds import read_kinds

if TYPE_CHECKING:
    from kind import Data, Kind, Said

ROWS = 300
HELD_OUT = 2


def main() -> None:
    """Trains and logs, in the run that MLflow has opened."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", required=True)
    chosen = read_kinds()[parser.parse_args().kind]
    # The script of a user is the main module, whose classes are pickled whole.
    cloudpickle.register_pickle_by_value(sys.modules[chosen.log.__module__])
    # What a model needs is looked for in a process of its own, for ten seconds; nothing here asks what was found.
    mlflow.models.infer_pip_requirements = lambda _path, _flavor, fallback=None, **_: fallback
    with mlflow.start_run():
        predict = chosen.log(chosen.data(ROWS, 1))
        held = chosen.data(ROWS, HELD_OUT)
        mlflow.log_dict(describe(chosen, held, predict(held.inputs)), "by-its-own-library.json")


def describe(chosen: Kind, held: Data, said: Said) -> dict[str, object]:
    """Answers to the holdout, and the gate's metrics by scikit-learn."""
    from sklearn import metrics  # noqa: PLC0415 - beside the library that is asked

    if chosen.metric == "mae":
        answers = [float(one) for one in said.answers]
        return {"answers": answers, "metrics": {"mae": metrics.mean_absolute_error(held.labels, answers)}}
    of_parts = {"hamming-loss": measure_labels, "mean-pinball": measure_quantiles, "ndcg": measure_ranking}
    if chosen.metric in of_parts:
        answers = [one if isinstance(one, str) else float(one) for one in said.answers]
        return {"answers": answers, "metrics": of_parts[chosen.metric](held, said)}
    answers = [write(one) for one in said.answers]
    truth = [write(one) for one in held.labels]
    measured = {"accuracy": metrics.accuracy_score(truth, answers)}
    if said.scores is not None and set(truth) <= set(said.classes):
        order = sorted(range(len(said.classes)), key=lambda place: said.classes[place])
        names = [said.classes[place] for place in order]
        measured["log-loss"] = metrics.log_loss(truth, said.scores[:, order], labels=names)
    return {"answers": answers, "metrics": measured}


def measure_labels(held: Data, said: Said) -> dict[str, float]:
    """Of several classes a row."""
    from sklearn import metrics, preprocessing  # noqa: PLC0415 - beside the library that is asked

    binarizer = preprocessing.MultiLabelBinarizer(classes=said.classes)
    truth, given = (
        binarizer.fit_transform([[name for name in text.split("|") if name] for text in texts])
        for texts in (held.labels, said.answers)
    )
    measured = {
        "hamming-loss": metrics.hamming_loss(truth, given),
        "f1": metrics.f1_score(truth, given, average="macro", zero_division=0),
    }
    if said.scores is not None:
        ranked = metrics.label_ranking_average_precision_score(truth, said.scores)
        measured["label-ranking-average-precision"] = float(ranked)
    return measured


def measure_quantiles(held: Data, said: Said) -> dict[str, float]:
    """Of several quantiles a row."""
    from sklearn import metrics  # noqa: PLC0415 - beside the library that is asked

    losses = [
        metrics.mean_pinball_loss(held.labels, said.scores[:, place], alpha=float(level))
        for place, level in enumerate(said.classes)
    ]
    return {"mean-pinball": sum(losses) / len(losses)}


def measure_ranking(held: Data, said: Said) -> dict[str, float]:
    """Of rows within their query, of which each has a relevant one."""
    from sklearn import metrics  # noqa: PLC0415 - beside the library that is asked

    queries = [held.queries == one for one in sorted(set(held.queries.tolist()))]
    judged = [(held.labels[rows], said.answers[rows]) for rows in queries if held.labels[rows].any()]
    return {
        name: float(sum(metrics.ndcg_score([truth], [given], k=most) for truth, given in judged) / len(judged))
        for name, most in (("ndcg", None), ("ndcg@5", 5))
    }


def write(label: object) -> str:
    """A label as the gate's report writes it."""
    plain = label.item() if hasattr(label, "item") else label
    return str(int(plain)) if isinstance(plain, float) and plain.is_integer() else str(plain)


if __name__ == "__main__":
    main()
