#!/usr/bin/env bash
# Short seeds for the fuzz targets, from ../shared/data where it is and from our own cases.
# Usage: fuzz/seed.sh [CORPUS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/.." && pwd)
corpus=${1:-$here/corpus}
shared=${PLIMSOLL_SHARED:-$root/../shared}/data/promql
mkdir -p "$corpus"/{exposition,remote_write,otlp,promql,remote_answer,store_files,store_index,store_log,forward_queue,calendar,scenario}

# The text of each `eval` line of Prometheus' own scripts and of our cases is a seed of its own.
number=0
while IFS= read -r line; do
  number=$((number + 1))
  printf '%s' "$line" > "$corpus/promql/eval-$number"
done < <(
  { cat "$root"/cases/query/*.case; [[ -d $shared/promqltest ]] && cat "$shared"/promqltest/*.test; true; } |
    sed -nE 's/^eval(_[a-z]+)? (instant at [^ ]+|range from [^ ]+ to [^ ]+ step [^ ]+) //p' | sort -u | awk 'length($0) < 200'
)
if [[ -d $shared/openmetrics ]]; then
  find "$shared/openmetrics" "$shared/textparse" -type f -size -4k | while IFS= read -r file; do
    cp "$file" "$corpus/exposition/$(echo "$file" | cksum | cut -d ' ' -f 1)"
  done
fi
# A request with two series, as protobuf: the first byte says that it is not packed.
printf '\001\012\062\012\016\012\010__name__\022\002up\012\011\012\003job\022\002db\022\014\011\0\0\0\0\0\0\360\077\020\001\022\007\020\002\011\0\0' > "$corpus/remote_write/two"
# Each request of our cases as JSON, and one as protobuf: the first byte says which.
for file in "$root"/cases/otlp/*.case; do
  { printf '\001'; sed -n '/^send$/,/^gives$/{//!p}' "$file"; } > "$corpus/otlp/$(basename "$file" .case)"
done
printf '\000\012\027\022\025\022\023\012\002up\052\015\012\013\061\007\0\0\0\0\0\0\0\100\001' > "$corpus/otlp/gauge"
# The body of each of our cases: the first byte says what was asked.
for file in "$root"/cases/query/answers/*.case; do
  case $(sed -n 2p "$file") in
    range) asked='\001' ;; series) asked='\002' ;; labels) asked='\003' ;; *) asked='\000' ;;
  esac
  { printf "$asked"; sed -n '4,/^---$/{/^---$/!p}' "$file"; } > "$corpus/remote_answer/$(basename "$file" .case)"
done
# Each file of the store and of a queue, each kind of change.
for target in store_files store_index store_log forward_queue; do
  for file in 0 1 2 3 4 5 6 7; do
    for change in 0 1 2 3 4 5; do
      printf "\\x$(printf %02x $file)\\x$(printf %02x $change)\\x00\\x00\\x20\\x07" > "$corpus/$target/$file-$change"
    done
  done
done
# A calendar of everything that is read or told as not taken, and its events alone.
printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Christmas\\, both \r\n days\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\nRRULE:FREQ=YEARLY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;TZID="a:b":20260403T101500\r\nSUMMARY:an hour\r\nBEGIN:VALARM\r\nSUMMARY:wake up\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20270104\r\nDURATION:P1W\r\nRDATE:20270301\r\nSUMMARY:freeze\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' > "$corpus/calendar/all"
printf 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260229\nDTEND:00010101\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:99991231\nDURATION:-P9999999W\n' > "$corpus/calendar/cut"
# The scenario of the guide, and one that contradicts itself everywhere.
sed -n '/^name: Q1 growth$/,/^```$/{/^```$/!p}' "$root/docs/guides/plan-for-growth.md" > "$corpus/scenario/guide"
printf 'name: wrong\nstart: 2027-13-01\nmonths: 0\ndrivers:\n  - {name: a, now: 5..3, growth: 3%%, target: {value: 9, date: 2026-01-01}}\n  - {name: a, now: -1}\nlaunches:\n  - {name: l, date: 2029-01-01..2026-01-01, raises: {b: 20%%}}\nresources:\n  - {name: r, follows: b, relation: latency, now: 1, limit: 0, target: 0%%}\n' > "$corpus/scenario/wrong"
