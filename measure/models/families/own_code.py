"""Models of the user's own code (pyfunc), by what they return."""

import numpy as np
from kind import Data, Said, kind

from data import mixed_of, prices, table_of

PLAIN = "mlflow.pyfunc.log_model(python_model=…)"
YES_NO = ("no", "yes")
THREE = ("low", "middle", "high")


def scores_of(inputs, count: int):
    """Probabilities by a plain rule."""
    numbers = inputs["age"].to_numpy() - 0.7 * inputs["income"].to_numpy()
    if count == 2:
        given = 1 / (1 + np.exp(-numbers))
        return np.column_stack([1 - given, given])
    grown = np.exp(np.column_stack([-1 - numbers, 0 * numbers, numbers - 1]))
    return grown / grown.sum(axis=1, keepdims=True)


def log(train: Data, answer, labels, said_scores=False, **options):
    """Logs a model that returns what `answer` makes of labels and scores."""
    import mlflow.pyfunc

    rule = scores_of

    class Model(mlflow.pyfunc.PythonModel):
        """The rule, and the form."""

        def predict(self, context, model_input, params=None):
            """What the form makes of it."""
            scores = rule(model_input, len(labels))
            return answer(np.array(labels)[scores.argmax(axis=1)], scores)

    mlflow.pyfunc.log_model(name="model", python_model=Model(), input_example=train.inputs.head(3), **options)

    def say(inputs):
        scores = rule(inputs, len(labels))
        chosen = np.array(labels)[scores.argmax(axis=1)]
        return Said(chosen, scores, tuple(str(one) for one in labels)) if said_scores else Said(chosen)

    return say


@kind("a Series of labels", PLAIN, table_of(THREE))
def series(train: Data):
    import pandas as pd

    return log(train, lambda chosen, scores: pd.Series(chosen), THREE)


@kind("a list of texts", PLAIN, table_of(THREE))
def list_of_texts(train: Data):
    return log(train, lambda chosen, scores: chosen.tolist(), THREE)


@kind("an array of flags", PLAIN, table_of((False, True)))
def array_of_flags(train: Data):
    return log(train, lambda chosen, scores: chosen, (False, True))


@kind("flags, beside labels 0 and 1", PLAIN, table_of((0, 1)), outcome="answers-unknown")
def flags_for_numbers(train: Data):
    return log(train, lambda chosen, scores: chosen.astype(bool), (0, 1))


@kind(
    "the same, what each label stands for declared",
    PLAIN,
    table_of((0, 1)),
    declares="{ labels: { 0: false, 1: true } }",
)
def flags_declared(train: Data):
    return flags_for_numbers(train)


@kind("digits in text, beside labels in numbers", PLAIN, table_of((3, 5, 8)))
def digits_for_numbers(train: Data):
    return log(train, lambda chosen, scores: chosen.astype(str), (3, 5, 8))


@kind("labels as floats, beside whole numbers", PLAIN, table_of((0, 1)))
def floats_for_numbers(train: Data):
    return log(train, lambda chosen, scores: chosen.astype(float), (0, 1))


@kind("a categorical Series", PLAIN, table_of(THREE))
def categorical(train: Data):
    import pandas as pd

    return log(train, lambda chosen, scores: pd.Series(pd.Categorical(chosen, THREE)), THREE)


@kind("a table of prediction and probability", PLAIN, table_of(YES_NO))
def table_with_probability(train: Data):
    import pandas as pd

    def answer(chosen, scores):
        return pd.DataFrame({"prediction": chosen, "probability": scores[:, 1]})

    return log(train, answer, YES_NO, said_scores=True)


@kind("a table of prediction and confidence in it", PLAIN, table_of(YES_NO))
def table_with_confidence(train: Data):
    import pandas as pd

    def answer(chosen, scores):
        return pd.DataFrame({"prediction": chosen, "probability": scores.max(axis=1)})

    return log(train, answer, YES_NO)


@kind("a table of columns called as the classes, in another order", PLAIN, table_of(THREE))
def table_of_classes(train: Data):
    import pandas as pd

    def answer(chosen, scores):
        return pd.DataFrame({f"proba_{THREE[place]}": scores[:, place] for place in (2, 0, 1)})

    return log(train, answer, THREE, said_scores=True)


@kind("a table of two columns of other names", PLAIN, table_of(YES_NO), outcome="answers-ambiguous")
def table_of_other_names(train: Data):
    import pandas as pd

    return log(train, lambda chosen, scores: pd.DataFrame({"y": chosen, "note": "x"}), YES_NO)


@kind("the same, its column declared", PLAIN, table_of(YES_NO), declares="{ prediction: y }")
def table_of_declared_name(train: Data):
    return table_of_other_names(train)


@kind("a mapping of arrays", PLAIN, table_of(YES_NO))
def mapping(train: Data):
    def answer(chosen, scores):
        return {"prediction": chosen, "probability": scores[:, 1]}

    return log(train, answer, YES_NO, said_scores=True)


@kind("a list of mappings", PLAIN, table_of(THREE))
def list_of_mappings(train: Data):
    def answer(chosen, scores):
        return [{"prediction": one, "why": "a rule"} for one in chosen.tolist()]

    return log(train, answer, THREE)


@kind("a tuple of labels and scores", PLAIN, table_of(THREE), outcome="answers-other-rows")
def pair(train: Data):
    return log(train, lambda chosen, scores: (chosen, scores), THREE)


@kind("a tensor", PLAIN, table_of((0, 1, 2)))
def tensor(train: Data):
    def answer(chosen, scores):
        import torch

        return torch.from_numpy(scores)

    return log(train, answer, (0, 1, 2), said_scores=True)


@kind("a list of lists of scores", PLAIN, table_of((0, 1, 2)))
def nested_lists(train: Data):
    return log(train, lambda chosen, scores: scores.tolist(), (0, 1, 2), said_scores=True)


@kind("scores of half precision", PLAIN, table_of((0, 1, 2)))
def half_precision(train: Data):
    log(train, lambda chosen, scores: scores.astype(np.float16), (0, 1, 2))
    return lambda inputs: Said(scores_of(inputs, 3).astype(np.float16).argmax(axis=1))


@kind("percentages", PLAIN, table_of(THREE), outcome="answers-no-distribution")
def percentages(train: Data):
    return log(train, lambda chosen, scores: scores * 100, THREE)


@kind("one score, beside labels legit and fraud", PLAIN, table_of(("legit", "fraud")), outcome="answers-unstated")
def score_of_fraud(train: Data):
    return log(train, lambda chosen, scores: scores[:, 1], ("legit", "fraud"), said_scores=True)


@kind("the same, the positive class declared", PLAIN, table_of(("legit", "fraud")), declares="{ positive: fraud }")
def score_of_fraud_declared(train: Data):
    return score_of_fraud(train)


@kind("scores in the order of the code, beside labels in text", PLAIN, table_of(THREE), outcome="answers-permuted")
def other_order(train: Data):
    return log(train, lambda chosen, scores: scores, THREE, said_scores=True)


@kind("the same, the order declared", PLAIN, table_of(THREE), declares="{ classes: [low, middle, high] }")
def declared_order(train: Data):
    return other_order(train)


@kind("some rows unanswered (NaN)", PLAIN, prices, metric="mae", outcome="answers-missing")
def unanswered(train: Data):
    def answer(chosen, scores):
        return np.where(scores[:, 1] > 0.9, np.nan, scores[:, 1] * 100)

    return log(train, answer, (0, 1))


@kind("fewer answers than rows", PLAIN, table_of(THREE), outcome="answers-other-rows")
def fewer_answers(train: Data):
    return log(train, lambda chosen, scores: chosen[scores[:, 0] < 0.5], THREE)


@kind("nothing", PLAIN, table_of(THREE), outcome="answers-unreadable")
def nothing(train: Data):
    return log(train, lambda chosen, scores: None, THREE)


@kind("a generator", PLAIN, table_of(THREE), outcome="prediction-failed")
def generator(train: Data):
    return log(train, lambda chosen, scores: (one for one in chosen), THREE)


@kind("a Series of numbers", PLAIN, prices, metric="mae")
def series_of_numbers(train: Data):
    import mlflow.pyfunc
    import pandas as pd

    class Model(mlflow.pyfunc.PythonModel):
        """A line."""

        def predict(self, context, model_input, params=None):
            """A number for each row."""
            return pd.Series(100 + 10 * model_input["age"], name="price")

    mlflow.pyfunc.log_model(name="model", python_model=Model(), input_example=train.inputs.head(3))
    return lambda inputs: Said(100 + 10 * inputs["age"].to_numpy())


@kind(
    "a model from code, with types stated", "mlflow.pyfunc.log_model(python_model='typed_model.py')", mixed_of(YES_NO)
)
def from_code(train: Data):
    from pathlib import Path

    import mlflow.pyfunc

    code = str(Path(__file__).parents[1] / "typed_model.py")
    mlflow.pyfunc.log_model(name="model", python_model=code, input_example=train.inputs.head(3))
    return lambda inputs: Said(np.where(inputs["age"] - 0.7 * inputs["income"] > 0.4, "yes", "no"))


@kind(
    "no signature", "mlflow.sklearn.log_model(model), without an example", table_of(YES_NO), outcome="signature-missing"
)
def without_signature(train: Data):
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(train.inputs, np.array(train.labels.tolist()))
    mlflow.sklearn.log_model(model, name="model")
    return lambda inputs: Said(model.predict(inputs))
