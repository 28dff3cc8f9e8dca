#!/usr/bin/env bash
# The load generator beside wrk, hey and oha, and how often its comparisons and capacity searches are right.
# bench/load.sh peers [speed|memory|stall|rate|rate-high ...]
#                                                     one core for nginx, the other for the generator; wants nginx, wrk
#                                                     and hey from Debian; oha (`cargo install oha`) below $OHA or $PATH
# bench/load.sh peers capacity-even|capacity-chance   searches of real targets whose capacity is known: three minutes,
#                                                     and some fifteen; $RUNNER (`chrt -r 10`) stands before all programs
# bench/load.sh simulated [100 [searches]]            how often comparisons cry wolf, what they see, how often the
#                                                     bracket of a capacity search holds the truth; or only the last
# bench/load.sh profiles [--into DIR] [NAME ...]      the four profiles against nginx, compressed to a minute each
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-peers}
shift || true
case $what in
peers)
    if [[ -z ${PLIMSOLL:-} ]]; then
        cargo build --release --locked --quiet --bin plimsoll
        cargo build --release --locked --quiet --package load --example target
    fi
    python3 bench/load_peers.py "$@"
    ;;
profiles)
    [[ -n ${PLIMSOLL:-} ]] || cargo build --release --locked --quiet --bin plimsoll
    python3 bench/load_profiles.py "$@"
    ;;
simulated)
    cargo build --release --locked --quiet --package load --example calibrate
    "${CARGO_TARGET_DIR:-target}/release/examples/calibrate" "${@:-100}"
    ;;
*)
    echo "bench/load.sh peers | profiles | simulated" >&2
    exit 2
    ;;
esac
