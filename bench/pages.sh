#!/usr/bin/env bash
# How much the first page weighs and how soon it is drawn on loopback by Debian's chromium, beside the
# page of Debian's `prometheus`. Usage: bench/pages.sh [--visits 7]
source "$(dirname "${BASH_SOURCE[0]}")/parts.sh"

visits=7
while (($#)); do
  case $1 in
    --visits) visits=$2 ;;
    *) say "usage: bench/pages.sh [--visits 7]" && exit 2 ;;
  esac
  shift 2
done
need prometheus prometheus-node-exporter curl awk node "${CHROMIUM:-chromium}"
binary=$(program)
mkdir -p "$work"/{plimsoll,prometheus,exporter}
ours=$(free_port) theirs=$(free_port) exporter=$(free_port)
write_prometheus_settings "$work/prometheus/prometheus.yml" "$exporter"
serve_exporter "$work/exporter" "$exporter"
serve_prometheus "$work/prometheus" "$theirs"
prometheus_pid=$last_pid
start "$work/plimsoll/log" "$binary" serve --data "$work/plimsoll/data" --listen "127.0.0.1:$ours"
plimsoll_pid=$last_pid
await "http://127.0.0.1:$ours/-/ready" "$plimsoll_pid" "$work/plimsoll/log"
await "http://127.0.0.1:$theirs/-/ready" "$prometheus_pid" "$work/prometheus/log"
# A few readings, so that the page has something to show.
pause 16

node "$bench/pages.mjs" "$visits" "plimsoll=http://127.0.0.1:$ours/=main h2:has-text(\"Room left\")" \
  "prometheus=http://127.0.0.1:$theirs/graph=.cm-content, textarea" > "$work/drawn"

# Every address the browser fetched, once, as it comes over the wire with gzip; live events have no end.
weigh() {
  local name=$1 url=$2 address
  { echo "$url"; awk -F '\t' -v name="$name" '$1 == name && $2 == "fetched" { print $3 }' "$work/drawn"; } | sort -u |
    while read -r address; do
      case $address in
        */events* | data:*) continue ;;
      esac
      printf '%s\t%s\t%s\n' "$name" "/${address#http://*/}" \
        "$(curl --silent --location --header 'accept-encoding: gzip' --output /dev/null --write-out '%{size_download}' "$address")"
    done
}
weigh plimsoll "http://127.0.0.1:$ours/" > "$work/weights"
weigh prometheus "http://127.0.0.1:$theirs/graph" >> "$work/weights"

versions
echo "- bench/pages.sh --visits $visits; $("${CHROMIUM:-chromium}" --version 2> /dev/null)"
echo
awk -F '\t' -v visits="$visits" '
  FILENAME ~ /drawn$/ && $2 != "fetched" { painted[$1] = $2; late[$1] = $3; shown[$1] = $4; slow[$1] = $5 }
  FILENAME ~ /weights$/ { all[$1] += $3; if ($2 ~ /^\/api\//) calls[$1] += $3; else files[$1] += $3 }
  function row(what, ours, theirs, one, other) {
    printf "| %s | %s | %s | %s |\n", what, ours one, theirs other, (theirs > 0 ? sprintf("%.2f", ours / theirs) : "-")
  }
  END {
    p = "plimsoll"; r = "prometheus"
    print "| first view | plimsoll | prometheus | ratio |"
    print "|---|---:|---:|---:|"
    row("files, kB as served", files[p] / 1000, files[r] / 1000)
    row("API calls, kB as served", calls[p] / 1000, calls[r] / 1000)
    row("together, kB as served", all[p] / 1000, all[r] / 1000)
    row("first paint, ms, median (worst) of " visits, painted[p], painted[r], " (" late[p] ")", " (" late[r] ")")
    row("heading or query field shown, ms", shown[p], shown[r], " (" slow[p] ")", " (" slow[r] ")")
    printf "\nGoal: under 150 kB gzipped: %s; drawn within 1 s: %s.\n", (all[p] < 150000 ? "met" : "MISSED"), (shown[p] < 1000 ? "met" : "MISSED")
  }' "$work/drawn" "$work/weights"
echo
echo "What each first view fetches, bytes as served to a client that accepts gzip:"
echo
echo '| whose | address | bytes |'
echo '|---|---|---:|'
awk -F '\t' '{ printf "| %s | `%s` | %s |\n", $1, $2, $3 }' "$work/weights"
