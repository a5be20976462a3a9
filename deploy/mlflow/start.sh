#!/bin/sh
# The tracking server; with TLS=on by the certificate that make-env.sh made, or one of yours in its place.
set -eu
bucket=mlflow
python /srv/objects.py make "$bucket"
set -- --host 0.0.0.0 --port 5000 --workers 2 --artifacts-destination "s3://$bucket" --allowed-hosts "$ALLOWED_HOSTS"
if [ "${TLS:-off}" = on ]; then
  set -- "$@" --uvicorn-opts '--ssl-certfile /certificates/tls.pem --ssl-keyfile /certificates/tls.key'
fi
exec mlflow server "$@"
