#!/usr/bin/env bash
# Starts the real program with data of its own, waits until it has read its host twice, and lets the
# browser tests loose on it. Usage: ui/e2e/run.sh [arguments of playwright]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${PLIMSOLL:-${CARGO_TARGET_DIR:-target}/debug/plimsoll}
data=$(mktemp -d)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
"$program" serve --data "$data" --listen "127.0.0.1:$port" --config ui/e2e/kit/served/plimsoll.yaml 2> "$data/log" &
server=$!
trap 'kill "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; rm -rf "$data"' EXIT
export PLIMSOLL_URL="http://127.0.0.1:$port"
if ! curl --silent --fail --retry 60 --retry-delay 1 --retry-connrefused --output /dev/null "$PLIMSOLL_URL/-/ready"; then
  cat "$data/log" >&2
  exit 1
fi
node ui/e2e/kit/served/past.mjs > "$data/past.csv"
"$program" import "$data/past.csv" --server "$PLIMSOLL_URL" > /dev/null
cd ui
npx playwright test "$@"
