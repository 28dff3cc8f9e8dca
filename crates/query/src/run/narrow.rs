//! What is said of series that were down-sampled, where there are too few samples for what is asked: windows and
//! look-backs narrower than the stretch that a sample stands for.
//!
//! A moment is answered by the last sample, if it is no older than its stretch and the look-back. A window without a
//! sample is answered in the same way. What rises or adds up in a stretch is taken to do so evenly.
//!
//! Rates are counted from the last sample before the window to the last one in it: where windows begin and end with
//! stretches that is exactly what happened in them, and nothing needs to be guessed at their edges.

use model::{Coarse, Figure};

use super::windows::Track;

/// What is made of the last samples before the end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// The last value: what a figure of a window with that sample alone is.
    Value,
    /// A number that says nothing of the value.
    Fixed(u8),
    /// The share of the window in the stretch.
    Share,
    /// How much it rises.
    Rise(Rise),
}

/// What time a rise is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Per {
    Second,
    Window,
}

/// How a rise is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rise {
    per: Per,
    /// Whether a fall is a new start.
    counter: bool,
    /// Whether the samples in the window say it better, if there are two.
    narrow_only: bool,
}

/// The figure of a stretch by which a function of ranges comes nearest to what it would be.
pub(super) fn figure_of(function: &str) -> Figure {
    match function {
        "min_over_time" => Figure::Min,
        "max_over_time" => Figure::Max,
        "sum_over_time" => Figure::Sum,
        "count_over_time" => Figure::Count,
        "avg_over_time" => Figure::Mean,
        _ => Figure::Last,
    }
}

fn made_of(function: &str) -> Option<Made> {
    Some(match function {
        "min_over_time" | "max_over_time" | "avg_over_time" | "last_over_time"
        | "first_over_time" => Made::Value,
        "present_over_time" | "absent_over_time" => Made::Fixed(1),
        "stddev_over_time" | "stdvar_over_time" | "mad_over_time" => Made::Fixed(0),
        "sum_over_time" | "count_over_time" => Made::Share,
        "rate" => Made::Rise(Rise { per: Per::Second, counter: true, narrow_only: false }),
        "irate" => Made::Rise(Rise { per: Per::Second, counter: true, narrow_only: true }),
        "increase" => Made::Rise(Rise { per: Per::Window, counter: true, narrow_only: false }),
        "deriv" => Made::Rise(Rise { per: Per::Second, counter: false, narrow_only: true }),
        "delta" => Made::Rise(Rise { per: Per::Window, counter: false, narrow_only: false }),
        _ => return None,
    })
}

/// How windows over down-sampled series are answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrow {
    function: &'static str,
    range: i64,
    lookback: i64,
}

impl Narrow {
    pub(super) fn new(function: &'static str, range: i64, lookback: i64) -> Self {
        Self { function, range, lookback }
    }

    /// The value of a window that ends at this moment, if it is not for the samples in it to say as they are.
    pub(super) fn of(
        &self,
        track: &Track,
        (first, after): (usize, usize),
        end: i64,
    ) -> Option<f64> {
        if let Some(coarse) = track.coarse {
            let so_far = (&track.times[..after], &track.values[..after]);
            let value = self.value(coarse, so_far, after - first, end);
            if value.is_some() {
                return value;
            }
        }
        // The source says how many samples each value stands for.
        let counts = figure_of(self.function) == Figure::Count && after > first;
        counts.then(|| track.values[first..after].iter().sum())
    }

    /// The value of a window that has too few samples. Those up to its end are given, and how many of them lie in it.
    fn value(
        &self,
        coarse: Coarse,
        (times, values): (&[i64], &[f64]),
        within: usize,
        end: i64,
    ) -> Option<f64> {
        let made = made_of(self.function)?;
        if let Made::Rise(rise) = made {
            return self.risen(coarse, rise, (times, values), (within, end));
        }
        let (newest, value) = (*times.last()?, *values.last()?);
        let step = coarse.step.as_millis();
        if newest > coarse.until.millis() || newest <= end.saturating_sub(step + self.lookback) {
            return None;
        }
        match made {
            Made::Value => (within == 0).then_some(value),
            Made::Fixed(number) => (within == 0).then_some(f64::from(number)),
            Made::Share if self.range < step => Some(value * self.range as f64 / step as f64),
            Made::Share | Made::Rise(_) => None,
        }
    }

    /// What a window rises, from the last sample before it to the last one in it; of a window narrower than a stretch,
    /// from two stretches before its end.
    fn risen(
        &self,
        coarse: Coarse,
        how: Rise,
        (times, values): (&[i64], &[f64]),
        (within, end): (usize, i64),
    ) -> Option<f64> {
        let (step, until) = (coarse.step.as_millis(), coarse.until.millis());
        let newest = *times.last()?;
        let most = if newest <= until { step.saturating_add(self.lookback) } else { self.lookback };
        let wide = within > 1 && self.range >= step;
        if (wide && how.narrow_only) || newest <= end.saturating_sub(most) {
            return None;
        }
        let start = end.saturating_sub(self.range.max(step));
        let oldest = start.saturating_sub(step).saturating_sub(self.lookback);
        let first = if wide {
            times.partition_point(|time| *time <= start).checked_sub(1)?
        } else {
            times.partition_point(|time| *time <= oldest)
        };
        let (times, values) = (&times[first..], &values[first..]);
        let before = *times.first()?;
        let seconds = newest.saturating_sub(before) as f64 / 1000.0;
        if before <= oldest || before > until || seconds <= 0.0 {
            return None;
        }
        let rise: f64 = values.windows(2).map(|pair| rise(pair, how.counter)).sum();
        let window = match how.per {
            Per::Second => 1.0,
            Per::Window => self.range as f64 / 1000.0,
        };
        Some(rise / seconds * window)
    }
}

fn rise(pair: &[f64], counter: bool) -> f64 {
    if counter && pair[1] < pair[0] { pair[1] } else { pair[1] - pair[0] }
}

#[cfg(test)]
mod tests {
    use model::{Span, Time};

    use super::*;

    const MINUTE: i64 = 60_000;

    fn value(function: &'static str, range: i64, end: i64) -> Option<f64> {
        let coarse = Coarse { step: Span::hours(1), until: Time(180 * MINUTE) };
        let (times, values) = ([60 * MINUTE, 120 * MINUTE, 180 * MINUTE], [36.0, 72.0, 36.0]);
        let count = times.partition_point(|time| *time <= end * MINUTE);
        let within = times[..count].iter().filter(|time| **time > (end - range) * MINUTE).count();
        Narrow::new(function, range * MINUTE, 5 * MINUTE).value(
            coarse,
            (&times[..count], &values[..count]),
            within,
            end * MINUTE,
        )
    }

    #[test]
    fn a_window_without_a_sample_is_answered_by_the_last_one() {
        assert_eq!(value("max_over_time", 5, 150), Some(72.0));
        assert_eq!(value("stddev_over_time", 5, 150), Some(0.0));
        assert_eq!(value("max_over_time", 5, 121), None, "the window has one");
        assert_eq!(value("max_over_time", 5, 50), None, "there is none yet");
        assert_eq!(value("max_over_time", 5, 246), None, "it is too long ago");
    }

    #[test]
    fn what_adds_up_in_a_stretch_does_so_evenly() {
        assert_eq!(value("sum_over_time", 5, 150), Some(6.0));
        assert_eq!(value("sum_over_time", 60, 120), None);
    }

    #[test]
    fn rates_of_narrow_windows_are_those_of_the_stretches_before() {
        assert_eq!(value("rate", 5, 150), Some(0.01));
        assert_eq!(value("increase", 5, 150), Some(3.0));
        assert_eq!(value("rate", 5, 100), None, "one sample has no rate");
        // It started anew: 36 in two hours, and 36 more.
        assert_eq!(value("rate", 5, 200), Some(0.01));
        assert_eq!(value("irate", 150, 180), None, "the window has enough");
    }

    #[test]
    fn a_window_rises_from_the_last_sample_before_it() {
        assert_eq!(value("increase", 120, 180), Some(72.0));
        assert_eq!(value("delta", 120, 180), Some(0.0));
        assert_eq!(value("rate", 120, 180), Some(0.01));
        assert_eq!(value("rate", 150, 180), None, "none is before it");
    }
}
