#!/usr/bin/env python3
"""The load generator beside wrk, hey and oha: what one core sends, what a request costs, how much memory millions of
them take, whether a stall is told as users wait for it, how exactly a rate is kept, and whether searches find capacities
that are known. The target has one core, the generator the other. Whoever is not installed is left out and said so.

usage: bench/load.sh peers [speed | memory | stall | rate | rate-high | capacity-even | capacity-chance ...]
"""

import contextlib
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
# What stands before every program, such as `chrt -r 10` where others work on the machine as well.
RUNNER = os.environ.get("RUNNER", "").split()
PLIMSOLL = os.environ.get("PLIMSOLL", str(BUILT / "plimsoll"))
OURS_CORE, TARGET_CORE = "1", "0"
CONNECTIONS = 64
BODY = "x" * 199 + "\n"

NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /status {{ stub_status; }}
    location / {{ root {folder}/www; open_file_cache max=10; }}
  }}
}}
"""


def found(name):
    """The path of a program, or nothing."""
    return os.environ.get(name.upper()) or shutil.which(name)


def free_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=15) as answer:
        return answer.read().decode()


class Nginx:
    """nginx with one worker on the target's core."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chmod(self.folder.name, 0o755)
        www = pathlib.Path(self.folder.name, "www")
        www.mkdir()
        (www / "small").write_text(BODY)
        self.port = free_port()
        settings = pathlib.Path(self.folder.name, "nginx.conf")
        settings.write_text(NGINX.format(folder=self.folder.name, port=self.port))
        self.process = subprocess.Popen([*RUNNER, "taskset", "-c", TARGET_CORE, "nginx", "-c", settings])
        self.url = f"http://127.0.0.1:{self.port}/small"
        for _ in range(100):
            try:
                get(self.url)
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit("nginx does not answer")

    def requests(self):
        """How many requests it has counted."""
        return int(get(f"http://127.0.0.1:{self.port}/status").split("\n")[2].split()[2])

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Target:
    """Our own target, which notes when requests come."""

    def __init__(self, *words):
        self.words = words

    def __enter__(self):
        program = str(BUILT / "examples/target")
        self.process = subprocess.Popen(
            [*RUNNER, "taskset", "-c", TARGET_CORE, program, *self.words], stdout=subprocess.PIPE, text=True
        )
        self.base = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.url = self.base + "/"
        return self

    def figures(self):
        return json.loads(get(self.base + "/figures"))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def run(command):
    """Runs a generator on its core: its output, its processor seconds, its greatest memory in MB."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [*RUNNER, "taskset", "-c", OURS_CORE, *map(str, command)], stdout=output, stderr=subprocess.STDOUT
        )
        peak, pid = 0.0, 0
        while pid == 0:
            # What `wait4` tells of memory counts what this program held when it forked.
            peak = max(peak, peak_memory(process.pid))
            time.sleep(0.25)
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
        output.seek(0)
        text = output.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 4):
        raise SystemExit(f"{command}: {process.returncode}\n{text}")
    return text, used.ru_utime + used.ru_stime, peak


def peak_memory(pid):
    """The greatest memory of a process so far, in MB; nought once it has ended."""
    try:
        told = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = re.search(r"VmHWM:\s+(\d+) kB", told)
    return int(peak.group(1)) / 1024 if peak else 0.0


# A step that may be redirected, or one of several, goes the general way, over hyper.
PLAN = """\
name: plan
target: {base}
scenarios:
  - name: all
    users: {users}
    for: {seconds}s
    steps: [{{get: {path}, {more}}}]
"""


def closed(url, seconds, folder):
    """Commands that send as fast as they can."""
    base, _, path = url.rpartition("/")
    ways = {"bodies": "expect: {contains: xxx}", "hyper": "redirects: 1"}
    ways["both"] = f"{ways['bodies']}, {ways['hyper']}"
    plans = {name: pathlib.Path(folder, f"{name}.yaml") for name in ways}
    for name, more in ways.items():
        text = PLAN.format(base=base, path="/" + path, users=CONNECTIONS, seconds=seconds, more=more)
        plans[name].write_text(text)
    commands = {
        "plimsoll": [PLIMSOLL, "load", url, "--users", CONNECTIONS, "--for", f"{seconds}s"],
        "plimsoll, looking at bodies": [PLIMSOLL, "load", "run", plans["bodies"]],
        "plimsoll over hyper": [PLIMSOLL, "load", "run", plans["hyper"]],
        "plimsoll over hyper, looking at bodies": [PLIMSOLL, "load", "run", plans["both"]],
        "wrk": [found("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", url],
        "oha": [found("oha"), "--no-tui", "-c", CONNECTIONS, "-z", f"{seconds}s", url],
        "hey": [found("hey"), "-c", CONNECTIONS, "-z", f"{seconds}s", url],
    }
    return {name: command for name, command in commands.items() if command[0]}


def speed(rounds=3, seconds=8):
    print(f"{CONNECTIONS} connections, {len(BODY)} bytes from nginx, {rounds} rounds of {seconds} s in turn: median\n")
    print("| generator | requests/s | of wrk | of oha | CPU per request µs | memory MB |\n|---|---:|---:|---:|---:|---:|")
    all_figures = {}
    with Nginx() as nginx:
        for _ in range(rounds):
            for name, command in closed(nginx.url, seconds, nginx.folder.name).items():
                before, began = nginx.requests(), time.monotonic()
                _, processor, memory = run(command)
                took = time.monotonic() - began
                sent = nginx.requests() - before - 1
                figures = (sent / min(took, seconds + 0.2), processor / sent * 1e6, memory)
                all_figures.setdefault(name, []).append(figures)
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in all_figures.items()}
    nobody = [float("nan")]
    for name, (rate, each, memory) in medians.items():
        of_wrk, of_oha = (rate / medians.get(peer, nobody)[0] for peer in ("wrk", "oha"))
        print(f"| {name} | {rate:,.0f} | {of_wrk:.2f} | {of_oha:.2f} | {each:.2f} | {memory:.0f} |")


def memory(lengths=(9, 95)):
    print("| generator | requests | peak memory MB |\n|---|---:|---:|")
    with Nginx() as nginx:
        for name, seconds in [("plimsoll", length) for length in lengths] + [("oha", lengths[0])]:
            command = closed(nginx.url, seconds, nginx.folder.name).get(name)
            if command is None:
                continue
            before = nginx.requests()
            _, _, peak = run(command)
            print(f"| {name} | {nginx.requests() - before - 1:,} | {peak:.1f} |", flush=True)


def at_rate(url, rate, seconds):
    """Commands that keep a rate with 50 connections."""
    oha = [found("oha"), "--no-tui", "--output-format", "json", "-q", rate, "-c", 50, "-z", f"{seconds}s"]
    ours = [PLIMSOLL, "load", url, "--rate", rate, "--for", f"{seconds}s", "--output", "json"]
    commands = {
        "plimsoll": ours,
        "plimsoll, 50 in flight": [*ours, "--in-flight", 50],
        "oha": [*oha, url],
        "oha --latency-correction": [*oha, "--latency-correction", url],
        "hey": [found("hey"), "-q", rate / 50, "-c", 50, "-z", f"{seconds}s", url],
    }
    return {name: command for name, command in commands.items() if command[0]}


def p99_ms(name, text):
    """The 99th percentile that a generator reports."""
    if name.startswith("plimsoll"):
        return json.loads(text)["requests"]["response"]["p99_ms"]
    if name.startswith("oha"):
        return json.loads(text)["latencyPercentiles"]["p99"] * 1e3
    told = re.search(r"99% in ([0-9.]+) secs", text)
    return float(told.group(1)) * 1e3 if told else float("nan")


def stall(rate=1000, seconds=20):
    print(f"{rate}/s for {seconds} s, the target stands still for 1 s in every 10: the truth is about 900 ms\n")
    print("| generator | p99 ms | requests that came |\n|---|---:|---:|")
    for name in at_rate("", rate, seconds):
        with Target("stall") as target:
            get(target.base + "/begin")
            text, _, _ = run(at_rate(target.url, rate, seconds)[name])
            print(f"| {name} | {p99_ms(name, text):.1f} | {target.figures()['count']:,} |")


def rate(rates=(1000, 10_000), seconds=10):
    print("how far arrivals at the target lie from an even schedule; the first 2 s are left out\n")
    print("| generator | asked | came/s | median ms | p99 ms | CPU per request µs |\n|---|---:|---:|---:|---:|---:|")
    for asked in rates:
        for name in at_rate("", asked, seconds):
            if "flight" in name or "correction" in name:
                continue
            with Target() as target:
                get(target.base + "/begin")
                _, processor, _ = run(at_rate(target.url, asked, seconds)[name])
                told = target.figures()
                each = processor / told["count"] * 1e6
                print(
                    f"| {name} | {asked:,}/s | {told['rate']:,.1f} | {told['error_ms_p50']:.3f} "
                    f"| {told['error_ms_p99']:.2f} | {each:.1f} |"
                )


QUEUE = """\
name: queue
target: {base}
seed: {seed}
scenarios:
  - name: all
    rate: 1
    for: 1s
    poisson: true
    steps: [{{get: /}}]
"""


def beyond(rate, servers, service, time):
    """The share that is longer than so in a queue of several servers (Erlang C)."""
    each, busy = 1 / service, rate * service
    terms = [busy**number / math.factorial(number) for number in range(servers)]
    last = busy**servers / math.factorial(servers) / (1 - busy / servers)
    waits, spare = last / (sum(terms) + last), servers - busy - 1
    return math.exp(-each * time) * (1 + waits * (1 - math.exp(-each * time * spare)) / spare)


def bearable(servers, service, time, share):
    """The rate at which so many are longer."""
    low, high = 1.0, servers / service - 1.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle, servers, service, time) > share else (middle, high)
    return low


def searches(words, truth, count):
    """So many searches at once, each of a queue of its own; they wait most of the time."""
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        running = []
        for number in range(count):
            target = stack.enter_context(Target(*[word.format(seed=number) for word in words]))
            plan = pathlib.Path(folder, f"{number}.yaml")
            # Evenly spaced where the service is: a queue of chance wants chance on both sides.
            text = QUEUE.format(base=target.base, seed=number + 1)
            plan.write_text(text if "exponential" in words else text.replace("poisson: true", "poisson: false"))
            command = [*RUNNER, PLIMSOLL, "load", "capacity", plan, "--threshold", "response p95 < 50ms", "--output", "json"]
            command += ["--start", 20 + 7 * number]
            running.append(
                subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
        told = [json.loads(process.communicate()[0]) for process in running]
    found = [search for search in told if search["word"] == "found"]
    held = sum(search["low"] <= truth <= search["high"] for search in found)
    widths = [search["high"] / search["low"] - 1 for search in found]
    narrow = sum(width <= 0.0505 for width in widths)
    took = [(search["steps"][-1]["ended_ms"] - search["steps"][0]["began_ms"]) / 1e3 for search in told]
    print(
        f"| {' '.join(words[:3])}{', by chance' if len(words) > 3 else ''} | {truth:.1f} | {count} | {len(found)} "
        f"| {held} | {narrow} | {statistics.median(took):.0f} | {time.monotonic() - began:.0f} |"
    )
    for search in told:
        if search not in found or not search["low"] <= truth <= search["high"]:
            print(f"  {search['word']}: {search['low']} {search['high']} {search['why']}", file=sys.stderr)


TABLE = """\
searches for a capacity that is known, `response p95 < 50ms`

| target | truth a second | searches | found | hold the truth | at most 5 % wide | median s | all s |
|---|---:|---:|---:|---:|---:|---:|---:|"""


def capacity_even(count=8):
    print(TABLE)
    searches(["queue", "1", "5000"], 200.0, count)


def capacity_chance(count=8):
    print(TABLE)
    chance = ["queue", "4", "10000", "exponential", "{seed}"]
    searches(chance, bearable(4, 0.01, 0.05, 0.05), count)


def main():
    wanted = sys.argv[1:] or ["speed", "memory", "stall", "rate"]
    parts = {
        "speed": speed,
        "memory": memory,
        "stall": stall,
        "rate": rate,
        "rate-high": lambda: rate((20_000, 40_000)),
        "capacity-even": capacity_even,
        "capacity-chance": capacity_chance,
    }
    for name in ("wrk", "oha", "hey", "k6"):
        if not found(name):
            print(f"{name} is not installed and left out", file=sys.stderr)
    for name in wanted:
        parts[name]()
        print(flush=True)


if __name__ == "__main__":
    main()
