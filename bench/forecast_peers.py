"""What other forecasters make of the same series at the same moments: `forecast_peers.py TASKS` (needs statsforecast, prophet).

TASKS is what the example `accuracy --tasks` wrote: a line of JSON for each forecast, with the hours before it, those that
came and our own score. A model goes on until it has used its budget of CPU, in an order that has nothing to do with the
series; beside each of its figures stands ours of the same forecasts.
"""

import hashlib
import json
import logging
import os
import statistics
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.getLogger("cmdstanpy").disabled = True
logging.getLogger("prophet").disabled = True

import numpy as np
import pandas as pd
from prophet import Prophet
from statsforecast.models import AutoETS, AutoTheta, DynamicOptimizedTheta, MSTL, SeasonalNaive

DAY, WEEK = 24, 168
HOUR_MS = 3_600_000


def stats_model(make):
    """A model of statsforecast: hours before, how many to tell, to their middle and the ends of 90 %."""

    def tell(past, _from, count):
        told = make(len(past)).forecast(y=past, h=count, level=[90])
        return told["mean"], told["lo-90"], told["hi-90"]

    return tell


def mstl(length):
    seasons = [DAY, WEEK] if length >= 2 * WEEK else [DAY]
    return MSTL(season_length=seasons, trend_forecaster=AutoETS(model="ZZN"))


def prophet(past, last, count):
    hours = pd.to_datetime(last - HOUR_MS * np.arange(len(past) - 1, -1, -1), unit="ms")
    model = Prophet(interval_width=0.9, uncertainty_samples=300)
    model.fit(pd.DataFrame({"ds": hours, "y": past}))
    ahead = pd.to_datetime(last + HOUR_MS * np.arange(1, count + 1), unit="ms")
    told = model.predict(pd.DataFrame({"ds": ahead}))
    return told["yhat"].to_numpy(), told["yhat_lower"].to_numpy(), told["yhat_upper"].to_numpy()


def week_naive(length):
    return SeasonalNaive(season_length=WEEK if length > WEEK else DAY)


MODELS = [
    ("as a day before", stats_model(lambda _: SeasonalNaive(season_length=DAY))),
    ("as a week before", stats_model(week_naive)),
    ("optimised Theta", stats_model(lambda _: DynamicOptimizedTheta(season_length=DAY))),
    ("AutoTheta", stats_model(lambda _: AutoTheta(season_length=DAY))),
    ("MSTL with AutoETS", stats_model(mstl)),
    ("AutoETS", stats_model(lambda _: AutoETS(season_length=DAY))),
    ("Prophet", prophet),
]


def filled(past):
    """Hours in which nothing was seen lie on the line between those beside them, as our own do at first."""
    past = np.array([np.nan if value is None else value for value in past])
    known = ~np.isnan(past)
    return np.interp(np.arange(len(past)), np.flatnonzero(known), past[known])


def cpu_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def judged(tell, task):
    """MASE and the part of hours within the interval, as ours are judged; what lies below nought is told as nought."""
    past = filled(task["past"])
    mid, low, high = (np.maximum(part, 0.0) for part in tell(past, task["from"], len(task["came"])))
    known = [at for at, came in enumerate(task["came"]) if came is not None]
    came = np.array([task["came"][at] for at in known])
    error = np.mean(np.abs(came - mid[known])) / task["scale"]
    return error, np.mean((low[known] <= came) & (came <= high[known]))


def order(task):
    return hashlib.sha256(f"{task['name']} {task['from']}".encode()).digest()


def row(part, model, scores, ours, seconds, failed):
    of = lambda at: [score[at] for score in scores]
    note = f" ({failed} failed)" if failed else ""
    print(
        f"| {part} | {model}{note} | {len(scores)} | {statistics.median(of(0)):.3f} | "
        f"{statistics.median(own['scaled'] for own in ours):.3f} | {statistics.mean(of(0)):.2f} | "
        f"{statistics.mean(of(1)):.3f} | {1000 * seconds / len(scores):.1f} |",
        flush=True,
    )


def table(hours, tasks, budget):
    print(f"\nOthers, {hours} h ahead, by the hour\n")
    print("| series | forecaster | forecasts | median MASE | ours on the same | mean MASE | in 90 % | ms CPU each |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for part in ["tuned", "held"]:
        own = sorted((task for task in tasks if task["part"] == part), key=order)
        if not own:
            continue
        scores = [(task["scaled"], task["covered_90"]) for task in own]
        row(part, "**Plimsoll**", scores, own, sum(task["seconds"] for task in own), 0)
        for name, tell in MODELS:
            scores, ours, began, failed = [], [], cpu_seconds(), 0
            for task in own:
                if cpu_seconds() - began > budget * len(own) / len(tasks):
                    break
                try:
                    scores.append(judged(tell, task))
                    ours.append(task)
                except Exception as error:  # a model that gives up on a series is told, not hidden
                    failed += 1
                    print(f"{name} on {task['name']}: {error}", file=sys.stderr)
            if scores:
                row(part, name, scores, ours, cpu_seconds() - began, failed)


def main(path, budget="60"):
    with open(path) as file:
        tasks = [json.loads(line) for line in file]
    for least, most in [(0, 48), (48, 10_000)]:
        # Near its end a series may have fewer hours to tell.
        own = [task for task in tasks if least < len(task["came"]) <= most]
        if own:
            table(max(len(task["came"]) for task in own), own, float(budget))


main(*sys.argv[1:3])
