"""A search for the best parameters of an MLflow Project, by workers that share one Optuna study."""
