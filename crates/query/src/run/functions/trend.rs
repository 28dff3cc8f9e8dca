//! Trends within a range: least squares and double exponential smoothing.

use super::native::Native;
use crate::{
    QueryError,
    run::{
        Run,
        rows::{ABSENT, Grid, Row},
        sums::Sum,
        windows::{Each, Ranges, Window},
    },
};

/// Slides one of these functions over all series.
pub(super) fn slide(
    run: &Run<'_>,
    (name, at): (&'static str, Option<usize>),
    numbers: &[Vec<f64>],
    ranges: &Ranges<'_>,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let native = Native { run, name, at, range_seconds: ranges.range as f64 / 1000.0 };
    match (name, numbers) {
        ("predict_linear", [ahead]) => run.slide(ranges, grid, true, || {
            native.with(Each(|window: &Window<'_>| {
                if window.values.len() < 2 {
                    return ABSENT;
                }
                let (slope, level) = line(window, window.step);
                level + slope * ahead[window.number]
            }))
        }),
        ("double_exponential_smoothing", [smoothing, trend]) => {
            check_factors("smoothing", smoothing)?;
            check_factors("trend", trend)?;
            run.slide(ranges, grid, true, || {
                native.with(Each(|window: &Window<'_>| {
                    smooth(window, smoothing[window.number], trend[window.number])
                }))
            })
        }
        _ => run.slide(ranges, grid, false, || {
            native.with(Each(|window: &Window<'_>| {
                if window.values.len() < 2 {
                    return ABSENT;
                }
                line(window, window.times[0]).0
            }))
        }),
    }
}

fn check_factors(what: &str, factors: &[f64]) -> Result<(), QueryError> {
    match factors.iter().find(|factor| !(**factor > 0.0 && **factor < 1.0)) {
        Some(factor) => Err(QueryError::execution(format!(
            "invalid {what} factor. Expected: 0 < factor < 1, got: {factor}"
        ))),
        None => Ok(()),
    }
}

/// Slope per second and level at a time of the line with the least squares.
fn line(window: &Window<'_>, at: i64) -> (f64, f64) {
    let first = window.values[0];
    #[expect(clippy::float_cmp, reason = "exactly constant values have an exactly flat line")]
    if window.values.iter().all(|value| *value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let (mut x, mut y) = (Sum::default(), Sum::default());
    let (mut xy, mut xx) = (Sum::default(), Sum::default());
    for (time, value) in window.times.iter().zip(window.values) {
        let seconds = time.saturating_sub(at) as f64 / 1000.0;
        x.add(seconds);
        y.add(*value);
        xy.add(seconds * value);
        xx.add(seconds * seconds);
    }
    let count = window.values.len() as f64;
    let (x, y, xy, xx) = (x.total(), y.total(), xy.total(), xx.total());
    let slope = (xy - x * y / count) / (xx - x * x / count);
    (slope, y / count - slope * x / count)
}

fn smooth(window: &Window<'_>, smoothing: f64, trend: f64) -> f64 {
    let values = window.values;
    if values.len() < 2 {
        return ABSENT;
    }
    let (mut before, mut level) = (0.0, values[0]);
    let mut slope = values[1] - values[0];
    for (number, value) in values[1..].iter().enumerate() {
        if number > 0 {
            slope = trend * (level - before) + (1.0 - trend) * slope;
        }
        (before, level) = (level, smoothing * value + (1.0 - smoothing) * (level + slope));
    }
    level
}
