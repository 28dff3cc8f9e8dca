# What run.sh and soak.sh share: says what is missing, builds, picks a place to work. Read with `source`.
set -euo pipefail
export LC_ALL=C
peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$peers/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
# Work is done where there is room; memory file systems would count as memory of the servers.
work=$(mktemp -d "${BENCH_WORK:-/var/tmp}/plimsoll-peers.XXXXXX")
trap 'rm -rf "$work"' EXIT

# need PROGRAM:PACKAGE...: says which Debian packages to install; installs nothing.
need() {
  local pair missing=()
  for pair in "$@"; do command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}"); done
  if ((${#missing[@]})); then
    echo "not installed; type: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 4
  fi
}

# Builds ours (unless $PLIMSOLL names a program) and the load tool; the latter is $rwbench.
build() {
  if [[ -z ${PLIMSOLL:-} ]]; then
    (cd "$root" && "${CARGO:-cargo}" build --release --locked --quiet --bin plimsoll)
    export PLIMSOLL=$target/release/plimsoll
  fi
  (cd "$peers/rwbench" && CARGO_TARGET_DIR=$target/rwbench "${CARGO:-cargo}" build --release --locked --quiet)
  rwbench=$target/rwbench/release/rwbench
}
