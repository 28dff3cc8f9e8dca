#!/usr/bin/env bash
# Measures prometheus, victoria-metrics and plimsoll in turn on the same bytes, and prints the goals and every figure.
# Usage: bench/peers/run.sh                     everything: about 50 minutes, 18 of them churn
#        bench/peers/run.sh --quick             a tenth of the data, one repetition, no churn: about 4 minutes
#        bench/peers/run.sh --targets 'prometheus victoria plimsoll' --phases iclsh --reps 3 --out DIR
# Phases: i ingest, restart and queries of set A; c kill -9 in mid-push; l set B; s the price of sync; h churn.
# Other options go to `rwbench suite` as they are; results.md and results.json go to --out (target/peers).
source "$(dirname "${BASH_SOURCE[0]}")/build.sh"

options=() out=$target/peers quick=
while (($#)); do
  case $1 in
    --quick) quick=1 && shift ;;
    --out) out=$2 && shift 2 ;;
    -h | --help) sed -n '2,7s/^# //p' "$0" && exit 0 ;;
    *) options+=("$1") && shift ;;
  esac
done
if [[ $quick ]]; then options=(--scale 0.1 --reps 1 --crashes 1 --runs 5 --phases icls "${options[@]}"); fi

need prometheus:prometheus victoria-metrics:victoria-metrics cc:gcc
build
mkdir -p "$out"
# One bench at a time; the servers are children of rwbench and die with it.
exec 9> "${BENCH_LOCK:-/tmp/bench.lock}"
flock 9
timeout 4h "$rwbench" suite --conf-dir "$peers/targets" --work "$work" --out "$out" "${options[@]}"
