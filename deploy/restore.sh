#!/bin/sh
# Puts a backup in the place of all that the stack of compose.yaml keeps: deploy/restore.sh FROM
set -eu
[ $# -eq 1 ] || { echo 'usage: deploy/restore.sh FROM' >&2; exit 2; }
for file in database.dump objects/index.json; do
  [ -f "$1/$file" ] || { echo "$1/$file is missing: that is no backup." >&2; exit 1; }
done
from=$(cd "$1" && pwd)
cd "$(dirname "$0")"
# Nobody may write meanwhile.
docker compose stop mlflow workbench
docker compose up --detach --wait postgres objects
docker compose run --rm -T --no-deps --user 0 --volume "$from:/backup:ro" mlflow python /srv/objects.py load mlflow /backup/objects
docker compose exec -T postgres pg_restore --username=postgres --exit-on-error --single-transaction --clean --if-exists \
  --dbname=trainyard <"$from/database.dump"
docker compose up --detach --wait mlflow
