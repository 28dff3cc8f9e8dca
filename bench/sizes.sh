#!/usr/bin/env bash
# How well sizes told from the past do in the week that follows, on the machines of the shared data. A table goes to standard output.
# The machines are a Parquet file: Python needs pyarrow ($PYTHON names another interpreter).
set -euo pipefail
cd "$(dirname "$0")/.."
export PLIMSOLL_SHARED=${PLIMSOLL_SHARED:-$PWD/../shared}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" bench/vms.py "$PLIMSOLL_SHARED/data/series/bitbrains/bitbrains_small_trace.parquet" "$folder"
cargo run --release --locked --quiet --package plan --example sizes -- --vms "$folder"
