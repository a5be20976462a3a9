#!/bin/sh
# JupyterLab, whose MLflow trusts the authority of make-env.sh where that has made the server's certificate.
set -eu
authority=${CERTIFICATES:-/certificates}/ca.pem
if [ "${TLS:-off}" = on ] && [ -e "$authority" ]; then
  export MLFLOW_TRACKING_SERVER_CERT_PATH="$authority"
fi
exec jupyter lab --ip=0.0.0.0 --port=8888 --no-browser
