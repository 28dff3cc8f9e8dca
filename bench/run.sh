#!/usr/bin/env bash
# Every figure of the bench beside its peer, as Markdown; takes about an hour and five minutes.
# Usage: bench/run.sh [--minutes 60] [--samples 100000000]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
minutes=60 samples=100000000
while (($#)); do
  case $1 in
    --minutes) minutes=$2 ;;
    --samples) samples=$2 ;;
    *) echo "usage: bench/run.sh [--minutes 60] [--samples 100000000]" >&2 && exit 2 ;;
  esac
  shift 2
done

if [[ -z ${FILL:-} ]]; then
  (cd "$here/.." && "${CARGO:-cargo}" build --release --locked --quiet --example fill -p store)
fi
printf '## Start\n\n'
"$here/start.sh" --samples "$samples"
printf '\n## Pages\n\n'
"$here/pages.sh"
printf '\n## Idle\n\n'
"$here/idle.sh" --minutes "$minutes"
