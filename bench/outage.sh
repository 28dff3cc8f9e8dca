#!/usr/bin/env bash
# Alerts whose whole life lies within an outage of their receivers: how many are told, and how soon after the return.
#   bench/outage.sh [--alerts 20] [--seconds 120]     takes about four minutes
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PLIMSOLL:-${CARGO_TARGET_DIR:-target}/release/plimsoll}
if [[ -z ${PLIMSOLL:-} ]]; then ${CARGO:-cargo} build --release --locked --bin plimsoll; fi
exec python3 bench/outage.py --program "$program" "$@"
