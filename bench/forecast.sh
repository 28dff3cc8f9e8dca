#!/usr/bin/env bash
# How good forecasts and dates are on the recorded series of the shared data, and how fast, beside statsforecast and Prophet on
# the same series at the same moments. Tables go to standard output.
# bench/forecast.sh [--of tuned|held|all] [--part near,week,dates,disks]
# The peers, and pyarrow for the machines of the Bitbrains extract (a Parquet file), are installed from PyPI into a scratch
# environment; $PYTHON names an interpreter that has them already. What cannot be had is said and left out.
# $PEERS_SECONDS of CPU for each peer and horizon, 60 if not given; 0 leaves them out.
set -euo pipefail
cd "$(dirname "$0")/.."
export PLIMSOLL_SHARED=${PLIMSOLL_SHARED:-$PWD/../shared} OMP_NUM_THREADS=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
machines=$scratch/machines
mkdir "$machines"
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$scratch/venv" && python=$scratch/venv/bin/python
  "$python" -m pip install --quiet --disable-pip-version-check pyarrow statsforecast==2.1.1 prophet==1.5.0 2>"$scratch/pip.log" ||
    echo "not everything could be installed: $(tail -1 "$scratch/pip.log")" >&2
fi
arguments=(--tasks "$scratch/tasks.jsonl")
if "$python" bench/vms.py "$PLIMSOLL_SHARED/data/series/bitbrains/bitbrains_small_trace.parquet" "$machines" 2>"$scratch/vms.log"; then
  arguments+=(--vms "$machines")
else
  echo "without the machines: $(tail -1 "$scratch/vms.log")" >&2
fi
cargo build --release --locked --quiet --package plan --example accuracy
"${CARGO_TARGET_DIR:-target}/release/examples/accuracy" "${arguments[@]}" "$@"
if [ "${PEERS_SECONDS:-60}" != 0 ] && [ -s "$scratch/tasks.jsonl" ]; then
  "$python" bench/forecast_peers.py "$scratch/tasks.jsonl" "${PEERS_SECONDS:-60}" 2>"$scratch/peers.log" ||
    echo "without peers: $(tail -1 "$scratch/peers.log")" >&2
fi
