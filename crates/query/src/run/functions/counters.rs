//! How values change within a range: rates, differences, changes, resets.

use crate::{
    QueryError,
    run::{
        Run,
        rows::{ABSENT, Grid, Row},
        windows::{Judge, Track, Tracks, Window},
    },
};

/// Beyond this many average distances from the edge of the window, a series is taken to begin or end in it.
const EDGE_DISTANCES: f64 = 1.1;

/// Slides one of these functions over all series. `at` is the place of the range expression.
pub(super) fn slide(
    run: &Run<'_>,
    name: &'static str,
    at: Option<usize>,
    tracks: &Tracks,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let range_seconds = tracks.range as f64 / 1000.0;
    let rows = run.slide(tracks, grid, false, |track| match name {
        "rate" => counter(track, Some(range_seconds)),
        "increase" => counter(track, None),
        "delta" => Box::new(|window| {
            let (first, last) = ends(window);
            extrapolated(window, last - first, false)
        }),
        "irate" => Box::new(|window| newest_change(window, true)),
        "idelta" => Box::new(|window| newest_change(window, false)),
        "changes" => Box::new(|window| count_pairs(window, changed)),
        _ => Box::new(|window| count_pairs(window, |a, b| b < a)),
    })?;
    if matches!(name, "rate" | "increase") {
        for row in &rows {
            remark_gauge(run, at, row);
        }
    }
    Ok(rows)
}

fn remark_gauge(run: &Run<'_>, at: Option<usize>, row: &Row) {
    let Some(metric) = row.labels.metric_name() else { return };
    match row.labels.get("__type__") {
        Some("counter" | "histogram") => {}
        Some(kind) => run.inform(
            at,
            &format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got {kind:?}: {metric:?}"
            ),
        ),
        None if ["_total", "_sum", "_count", "_bucket"].iter().any(|end| metric.ends_with(end)) => {}
        None => run.inform(
            at,
            &format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {metric:?}"
            ),
        ),
    }
}

fn ends(window: &Window<'_>) -> (f64, f64) {
    (window.values[0], window.values[window.values.len() - 1])
}

/// The increase of a counter, resets made good; as a rate if a range in seconds is given.
fn counter(track: &Track, rate_over: Option<f64>) -> Judge<'_> {
    let values = track.values();
    // Where the counter fell: found once, so that a window only looks at its own.
    let resets: Vec<usize> = (1..values.len()).filter(|at| values[*at] < values[*at - 1]).collect();
    let (mut from, mut to) = (0, 0);
    Box::new(move |window| {
        if window.values.len() < 2 {
            return ABSENT;
        }
        let after = window.first + window.values.len();
        while resets.get(to).is_some_and(|at| *at < after) {
            to += 1;
        }
        while from < to && resets[from] <= window.first {
            from += 1;
        }
        let (first, last) = ends(window);
        let mut increase = last - first;
        for at in &resets[from..to] {
            increase += values[*at - 1];
        }
        let increase = extrapolated_by(window, increase, true);
        match rate_over {
            Some(seconds) => increase.0 * (increase.1 / seconds),
            None => increase.0 * increase.1,
        }
    })
}

fn extrapolated(window: &Window<'_>, change: f64, is_counter: bool) -> f64 {
    if window.values.len() < 2 {
        return ABSENT;
    }
    let (change, factor) = extrapolated_by(window, change, is_counter);
    change * factor
}

/// A change and the factor that stretches it over the whole window, as Prometheus does: to its edges where samples
/// come near them, otherwise by half a distance, and for counters never below zero.
fn extrapolated_by(window: &Window<'_>, change: f64, is_counter: bool) -> (f64, f64) {
    let first = window.times[0];
    let last = window.times[window.times.len() - 1];
    let sampled = (last - first) as f64 / 1000.0;
    let distance = sampled / (window.times.len() - 1) as f64;
    let edge = distance * EDGE_DISTANCES;
    let mut to_start = (first - window.start) as f64 / 1000.0;
    let mut to_end = (window.end - last) as f64 / 1000.0;
    if to_start >= edge {
        to_start = distance / 2.0;
    }
    if is_counter {
        let mut to_zero = to_start;
        if change > 0.0 && window.values[0] >= 0.0 {
            to_zero = sampled * (window.values[0] / change);
        }
        to_start = to_start.min(to_zero);
    }
    if to_end >= edge {
        to_end = distance / 2.0;
    }
    (change, (sampled + to_start + to_end) / sampled)
}

/// The change between the two newest samples; per second, and resets made good, if it is a rate.
fn newest_change(window: &Window<'_>, is_rate: bool) -> f64 {
    let count = window.values.len();
    if count < 2 {
        return ABSENT;
    }
    let (before, newest) = (window.values[count - 2], window.values[count - 1]);
    if !is_rate {
        return newest - before;
    }
    let change = if newest < before { newest } else { newest - before };
    change / ((window.times[count - 1] - window.times[count - 2]) as f64 / 1000.0)
}

#[expect(clippy::float_cmp, reason = "any difference is a change")]
fn changed(before: f64, after: f64) -> bool {
    before != after && !(before.is_nan() && after.is_nan())
}

fn count_pairs(window: &Window<'_>, holds: fn(f64, f64) -> bool) -> f64 {
    window.values.windows(2).filter(|pair| holds(pair[0], pair[1])).count() as f64
}
