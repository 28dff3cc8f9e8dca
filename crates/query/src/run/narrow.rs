//! What is said of series that were down-sampled, where there are too few samples for what is asked: windows and
//! look-backs narrower than the stretch that a sample stands for.
//!
//! A moment is answered by the last sample, if it is no older than its stretch and the look-back. A window without a
//! sample is answered in the same way. Rates are those of the stretches before the end of the window, and what rises or
//! adds up in a stretch is taken to do so evenly.

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
    /// How much it rises a second.
    Rise { of_window: bool, counter: bool },
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
        "rate" | "irate" => Made::Rise { of_window: false, counter: true },
        "increase" => Made::Rise { of_window: true, counter: true },
        "deriv" => Made::Rise { of_window: false, counter: false },
        "delta" => Made::Rise { of_window: true, counter: false },
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
        let (newest, value) = (*times.last()?, *values.last()?);
        let step = coarse.step.as_millis();
        let near = end.saturating_sub(step).saturating_sub(self.lookback);
        if newest > coarse.until.millis() || newest <= near {
            return None;
        }
        match made_of(self.function)? {
            Made::Value => (within == 0).then_some(value),
            Made::Fixed(number) => (within == 0).then_some(f64::from(number)),
            Made::Share if self.range < step => Some(value * self.range as f64 / step as f64),
            Made::Share => None,
            Made::Rise { of_window, counter } => {
                if within > 1 && self.range >= step {
                    return None;
                }
                let far = near.saturating_sub(step);
                let first = times.partition_point(|time| *time <= far);
                let (times, values) = (&times[first..], &values[first..]);
                let seconds = newest.saturating_sub(*times.first()?) as f64 / 1000.0;
                if times.len() < 2 || seconds <= 0.0 {
                    return None;
                }
                let rise: f64 = values.windows(2).map(|pair| rise(pair, counter)).sum();
                let window = if of_window { self.range as f64 / 1000.0 } else { 1.0 };
                Some(rise / seconds * window)
            }
        }
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
        assert_eq!(value("rate", 150, 180), None, "the window has enough");
    }
}
