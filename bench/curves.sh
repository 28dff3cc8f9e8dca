#!/usr/bin/env bash
# How often the right form of a driver's curve is found, the error at twice the range.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --release --locked --quiet --package plan --example curves
cargo run --release --locked --quiet --package plan --example scenario
