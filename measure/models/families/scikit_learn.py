"""Models of scikit-learn, and of what fits its pipelines."""

import numpy as np
from kind import Data, Said, kind

from data import array_of, counts, make_table, mixed_of, prices, reviews, table_of

PLAIN = "mlflow.sklearn.log_model(…, serialization_format='cloudpickle')"
YES_NO = ("no", "yes")
THREE = ("low", "middle", "high")


def log(model, train: Data, **options):
    """Logs a fitted model as the documentation does."""
    import mlflow.sklearn

    example = train.inputs.head(3) if hasattr(train.inputs, "head") else train.inputs[:3]
    # By default MLflow keeps models of scikit-learn by skops, which refuses most of them unless each type is named.
    mlflow.sklearn.log_model(model, name="model", input_example=example, serialization_format="cloudpickle", **options)
    return lambda inputs: Said(model.predict(inputs))


def log_scores(model, train: Data, function: str = "predict_proba"):
    """The same with scores for answers."""
    log(model, train, pyfunc_predict_fn=function)
    classes = tuple(str(name) for name in model.classes_)
    return lambda inputs: Said(model.predict(inputs), model.predict_proba(inputs), classes)


def fit(model, train: Data):
    """The model, fitted; labels in the type they have as a column of a table."""
    return model.fit(train.inputs, np.array(train.labels.tolist()))


def logistic(**options):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**options)


@kind("logistic regression, labels 0 and 1", PLAIN, table_of((0, 1)))
def whole_numbers(train: Data):
    return log(fit(logistic(), train), train)


@kind("random forest, labels no and yes", PLAIN, table_of(YES_NO))
def texts(train: Data):
    from sklearn.ensemble import RandomForestClassifier

    return log(fit(RandomForestClassifier(20, random_state=0), train), train)


@kind("random forest, labels legit and fraud", PLAIN, table_of(("legit", "fraud")))
def names(train: Data):
    from sklearn.ensemble import RandomForestClassifier

    return log(fit(RandomForestClassifier(20, random_state=0), train), train)


@kind("support vector machine, labels False and True", PLAIN, table_of((False, True)))
def flags(train: Data):
    from sklearn.svm import SVC

    return log(fit(SVC(), train), train)


@kind("gradient boosting, labels that are digits in text", PLAIN, table_of(("3", "5", "8")), file="parquet")
def digits_in_text(train: Data):
    from sklearn.ensemble import GradientBoostingClassifier

    return log(fit(GradientBoostingClassifier(n_estimators=10), train), train)


@kind("decision tree, labels 1.0, 2.0, 3.0", PLAIN, table_of((1.0, 2.0, 3.0)))
def floats(train: Data):
    from sklearn.tree import DecisionTreeClassifier

    return log(fit(DecisionTreeClassifier(max_depth=4), train), train)


@kind("naive Bayes, classes counted from one", PLAIN, table_of((1, 2, 3)))
def from_one(train: Data):
    from sklearn.naive_bayes import GaussianNB

    return log(fit(GaussianNB(), train), train)


@kind(
    "pipeline over numbers and texts, probabilities",
    "mlflow.sklearn.log_model(…, serialization_format='cloudpickle', pyfunc_predict_fn='predict_proba')",
    mixed_of(YES_NO),
)
def pipeline_of_columns(train: Data):
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoder = make_column_transformer((OneHotEncoder(), ["region"]), remainder="passthrough")
    return log_scores(fit(make_pipeline(encoder, logistic(max_iter=500)), train), train)


@kind(
    "nearest neighbours, probabilities of three classes not in order of letters",
    "mlflow.sklearn.log_model(…, serialization_format='cloudpickle', pyfunc_predict_fn='predict_proba')",
    table_of(THREE),
)
def probabilities(train: Data):
    from sklearn.neighbors import KNeighborsClassifier

    return log_scores(fit(KNeighborsClassifier(9), train), train)


@kind(
    "logistic regression, logarithms of probabilities",
    "mlflow.sklearn.log_model(…, serialization_format='cloudpickle', pyfunc_predict_fn='predict_log_proba')",
    table_of(THREE),
)
def log_probabilities(train: Data):
    return log_scores(fit(logistic(), train), train, "predict_log_proba")


@kind(
    "linear support vector machine, its decision function",
    "mlflow.sklearn.log_model(…, serialization_format='cloudpickle', pyfunc_predict_fn='decision_function')",
    table_of(YES_NO),
    outcome="model-unloadable",
)
def margin(train: Data):
    from sklearn.svm import LinearSVC

    return log(fit(LinearSVC(), train), train, pyfunc_predict_fn="decision_function")


@kind("stacked classifiers", PLAIN, table_of(THREE))
def stacked(train: Data):
    from sklearn.ensemble import StackingClassifier
    from sklearn.tree import DecisionTreeClassifier

    return log(
        fit(StackingClassifier([("tree", DecisionTreeClassifier(max_depth=3)), ("line", logistic())]), train), train
    )


@kind("grid search over a pipeline", PLAIN, table_of(YES_NO))
def grid_search(train: Data):
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), logistic())
    return log(fit(GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1]}, cv=2), train), train)


@kind("words of a text column, counted", PLAIN, reviews)
def bag_of_words(train: Data):
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    return log(fit(make_pipeline(make_column_transformer((TfidfVectorizer(), "text")), logistic()), train), train)


@kind("logistic regression on an array", PLAIN, array_of((0, 1, 2)), file="npz")
def on_an_array(train: Data):
    return log(fit(logistic(), train), train)


def encode(labels):
    return np.array([THREE.index(label) for label in labels])


@kind(
    "labels encoded as 0, 1, 2 before training, texts in the holdout",
    "LabelEncoder, then mlflow.sklearn.log_model",
    table_of(THREE),
    outcome="labels-unknown",
)
def encoded(train: Data):
    return log(logistic().fit(train.inputs, encode(train.labels)), train)


@kind(
    "the same, what each label stands for declared",
    "LabelEncoder, then mlflow.sklearn.log_model",
    table_of(THREE),
    declares="{ labels: { low: 0, middle: 1, high: 2 } }",
)
def encoded_declared(train: Data):
    model = logistic().fit(train.inputs, encode(train.labels))
    log(model, train)
    return lambda inputs: Said(np.array(THREE)[model.predict(inputs)])


def without_middle(rows: int, seed: int) -> Data:
    """The holdout holds two of the three classes."""
    made = make_table(rows, seed, THREE)
    if seed == 1:
        return made
    held = made.labels != "middle"
    return Data(made.inputs[held].reset_index(drop=True), made.labels[held])


@kind(
    "a class that the holdout does not hold",
    "mlflow.sklearn.log_model(…, serialization_format='cloudpickle', pyfunc_predict_fn='predict_proba')",
    without_middle,
)
def missing_class(train: Data):
    return log_scores(fit(logistic(), train), train)


def with_unknown(rows: int, seed: int) -> Data:
    """The holdout holds a class that no model was trained on."""
    made = make_table(rows, seed, THREE)
    if seed == 1:
        held = made.labels != "middle"
        return Data(made.inputs[held].reset_index(drop=True), made.labels[held])
    return made


@kind("a class of the holdout that the model was not trained on", PLAIN, with_unknown, outcome="unknown-class")
def extra_class(train: Data):
    return log(fit(logistic(), train), train)


@kind("outliers, 1 and -1", PLAIN, table_of((1, -1)))
def outliers(train: Data):
    from sklearn.ensemble import IsolationForest

    return log(IsolationForest(random_state=0).fit(train.inputs), train)


@kind("clusters, beside labels in text", PLAIN, table_of(THREE), outcome="answers-unknown")
def clusters(train: Data):
    from sklearn.cluster import KMeans

    return log(KMeans(3, n_init=1, random_state=0).fit(train.inputs), train)


@kind("linear regression", PLAIN, prices, metric="mae")
def linear_regression(train: Data):
    from sklearn.linear_model import LinearRegression

    return log(fit(LinearRegression(), train), train)


def with_gaps(rows: int, seed: int) -> Data:
    """Prices of which some inputs are not known."""
    made = prices(rows, seed)
    gaps = np.random.default_rng(seed).random(made.inputs.shape) < 0.1
    return Data(made.inputs.mask(gaps), made.labels)


@kind("histogram gradient boosting, gaps among the inputs", PLAIN, with_gaps, metric="mae")
def gaps(train: Data):
    from sklearn.ensemble import HistGradientBoostingRegressor

    return log(fit(HistGradientBoostingRegressor(max_iter=20), train), train)


@kind("Poisson regression of counts", PLAIN, counts, metric="mae")
def poisson(train: Data):
    from sklearn.linear_model import PoissonRegressor

    return log(fit(PoissonRegressor(), train), train)


@kind("two targets at once", PLAIN, prices, metric="mae", outcome="answers-no-numbers")
def two_targets(train: Data):
    from sklearn.linear_model import LinearRegression

    return log(LinearRegression().fit(train.inputs, np.column_stack([train.labels, train.labels])), train)


@kind("several labels at once", PLAIN, table_of((0, 1)), outcome="answers-no-distribution")
def several_labels(train: Data):
    from sklearn.multioutput import MultiOutputClassifier

    wanted = np.array(train.labels.tolist())
    return log(
        MultiOutputClassifier(logistic()).fit(train.inputs, np.column_stack([wanted, 1 - wanted, wanted])), train
    )


@kind("oversampling in a pipeline of imbalanced-learn", PLAIN, table_of(YES_NO))
def oversampled(train: Data):
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import make_pipeline

    return log(fit(make_pipeline(RandomOverSampler(random_state=0), logistic()), train), train)
