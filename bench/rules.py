#!/usr/bin/env python3
"""Rules beside Debian's Prometheus and Alertmanager, both at the same time on the same scraped data; see rules.sh.

cost   N alerting rules every 15 s: CPU, memory, evaluations missed. `--like services`: for each hundred a service of
       five instances and its usual alerts (rate, ratio, quantile of a histogram, disks, absent, ...), each with several
       lines and windows, in five groups. `--like plain`: each rule compares one series of one metric with a number.
flips  a value flips at a random moment (scrape 15 s, evaluation 15 s, `for: 0`, everything else as it is by default):
       how long until the receiver of a web hook knows?
pages  many values flip, scraped and evaluated every second: how long from the moment of the evaluation (`startsAt` of
       the message) until the receiver has taken the page?
"""

import argparse
import http.server
import json
import os
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from datetime import datetime

HERTZ = os.sysconf("SC_CLK_TCK")
FIRING_AT = 5


class Values:
    """What is scraped: numbered series, each high or low."""

    def __init__(self, count):
        self.high = set()
        self.count = count

    def text(self):
        lines = ["# TYPE bench_value gauge"]
        lines += [f'bench_value{{n="{n}"}} {10 if n in self.high else 1}' for n in range(self.count)]
        return ("\n".join(lines) + "\n").encode()


# The alerts of a service, as mixins have them; {s} is the service, {t} runs over five lines, {w} over five windows.
SHAPES = [
    'up{{service="{s}"}} < {t} * 0.1',
    'absent(up{{service="{s}",zone="z{t}"}}) and on () vector({t}) > 9',
    'count by (service) (up{{service="{s}"}} == 1) < {t} - 3',
    'sum by (service) (rate(http_requests_total{{service="{s}",code=~"5.."}}[5m])) / sum by (service) (rate(http_requests_total{{service="{s}"}}[5m])) > 0.0{t} + 0.5',
    'sum by (service) (rate(http_requests_total{{service="{s}",code=~"5.."}}[{w}])) / sum by (service) (rate(http_requests_total{{service="{s}"}}[{w}])) > 0.6',
    'sum by (service, instance) (rate(http_requests_total{{service="{s}"}}[5m])) > {t}000',
    'sum(increase(http_requests_total{{service="{s}",code="500"}}[{w}])) > 1e6',
    'histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket{{service="{s}"}}[5m]))) > {t} + 20',
    'histogram_quantile(0.9, sum by (le, service, instance) (rate(http_request_duration_seconds_bucket{{service="{s}"}}[{w}]))) > 20',
    'sum by (service) (rate(http_request_duration_seconds_bucket{{service="{s}",le="0.5"}}[5m])) / sum by (service) (rate(http_request_duration_seconds_bucket{{service="{s}",le="+Inf"}}[5m])) < 0.0{t}',
    'filesystem_avail_bytes{{service="{s}",mountpoint!="/boot"}} / filesystem_size_bytes{{service="{s}",mountpoint!="/boot"}} * 100 < {t}',
    'filesystem_avail_bytes{{service="{s}"}} / filesystem_size_bytes{{service="{s}"}} < 0.4 and predict_linear(filesystem_avail_bytes{{service="{s}"}}[{w}], 4 * 3600) < 0',
    'rate(process_cpu_seconds_total{{service="{s}"}}[5m]) > {t} + 3',
    'avg by (service) (process_resident_memory_bytes{{service="{s}"}}) > {t}e9',
    'deriv(process_resident_memory_bytes{{service="{s}"}}[{w}]) > 1e9',
    'max_over_time(queue_length{{service="{s}"}}[{w}]) > 10000',
    'queue_length{{service="{s}"}} > on (service, instance) queue_limit{{service="{s}"}} * 0.9{t}',
    'changes(process_start_time_seconds{{service="{s}"}}[15m]) > {t}',
    'time() - process_start_time_seconds{{service="{s}"}} < {t}',
    'quantile_over_time(0.9, queue_length{{service="{s}"}}[10m]) > {t}0000',
]
WINDOWS = ["2m", "5m", "10m", "15m", "30m"]
INSTANCES = 5
CODES = ["200", "404", "500"]
BOUNDS = ["0.05", "0.1", "0.25", "0.5", "1", "2.5", "10", "+Inf"]


class Services:
    """What is scraped of so many services: counters that grow, gauges that move, histograms."""

    def __init__(self, count, firing):
        self.count, self.firing, self.began, self.high = count, firing, time.time(), set()

    def text(self):
        age = time.time() - self.began
        lines = []
        for number in range(self.count):
            for instance in range(INSTANCES):
                own = f'service="s{number}",instance="i{instance}"'
                rate = 10 + (number * 7 + instance * 3) % 50
                lines.append(f"up{{{own}}} {0 if number < self.firing else 1}")
                for at, code in enumerate(CODES):
                    lines.append(f'http_requests_total{{{own},code="{code}"}} {int(age * rate / (1 + 30 * at))}')
                for at, bound in enumerate(BOUNDS):
                    lines.append(f'http_request_duration_seconds_bucket{{{own},le="{bound}"}} {int(age * rate * (at + 1) / len(BOUNDS))}')
                for at, mount in enumerate(("/", "/data")):
                    lines.append(f'filesystem_avail_bytes{{{own},mountpoint="{mount}"}} {5e10 + 1e6 * ((age + at) % 97):.0f}')
                    lines.append(f'filesystem_size_bytes{{{own},mountpoint="{mount}"}} 1e11')
                lines.append(f"process_cpu_seconds_total{{{own}}} {age * 0.3:.2f}")
                lines.append(f"process_resident_memory_bytes{{{own}}} {2e8 + 1e5 * ((age * 3 + number) % 89):.0f}")
                lines.append(f"process_start_time_seconds{{{own}}} {self.began - 3600:.0f}")
                lines.append(f"queue_length{{{own}}} {int(age * (1 + instance)) % 40}")
                lines.append(f"queue_limit{{{own}}} 1000")
        return ("\n".join(lines) + "\n").encode()


def services_rules(count):
    lines = ["groups:"]
    per_service = len(SHAPES) * len(WINDOWS)
    for first in range(0, count, per_service):
        service = f"s{first // per_service}"
        made = [
            (f"Shape{at}Line{t}", shape.format(s=service, t=t + 1, w=window))
            for at, shape in enumerate(SHAPES)
            for t, window in enumerate(WINDOWS)
        ][: count - first]
        for part in range(0, len(made), 20):
            lines += [f"- name: {service}-{part // 20}", "  interval: 15s", "  rules:"]
            for name, expr in made[part : part + 20]:
                lines += [
                    f"  - alert: {name}",
                    f"    expr: {json.dumps(expr)}",
                    "    for: 5m" if "Line2" not in name and "Line1" not in name else "    for: 0s",
                    f"    labels: {{severity: {'page' if name.endswith('5') else 'warning'}, team: {service}}}",
                    "    annotations:",
                    "      summary: '{{ $labels.service }} {{ $labels.instance }}: {{ $value | humanize }}'",
                    "      description: 'see https://runbooks.example/" + name + "'",
                ]
    return "\n".join(lines) + "\n"


class Arrivals:
    """When each receiver first heard of each number, and the `startsAt` it was told."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = {}

    def note(self, who, message):
        now = time.time()
        with self.lock:
            for alert in message.get("alerts", []):
                if alert.get("status") == "firing" and "n" in alert["labels"]:
                    key = (who, int(alert["labels"]["n"]))
                    self.seen.setdefault(key, (now, stamp(alert["startsAt"])))

    def of(self, who):
        with self.lock:
            return {n: seen for (own, n), seen in self.seen.items() if own == who}


def stamp(text):
    text = text.replace("Z", "+00:00")
    head, _, rest = text.partition(".")
    if rest:
        digits, zone = rest[: rest.index("+")], rest[rest.index("+") :]
        text = f"{head}.{digits[:6]:0<6}{zone}"
    return datetime.fromisoformat(text).timestamp()


def serve(values, arrivals):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer(values.text(), "text/plain; version=0.0.4")

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            arrivals.note(self.path.strip("/"), json.loads(body))
            self.answer(b"ok", "text/plain")

        def answer(self, body, kind):
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def free_port():
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


def rules_text(count, per_group, interval):
    lines = ["groups:"]
    for first in range(0, count, per_group):
        lines += [f"- name: g{first // per_group}", f"  interval: {interval}", "  rules:"]
        for n in range(first, min(first + per_group, count)):
            lines += [
                f"  - alert: High{n}",
                f"    expr: bench_value{{n=\"{n}\"}} > {FIRING_AT}",
                "    labels: {severity: page}",
                "    annotations: {summary: 'value of {{ $labels.n }} is {{ $value }}'}",
            ]
    return "\n".join(lines) + "\n"


class Bench:
    def __init__(self, program, work):
        self.program, self.work, self.started = program, work, []

    def start(self, name, command, ready):
        log = open(self.work / f"{name}.log", "w")
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.work)
        self.started.append(process)
        for _ in range(300):
            try:
                with urllib.request.urlopen(ready, timeout=1):
                    return process
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.1)
        sys.exit(f"{name} does not start:\n" + (self.work / f"{name}.log").read_text()[-2000:])

    def ours(self, name, source, rules, interval, hook):
        port = free_port()
        folder = self.work / name
        folder.mkdir()
        (folder / "rules.yaml").write_text(rules)
        receivers = f"receivers: [{{name: desk, url: 'http://127.0.0.1:{hook}/{name}'}}]\n" if hook else ""
        (folder / "plimsoll.yaml").write_text(
            "policy: none\nhost: {enabled: false}\n"
            f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}, evaluation_interval: {interval}}}\n"
            "rule_files: [rules.yaml]\n"
            f"scrape_configs:\n- job_name: bench\n  honor_labels: true\n  static_configs: [{{targets: ['127.0.0.1:{source}']}}]\n" + receivers
        )
        command = [self.program, "--log", "warn", "serve", "--config", folder / "plimsoll.yaml"]
        command += ["--data", folder / "data", "--listen", f"127.0.0.1:{port}"]
        return self.start(name, command, f"http://127.0.0.1:{port}/-/ready"), port

    def prometheus(self, source, rules, interval, alertmanager):
        port = free_port()
        folder = self.work / "prometheus"
        folder.mkdir()
        (folder / "rules.yaml").write_text(rules)
        alerting = (
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}\n"
            if alertmanager
            else ""
        )
        (folder / "prometheus.yml").write_text(
            f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}, evaluation_interval: {interval}}}\n"
            "rule_files: [rules.yaml]\n"
            f"scrape_configs:\n- job_name: bench\n  honor_labels: true\n  static_configs: [{{targets: ['127.0.0.1:{source}']}}]\n" + alerting
        )
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
        return self.start("prometheus", command, f"http://127.0.0.1:{port}/-/ready"), port

    def alertmanager(self, hook):
        port = free_port()
        folder = self.work / "alertmanager"
        folder.mkdir()
        # Each alert a group of its own: within a group the next alert would wait for five minutes.
        (folder / "alertmanager.yml").write_text(
            "route: {receiver: desk, group_by: ['...']}\n"
            f"receivers:\n- name: desk\n  webhook_configs: [{{url: 'http://127.0.0.1:{hook}/prometheus'}}]\n"
        )
        command = ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml"]
        command += [f"--storage.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
        command += ["--cluster.listen-address=", "--log.level=warn"]
        self.start("alertmanager", command, f"http://127.0.0.1:{port}/-/ready")
        return port

    def stop(self):
        for process in self.started:
            process.terminate()
        for process in self.started:
            process.wait()
        self.started = []


def cpu(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


def memory(process, what):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))


def ask(port, query):
    text = urllib.parse.urlencode({"query": query})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{text}", timeout=30) as answer:
        result = json.load(answer)["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0


def cost(bench, options):
    if options.like == "plain":
        values = Values(options.rules)
        values.high = set(range(options.firing))
        rules = rules_text(options.rules, 100, "15s")
    else:
        services = -(-options.rules // (len(SHAPES) * len(WINDOWS)))
        values = Services(services, options.firing)
        rules = services_rules(options.rules)
    port = serve(values, Arrivals())
    sides = {
        "plimsoll": bench.ours("cost", port, rules, "15s", None),
        "prometheus": bench.prometheus(port, rules, "15s", None),
    }
    counted = {
        "plimsoll": ('plimsoll_detect_evaluations_total{of="rule"', "plimsoll_detect_evaluations_missed_total"),
        "prometheus": ("prometheus_rule_evaluations_total", "prometheus_rule_group_iterations_missed_total"),
    }
    time.sleep(options.warm)
    if options.profile:
        profile(sides["plimsoll"][0], options.profile)
    before = {}
    for name, (process, own) in sides.items():
        before[name] = (time.time(), cpu(process), *(metric(own, series) for series in counted[name]))
    peaks = {name: 0.0 for name in sides}
    end = time.time() + options.minutes * 60
    while time.time() < end:
        time.sleep(5)
        for name, (process, _) in sides.items():
            peaks[name] = max(peaks[name], memory(process, "VmRSS"))
    rows = {}
    for name, (process, own) in sides.items():
        at, ticks, evaluated, missed = before[name]
        seconds = time.time() - at
        series = counted[name]
        rows[name] = (
            (cpu(process) - ticks) / seconds,
            peaks[name],
            memory(process, "VmHWM"),
            (metric(own, series[0]) - evaluated) / seconds * 15,
            metric(own, series[1]) - missed,
            ask(own, 'count(ALERTS{alertstate="firing"})'),
        )
    told = f"{options.rules} alerting rules every 15 s, like {options.like}; {options.minutes} minutes after {options.warm} s of warm-up."
    print(f"\n### What rules cost\n\n{told}\n\n| figure | plimsoll | prometheus | ratio |\n|---|---:|---:|---:|")
    names = ["CPU, cores", "resident, MB, most of samples every 5 s", "resident at the peak, MB"]
    names += ["evaluations in 15 s", "evaluations of groups missed", "alerts firing at the end"]
    digits = [3, 1, 1, 0, 0, 0]
    for at, name in enumerate(names):
        ours, theirs = rows["plimsoll"][at], rows["prometheus"][at]
        ratio = f"{ours / theirs:.2f}" if theirs else "-"
        print(f"| {name} | {ours:.{digits[at]}f} | {theirs:.{digits[at]}f} | {ratio} |")
    ours, theirs = rows["plimsoll"], rows["prometheus"]
    met = ours[0] <= 1 and ours[1] <= 300 and ours[4] == 0 and ours[0] < theirs[0] and ours[1] < theirs[1]
    print(f"\nGoal: at most one core, 300 MB, nothing missed, less than Prometheus on both: {'met' if met else 'MISSED'}.")
    bench.stop()


def profile(process, file):
    command = ["perf", "record", "-g", "-F", "299", "-o", file, "-p", str(process.pid), "--", "sleep", "30"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def spread(times):
    times = sorted(times)
    return f"{times[0]:.1f} | {statistics.median(times):.1f} | {times[-1]:.1f}"


def flips_and_pages(bench, options, parts):
    chance = random.Random(options.seed)
    flips = Values(options.flips)
    arrivals = Arrivals()
    port = serve(flips, arrivals)
    flipped = {}
    if "flips" in parts:
        rules = rules_text(options.flips, 100, "15s")
        alertmanager = bench.alertmanager(port)
        bench.ours("plimsoll", port, rules, "15s", port)
        bench.prometheus(port, rules, "15s", alertmanager)
    fast, fast_port, fast_flipped = Values(options.pages), None, {}
    if "pages" in parts:
        fast_port = serve(fast, arrivals)
        bench.ours("pages", fast_port, rules_text(options.pages, 100, "1s"), "1s", port)
    time.sleep(35)

    def flip_fast():
        for n in range(options.pages):
            fast_flipped[n] = time.time()
            fast.high.add(n)
            time.sleep(chance.uniform(0.1, 0.9))

    pages = threading.Thread(target=flip_fast)
    if "pages" in parts:
        pages.start()
    if "flips" in parts:
        for n in range(options.flips):
            time.sleep(chance.uniform(5, 20))
            flipped[n] = time.time()
            flips.high.add(n)
        deadline = time.time() + 120
        while time.time() < deadline and len(arrivals.of("prometheus")) < options.flips:
            time.sleep(1)
    if "pages" in parts:
        pages.join()
        time.sleep(5)
    if "flips" in parts:
        print(f"\n### From a value that flips to the receiver that knows\n\n{options.flips} flips at random moments (seed {options.seed}), seconds; scrape 15 s, evaluation 15 s, `for: 0`.\n")
        print("| | told | least | median | worst |\n|---|---:|---:|---:|---:|")
        found = {}
        for name in ("plimsoll", "prometheus"):
            told = arrivals.of(name)
            found[name] = [told[n][0] - flipped[n] for n in told]
            label = name if name == "plimsoll" else "prometheus and alertmanager, defaults"
            print(f"| {label} | {len(told)} | {spread(found[name])} |")
        ours = found["plimsoll"]
        met = len(ours) == options.flips and statistics.median(ours) <= 16 and max(ours) <= 31
        print(f"\nGoal: median at most 16 s, worst at most 31 s: {'met' if met else 'MISSED'}.")
    if "pages" in parts:
        told = arrivals.of("pages")
        waits = sorted(at - begun for at, begun in told.values())
        print(f"\n### From the evaluation to the receiver\n\n{options.pages} alerts that begin one after the other, scraped and evaluated every second; from the moment of the evaluation, which its own duration is part of, until the receiver has the page.\n")
        p99 = waits[min(len(waits) - 1, int(len(waits) * 0.99))]
        print("| told | median, ms | p99, ms | worst, ms |\n|---:|---:|---:|---:|")
        print(f"| {len(told)} | {1000 * statistics.median(waits):.0f} | {1000 * p99:.0f} | {1000 * waits[-1]:.0f} |")
        met = len(told) == options.pages and p99 <= 1
        print(f"\nGoal: p99 at most 1 s: {'met' if met else 'MISSED'}.")
    bench.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--part", action="append", choices=["cost", "flips", "pages"])
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--firing", type=int, default=0)
    parser.add_argument("--like", choices=["services", "plain"], default="services")
    parser.add_argument("--warm", type=int, default=75)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--profile", help="also records 30 s of ours with perf into this file")
    parser.add_argument("--flips", type=int, default=12)
    parser.add_argument("--pages", type=int, default=300)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    parts = options.part or ["cost", "flips", "pages"]
    for tool in ("prometheus", "prometheus-alertmanager"):
        if not shutil.which(tool):
            sys.exit(f"not installed: {tool}; type: apt-get install prometheus prometheus-alertmanager")
    options.program = str(pathlib.Path(options.program).resolve())
    with tempfile.TemporaryDirectory(prefix="plimsoll-rules.", dir=os.environ.get("BENCH_WORK")) as work:
        bench = Bench(options.program, pathlib.Path(work))
        try:
            if "flips" in parts or "pages" in parts:
                flips_and_pages(bench, options, parts)
            if "cost" in parts:
                shutil.rmtree(bench.work / "prometheus", ignore_errors=True)
                cost(bench, options)
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
