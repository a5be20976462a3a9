#!/bin/sh
# A schema and a role each for MLflow and Optuna in one database: both keep their version in a table `alembic_version`.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set=mlflow="$MLFLOW_PASSWORD" --set=optuna="$OPTUNA_PASSWORD" <<'SQL'
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';
CREATE ROLE optuna LOGIN PASSWORD :'optuna';
CREATE SCHEMA mlflow AUTHORIZATION mlflow;
CREATE SCHEMA optuna AUTHORIZATION optuna;
ALTER ROLE mlflow SET search_path = mlflow;
ALTER ROLE optuna SET search_path = optuna;
SQL
