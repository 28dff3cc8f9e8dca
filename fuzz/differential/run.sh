#!/usr/bin/env bash
# Random data and random queries, answered by the real Prometheus and by Plimsoll. Ends with 3 if any answer differs
# for a reason that is not known; each such case is printed with its seed and made smaller.
# Usage: fuzz/differential/run.sh [--queries 1000] [--seed 1] [--only NUMBER] [--show]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
if ! command -v prometheus > /dev/null; then
  echo "not installed; type: apt-get install --no-install-recommends prometheus" >&2
  exit 4
fi
if [[ -z ${PLIMSOLL:-} ]]; then
  (cd "$root" && "${CARGO:-cargo}" build --locked --quiet --bin plimsoll)
  export PLIMSOLL=$target/debug/plimsoll
fi
(cd "$here" && CARGO_TARGET_DIR=$target/differential "${CARGO:-cargo}" build --locked --quiet)
exec "$target/differential/debug/differential" "$@"
