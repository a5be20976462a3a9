"""Gradient boosting by XGBoost, LightGBM and CatBoost."""

import numpy as np
from kind import Data, Said, kind

from data import mixed_of, prices, table_of

YES_NO = ("no", "yes")
THREE = ("low", "middle", "high")


def plain(labels):
    """Labels in the type they have as a column of a table."""
    return np.array(labels.tolist())


@kind("XGBoost classifier, labels 0 and 1", "mlflow.xgboost.log_model(XGBClassifier)", table_of((0, 1)))
def xgboost_classifier(train: Data):
    import mlflow.xgboost
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=10, n_jobs=1).fit(train.inputs, plain(train.labels))
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs))


@kind("XGBoost booster, one probability", "mlflow.xgboost.log_model(Booster)", table_of((0, 1)))
def xgboost_booster(train: Data):
    import mlflow.xgboost
    import xgboost

    model = xgboost.train(
        {"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(train.inputs, plain(train.labels)), 10
    )
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))

    def predict(inputs):
        given = model.predict(xgboost.DMatrix(inputs))
        return Said((given > 0.5).astype(int), np.column_stack([1 - given, given]), ("0", "1"))

    return predict


@kind("XGBoost booster, probabilities of three classes", "mlflow.xgboost.log_model(Booster)", table_of((0, 1, 2)))
def xgboost_softprob(train: Data):
    import mlflow.xgboost
    import xgboost

    options = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = xgboost.train(options, xgboost.DMatrix(train.inputs, plain(train.labels)), 10)
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))

    def predict(inputs):
        given = model.predict(xgboost.DMatrix(inputs))
        return Said(given.argmax(axis=1), given, ("0", "1", "2"))

    return predict


@kind(
    "XGBoost booster, classes as floats (multi:softmax)",
    "mlflow.xgboost.log_model(Booster)",
    table_of((0, 1, 2)),
    outcome="answers-unstated",
)
def xgboost_softmax(train: Data):
    import mlflow.xgboost
    import xgboost

    options = {"objective": "multi:softmax", "num_class": 3, "nthread": 1}
    model = xgboost.train(options, xgboost.DMatrix(train.inputs, plain(train.labels)), 10)
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(xgboost.DMatrix(inputs)).astype(int))


@kind(
    "the same, the task declared",
    "mlflow.xgboost.log_model(Booster)",
    table_of((0, 1, 2)),
    declares="{ task: multiclass }",
)
def xgboost_softmax_declared(train: Data):
    return xgboost_softmax(train)


@kind("XGBoost regressor", "mlflow.xgboost.log_model(XGBRegressor)", prices, metric="mae")
def xgboost_regressor(train: Data):
    import mlflow.xgboost
    import xgboost

    model = xgboost.XGBRegressor(n_estimators=10, n_jobs=1).fit(train.inputs, train.labels)
    mlflow.xgboost.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs))


@kind("LightGBM classifier, labels in text", "mlflow.lightgbm.log_model(LGBMClassifier)", table_of(THREE))
def lightgbm_classifier(train: Data):
    import lightgbm
    import mlflow.lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1).fit(train.inputs, plain(train.labels))
    mlflow.lightgbm.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs))


def train_lightgbm(train: Data, **options):
    """A booster, logged."""
    import lightgbm
    import mlflow.lightgbm

    data = lightgbm.Dataset(train.inputs, plain(train.labels))
    model = lightgbm.train({"num_threads": 1, "verbose": -1, **options}, data, 10)
    mlflow.lightgbm.log_model(model, name="model", input_example=train.inputs.head(3))
    return model


@kind("LightGBM booster, one probability", "mlflow.lightgbm.log_model(Booster)", table_of((0, 1)))
def lightgbm_booster(train: Data):
    model = train_lightgbm(train, objective="binary")

    def predict(inputs):
        given = model.predict(inputs)
        return Said((given > 0.5).astype(int), np.column_stack([1 - given, given]), ("0", "1"))

    return predict


@kind("LightGBM booster, probabilities of three classes", "mlflow.lightgbm.log_model(Booster)", table_of((0, 1, 2)))
def lightgbm_multiclass(train: Data):
    model = train_lightgbm(train, objective="multiclass", num_class=3)

    def predict(inputs):
        given = model.predict(inputs)
        return Said(given.argmax(axis=1), given, ("0", "1", "2"))

    return predict


@kind("LightGBM regressor", "mlflow.lightgbm.log_model(LGBMRegressor)", prices, metric="mae")
def lightgbm_regressor(train: Data):
    import lightgbm
    import mlflow.lightgbm

    model = lightgbm.LGBMRegressor(n_estimators=10, n_jobs=1, verbose=-1).fit(train.inputs, train.labels)
    mlflow.lightgbm.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs))


@kind(
    "LightGBM, a column of the type category",
    "mlflow.lightgbm.log_model(LGBMClassifier)",
    mixed_of(YES_NO),
    outcome="signature-missing",
)
def lightgbm_category(train: Data):
    import lightgbm
    import mlflow.lightgbm

    table = train.inputs.astype({"region": "category"})
    model = lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1).fit(table, plain(train.labels))
    mlflow.lightgbm.log_model(model, name="model", input_example=table.head(3))
    return lambda inputs: Said(model.predict(inputs.astype({"region": "category"})))


def train_catboost(train: Data, is_regressor=False, **options):
    """A model of CatBoost, logged."""
    import catboost
    import mlflow.catboost

    made = catboost.CatBoostRegressor if is_regressor else catboost.CatBoostClassifier
    model = made(iterations=10, depth=3, thread_count=1, verbose=False, allow_writing_files=False, **options)
    model.fit(train.inputs, plain(train.labels))
    mlflow.catboost.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(np.ravel(model.predict(inputs)))


@kind("CatBoost classifier, labels 0 and 1", "mlflow.catboost.log_model(CatBoostClassifier)", table_of((0, 1)))
def catboost_numbers(train: Data):
    return train_catboost(train)


@kind(
    "CatBoost classifier, three labels in text: a column of answers",
    "mlflow.catboost.log_model(CatBoostClassifier)",
    table_of(THREE),
)
def catboost_texts(train: Data):
    return train_catboost(train)


@kind(
    "CatBoost classifier, labels False and True: answered in text",
    "mlflow.catboost.log_model(CatBoostClassifier)",
    table_of((False, True)),
)
def catboost_flags(train: Data):
    return train_catboost(train)


@kind("CatBoost classifier over a column of texts", "mlflow.catboost.log_model(CatBoostClassifier)", mixed_of(YES_NO))
def catboost_columns(train: Data):
    return train_catboost(train, cat_features=["region"])


@kind("CatBoost regressor", "mlflow.catboost.log_model(CatBoostRegressor)", prices, metric="mae")
def catboost_regressor(train: Data):
    return train_catboost(train, is_regressor=True)
