#!/usr/bin/env bash
# What it costs to watch this host every 5 s: `plimsoll serve` without settings beside Debian's
# `prometheus` with `prometheus-node-exporter`, at the same time, from the same minute on.
# Usage: bench/idle.sh [--minutes 60] [--samples FILE]    measures, and prints the table
#        bench/idle.sh --report FILE                      prints the table of samples already taken
source "$(dirname "${BASH_SOURCE[0]}")/parts.sh"

minutes=60 samples=$target/bench/idle.tsv report=
while (($#)); do
  case $1 in
    --minutes) minutes=$2 ;;
    --samples) samples=$2 ;;
    --report) report=$2 ;;
    *) say "usage: bench/idle.sh [--minutes 60] [--samples FILE] | --report FILE" && exit 2 ;;
  esac
  shift 2
done

# A line: minute, whose, seconds since boot, CPU ticks, resident kB, peak kB, bytes written, bytes on disk,
# threads, busy ticks of the whole machine.
sample() {
  local minute=$1 whose=$2 pid=$3 dir=$4
  awk -v minute="$minute" -v whose="$whose" -v disk="$(du --summarize --block-size=1 "$dir" 2> /dev/null | cut -f 1)" '
    FILENAME ~ /stat$/ && FILENAME !~ /^\/proc\/stat/ { sub(/^.*\) /, ""); ticks = $12 + $13; threads = $18 }
    FILENAME ~ /status$/ && /^VmRSS/ { now = $2 }
    FILENAME ~ /status$/ && /^VmHWM/ { peak = $2 }
    FILENAME ~ /io$/ && /^write_bytes/ { written = $2 }
    FILENAME ~ /uptime$/ { up = $1 }
    FILENAME == "/proc/stat" && /^cpu / { busy = $2 + $3 + $4 + $7 + $8 }
    END { printf "%s\t%s\t%s\t%d\t%d\t%d\t%.0f\t%.0f\t%d\t%.0f\n", minute, whose, up, ticks, now, peak, written, disk, threads, busy }
  ' "/proc/$pid/stat" "/proc/$pid/status" "/proc/$pid/io" /proc/uptime /proc/stat
}

# Reads the samples; the first of each is the end of the warm-up minute.
table() {
  awk -F '\t' -v hertz="$(getconf CLK_TCK)" '
    /^#/ { if ($1 == "#series") series[$2] = $3; next }
    !($2 in from) { from[$2] = $3; ticks0[$2] = $4; written0[$2] = $7; disk0[$2] = $8; busy0[$2] = $10; rss0[$2] = $5 }
    {
      if ($1 > 0 && $3 > before[$2]) {
        cost = 100 * ($4 - tickslast[$2]) / hertz / ($3 - before[$2])
        if (cost > worst[$2]) worst[$2] = cost
      }
      before[$2] = $3; tickslast[$2] = $4
      seconds[$2] = $3 - from[$2]; spent[$2] = ($4 - ticks0[$2]) / hertz; now[$2] = $5; peak[$2] = $6
      written[$2] = $7 - written0[$2]; disk[$2] = $8; busy[$2] = ($10 - busy0[$2]) / hertz; minute = $1
      if ($1 % 10 == 0) { marks[$1]; at[$1, $2] = $5 }
      if ($1 % 10 == 0 && $1 > last) last = $1
    }
    function row(what, unit, ours, prometheus, exporter) {
      both = prometheus + exporter
      printf "| %s | " unit " | " unit " | " unit " | " unit " | %s |\n", what, ours, prometheus, exporter, both,
        (both > 0 ? sprintf("%.2f", ours / both) : "-")
    }
    END {
      p = "plimsoll"; r = "prometheus"; e = "exporter"
      if (seconds[p] <= 0) { print "no samples yet"; exit 1 }
      printf "Idle, %d minutes after a minute of warm-up; all other processes used %.2f cores meanwhile.\n\n", minute,
        (busy[p] - spent[p] - spent[r] - spent[e]) / seconds[p]
      print "| figure | plimsoll | prometheus | node-exporter | both peers | ratio |"
      print "|---|---:|---:|---:|---:|---:|"
      row("CPU, % of one core", "%.2f", 100 * spent[p] / seconds[p], 100 * spent[r] / seconds[r], 100 * spent[e] / seconds[e])
      row("CPU in the worst minute, %", "%.2f", worst[p], worst[r], worst[e])
      row("resident at the end, MB", "%.1f", now[p] / 1000 * 1.024, now[r] / 1000 * 1.024, now[e] / 1000 * 1.024)
      row("resident at the peak, MB", "%.1f", peak[p] / 1000 * 1.024, peak[r] / 1000 * 1.024, peak[e] / 1000 * 1.024)
      row("resident at the start, MB", "%.1f", rss0[p] / 1000 * 1.024, rss0[r] / 1000 * 1.024, rss0[e] / 1000 * 1.024)
      row("on disk at the end, MB", "%.2f", disk[p] / 1e6, disk[r] / 1e6, disk[e] / 1e6)
      row("written, MB an hour", "%.2f", written[p] / 1e6 / seconds[p] * 3600, written[r] / 1e6 / seconds[r] * 3600, written[e] / 1e6 / seconds[e] * 3600)
      if (p in series) row("series", "%d", series[p], series[r], 0)
      printf "\nResident memory in MB at minute"
      for (m = 0; m <= last; m += 10) printf " %d", m
      printf ": plimsoll"
      for (m = 0; m <= last; m += 10) printf " %.1f", at[m, p] / 1000 * 1.024
      printf "; prometheus"
      for (m = 0; m <= last; m += 10) printf " %.1f", at[m, r] / 1000 * 1.024
      printf ".\n\nGoal: under 1 %% of one core and under 60 MB resident after an hour: "
      held = 100 * spent[p] / seconds[p] < 1 && now[p] * 1024 < 60e6
      printf "%s after %d minutes%s.\n", (held ? "met" : "MISSED"), minute, (minute < 60 ? ", which is not the hour that the goal asks for" : "")
    }' "$1"
}

if [[ $report ]]; then
  table "$report"
  exit
fi

need prometheus prometheus-node-exporter curl awk
binary=$(program)
mkdir -p "$(dirname "$samples")" "$work"/{plimsoll,prometheus,exporter}
ours=$(free_port) theirs=$(free_port) exporter=$(free_port)
write_prometheus_settings "$work/prometheus/prometheus.yml" "$exporter"
serve_exporter "$work/exporter" "$exporter"
exporter_pid=$last_pid
serve_prometheus "$work/prometheus" "$theirs"
prometheus_pid=$last_pid
start "$work/plimsoll/log" "$binary" serve --data "$work/plimsoll/data" --listen "127.0.0.1:$ours"
plimsoll_pid=$last_pid
await "http://127.0.0.1:$ours/-/ready" "$plimsoll_pid" "$work/plimsoll/log"
await "http://127.0.0.1:$theirs/-/ready" "$prometheus_pid" "$work/prometheus/log"
say "bench: idle for 1 + $minutes minutes; samples go to $samples"
{ versions; echo "- bench/idle.sh --minutes $minutes"; } | sed 's/^/# /' > "$samples"

begin=$SECONDS
for ((minute = 0; minute <= minutes; minute++)); do
  left=$((begin + 60 * (minute + 1) - SECONDS))
  if ((left > 0)); then pause "$left"; fi
  {
    sample "$minute" plimsoll "$plimsoll_pid" "$work/plimsoll/data"
    sample "$minute" prometheus "$prometheus_pid" "$work/prometheus/data"
    sample "$minute" exporter "$exporter_pid" "$work/exporter"
  } >> "$samples"
done
# Only now, since a query costs too.
printf '#series\t%s\t%s\n' plimsoll "$(ask "$ours" 'count({__name__=~".+"})')" \
  prometheus "$(ask "$theirs" 'count({__name__=~".+"})')" >> "$samples"
grep '^# ' "$samples" | sed 's/^# //'
echo
table "$samples"
