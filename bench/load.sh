#!/usr/bin/env bash
# How often comparisons of load tests cry wolf, what they see, and how often the bracket of a capacity search holds the
# truth; against simulated queues. Figures go to standard output.
# bench/load.sh [number of comparisons and searches, 100 if not said]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --package load --example calibrate
"${CARGO_TARGET_DIR:-target}/release/examples/calibrate" "${1:-100}"
