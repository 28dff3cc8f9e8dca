#!/usr/bin/env bash
# Runs each fuzz target for so many seconds. Stable Rust is enough: RUSTC_BOOTSTRAP allows the coverage flags, and the
# address sanitizer is left out, since there is no unsafe code of ours to watch.
# Usage: fuzz/run.sh [SECONDS] [TARGET...]        needs cargo-fuzz: cargo install cargo-fuzz
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/.." && pwd)
seconds=${1:-60}
shift || true
export RUSTC_BOOTSTRAP=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/fuzz
if ! cargo fuzz --version > /dev/null 2>&1; then
  echo "cargo-fuzz is not here; type: cargo install --locked cargo-fuzz" >&2
  exit 4
fi
"$here/seed.sh"
targets=("$@")
if ((${#targets[@]} == 0)); then mapfile -t targets < <(cargo fuzz list --fuzz-dir "$here"); fi
failed=()
for target in "${targets[@]}"; do
  echo "fuzz: $target for $seconds s" >&2
  options=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1)
  if [[ $target == promql ]]; then options+=(-max_len=400 -dict="$here/promql.dict"); fi
  (cd "$root" && cargo fuzz run --fuzz-dir "$here" -s none "$target" -- "${options[@]}") || failed+=("$target")
done
if ((${#failed[@]})); then
  echo "fuzz: found something: ${failed[*]}; the inputs are in fuzz/artifacts" >&2
  exit 3
fi
