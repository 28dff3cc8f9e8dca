#!/usr/bin/env bash
# A thousand alerts begin at once: when they are recorded, when the first page leaves, how many messages a chat gets.
#   bench/storm.sh [--alerts 1000] [--repetitions 3]     takes about two minutes
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PLIMSOLL:-${CARGO_TARGET_DIR:-target}/release/plimsoll}
if [[ -z ${PLIMSOLL:-} ]]; then ${CARGO:-cargo} build --release --locked --bin plimsoll; fi
exec python3 bench/storm.py --program "$program" "$@"
