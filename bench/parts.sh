# What every part of the bench needs; read with `source`, never run.
# Gives: $work (a directory that goes away), free_port, start, stop, await, say, program, versions, read_process.
set -euo pipefail
export LC_ALL=C

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$bench")
target=${CARGO_TARGET_DIR:-$root/target}
work=$(mktemp -d "${TMPDIR:-/tmp}/plimsoll-bench.XXXXXX")
started=()
last_pid=

# Talk goes to standard error, so that standard output carries the tables alone.
say() { printf '%s\n' "$*" >&2; }

clean() {
  local pid
  for pid in "${started[@]}"; do kill "$pid" 2> /dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2> /dev/null || true; done
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

need() {
  local tool missing=()
  for tool in "$@"; do command -v "$tool" > /dev/null || missing+=("$tool"); done
  if ((${#missing[@]})); then
    say "bench: not installed: ${missing[*]}; type: apt-get install prometheus prometheus-node-exporter chromium curl gawk"
    exit 1
  fi
}

# The release program under test; $PLIMSOLL names another.
program() {
  local path=${PLIMSOLL:-$target/release/plimsoll}
  if [[ ! -x $path ]]; then
    say "bench: $path is not there; type: cargo build --release --locked --bin plimsoll"
    exit 1
  fi
  realpath "$path"
}

# A sleep that signals end at once.
pause() {
  local sleeper
  sleep "$1" &
  sleeper=$!
  started+=("$sleeper")
  wait "$sleeper" || true
  stop "$sleeper"
}

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
  done
  echo "$port"
}

# start LOG COMMAND...: in the background, away from any settings of this user; its process is $last_pid.
start() {
  local log=$1
  shift
  (
    cd "$work"
    exec env -u PLIMSOLL_CONFIG -u PLIMSOLL_DATA -u PLIMSOLL_LISTEN -u PLIMSOLL_LOG \
      HOME="$work" XDG_CONFIG_HOME="$work" "$@" > "$log" 2>&1 < /dev/null
  ) &
  last_pid=$!
  started+=("$last_pid")
}

stop() {
  local pid kept=()
  kill "$1" 2> /dev/null || true
  wait "$1" 2> /dev/null || true
  for pid in "${started[@]}"; do [[ $pid == "$1" ]] || kept+=("$pid"); done
  started=("${kept[@]}")
}

# await URL PID LOG [SECONDS]: until it answers 200, or fails with the end of the log.
await() {
  local url=$1 pid=$2 log=$3 end=$((SECONDS + ${4:-60}))
  until curl --silent --fail --output /dev/null --max-time 2 "$url"; do
    if ((SECONDS > end)) || ! kill -0 "$pid" 2> /dev/null; then
      say "bench: no answer from $url"
      tail -n 5 "$log" >&2
      return 1
    fi
    sleep 0.1
  done
}

# serve_prometheus DIR PORT [OPTION...]: with the settings in DIR/prometheus.yml.
serve_prometheus() {
  local dir=$1 port=$2
  shift 2
  start "$dir/log" prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" \
    --web.listen-address="127.0.0.1:$port" --log.level=warn "$@"
}

# serve_exporter DIR PORT
serve_exporter() {
  start "$1/log" prometheus-node-exporter --web.listen-address="127.0.0.1:$2" --log.level=warn
}

# Writes the settings of a Prometheus that reads that exporter every 5 s.
write_prometheus_settings() {
  cat > "$1" << YAML
global:
  scrape_interval: 5s
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["127.0.0.1:$2"]
YAML
}

# ask PORT EXPRESSION: the value of the first sample of an instant query.
ask() {
  curl --silent --fail --get --data-urlencode "query=$2" "http://127.0.0.1:$1/api/v1/query" |
    sed -n 's/.*"value": *\[[^,]*, *"\([^"]*\)"\].*/\1/p'
}

# What was measured, where and when, as lines for the head of a table.
versions() {
  local commit
  commit=$(git -C "$root" rev-parse --short HEAD 2> /dev/null || echo unknown)
  if [[ -n $(git -C "$root" status --porcelain -- crates ui/src policy Cargo.lock 2> /dev/null) ]]; then
    commit+=" with changes"
  fi
  printf -- '- %s; commit %s; %s; prometheus %s; node-exporter %s\n' \
    "$(date -u '+%Y-%m-%d %H:%M UTC')" "${COMMIT:-$commit}" "$("$(program)" version 2> /dev/null | head -n 1)" \
    "$(dpkg-query --show --showformat='${Version}' prometheus 2> /dev/null || echo '?')" \
    "$(dpkg-query --show --showformat='${Version}' prometheus-node-exporter 2> /dev/null || echo '?')"
  printf -- '- %s cores (%s), %s MB memory, Linux %s, Debian %s\n' "$(nproc)" \
    "$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)" \
    "$(awk '/^MemTotal/ { printf "%d", $2 / 1024 }' /proc/meminfo)" "$(uname -r)" "$(cat /etc/debian_version)"
}
