//! The parts of several machines made one run: histograms and counts exactly, second by second.

use std::{sync::Arc, time::Duration};

use model::Time;

use super::{FleetError, word::DoneSent};
use crate::{
    engine::{Ending, Run},
    plan::Plan,
    record::{Interval, Recording, Timeline},
    verdict::{Doubt, Watch},
};

/// What came of one machine.
pub(super) struct Part {
    pub(super) name: String,
    /// What it told when it was over; nothing if it was lost.
    pub(super) done: Option<Box<DoneSent>>,
    /// What it told until then.
    pub(super) seconds: Timeline,
    /// Why it was lost.
    pub(super) lost: Option<String>,
}

/// What is known of the run as a whole.
pub(super) struct Whole {
    pub(super) plan: Arc<Plan>,
    pub(super) started: Time,
    pub(super) took: Duration,
    pub(super) watch: Watch,
    pub(super) stopped: bool,
}

/// Makes one run of all parts.
pub(super) fn merge(whole: Whole, parts: Vec<Part>) -> Result<Run, FleetError> {
    let Whole { plan, started, took, watch, stopped } = whole;
    let (steps, scenarios) = (plan.steps().count(), plan.scenarios.len());
    let machines = parts.len();
    let mut recording = Recording::new(steps, scenarios);
    let (mut rows, mut doubts) = (Vec::new(), Vec::new());
    let (mut threads, mut complete, mut longest) = (0, true, None);
    for Part { name, done, seconds, lost } in parts {
        if let Some(why) = lost {
            doubts.push(Doubt::Lost { worker: name.clone(), why });
        }
        let Some(done) = done else {
            complete = false;
            rows.push((seconds.seconds, seconds.rows().collect()));
            continue;
        };
        let garbled = || FleetError::Garbled(name.clone());
        recording.merge(&done.recording.read(steps, scenarios).ok_or_else(garbled)?);
        rows.push(done.timeline.read().ok_or_else(garbled)?);
        threads += done.threads;
        complete &= done.complete;
        longest = longest.max(Some(Duration::from_micros(done.took_micros)));
        let of = |text| Doubt::OfWorker { worker: name.clone(), text };
        doubts.extend(done.doubts.into_iter().map(of));
    }
    let ending = match watch.broken() {
        Some(rule) => Ending::Aborted { rule: rule.text.clone() },
        None if stopped || !complete => Ending::Stopped,
        None => Ending::Done,
    };
    Ok(Run {
        plan,
        started,
        took: longest.unwrap_or(took),
        ending,
        workers: threads.max(1),
        machines,
        recording,
        timeline: beside(rows),
        watch,
        doubts,
    })
}

/// Rows of several machines beside each other. Where they are of different width, those of the narrower are joined.
/// What was on its way at once is then the sum of the greatest numbers: at most a little too much.
fn beside(all: Vec<(u64, Vec<Interval>)>) -> Timeline {
    let width = all.iter().map(|(width, _)| *width).max().unwrap_or(1);
    let mut whole: Vec<Interval> = Vec::new();
    for (own, rows) in all {
        let joined = usize::try_from(width / own.max(1)).unwrap_or(1).max(1);
        for (at, group) in rows.chunks(joined).enumerate() {
            let mut row = Interval::default();
            for next in group {
                row.join(next);
            }
            if whole.len() <= at {
                whole.resize(at + 1, Interval::default());
            }
            whole[at].add_beside(&row);
        }
    }
    Timeline::of(width, &whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(good: u64, value: u64) -> Interval {
        let mut interval = Interval { sent: good, good, in_flight: good, ..Interval::default() };
        (0..good).for_each(|_| interval.response.record(value));
        interval
    }

    #[test]
    fn rows_of_different_width_lie_beside_each_other_without_loss() {
        let narrow = vec![interval(1, 5), interval(2, 6), interval(3, 7)];
        let wide = vec![interval(10, 8)];
        let timeline = beside(vec![(1, narrow), (2, wide)]);
        assert_eq!(timeline.seconds, 2);
        let good: Vec<u64> = timeline.rows().map(|row| row.good).collect();
        let held: Vec<u64> = timeline.rows().map(|row| row.response.count()).collect();
        assert_eq!((good, held), (vec![13, 3], vec![13, 3]));
        assert_eq!(timeline.rows().next().unwrap().in_flight, 12);
    }
}
