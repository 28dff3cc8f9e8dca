#!/usr/bin/env python3
"""Alerts begin and end while their receivers are away, each in its own way: nobody listens, 503, 404, the connection
breaks off, no answer ever comes; web hooks, and a chat (Slack's web hook). All return at once. How many of the alerts
is each told of, and how long after its return?

usage: bench/outage.sh [--alerts 20] [--seconds 120]; needs python3 and a release build (bench/outage.sh makes it)
"""

import argparse
import http.server
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

from storm import get, wait

WAYS = ["refused", "503", "404", "drop", "hang", "chat 503"]


class Receiver:
    """One receiver, away or well."""

    def __init__(self, way):
        self.way, self.well, self.lock, self.taken = way, False, threading.Lock(), []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = None
        if way != "refused":
            self.listen()

    def listen(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def come_back(self):
        self.well = True
        if self.server is None:
            self.listen()

    def settings(self):
        url = f"http://127.0.0.1:{self.port}/"
        name = self.way.replace(" ", "-")
        if self.way.startswith("chat"):
            return f"- {{name: {name}, slack: {{webhook_url: '{url}'}}, group_wait: 0s, group_by: [alertname, shop]}}\n"
        return f"- {{name: {name}, url: '{url}', group_wait: 0s, group_by: [alertname, shop]}}\n"


def handler(receiver):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            way = receiver.way.split()[-1]
            if receiver.well:
                with receiver.lock:
                    receiver.taken.append((time.time(), body))
                status = 200
            elif way == "hang":
                time.sleep(60)
                return
            elif way == "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            else:
                status = int(way)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler


def tell(base, shops, ends_at=None):
    alerts = [{"labels": {"alertname": "QueueLong", "shop": shop, "severity": "critical"}} for shop in shops]
    for alert in alerts:
        if ends_at:
            alert["endsAt"] = ends_at
    request = urllib.request.Request(
        f"{base}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).read()


def whole_lives(receiver, shops):
    """The shops of which beginning and end are known to a receiver, and when the last became known."""
    known, last = {shop: set() for shop in shops}, 0.0
    with receiver.lock:
        taken = list(receiver.taken)
    for at, body in taken:
        document = json.loads(body)
        if receiver.way.startswith("chat"):
            # One message may stand for many: its title counts them, and of twenty groups it says when each was.
            counted = re.match(r"(?:\d+ firing, )?(\d+) resolved while nothing could be told", document["text"])
            if counted and int(counted[1]) >= len(shops) and "(shop=" in json.dumps(document):
                for own in known.values():
                    own |= {"firing", "resolved"}
        else:
            for alert in document["alerts"]:
                # The server tells of broken receivers, too; those alerts are of no shop.
                if alert["labels"].get("shop") in known:
                    known[alert["labels"]["shop"]].add(alert["status"])
        last = max(last, at)
    return [shop for shop, said in known.items() if said == {"firing", "resolved"}], last, len(taken)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--alerts", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=120)
    asked = parser.parse_args()
    receivers = [Receiver(way) for way in WAYS]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lines = "policy: none\nhost: {enabled: false}\nreceivers:\n" + "".join(own.settings() for own in receivers)
        (folder / "plimsoll.yaml").write_text(lines)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            own = f"127.0.0.1:{free.getsockname()[1]}"
        base = f"http://{own}"
        log = (folder / "log").open("w")
        running = subprocess.Popen(
            [asked.program, "serve", "--config", "plimsoll.yaml", "--data", "data", "--listen", own, "--log", "error"],
            cwd=folder, stderr=log, stdout=log,
        )
        try:
            print_table(asked, base, receivers)
        finally:
            running.kill()
            running.wait()


def print_table(asked, base, receivers):
    shops = [str(shop) for shop in range(asked.alerts)]
    wait("the server is ready", lambda: get(f"{base}/api/plimsoll/v1/status"))
    away_since = time.time()
    tell(base, shops)
    time.sleep(asked.seconds / 4)
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    tell(base, shops, ended)
    time.sleep(max(0, away_since + asked.seconds - time.time()))
    for receiver in receivers:
        receiver.come_back()
    back = time.time()
    print(
        f"{asked.alerts} alerts lived for {asked.seconds // 4} s, within an outage of {asked.seconds} s of all receivers\n"
    )
    print("| receiver was away as | told of, % | after its return, s | messages |\n|---|---:|---:|---:|")

    def done():
        return all(len(whole_lives(own, shops)[0]) == len(shops) for own in receivers) or None

    try:
        wait("everybody was told", done, 120)
    except SystemExit as late:
        print(late)
    for receiver in receivers:
        told, last, messages = whole_lives(receiver, shops)
        print(f"| {receiver.way} | {100 * len(told) / len(shops):.0f} | {max(0.0, last - back):.1f} | {messages} |")


if __name__ == "__main__":
    main()
