#!/bin/sh
# Saves all that the stack of compose.yaml keeps into a new folder, while it runs: deploy/backup.sh INTO
# The database goes first, so that every artifact that it names has been written when the objects are read.
set -eu
umask 077
[ $# -eq 1 ] || { echo 'usage: deploy/backup.sh INTO' >&2; exit 2; }
exec 9<"$(dirname "$0")/compose.yaml"
flock --nonblock 9 || { echo 'Another backup or restore of this stack goes on: wait for its end.' >&2; exit 1; }
! [ -e "$1" ] || { echo "$1 is there already: a backup is made into a folder of its own." >&2; exit 1; }
mkdir -p "${1%/}.unfinished"
into=$(cd "${1%/}.unfinished" && pwd)
cd "$(dirname "$0")"

in_container() {
  docker compose run --rm -T --no-deps --user 0 --volume "$into:/backup" mlflow "$@"
}

# What an earlier one has left that did not come to its end. The container wrote it as root: the caller may not be able to remove it.
[ ! -e "$into/objects" ] || in_container rm -rf /backup/objects
docker compose exec -T postgres pg_dump --username=postgres --format=custom trainyard >"$into/database.dump"
in_container python /srv/objects.py save mlflow /backup/objects
(cd "$into" && sha256sum database.dump objects/index.json >SHA256SUMS)
mv "$into" "${into%.unfinished}"
