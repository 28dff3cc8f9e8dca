#!/usr/bin/env bash
# How good baselines are on the recorded series of the shared data beside simpler bands, and what 100,000 of them cost.
# Tables go to standard output. bench/bands.sh [--series 100000]
# The machines of the Bitbrains extract take part when Python has pyarrow (see forecast.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
export PLIMSOLL_SHARED=${PLIMSOLL_SHARED:-$PWD/../shared}
series=100000
if [[ ${1:-} == --series ]]; then series=$2; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
arguments=()
if "${PYTHON:-python3}" bench/vms.py "$PLIMSOLL_SHARED/data/series/bitbrains/bitbrains_small_trace.parquet" "$folder" 2>"$folder.log"; then
  arguments=(--vms "$folder")
else
  echo "without the machines: $(tail -1 "$folder.log")" >&2
fi
rm -f "$folder.log"
${CARGO:-cargo} build --release --locked --quiet --package stats --example bands
program=${CARGO_TARGET_DIR:-target}/release/examples/bands
"$program" "${arguments[@]}"
"$program" --cost "$series"
