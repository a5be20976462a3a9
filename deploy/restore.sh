#!/bin/sh
# Puts a backup in the place of all that the stack of compose.yaml keeps: deploy/restore.sh FROM
# The objects are added first, then the database changes in one transaction, and only then what the backup does not know is removed: a
# registry names objects by keys of their own, so that wherever this ends, every object that the database names is there.
set -eu
[ $# -eq 1 ] || { echo 'usage: deploy/restore.sh FROM' >&2; exit 2; }
exec 9<"$(dirname "$0")/compose.yaml"
flock --nonblock 9 || { echo 'Another backup or restore of this stack goes on: wait for its end.' >&2; exit 1; }
for file in database.dump objects/index.json; do
  [ -f "$1/$file" ] || { echo "$1/$file is missing: that is no backup." >&2; exit 1; }
done
from=$(cd "$1" && pwd)
[ -f "$from/SHA256SUMS" ] || {
  echo "$1/SHA256SUMS is missing: older backups have none. Where you trust this one to be whole, make it, and run this again:" >&2
  echo "  cd '$from' && sha256sum database.dump objects/index.json >SHA256SUMS" >&2
  exit 1
}
(cd "$from" && sha256sum --check --quiet SHA256SUMS) || { echo "$1 is not what was saved: nothing has been put back." >&2; exit 1; }
cd "$(dirname "$0")"

ask() {
  docker compose exec -T postgres psql --username=postgres --dbname=trainyard --no-psqlrc --quiet --set=ON_ERROR_STOP=1 \
    --command="$1" >/dev/null </dev/null
}

# Puts the dump in the place of the two schemas and ends the transaction by $1. It all goes on beside the server: where the dump, or who
# sends it, comes to a sudden end, no COMMIT is read. Tables that came after the backup are in none of its list, and would keep their
# schema from being replaced.
replace() {
  # shellcheck disable=SC2016
  docker compose exec -T postgres sh -c '
    {
      echo "BEGIN; SET client_min_messages = warning; DROP SCHEMA IF EXISTS mlflow, optuna CASCADE;"
      pg_restore --exit-on-error --clean --if-exists --file=- && printf "%s;\nSELECT '\''replaced'\'';\n" "$1"
    } | psql --username=postgres --dbname=trainyard --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1' \
    sh "$1" <"$from/database.dump" | grep -x replaced >/dev/null
}

objects() {
  docker compose run --rm -T --no-deps --user 0 --volume "$PWD/mlflow/objects.py:/srv/objects.py:ro" --volume "$from:/backup:ro" \
    mlflow python /srv/objects.py "$1" mlflow /backup/objects </dev/null
}

# Lets everybody in again, however it ended.
finish() {
  status=$?
  trap - EXIT
  ask 'ALTER ROLE mlflow LOGIN; ALTER ROLE optuna LOGIN' || {
    echo 'The roles mlflow and optuna may not log in: run this again once PostgreSQL answers.' >&2
    status=1
  }
  if [ "$status" -eq 0 ]; then
    docker compose up --detach --wait mlflow || status=$?
  else
    echo "The restore failed. $standing" >&2
    docker compose start mlflow || :
  fi
  echo 'A workbench that ran is stopped: start it as you did before.'
  exit "$status"
}

docker compose up --detach --wait postgres objects
standing='Nothing has been replaced.'
trap finish EXIT
trap 'exit 130' HUP INT TERM
# Nobody may write meanwhile, workers of searches neither.
docker compose stop mlflow workbench
ask 'ALTER ROLE mlflow NOLOGIN; ALTER ROLE optuna NOLOGIN'
ask "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('mlflow', 'optuna')"
# What PostgreSQL would not take back is found before an object is touched.
replace ROLLBACK
standing='Nothing that the registry names has been replaced; objects of the backup may lie beside it: run this again.'
objects add
standing='The database is either as it was or as it was saved: run this again.'
replace COMMIT
standing='The backup is in place, and objects that came after it may be left: run this again.'
objects trim
