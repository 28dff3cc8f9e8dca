//! Aggregations of one series over a range of time.

use std::collections::VecDeque;

use crate::{
    QueryError,
    run::{
        Run,
        rows::{Grid, Row},
        sums::{Mean, Sum, Variance, quantile},
        windows::{Judge, Track, Tracks, Window},
    },
};

/// Slides one of these functions over all series.
pub(super) fn slide(
    run: &Run<'_>,
    name: &'static str,
    numbers: &[Vec<f64>],
    tracks: &Tracks,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    if name == "quantile_over_time" {
        let shares = &numbers[0];
        return run.slide(tracks, grid, true, |_| {
            Box::new(|window| quantile(shares[window.number], &mut window.values.to_vec()))
        });
    }
    let Some(prepare) = function(name) else {
        return Err(QueryError::execution(format!("function {name} is not supported yet")));
    };
    run.slide(tracks, grid, false, prepare)
}

fn function(name: &str) -> Option<fn(&Track) -> Judge<'_>> {
    Some(match name {
        "sum_over_time" => |_| Box::new(sum),
        "avg_over_time" => |_| Box::new(mean),
        "count_over_time" => |_| Box::new(|window| window.values.len() as f64),
        "min_over_time" => |track| extreme(track, |new, old| new <= old),
        "max_over_time" => |track| extreme(track, |new, old| new >= old),
        "stddev_over_time" => |_| Box::new(|window| variance(window).sqrt()),
        "stdvar_over_time" => |_| Box::new(variance),
        "last_over_time" => |_| Box::new(|window| window.values[window.values.len() - 1]),
        "first_over_time" => |_| Box::new(|window| window.values[0]),
        "present_over_time" => |_| Box::new(|_| 1.0),
        "mad_over_time" => |_| Box::new(deviation),
        "ts_of_last_over_time" => |_| Box::new(|window| seconds(window, window.times.len() - 1)),
        "ts_of_first_over_time" => |_| Box::new(|window| seconds(window, 0)),
        "ts_of_min_over_time" => |_| Box::new(|window| time_of(window, |new, old| new <= old)),
        "ts_of_max_over_time" => |_| Box::new(|window| time_of(window, |new, old| new >= old)),
        _ => return None,
    })
}

fn sum(window: &Window<'_>) -> f64 {
    let mut sum = Sum::default();
    window.values.iter().for_each(|value| sum.add(*value));
    sum.total()
}

fn mean(window: &Window<'_>) -> f64 {
    let mut mean = Mean::default();
    window.values.iter().for_each(|value| mean.add(*value));
    mean.mean()
}

fn variance(window: &Window<'_>) -> f64 {
    let mut variance = Variance::default();
    window.values.iter().for_each(|value| variance.add(*value));
    variance.variance()
}

/// The median of the distances from the median; not a number if any value is not.
fn deviation(window: &Window<'_>) -> f64 {
    if window.values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let mut values = window.values.to_vec();
    let median = quantile(0.5, &mut values);
    for value in &mut values {
        *value = (*value - median).abs();
    }
    quantile(0.5, &mut values)
}

/// The least or the largest value; `beats` tells whether a new value makes an older one hopeless. Not-a-numbers
/// count only where there is nothing else. Each value enters and leaves the queue once, however wide the window.
fn extreme(track: &Track, beats: fn(f64, f64) -> bool) -> Judge<'_> {
    let values = track.values();
    let mut hopeful: VecDeque<usize> = VecDeque::new();
    let mut seen = 0;
    Box::new(move |window| {
        let after = window.first + window.values.len();
        for at in seen.max(window.first)..after {
            let value = values[at];
            if value.is_nan() {
                continue;
            }
            while hopeful.back().is_some_and(|back| beats(value, values[*back])) {
                hopeful.pop_back();
            }
            hopeful.push_back(at);
        }
        seen = after;
        while hopeful.front().is_some_and(|front| *front < window.first) {
            hopeful.pop_front();
        }
        hopeful.front().map_or(f64::NAN, |front| values[*front])
    })
}

fn time_of(window: &Window<'_>, beats: fn(f64, f64) -> bool) -> f64 {
    let mut best = 0;
    for at in 1..window.values.len() {
        if beats(window.values[at], window.values[best]) || window.values[best].is_nan() {
            best = at;
        }
    }
    seconds(window, best)
}

fn seconds(window: &Window<'_>, at: usize) -> f64 {
    window.times[at] as f64 / 1000.0
}
