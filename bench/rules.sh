#!/usr/bin/env bash
# Rules beside Debian's Prometheus and Alertmanager: what ten thousand alerting rules cost at 15 s, how long it takes from
# a value that flips to the receiver that knows, and from the evaluation to the receiver that has taken the page.
#   bench/rules.sh [--part cost|flips|pages] [--like services|plain] [--rules 10000] [--firing 0] [--warm 75] [--minutes 3] [--flips 12]
# Takes about ten minutes; needs python3, and Debian's prometheus and prometheus-alertmanager.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PLIMSOLL:-${CARGO_TARGET_DIR:-target}/release/plimsoll}
if [[ -z ${PLIMSOLL:-} ]]; then ${CARGO:-cargo} build --release --locked --bin plimsoll; fi
exec python3 bench/rules.py --program "$program" "$@"
