#!/usr/bin/env bash
# Workers on machines that only ssh leads to: starts one on each, runs the plan, and ends them.
#   ssh.sh plan.yaml HOST...
# Each has plimsoll on its path, and lets this one in without a question. Workers listen on their own loopback only;
# what goes over ssh is the talk between the machines, not the load. $ALLOW says who may be put under load, $PORT where
# the first worker is reached from here, $SSH what leads there if it is not ssh.
set -euo pipefail
plan=$1
shift
[[ $# -gt 0 ]] || { echo "ssh.sh PLAN HOST..." >&2; exit 2; }
folder=$(mktemp -d)
token=$folder/token
(umask 077; head -c 32 /dev/urandom | base64 > "$token")
allow=()
for host in ${ALLOW:-}; do allow+=(--allow "$host"); done
ways=()
trap 'kill "${ways[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
port=${PORT:-7547} workers=
for machine in "$@"; do
    # The token goes over standard input, so that no list of processes shows it.
    ${SSH:-ssh} -o ExitOnForwardFailure=yes -L "$port:127.0.0.1:$port" "$machine" \
        "umask 077; token=\$(mktemp); cat > \$token; timeout 6h plimsoll load worker --once --listen 127.0.0.1:$port --token-file \$token ${allow[*]}; rm -f \$token" \
        < "$token" > /dev/null &
    ways+=($!)
    workers+=${workers:+,}127.0.0.1:$port
    port=$((port + 1))
done
plimsoll load run "$plan" --workers "$workers" --worker-wait 30s --worker-token-file "$token"
