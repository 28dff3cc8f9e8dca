#!/usr/bin/env bash
# How often the alerts of objectives call somebody for nothing, and how soon for an outage: the judgement that runs in the
# server, on made-up services with seeds, beside the same without the guard for low traffic. About a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo run --release --locked --quiet --example objectives -p detect
