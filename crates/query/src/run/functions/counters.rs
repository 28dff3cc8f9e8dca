//! How values change within a range: rates, differences, changes, resets.

use model::Labels;

use super::native::Native;
use crate::{
    QueryError,
    run::{
        Run,
        rows::{ABSENT, Grid, Row},
        windows::{Each, Judge, Ranges, Track, Window},
    },
};

/// Beyond this many average distances from the edge of the window, a series is taken to begin or end in it.
const EDGE_DISTANCES: f64 = 1.1;

/// Above one by more than rounding can make of it.
const SURELY: f64 = 1.000_001;

/// Slides one of these functions over all series. `at` is the place of the range expression.
pub(super) fn slide(
    run: &Run<'_>,
    name: &'static str,
    at: Option<usize>,
    ranges: &Ranges<'_>,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let range_seconds = ranges.range as f64 / 1000.0;
    let native = Native { run, name, at, range_seconds };
    match name {
        "rate" => {
            run.slide(ranges, grid, false, || native.with(Counter::new((run, at), range_seconds)))
        }
        "increase" => run.slide(ranges, grid, false, || native.with(Counter::new((run, at), 1.0))),
        "delta" => run.slide(ranges, grid, false, || native.with(Each(difference))),
        "irate" => run.slide(ranges, grid, false, || {
            native.with(Each(|window: &Window<'_>| newest_change(window, true)))
        }),
        "idelta" => run.slide(ranges, grid, false, || {
            native.with(Each(|window: &Window<'_>| newest_change(window, false)))
        }),
        "changes" => run.slide(ranges, grid, false, || native.with(Pairs::new(changed))),
        _ => run
            .slide(ranges, grid, false, || native.with(Pairs::new(|before, after| after < before))),
    }
}

/// Whether labels say, or let one think, that a metric is a counter.
fn looks_like_counter(labels: &Labels) -> bool {
    match (labels.get("__type__"), labels.metric_name()) {
        (_, None) | (Some("counter" | "histogram"), _) => true,
        (Some(_), _) => false,
        (None, Some(metric)) => {
            ["_total", "_sum", "_count", "_bucket"].iter().any(|end| metric.ends_with(end))
        }
    }
}

fn remark_gauge(run: &Run<'_>, at: Option<usize>, labels: &Labels) {
    let Some(metric) = labels.metric_name() else { return };
    match labels.get("__type__") {
        Some(kind) => run.inform(
            at,
            &format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got {kind:?}: {metric:?}"
            ),
        ),
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

fn difference(window: &Window<'_>) -> f64 {
    let (first, last) = ends(window);
    extrapolated(window, last - first)
}

/// The increase of a counter, resets made good, over so many: the seconds of the range for a rate, otherwise one.
struct Counter<'r, 'q> {
    run: &'r Run<'q>,
    at: Option<usize>,
    /// The series, if it does not look like a counter and that was not remarked yet.
    odd: Option<Labels>,
    rate_over: f64,
    /// Where the counter fell, and from what: found once, so that a window only looks at its own.
    resets: Vec<(usize, f64)>,
    from: usize,
    to: usize,
    stretch: Stretch,
}

impl<'r, 'q> Counter<'r, 'q> {
    fn new((run, at): (&'r Run<'q>, Option<usize>), rate_over: f64) -> Self {
        Self {
            run,
            at,
            odd: None,
            rate_over,
            resets: Vec::new(),
            from: 0,
            to: 0,
            stretch: Stretch::default(),
        }
    }
}

impl Judge for Counter<'_, '_> {
    fn start(&mut self, track: &Track) {
        let values = &track.values;
        self.odd = (!looks_like_counter(&track.labels)).then(|| track.labels.clone());
        self.resets.clear();
        for (at, pair) in values.windows(2).enumerate() {
            if pair[1] < pair[0] {
                self.resets.push((at + 1, pair[0]));
            }
        }
        (self.from, self.to) = (0, 0);
    }

    fn judge(&mut self, window: &Window<'_>) -> f64 {
        if window.values.len() < 2 {
            return ABSENT;
        }
        if let Some(labels) = self.odd.take() {
            remark_gauge(self.run, self.at, &labels);
        }
        let after = window.first + window.values.len();
        while self.resets.get(self.to).is_some_and(|(at, _)| *at < after) {
            self.to += 1;
        }
        while self.from < self.to && self.resets[self.from].0 <= window.first {
            self.from += 1;
        }
        let (first, last) = ends(window);
        let mut increase = last - first;
        for (_, before) in &self.resets[self.from..self.to] {
            increase += before;
        }
        self.stretch.place(window, self.rate_over);
        increase * self.stretch.for_counter(first, increase)
    }
}

fn extrapolated(window: &Window<'_>, change: f64) -> f64 {
    if window.values.len() < 2 {
        return ABSENT;
    }
    let mut stretch = Stretch::default();
    stretch.place(window, 1.0);
    change * stretch.factor
}

/// How a change is stretched over the whole window, as Prometheus does: to its edges where samples come near them,
/// otherwise by half a distance, and for counters never below zero. It depends on where in the window the samples
/// lie, which is mostly the same from one window to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    /// From the start of the window to the first sample, to the last, and to the end; and how many there are.
    places: (i64, i64, i64, usize),
    /// Seconds between first and last.
    sampled: f64,
    to_start: f64,
    to_end: f64,
    /// What the factor is divided by: the seconds of the window for a rate, otherwise one.
    over: f64,
    pub(super) factor: f64,
}

impl Stretch {
    /// Looks where the samples of a window lie; there are at least two.
    fn place(&mut self, window: &Window<'_>, over: f64) {
        let (first, last) = (window.times[0], window.times[window.times.len() - 1]);
        let places = places(window, (first, last, window.times.len()));
        if places != self.places {
            *self = Self::at(places, over);
        }
    }

    /// For so many samples between two times.
    pub(super) fn between(window: &Window<'_>, samples: (i64, i64, usize), over: f64) -> Self {
        Self::at(places(window, samples), over)
    }

    fn at(places: (i64, i64, i64, usize), over: f64) -> Self {
        let sampled = places.1 as f64 / 1000.0;
        let distance = sampled / (places.3 - 1) as f64;
        let edge = distance * EDGE_DISTANCES;
        let near = |seconds: f64| if seconds >= edge { distance / 2.0 } else { seconds };
        let to_start = near(places.0 as f64 / 1000.0);
        let to_end = near(places.2 as f64 / 1000.0);
        let factor = (sampled + to_start + to_end) / sampled / over;
        Self { places, sampled, to_start, to_end, over, factor }
    }

    /// The factor for a counter that began the window with a value and rose by some.
    pub(super) fn for_counter(&self, first: f64, increase: f64) -> f64 {
        if !(increase > 0.0 && first >= 0.0) {
            return self.factor;
        }
        // Dividing is dear, and mostly the counter was above zero for long.
        if self.sampled * first > self.to_start * increase * SURELY {
            return self.factor;
        }
        let to_start = self.to_start.min(self.sampled * (first / increase));
        (self.sampled + to_start + self.to_end) / self.sampled / self.over
    }
}

/// From the start of a window to the first of so many samples, to the last, and to the end of the window.
fn places(
    window: &Window<'_>,
    (first, last, samples): (i64, i64, usize),
) -> (i64, i64, i64, usize) {
    (
        first.saturating_sub(window.start),
        last.saturating_sub(first),
        window.end.saturating_sub(last),
        samples,
    )
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

/// Counts neighbours for which something holds: found once for the series, so that a window costs nothing.
struct Pairs {
    holds: fn(f64, f64) -> bool,
    /// How many pairs hold up to each sample.
    before: Vec<u32>,
}

impl Pairs {
    fn new(holds: fn(f64, f64) -> bool) -> Self {
        Self { holds, before: Vec::new() }
    }
}

impl Judge for Pairs {
    fn start(&mut self, track: &Track) {
        self.before.clear();
        self.before.push(0);
        let mut count = 0;
        for pair in track.values.windows(2) {
            count += u32::from((self.holds)(pair[0], pair[1]));
            self.before.push(count);
        }
    }

    fn judge(&mut self, window: &Window<'_>) -> f64 {
        let last = window.first + window.values.len() - 1;
        f64::from(self.before[last] - self.before[window.first])
    }
}
