#!/usr/bin/env python3
"""A thousand alerts begin in one evaluation: when are they recorded, when does the first page leave, how many messages
does a chat get? A receiver of pages (web hook) and a chat (Slack's web hook) are told; each alert is a group of its own.

usage: bench/storm.sh [--alerts 1000] [--repetitions 3]; needs python3 and a release build (bench/storm.sh makes it)
"""

import argparse
import http.server
import json
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request

ROUTING = """\
route:
  receiver: pager
  group_by: [alertname, shop]
  routes:
  - {receiver: pager, continue: true}
  - {receiver: chat}
receivers:
- {name: pager, webhook_configs: [{url: 'http://127.0.0.1:PORT/pager'}]}
- {name: chat, slack_configs: [{api_url: 'http://127.0.0.1:PORT/chat', channel: '#alerts'}]}
"""
RULES = """\
groups:
- name: shops
  interval: 5s
  rules:
  - {alert: QueueLong, expr: queue_length > 10, labels: {severity: critical}}
"""
SETTINGS = """\
policy: none
host: {enabled: false}
rule_files: [rules.yaml]
alerts: {routing: alertmanager.yml}
scrape_configs:
- {job_name: shops, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['127.0.0.1:PORT']}]}
"""


class World:
    """What the shops say, and what receivers were told, with the moments they were."""

    def __init__(self, alerts):
        self.alerts, self.length, self.lock = alerts, 1, threading.Lock()
        self.told = {"/pager": [], "/chat": []}


def handler(world):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, body, kind="text/plain; version=0.0.4"):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            lines = (f'queue_length{{shop="{shop}"}} {world.length}\n' for shop in range(world.alerts))
            self.answer("".join(lines).encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with world.lock:
                world.told[self.path].append((time.time(), body))
            self.answer(b"ok")

        def log_message(self, *_):
            pass

    return Handler


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def wait(what, ask, seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        try:
            found = ask()
        except (OSError, ValueError):
            found = None
        if found is not None:
            return found
        time.sleep(0.02)
    raise SystemExit(f"waited {seconds} s until {what}")


def seconds_of(rfc3339):
    """Seconds since 1970 of a moment in UTC."""
    import datetime

    head, _, rest = rfc3339.removesuffix("Z").partition(".")
    whole = datetime.datetime.fromisoformat(head + "+00:00").timestamp()
    return whole + float("0." + (rest or "0"))


def once(program, alerts):
    world = World(alerts)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(world))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_address[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "alertmanager.yml").write_text(ROUTING.replace("PORT", port))
        (folder / "rules.yaml").write_text(RULES)
        (folder / "plimsoll.yaml").write_text(SETTINGS.replace("PORT", port))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            own = f"127.0.0.1:{free.getsockname()[1]}"
        base = f"http://{own}"
        log = (folder / "log").open("w")
        running = subprocess.Popen(
            [program, "serve", "--config", "plimsoll.yaml", "--data", "data", "--listen", own, "--log", "warn"],
            cwd=folder, stderr=log, stdout=log,
        )
        try:
            return measure(base, world)
        finally:
            running.kill()
            running.wait()
            server.shutdown()


def measure(base, world):
    def shops():
        rows = get(f"{base}/api/v1/query?query=count(queue_length)")["data"]["result"]
        return True if rows and int(rows[0]["value"][1]) == world.alerts else None

    def evaluated():
        rule = get(f"{base}/api/v1/rules")["data"]["groups"][0]["rules"][0]
        return rule if len(rule["alerts"]) == world.alerts else None

    def recorded():
        return time.time() if len(get(f"{base}/api/v2/alerts")) == world.alerts else None

    wait("the shops are scraped", shops)
    world.length = 12
    at = wait("all alerts are recorded", recorded)
    rule = wait("the rule says so", evaluated)
    begun = seconds_of(rule["lastEvaluation"])
    # The evaluation that began the alerts is the one their beginning names.
    begun = min(begun, min(seconds_of(alert["activeAt"]) for alert in rule["alerts"]))
    ended = begun + float(rule["evaluationTime"])
    wait("somebody was paged", lambda: world.told["/pager"] or None)
    quiet_since = time.time()
    count = -1
    while time.time() - quiet_since < 15:
        with world.lock:
            now = sum(map(len, world.told.values()))
        if now != count:
            count, quiet_since = now, time.time()
        time.sleep(0.1)
    named = set()
    for _, body in world.told["/pager"]:
        named |= {alert["labels"].get("shop") for alert in json.loads(body)["alerts"]}
    return {
        "recorded and shown, s after the evaluation": at - ended,
        "first page, s after the evaluation": world.told["/pager"][0][0] - ended,
        "last page, s after the evaluation": world.told["/pager"][-1][0] - ended,
        "pages": len(world.told["/pager"]),
        "alerts named in pages": len(named - {None}),
        "chat messages": len(world.told["/chat"]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    runs = [once(asked.program, asked.alerts) for _ in range(asked.repetitions)]
    print(f"{asked.alerts} alerts in one evaluation; {asked.repetitions} times; median (worst)\n")
    print("| figure | plimsoll |\n|---|---:|")
    for name in runs[0]:
        values = [run[name] for run in runs]
        shown = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in (statistics.median(values), max(values))]
        print(f"| {name} | {shown[0]} ({shown[1]}) |")


if __name__ == "__main__":
    main()
