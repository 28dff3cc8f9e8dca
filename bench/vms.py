"""Machines of a Bitbrains extract, one CSV each: `vms.py trace.parquet FOLDER` (needs pyarrow).

A row holds for its duration, in steps of five minutes; cpu_usage is in MHz.
"""

import csv
import pathlib
import sys

import pyarrow.parquet

STEP_MS = 300_000


def main(trace, folder):
    table = pyarrow.parquet.read_table(trace, columns=["id", "timestamp", "duration", "cpu_usage"])
    table = table.set_column(1, "timestamp", table.column("timestamp").cast("int64"))
    columns = (table.column(name).to_pylist() for name in table.column_names)
    machines = {}
    for name, end, duration, usage in zip(*columns):
        for back in reversed(range(max(1, round(duration / STEP_MS)))):
            machines.setdefault(name, []).append((end - back * STEP_MS, usage))
    out = pathlib.Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for name, samples in machines.items():
        with open(out / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["time", "value"])
            writer.writerows(sorted(samples))


main(*sys.argv[1:3])
