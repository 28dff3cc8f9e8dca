//! How long after a spike users wait as they did before it.

use std::time::Duration;

use crate::{engine::Run, plan::Shape, record::Interval, schedule::Phase};

/// Back is what lies within this part of before.
const WITHIN: f64 = 1.1;
/// Rows that must be back together, if there are as many thrice.
const ROWS: usize = 5;

/// What came after a spike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recovery {
    /// The 95th percentile of response times before the spike, in nanoseconds.
    pub before_ns: u64,
    /// How long after the spike it was back within a tenth of that; nothing if it was not by the end.
    pub after: Option<Duration>,
}

/// What came after the spike of a run that had one; nothing for others, and for runs that ended before.
pub fn recovery(run: &Run) -> Option<Recovery> {
    let profile = run.plan.profile.filter(|profile| profile.shape == Shape::Spike)?;
    let phases = profile.phases().ok()?;
    let rows: Vec<Interval> = run.timeline.rows().collect();
    of(&rows, run.timeline.seconds, &phases)
}

fn of(rows: &[Interval], row_seconds: u64, phases: &[Phase]) -> Option<Recovery> {
    let [before, spike, _] = phases else { return None };
    let width = Duration::from_secs(row_seconds);
    let begins = |index: usize| width * u32::try_from(index).unwrap_or(u32::MAX);
    let spike_ends = before.length + spike.length;
    let mut calm = Interval::default();
    // The first tenth is left out: connections are made then.
    let in_calm = rows.iter().enumerate().filter(|(index, _)| {
        begins(index + 1) > before.length / 10 && begins(index + 1) <= before.length
    });
    in_calm.for_each(|(_, row)| calm.join(row));
    let before_ns = calm.response.quantile(0.95)?;
    let after: Vec<(usize, &Interval)> =
        rows.iter().enumerate().filter(|(index, _)| begins(*index) >= spike_ends).collect();
    if after.is_empty() {
        return None;
    }
    let together = ROWS.min(after.len() / 3).max(1);
    let back = after.windows(together).find(|window| {
        let mut joined = Interval::default();
        window.iter().for_each(|(_, row)| joined.join(row));
        let p95 = joined.response.quantile(0.95);
        p95.is_some_and(|p95| p95 as f64 <= WITHIN * before_ns as f64)
    });
    let after =
        back.and_then(<[_]>::first).map(|(index, _)| begins(*index).saturating_sub(spike_ends));
    Some(Recovery { before_ns, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(millis: u64) -> Interval {
        let mut row = Interval { good: 100, ..Interval::default() };
        (0..100).for_each(|_| row.response.record(millis * 1_000_000));
        row
    }

    fn phases() -> Vec<Phase> {
        [(10, 100.0), (4, 2000.0), (16, 100.0)]
            .map(|(seconds, rate)| Phase {
                length: Duration::from_secs(seconds),
                from: rate,
                to: rate,
            })
            .to_vec()
    }

    #[test]
    fn recovery_lasts_until_the_wait_is_as_before_and_stays_so() {
        let mut rows: Vec<Interval> = (0..30).map(|_| row(20)).collect();
        for (index, millis) in
            [(10, 400), (11, 900), (12, 900), (13, 900), (14, 500), (15, 20), (16, 300)]
        {
            rows[index] = row(millis);
        }
        let found = of(&rows, 1, &phases()).unwrap();
        assert_eq!(found.after, Some(Duration::from_secs(3)));
        assert!(found.before_ns.abs_diff(20_000_000) < 400_000);
    }

    #[test]
    fn what_never_comes_back_and_what_ended_before_say_so() {
        let mut rows: Vec<Interval> =
            (0..30).map(|index| row(if index < 10 { 20 } else { 200 })).collect();
        assert_eq!(of(&rows, 1, &phases()).unwrap().after, None);
        rows.truncate(12);
        assert_eq!(of(&rows, 1, &phases()), None);
    }
}
