#!/bin/sh
# Writes what compose.yaml asks for: passwords that nobody else has, and with --tls NAME a certificate for that name from an authority of
# its own. Passwords that are there already stay: the database knows them.
set -eu
cd "$(dirname "$0")"
umask 077

usage() {
  echo 'usage: deploy/make-env.sh [--tls NAME]' >&2
  exit 2
}

random() {
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '='
}

# A name and a value, unless the file has that name.
keep() {
  grep -q "^$1=" .env || echo "$1=$2" >>.env
}

name=
case "${1-}" in
  '') ;;
  --tls) [ $# -eq 2 ] || usage; name=$2 ;;
  *) usage ;;
esac

touch .env
for secret in POSTGRES_PASSWORD MLFLOW_PASSWORD OPTUNA_PASSWORD S3_PASSWORD JUPYTER_TOKEN; do
  keep "$secret" "$(random)"
done
s3=$(sed -n 's/^S3_PASSWORD=//p' .env)
printf '{"identities":[{"name":"mlflow","credentials":[{"accessKey":"mlflow","secretKey":"%s"}],"actions":["Admin","Read","Write","List","Tagging"]}]}\n' "$s3" >identities.json
mkdir -p certificates
chmod 755 certificates

if [ -n "$name" ]; then
  if ! [ -e certificates/ca.pem ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=Trainyard stack' \
      -addext 'basicConstraints=critical,CA:TRUE' -keyout ca.key -out certificates/ca.pem 2>/dev/null
  fi
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
    -keyout certificates/tls.key -out request.pem 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:mlflow,DNS:localhost\nbasicConstraints=CA:FALSE\n' "$name" >extensions
  openssl x509 -req -in request.pem -CA certificates/ca.pem -CAkey ca.key -CAcreateserial -days 397 \
    -extfile extensions -out certificates/tls.pem 2>/dev/null
  rm -f request.pem extensions
  # The server's process in the container is nobody of this machine.
  chmod 644 certificates/*.pem certificates/tls.key
  keep TLS on
  keep ALLOWED_HOSTS "$name:*,localhost:*,127.0.0.1:*,mlflow:*"
  keep WORKBENCH_TRACKING_URI https://mlflow:5000
  echo "Give runners and people deploy/certificates/ca.pem (REQUESTS_CA_BUNDLE, and the input ca-file of Trainyard's workflows)."
fi
echo 'deploy/.env is written. Start the stack by: docker compose --file deploy/compose.yaml up --build --detach'
