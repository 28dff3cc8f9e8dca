#!/usr/bin/env python3
"""The four profiles for real, compressed to a minute each: nginx with a small body on one core, the generator on
the other, and a server of ours that watches the machine meanwhile, so that the reports say what it did. Prints a row
for each profile, and leaves the pages where --into says.

usage: bench/load.sh profiles [--into DIR] [profile ...]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from load_peers import OURS_CORE, PLIMSOLL, TARGET_CORE, Nginx, free_port, get

# How many times shorter than the profile says; rates are never divided.
PROFILES = {"baseline": 5, "progressive": 15, "spike": 10, "sustained": 30}
# What is taken for the capacity of the target: far below what it bears, since the sustained profile is not to find it.
CAPACITY = 2000
RULES = ["response p99 < 50ms", "errors < 0.1%", "errors < 1% in every 5s"]
WORDS = {0: "0, passed", 1: "1, a rule was broken", 4: "4, cannot be believed", 5: "5, unanswered"}


class Watcher:
    """A server of ours that watches this machine every five seconds."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"http://127.0.0.1:{free_port()}"
        words = ["serve", "--listen", self.url.removeprefix("http://"), "--data", self.folder.name + "/data"]
        log = pathlib.Path(self.folder.name, "log").open("w")
        self.process = subprocess.Popen(
            ["taskset", "-c", TARGET_CORE, PLIMSOLL, *words], stdout=log, stderr=log, cwd=self.folder.name
        )
        for _ in range(200):
            try:
                get(self.url + "/-/ready")
                return self
            except OSError:
                time.sleep(0.1)
        raise SystemExit("plimsoll serve does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def run(profile, nginx, watcher, into):
    """One profile; its report and how it ended."""
    words = ["load", nginx.url, "--profile", profile, "--compress", str(PROFILES[profile])]
    words += ["--capacity", str(CAPACITY), "--from", watcher.url, "--output", "json", "--workers", "1"]
    words += [word for rule in RULES for word in ("--threshold", rule)]
    words += ["--html", str(into / f"{profile}.html")]
    before = nginx.requests()
    done = subprocess.run(["taskset", "-c", OURS_CORE, PLIMSOLL, *words], capture_output=True, text=True)
    if not done.stdout:
        raise SystemExit(done.stderr)
    # Asking for the number is a request as well.
    return json.loads(done.stdout), done.returncode, nginx.requests() - before - 1


def row(profile, report, code, heard):
    """What came out, beside what was asked and what the target has counted."""
    requests, response = report["requests"], report["requests"]["response"]
    due, begun = report["journeys"]["due"], report["journeys"]["begun"]
    broken = [rule["rule"] for rule in report["verdict"]["rules"] if not rule["kept"]]
    doubts = [doubt["text"] for doubt in report["verdict"]["doubts"]]
    recovery = report["recovery"]
    notes = []
    if recovery:
        after = recovery["seconds"]
        notes.append("never as before again" if after is None else f"as before {after:g} s after the spike")
    notes += [f"{own['name']}: {own['word'].replace('_', ' ')}" for own in report["trends"][:2]]
    notes += [f"broken: {rule}" for rule in broken] + doubts
    busiest = max((own for own in report.get("resources", []) if own["is_share"]), key=lambda own: own["most"], default=None)
    if busiest:
        notes.append(f"fullest: {busiest['name']} {100 * busiest['most']:.0f} %")
    millis = " / ".join(f"{response[key]:.2f}" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms"))
    cells = [
        profile,
        f"{report['took_seconds']:.0f} s (1/{PROFILES[profile]})",
        f"{begun} of {due}",
        str(heard),
        str(requests["failed"]),
        millis,
        f"{100 * report['generator']['cpu_share']:.0f} %",
        WORDS.get(code, str(code)),
        "; ".join(notes),
    ]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=pathlib.Path)
    parser.add_argument("profiles", nargs="*")
    asked = parser.parse_args()
    if unknown := set(asked.profiles) - set(PROFILES):
        raise SystemExit(f"no profile: {', '.join(sorted(unknown))}; there are {', '.join(PROFILES)}")
    into = asked.into or pathlib.Path(tempfile.mkdtemp(prefix="profiles-"))
    into.mkdir(parents=True, exist_ok=True)
    print("| profile | took | journeys sent, of those due | counted by nginx | failed | response p50 / p95 / p99 / max, ms | generator, of a core | exit code | |")
    print("|---|---:|---:|---:|---:|---:|---:|---|---|")
    with Nginx() as nginx, Watcher() as watcher:
        for profile in asked.profiles or PROFILES:
            report, code, heard = run(profile, nginx, watcher, into)
            print(row(profile, report, code, heard), flush=True)
    print(f"pages: {into}", file=sys.stderr)


if __name__ == "__main__":
    main()
