"""Several classes a row, several quantiles of a number, and rows ranked within their query."""

import numpy as np
from kind import Data, Said, kind

from data import TOPICS, array_of_topics, mark_topics, offers, offers_with_query, prices, topics

MANY = "{ task: multilabel, classes: [news, sport, film] }"
LOGITS = "{ task: multilabel, classes: [news, sport, film], scores: logits }"
LEVELS = (0.1, 0.5, 0.9)
NAMES = ("0.1", "0.5", "0.9")
THREE = "{ task: quantiles, quantiles: [0.1, 0.5, 0.9] }"
RANKING = "{ task: ranking }"
QUERY = "group: query"
QUERY_AS_INPUT = "group: query, inputs: [age, income, debt, years, query]"


def write_topics(has) -> list[str]:
    """Topics as the holdout writes them."""
    return ["|".join(np.array(TOPICS)[row == 1]) or "|" for row in np.asarray(has)]


def fit_multi_output(train: Data):
    """Logs a classifier for each class; gives what it says of inputs."""
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    model = MultiOutputClassifier(LogisticRegression()).fit(train.inputs, mark_topics(train.labels))
    mlflow.sklearn.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(write_topics(model.predict(inputs)), classes=TOPICS)


@kind(
    "one classifier for each class: indicators",
    "mlflow.sklearn.log_model(MultiOutputClassifier)",
    topics,
    declares=MANY,
    metric="hamming-loss",
)
def multi_output(train: Data):
    return fit_multi_output(train)


@kind(
    "forest of several classes: an array of probabilities for each",
    "mlflow.sklearn.log_model(…, pyfunc_predict_fn='predict_proba')",
    topics,
    declares=MANY,
    metric="hamming-loss",
)
def forest_of_topics(train: Data):
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(n_estimators=15, max_depth=4, random_state=0)
    model.fit(train.inputs, mark_topics(train.labels))
    mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(train.inputs),
        pyfunc_predict_fn="predict_proba",
        skops_trusted_types=["sklearn.tree._tree.Tree"],
    )

    def predict(inputs):
        scores = np.column_stack([one[:, 1] for one in model.predict_proba(inputs)])
        return Said(write_topics(model.predict(inputs)), scores, TOPICS)

    return predict


@kind(
    "network, a logit for each class",
    "mlflow.pytorch.log_model(model, input_example=…)",
    array_of_topics,
    declares=LOGITS,
    metric="hamming-loss",
    file="npz",
)
def network_of_topics(train: Data):
    import mlflow.pytorch
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, len(TOPICS)))
    inputs, truth = torch.from_numpy(train.inputs), torch.from_numpy(mark_topics(train.labels)).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(80):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(model(inputs), truth).backward()
        optimizer.step()
    mlflow.pytorch.log_model(model.eval(), name="model", input_example=train.inputs[:3])

    def predict(inputs):
        with torch.inference_mode():
            logits = model(torch.from_numpy(inputs)).numpy()
        return Said(write_topics(logits > 0), 1 / (1 + np.exp(-logits.astype(float))), TOPICS)

    return predict


@kind(
    "names of classes in lists, by thresholds of its own",
    "mlflow.pyfunc.log_model(PythonModel)",
    topics,
    declares=MANY,
    metric="hamming-loss",
)
def lists_of_topics(train: Data):
    import mlflow.pyfunc
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    inner = OneVsRestClassifier(LogisticRegression()).fit(train.inputs, mark_topics(train.labels))

    class Lists(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            likely = inner.predict_proba(model_input) > [0.4, 0.5, 0.3]
            return [[name for name, has in zip(TOPICS, row, strict=True) if has] for row in likely]

    mlflow.pyfunc.log_model(name="model", python_model=Lists(), signature=infer_signature(train.inputs))
    return lambda inputs: Said(write_topics(inner.predict_proba(inputs) > [0.4, 0.5, 0.3]), classes=TOPICS)


@kind(
    "one boosting for each quantile, in columns q10, q50, q90",
    "mlflow.pyfunc.log_model(PythonModel)",
    prices,
    declares=THREE,
    metric="mean-pinball",
)
def columns_of_quantiles(train: Data):
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.ensemble import GradientBoostingRegressor

    inner = [
        GradientBoostingRegressor(loss="quantile", alpha=level, n_estimators=40, random_state=0).fit(
            train.inputs, train.labels
        )
        for level in LEVELS
    ]

    class Columns(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return pd.DataFrame(
                {f"q{100 * level:g}": model.predict(model_input) for level, model in zip(LEVELS, inner, strict=True)}
            )

    mlflow.pyfunc.log_model(name="model", python_model=Columns(), signature=infer_signature(train.inputs))

    def predict(inputs):
        given = np.column_stack([model.predict(inputs) for model in inner])
        return Said(given[:, 1], given, NAMES)

    return predict


@kind(
    "XGBoost regressor of several quantiles: a matrix",
    "mlflow.xgboost.log_model(XGBRegressor(objective='reg:quantileerror'))",
    prices,
    declares=THREE,
    metric="mean-pinball",
)
def xgboost_quantiles(train: Data):
    import mlflow.xgboost
    import xgboost

    model = xgboost.XGBRegressor(
        objective="reg:quantileerror", quantile_alpha=np.array(LEVELS), n_estimators=30, n_jobs=1, base_score=100.0
    ).fit(train.inputs, train.labels)
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))

    def predict(inputs):
        given = model.predict(inputs).astype(float)
        return Said(given[:, 1], given, NAMES)

    return predict


@kind("XGBoost ranker", "mlflow.xgboost.log_model(XGBRanker)", offers, declares=RANKING, metric="ndcg", holdout=QUERY)
def xgboost_ranker(train: Data):
    import mlflow.xgboost
    import xgboost

    model = xgboost.XGBRanker(n_estimators=10, n_jobs=1).fit(train.inputs, train.labels, qid=train.queries)
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs).astype(float))


@kind(
    "LightGBM ranker",
    "mlflow.lightgbm.log_model(LGBMRanker, skops_trusted_types=[…])",
    offers,
    declares=RANKING,
    metric="ndcg",
    holdout=QUERY,
)
def lightgbm_ranker(train: Data):
    import lightgbm
    import mlflow.lightgbm

    model = lightgbm.LGBMRanker(n_estimators=10, n_jobs=1, verbose=-1)
    model.fit(train.inputs, train.labels, group=np.unique(train.queries, return_counts=True)[1])
    # MLflow trusts LightGBM's classifiers and regressors without a word, and its rankers not.
    trusted = ["lightgbm.sklearn.LGBMRanker"]
    mlflow.lightgbm.log_model(model, name="model", input_example=train.inputs.head(3), skops_trusted_types=trusted)
    return lambda inputs: Said(model.predict(inputs))


@kind(
    "scores of rows that carry their query",
    "mlflow.pyfunc.log_model(PythonModel)",
    offers_with_query,
    declares="{ task: ranking, prediction: score }",
    metric="ndcg",
    holdout=QUERY_AS_INPUT,
)
def scores_with_query(train: Data):
    import mlflow.pyfunc
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    inner = LinearRegression().fit(train.inputs.drop(columns="query"), train.labels)

    class Scores(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input[["query"]].assign(score=inner.predict(model_input.drop(columns="query")))

    mlflow.pyfunc.log_model(name="model", python_model=Scores(), signature=infer_signature(train.inputs))
    return lambda inputs: Said(inner.predict(inputs.drop(columns="query")))


@kind(
    "a probability for each class, in the order of the code",
    "mlflow.sklearn.log_model(…, pyfunc_predict_fn='predict_proba')",
    topics,
    declares="{ task: multilabel, classes: [film, news, sport] }",
    metric="hamming-loss",
    outcome="answers-permuted",
)
def topics_in_another_order(train: Data):
    import mlflow.sklearn
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    model = OneVsRestClassifier(LogisticRegression()).fit(train.inputs, mark_topics(train.labels))
    mlflow.sklearn.log_model(
        model, name="model", signature=infer_signature(train.inputs), pyfunc_predict_fn="predict_proba"
    )
    return lambda inputs: Said(write_topics(model.predict(inputs)), model.predict_proba(inputs), TOPICS)


@kind(
    "fewer classes than are listed",
    "mlflow.sklearn.log_model(MultiOutputClassifier)",
    topics,
    declares="{ task: multilabel, classes: [news, sport, film, music] }",
    metric="hamming-loss",
    outcome="score-columns",
)
def too_few_topics(train: Data):
    return fit_multi_output(train)


@kind(
    "columns of quantiles, the highest first",
    "mlflow.pyfunc.log_model(PythonModel)",
    prices,
    declares="{ task: quantiles, quantiles: [0.1, 0.5, 0.9], score-columns: [high, middle, low] }",
    metric="mean-pinball",
    outcome="quantiles-crossed",
)
def quantiles_upside_down(train: Data):
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import QuantileRegressor

    inner = [QuantileRegressor(quantile=level, alpha=0).fit(train.inputs, train.labels) for level in LEVELS]

    class Columns(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            named = zip(("low", "middle", "high"), inner, strict=True)
            return pd.DataFrame({name: model.predict(model_input) for name, model in named})

    mlflow.pyfunc.log_model(name="model", python_model=Columns(), signature=infer_signature(train.inputs))

    def predict(inputs):
        given = np.column_stack([model.predict(inputs) for model in inner])
        return Said(given[:, 1], given, NAMES)

    return predict


@kind(
    "distances of rows, the best first",
    "mlflow.pyfunc.log_model(PythonModel)",
    offers_with_query,
    declares="{ task: ranking, prediction: distance }",
    metric="ndcg",
    holdout=QUERY_AS_INPUT,
    outcome="answers-inverted",
)
def distances_of_offers(train: Data):
    import mlflow.pyfunc
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression

    inner = LinearRegression().fit(train.inputs.drop(columns="query"), train.labels)

    class Distances(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input[["query"]].assign(distance=-inner.predict(model_input.drop(columns="query")))

    mlflow.pyfunc.log_model(name="model", python_model=Distances(), signature=infer_signature(train.inputs))
    return lambda inputs: Said(inner.predict(inputs.drop(columns="query")))
