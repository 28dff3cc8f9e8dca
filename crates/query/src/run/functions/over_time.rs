//! Aggregations of one series over a range of time.

use std::collections::VecDeque;

use super::native::Native;
use crate::{
    QueryError,
    run::{
        Run,
        flow::{
            ranks::Ranks,
            tiles::{Tally, Tiles},
        },
        rows::{Grid, Row},
        sums::{Mean, Sum, Variance, quantile},
        windows::{Each, Judge, Ranges, Track, Window},
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
    let overlap = ranges.overlap(grid, run.ranged);
    let length = ranges.range;
    let native = Native { run, name, at, range_seconds: length as f64 / 1000.0 };
    match name {
        "quantile_over_time" => {
            let shares = &numbers[0][..];
            return run.slide(ranges, grid, true, || native.with(Quantile::new(shares, overlap)));
        }
        "min_over_time" => {
            return run.slide(ranges, grid, false, || native.with(Extreme::least()));
        }
        "max_over_time" => {
            return run.slide(ranges, grid, false, || native.with(Extreme::largest()));
        }
        "sum_over_time" if overlap => {
            return run.slide(ranges, grid, false, || native.with(Tiled::new(length, tiled_sum)));
        }
        "avg_over_time" if overlap => {
            return run.slide(ranges, grid, false, || native.with(Tiled::new(length, tiled_mean)));
        }
        "stdvar_over_time" if overlap => {
            return run
                .slide(ranges, grid, false, || native.with(Tiled::new(length, tiled_variance)));
        }
        "stddev_over_time" if overlap => {
            let deviation = |own: Variance, window: &Window<'_>| tiled_variance(own, window).sqrt();
            return run.slide(ranges, grid, false, || native.with(Tiled::new(length, deviation)));
        }
        _ => {}
    }
    let Some(judge) = function(name) else {
        return Err(QueryError::execution(format!("function {name} is not supported yet")));
    };
    run.slide(ranges, grid, false, || native.with(Each(judge)))
}

fn function(name: &str) -> Option<fn(&Window<'_>) -> f64> {
    Some(match name {
        "sum_over_time" => sum,
        "avg_over_time" => mean,
        "count_over_time" => |window| window.values.len() as f64,
        "stddev_over_time" => |window| variance(window).sqrt(),
        "stdvar_over_time" => variance,
        "last_over_time" => |window| window.values[window.values.len() - 1],
        "first_over_time" => |window| window.values[0],
        "present_over_time" => |_| 1.0,
        "mad_over_time" => deviation,
        "ts_of_last_over_time" => |window| seconds(window, window.times.len() - 1),
        "ts_of_first_over_time" => |window| seconds(window, 0),
        "ts_of_min_over_time" => |window| time_of(window, |new, old| new <= old),
        "ts_of_max_over_time" => |window| time_of(window, |new, old| new >= old),
        _ => return None,
    })
}

fn sum(window: &Window<'_>) -> f64 {
    Sum::of(window.values).total()
}

fn mean(window: &Window<'_>) -> f64 {
    let sum = Sum::of(window.values);
    if sum.is_finite() {
        return sum.mean_of(window.values.len());
    }
    let mut mean = Mean::default();
    window.values.iter().for_each(|value| mean.add(*value));
    mean.mean()
}

fn variance(window: &Window<'_>) -> f64 {
    let mut variance = Variance::default();
    window.values.iter().for_each(|value| variance.add(*value));
    variance.variance()
}

/// The sum of a window; where something is not finite, as its samples give it one by one.
fn tiled_sum(own: Sum, window: &Window<'_>) -> f64 {
    if own.is_finite() { own.total() } else { sum(window) }
}

fn tiled_mean(own: Sum, window: &Window<'_>) -> f64 {
    if own.is_finite() { own.mean_of(window.values.len()) } else { mean(window) }
}

fn tiled_variance(own: Variance, window: &Window<'_>) -> f64 {
    let found = own.variance();
    if found.is_finite() { found } else { variance(window) }
}

/// Judges overlapping windows by their tiles.
struct Tiled<T, F> {
    tiles: Tiles<T>,
    value: F,
}

impl<T: Tally, F> Tiled<T, F> {
    fn new(length: i64, value: F) -> Self {
        Self { tiles: Tiles::new(length), value }
    }
}

impl<T: Tally, F: Fn(T, &Window<'_>) -> f64> Judge for Tiled<T, F> {
    fn start(&mut self, track: &Track) {
        self.tiles.lay(track);
    }

    fn judge(&mut self, window: &Window<'_>) -> f64 {
        (self.value)(self.tiles.of(window), window)
    }
}

/// A quantile of each window, the share being another for each step.
struct Quantile<'n> {
    shares: &'n [f64],
    overlap: bool,
    ranks: Ranks,
}

impl<'n> Quantile<'n> {
    fn new(shares: &'n [f64], overlap: bool) -> Self {
        Self { shares, overlap, ranks: Ranks::default() }
    }
}

impl Judge for Quantile<'_> {
    fn start(&mut self, _track: &Track) {
        self.ranks.clear();
    }

    fn judge(&mut self, window: &Window<'_>) -> f64 {
        let share = self.shares[window.number];
        if !self.overlap {
            return self.ranks.quantile_once(share, window.values);
        }
        self.ranks.slide(window);
        self.ranks.quantile(share)
    }
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

/// Windows of fewer samples are looked through whole: that takes less than to keep a queue.
const EXTREME_SAMPLES: usize = 128;
/// Values looked at side by side.
const LANES: usize = 8;

/// The least or the largest value; `beats` tells whether a new value makes an older one hopeless. Not-a-numbers
/// count only where there is nothing else. Each value enters and leaves the queue once, however wide the window.
struct Extreme {
    /// What any number beats.
    worst: f64,
    beats: fn(f64, f64) -> bool,
    hopeful: VecDeque<(usize, f64)>,
    seen: usize,
}

impl Extreme {
    fn least() -> Self {
        Self::new(f64::INFINITY, |new, old| new <= old)
    }

    fn largest() -> Self {
        Self::new(f64::NEG_INFINITY, |new, old| new >= old)
    }

    fn new(worst: f64, beats: fn(f64, f64) -> bool) -> Self {
        Self { worst, beats, hopeful: VecDeque::new(), seen: 0 }
    }

    /// The best of few values.
    fn best_of(&self, values: &[f64]) -> f64 {
        let sign = if self.worst > 0.0 { -1.0 } else { 1.0 };
        let mut best = [f64::NEG_INFINITY; LANES];
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for lane in 0..LANES {
                let value = chunk[lane] * sign;
                best[lane] = if value > best[lane] { value } else { best[lane] };
            }
        }
        let all = best.into_iter().chain(rest.iter().map(|value| value * sign));
        let best =
            all.fold(f64::NEG_INFINITY, |best, value| if value > best { value } else { best });
        let only_nan = best == f64::NEG_INFINITY && values.iter().all(|value| value.is_nan());
        if only_nan { f64::NAN } else { best * sign }
    }
}

impl Judge for Extreme {
    fn start(&mut self, _track: &Track) {
        self.hopeful.clear();
        self.seen = 0;
    }

    fn judge(&mut self, window: &Window<'_>) -> f64 {
        if window.values.len() <= EXTREME_SAMPLES {
            return self.best_of(window.values);
        }
        let fresh = self.seen.saturating_sub(window.first);
        for (at, value) in window.values.iter().enumerate().skip(fresh) {
            if value.is_nan() {
                continue;
            }
            while self.hopeful.back().is_some_and(|back| (self.beats)(*value, back.1)) {
                self.hopeful.pop_back();
            }
            self.hopeful.push_back((window.first + at, *value));
        }
        self.seen = window.first + window.values.len();
        while self.hopeful.front().is_some_and(|front| front.0 < window.first) {
            self.hopeful.pop_front();
        }
        self.hopeful.front().map_or(f64::NAN, |front| front.1)
    }
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
