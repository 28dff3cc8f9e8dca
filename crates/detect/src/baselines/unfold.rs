//! The band of a series at moments of its past, each time by what was known then.

use model::{Columns, Span, Time};
use stats::{Band, Baseline, Shift};

use super::Zone;

/// A series' band over steps of time.
#[derive(Clone, Debug)]
pub struct Unfolded {
    /// The band at each step; nothing where too little was known.
    pub bands: Vec<Option<Band>>,
    /// When it last moved to another level.
    pub shift: Option<Shift>,
    /// What is known at the end.
    pub baseline: Baseline,
    /// The last reading.
    pub last: Option<f64>,
}

/// Goes over a series' readings, which must lie in order of time, and tells the band at each of `count` steps.
pub fn unfold(
    readings: &Columns,
    zone: &Zone,
    (from, step, count): (Time, Span, usize),
) -> Unfolded {
    let mut baseline = Baseline::default();
    let mut bands = Vec::with_capacity(count);
    let mut rest = readings.times.iter().zip(&readings.values).peekable();
    for at in 0..count {
        let offset = step.as_millis().saturating_mul(i64::try_from(at).unwrap_or(i64::MAX));
        let now = from + Span::millis(offset);
        // A reading of the same moment comes after the band it is held against.
        while let Some((time, value)) = rest.next_if(|(time, _)| **time < now.millis()) {
            baseline.take(zone.moment(Time(*time)), *value);
        }
        bands.push(baseline.band(zone.moment(now)));
    }
    for (time, value) in rest {
        baseline.take(zone.moment(Time(*time)), *value);
    }
    let last = readings.values.last().copied();
    Unfolded { bands, shift: baseline.shift(), baseline, last }
}
