//! The rows of a run as they are drawn and told: the last of them is cut off where the run ended.

use std::time::Duration;

use crate::record::{Interval, Timeline};

/// How many seconds the last row lasted.
pub(super) fn last_row_seconds(timeline: &Timeline, took: Duration) -> f64 {
    let (seconds, before) = (timeline.seconds as f64, timeline.rows().len().saturating_sub(1));
    (took.as_secs_f64() - before as f64 * seconds).clamp(0.0, seconds)
}

/// The rows, each with the seconds that its counts are of. A last one of which hardly anything was left is no fall at
/// the end: it is left out, unless something failed in it.
pub(super) fn drawn_rows(timeline: &Timeline, took: Duration) -> Vec<(f64, Interval)> {
    let (seconds, last) = (timeline.seconds as f64, last_row_seconds(timeline, took));
    let mut rows: Vec<(f64, Interval)> = timeline.rows().map(|row| (seconds, row)).collect();
    let count = rows.len();
    match rows.last_mut() {
        Some(own) if last >= seconds / 2.0 => own.0 = last,
        Some((_, row)) if row.failed == 0 && count > 1 => drop(rows.pop()),
        _ => {}
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(failed: u64, took: f64) -> Vec<f64> {
        let row = |failed| Interval { sent: 10, failed, ..Interval::default() };
        let timeline = Timeline::of(2, &[row(0), row(0), row(failed)]);
        let drawn = drawn_rows(&timeline, Duration::from_secs_f64(took));
        drawn.iter().map(|(seconds, _)| *seconds).collect()
    }

    #[test]
    fn a_last_row_that_was_cut_off_is_as_long_as_it_was_and_no_fall() {
        assert_eq!(rows(0, 6.0), [2.0, 2.0, 2.0]);
        assert_eq!(rows(0, 5.5), [2.0, 2.0, 1.5]);
        assert_eq!(rows(0, 4.25), [2.0, 2.0], "hardly anything was left");
        assert_eq!(rows(7, 4.25), [2.0, 2.0, 2.0], "what failed in it is shown");
        assert_eq!(rows(0, 7.0), [2.0, 2.0, 2.0], "nothing was told of the rest");
    }
}
