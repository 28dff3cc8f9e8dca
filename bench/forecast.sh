#!/usr/bin/env bash
# How good forecasts and dates are on the recorded series of the shared data, and how fast. Tables go to standard output.
# bench/forecast.sh [--of tuned|held|all] [--part near,week,dates,disks]
# The machines of the Bitbrains extract are a Parquet file; they take part when Python has pyarrow (pip install pyarrow,
# $PYTHON names another interpreter).
set -euo pipefail
cd "$(dirname "$0")/.."
export PLIMSOLL_SHARED=${PLIMSOLL_SHARED:-$PWD/../shared}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
arguments=()
if "${PYTHON:-python3}" bench/vms.py "$PLIMSOLL_SHARED/data/series/bitbrains/bitbrains_small_trace.parquet" "$folder" 2>"$folder.log"; then
  arguments=(--vms "$folder")
else
  echo "without the machines: $(tail -1 "$folder.log")" >&2
fi
rm -f "$folder.log"
cargo build --release --locked --quiet --package plan --example accuracy
"${CARGO_TARGET_DIR:-target}/release/examples/accuracy" "${arguments[@]}" "$@"
