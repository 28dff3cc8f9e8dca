#!/usr/bin/env bash
# A program that writes transitions, messages and timers is killed (kill -9) at random moments, against SQLite and
# against a real PostgreSQL. Prints what was told, what is there and what was lost; fails if anything was.
#   bench/kills.sh [KILLS]     100 if not said; takes about a minute
set -euo pipefail
cd "$(dirname "$0")/.."
export PLIMSOLL_KILLS=${1:-100}
${CARGO:-cargo} test --locked -p journal --test it nothing_that_was_recorded_is_lost_by_kills -- --nocapture | grep 'kills,'
