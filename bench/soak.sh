#!/usr/bin/env bash
# An hour at half the top speed with queries beside and `kill -9` every few minutes: is every acknowledged sample
# there, unchanged, and does memory stay flat? Ends with 3 if not.
# Usage: bench/soak.sh [--minutes 60] [--kill-every SECONDS] [--rate SAMPLES_A_SECOND] [--target plimsoll]
source "$(dirname "${BASH_SOURCE[0]}")/peers/build.sh"

if [[ ${1:-} == --help || ${1:-} == -h ]]; then sed -n '2,4s/^# //p' "$0" && exit 0; fi
need cc:gcc
build
exec 9> "${BENCH_LOCK:-/tmp/bench.lock}"
flock 9
"$rwbench" soak --conf-dir "$peers/targets" --work "$work" "$@"
