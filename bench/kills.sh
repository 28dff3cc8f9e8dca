#!/usr/bin/env bash
# What is killed (kill -9) at random moments loses nothing, with SQLite and with a real PostgreSQL. First a program that
# writes transitions, messages and timers; then the whole server, fed by its own rules and by a Prometheus, whose
# receiver answers 404, 429, 500, 503, breaks off and hangs. Prints what was told, what is there and what was lost; fails if
# anything was, or if somebody was told twice.
#   bench/kills.sh [KILLS]     100 if not said; takes about ten minutes
set -euo pipefail
cd "$(dirname "$0")/.."
export PLIMSOLL_KILLS=${1:-100}
${CARGO:-cargo} test --locked -p journal --test it nothing_that_was_recorded_is_lost_by_kills -- --nocapture | grep 'kills,'
${CARGO:-cargo} test --locked -p cli --test it paging::endurance -- --nocapture | grep 'kills:'
