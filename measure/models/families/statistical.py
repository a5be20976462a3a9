"""Models of statsmodels and Prophet, and other forecasts."""

import numpy as np
from kind import Data, Said, kind

from data import days, prices, table_of


@kind("statsmodels, least squares by a formula", "mlflow.statsmodels.log_model(results)", prices, metric="mae")
def least_squares(train: Data):
    import mlflow.statsmodels
    import statsmodels.formula.api as smf

    results = smf.ols("price ~ age + income + debt + years", train.inputs.assign(price=train.labels)).fit()
    mlflow.statsmodels.log_model(results, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(results.predict(inputs).to_numpy())


@kind("statsmodels, binomial regression: one probability", "mlflow.statsmodels.log_model(results)", table_of((0, 1)))
def binomial(train: Data):
    import mlflow.statsmodels
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    table = train.inputs.assign(bought=train.labels.astype(int))
    results = smf.glm("bought ~ age + income + debt + years", table, family=sm.families.Binomial()).fit()
    mlflow.statsmodels.log_model(results, name="model", input_example=train.inputs.head(3))

    def predict(inputs):
        given = results.predict(inputs).to_numpy()
        return Said((given > 0.5).astype(int), np.column_stack([1 - given, given]), ("0", "1"))

    return predict


@kind(
    "statsmodels, exponential smoothing: a forecast of steps, not of rows",
    "mlflow.statsmodels.log_model(results)",
    days,
    metric="mae",
    outcome="holdout-input-missing",
)
def smoothing(train: Data):
    import mlflow.statsmodels
    import pandas as pd
    from statsmodels.tsa.api import ExponentialSmoothing

    results = ExponentialSmoothing(train.labels, trend="add", seasonal="add", seasonal_periods=7).fit()
    span = pd.DataFrame({"start": [len(train.labels)], "end": [len(train.labels) + 6]})
    mlflow.statsmodels.log_model(results, name="model", input_example=span)
    return lambda inputs: Said(results.forecast(len(inputs)))


def fit_prophet(train: Data):
    """A forecast by Prophet, logged."""
    import logging

    import mlflow.prophet
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    model = Prophet(uncertainty_samples=0).fit(train.inputs.assign(y=train.labels))
    mlflow.prophet.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs)["yhat"].to_numpy())


@kind(
    "Prophet: a table of a dozen columns",
    "mlflow.prophet.log_model(model)",
    days,
    metric="mae",
    outcome="answers-ambiguous",
)
def prophet(train: Data):
    return fit_prophet(train)


@kind(
    "the same, its column declared",
    "mlflow.prophet.log_model(model)",
    days,
    metric="mae",
    declares="{ task: regression, prediction: yhat }",
)
def prophet_declared(train: Data):
    return fit_prophet(train)


@kind(
    "Prophet that draws its interval at random",
    "mlflow.prophet.log_model(model)",
    days,
    metric="mae",
    declares="{ task: regression, prediction: yhat }",
    outcome="model-answers-at-random",
)
def prophet_at_random(train: Data):
    import mlflow.prophet
    from prophet import Prophet

    model = Prophet().fit(train.inputs.assign(y=train.labels))
    mlflow.prophet.log_model(model, name="model", input_example=train.inputs.head(3))
    return lambda inputs: Said(model.predict(inputs)["yhat"].to_numpy())


@kind(
    "pmdarima: a forecast of steps, not of rows",
    "mlflow.pmdarima.log_model(model)",
    days,
    metric="mae",
    outcome="holdout-input-missing",
)
def arima(train: Data):
    import mlflow.pmdarima
    import pandas as pd
    import pmdarima

    model = pmdarima.ARIMA(order=(1, 0, 0)).fit(train.labels)
    mlflow.pmdarima.log_model(model, name="model", input_example=pd.DataFrame({"n_periods": [7]}))
    return lambda inputs: Said(model.predict(len(inputs)))
