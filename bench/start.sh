#!/usr/bin/env bash
# How soon it answers after exec: on an empty directory and on a store with many samples, beside
# Debian's `prometheus` on an empty directory and on blocks with fewer samples (its import is slow).
# Usage: bench/start.sh [--samples 100000000] [--peer-samples 2000000] [--repetitions 5]
source "$(dirname "${BASH_SOURCE[0]}")/parts.sh"

samples=100000000 peer_samples=2000000 repetitions=5
while (($#)); do
  case $1 in
    --samples) samples=$2 ;;
    --peer-samples) peer_samples=$2 ;;
    --repetitions) repetitions=$2 ;;
    *) say "usage: bench/start.sh [--samples N] [--peer-samples N] [--repetitions N]" && exit 2 ;;
  esac
  shift 2
done
need prometheus promtool curl awk
binary=$(program)
fill=${FILL:-$target/release/examples/fill}
if [[ ! -x $fill ]]; then
  say "bench: $fill is not there; type: cargo build --release --locked --example fill -p store"
  exit 1
fi
fill=$(realpath "$fill")

# until_200 SINCE URL: milliseconds from SINCE (microseconds) to the first 200; polls without a break.
until_200() {
  local end=$(($1 + 60000000))
  until curl --silent --fail --output /dev/null --max-time 5 "$2"; do
    if ((${EPOCHREALTIME/./} > end)); then say "bench: no answer from $2" && return 1; fi
  done
  echo $(((${EPOCHREALTIME/./} - $1) / 1000))
}

# one CASE plimsoll|prometheus DIR: starts once, adds "CASE figure milliseconds" lines to the file of times.
one() {
  local what=$1 whose=$2 dir=$3 port since url
  port=$(free_port) url=http://127.0.0.1:$port
  since=${EPOCHREALTIME/./}
  if [[ $whose == plimsoll ]]; then
    start "$dir/log" "$binary" serve --data "$dir/data" --listen "127.0.0.1:$port"
  else
    serve_prometheus "$dir" "$port" --storage.tsdb.retention.time=10y
  fi
  printf '%s\tready\t%s\n' "$what" "$(until_200 "$since" "$url/-/ready")" >> "$work/times"
  printf '%s\tquery\t%s\n' "$what" "$(until_200 "$since" "$url/api/v1/query?query=count(up)")" >> "$work/times"
  if [[ $whose == plimsoll ]]; then
    printf '%s\toverview\t%s\n' "$what" "$(until_200 "$since" "$url/api/plimsoll/v1/overview")" >> "$work/times"
  fi
  stop "$last_pid"
}

# Blocks of 500 series every 5 s, as text that promtool turns into blocks of two hours.
fill_prometheus() {
  awk -v total="$peer_samples" -v now="$(date +%s)" 'BEGIN {
    series = 500; steps = int(total / series); first = now - 5 * steps - 60
    print "# TYPE fill_metric gauge"
    for (s = 0; s < series; s++) for (t = 0; t < steps; t++)
      printf "fill_metric{instance=\"host-%d\",job=\"fill\"} %.2f %d\n", s, 50 + 10 * sin(t / 700) + s, first + 5 * t
    print "# EOF"
  }' > "$work/fill.om"
  promtool tsdb create-blocks-from openmetrics --quiet "$work/fill.om" "$1" > "$work/promtool.log" 2>&1
  rm "$work/fill.om"
}

mkdir -p "$work"/{full,peer}
say "bench: filling $samples samples"
"$fill" "$work/full/data/metrics" 2000 $((samples / 2000)) >&2
say "bench: filling $peer_samples samples into prometheus"
fill_prometheus "$work/peer/data"
write_prometheus_settings "$work/peer/prometheus.yml" 9

for ((turn = 0; turn < repetitions; turn++)); do
  mkdir -p "$work/empty-$turn" "$work/peer-$turn"
  write_prometheus_settings "$work/peer-$turn/prometheus.yml" 9
  one "plimsoll, empty" plimsoll "$work/empty-$turn"
  one "prometheus, empty" prometheus "$work/peer-$turn"
  one "plimsoll, $samples samples" plimsoll "$work/full"
  one "prometheus, $peer_samples samples" prometheus "$work/peer"
done

versions
echo "- bench/start.sh --samples $samples --peer-samples $peer_samples --repetitions $repetitions"
echo
echo "Milliseconds from exec, median (worst) of $repetitions; the files are in the page cache."
echo
sort -t "$(printf '\t')" -k 1,1 -k 2,2 -k 3,3n "$work/times" | awk -F '\t' '
  { key = $1 "\t" $2; count[key]++; value[key, count[key]] = $3; if (!($1 in seen)) { seen[$1]; name[++names] = $1 } }
  function mid(key) { return value[key, int((count[key] + 1) / 2)] }
  function cell(key) { return (key in count) ? mid(key) " (" value[key, count[key]] ")" : "-" }
  function ratio(a, b) { return (mid(b) > 0) ? sprintf("%.2f", mid(a) / mid(b)) : "-" }
  END {
    print "| started | ready | first query | overview | query, ratio to prometheus |"
    print "|---|---:|---:|---:|---:|"
    for (n = 1; n <= names; n++) {
      peer = name[n]
      # The pairs sort alike: empty with empty, filled with filled.
      for (m = 1; m <= names; m++) if (name[m] ~ /^prometheus/ && (name[m] ~ /empty/) == (name[n] ~ /empty/)) peer = name[m]
      printf "| %s | %s | %s | %s | %s |\n", name[n], cell(name[n] "\tready"), cell(name[n] "\tquery"),
        cell(name[n] "\toverview"), ratio(name[n] "\tquery", peer "\tquery")
      if (name[n] ~ /^plimsoll/) {
        goal = name[n] ~ /empty/ ? 300 : 2000
        said = said sprintf("Goal for %s: first answer under %d ms: %s.\n", name[n], goal, (mid(name[n] "\tquery") < goal ? "met" : "MISSED"))
      }
    }
    printf "\n%s", said
  }'
