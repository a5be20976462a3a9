#!/bin/sh
# Puts a backup in the place of all that the stack of compose.yaml keeps: deploy/restore.sh FROM
set -eu
[ $# -eq 1 ] || { echo 'usage: deploy/restore.sh FROM' >&2; exit 2; }
for file in SHA256SUMS database.dump objects/index.json; do
  [ -f "$1/$file" ] || { echo "$1/$file is missing: that is no backup." >&2; exit 1; }
done
from=$(cd "$1" && pwd)
(cd "$from" && sha256sum --check --quiet SHA256SUMS) || { echo "$1 is not what was saved: nothing has been put back." >&2; exit 1; }
cd "$(dirname "$0")"
# Nobody may write meanwhile.
docker compose stop mlflow workbench
docker compose up --detach --wait postgres objects
docker compose run --rm -T --no-deps --user 0 --volume "$from:/backup:ro" mlflow python /srv/objects.py load mlflow /backup/objects
# Tables that came after the backup are in none of its list, and would keep their schema from being replaced.
docker compose exec -T postgres psql --username=postgres --dbname=trainyard --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
  --command='DROP SCHEMA IF EXISTS mlflow, optuna CASCADE'
docker compose exec -T postgres pg_restore --username=postgres --exit-on-error --single-transaction --clean --if-exists \
  --dbname=trainyard <"$from/database.dump"
docker compose up --detach --wait mlflow
echo 'A workbench that ran is stopped: start it as you did before.'
