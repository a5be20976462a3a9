#!/bin/sh
# Takes one job after another, each in a container of its own. README.md tells the variables.
set -eu
: "${REPOSITORY:?owner/name}" "${TOKEN_FILE:?a file with a token}"
api=${API:-https://api.github.com}
image=${IMAGE:-trainyard-runner}
labels=${LABELS:-'["self-hosted", "gpu"]'}
gpus=${GPUS-all}

while :; do
  name="$(hostname)-$(date +%s)"
  body=$(jq -n --arg name "$name" --argjson labels "$labels" '{name: $name, runner_group_id: 1, labels: $labels}')
  # The token goes by standard input: a command line can be read by every user of the host.
  JIT=$(printf 'header = "authorization: Bearer %s"\n' "$(cat "$TOKEN_FILE")" \
    | curl --fail --silent --show-error --config - --request POST --data "$body" \
      "$api/repos/$REPOSITORY/actions/runners/generate-jitconfig" \
    | jq --exit-status --raw-output .encoded_jit_config) || { sleep 30; continue; }
  export JIT
  docker run --rm --init --name "$name" --env JIT ${gpus:+--gpus "$gpus"} ${DATA:+--volume "$DATA:$DATA:ro"} \
    --cap-drop ALL --pids-limit 8192 --shm-size 8g \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    "$image" sh -c './run.sh --jitconfig "$JIT"' || sleep 5
done
