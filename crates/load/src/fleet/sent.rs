//! What was written down, in the form in which it travels: exactly what it was when it arrives.

use serde::{Deserialize, Serialize};
use stats::{Histogram, HistogramParts};

use crate::record::{Interval, Recording, Timeline, TimesTold, Told, Trouble};

/// A histogram: how many places further each bucket is than the one before, and how much is in it; with its sum as a
/// text, since JSON has no numbers of that size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HistogramSent(bool, Vec<u64>, String, u64, u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct IntervalSent {
    sent: u64,
    good: u64,
    failed: u64,
    in_flight: u64,
    cpu_ns: u64,
    response: HistogramSent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct TimesSent(HistogramSent, HistogramSent, HistogramSent);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ToldSent {
    good: TimesSent,
    failed: TimesSent,
    troubles: Vec<(String, u64)>,
    statuses: Vec<(u16, u64)>,
    body_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordingSent {
    steps: Vec<ToldSent>,
    journeys: Vec<HistogramSent>,
    journeys_broken: Vec<u64>,
    lateness: HistogramSent,
    connects: HistogramSent,
    stale: u64,
    unsent: u64,
    cpu_ns: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TimelineSent {
    seconds: u64,
    rows: Vec<IntervalSent>,
}

impl HistogramSent {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let parts = histogram.parts();
        let (mut flat, mut last) = (Vec::with_capacity(2 * parts.places.len()), 0);
        for (place, count) in parts.places {
            flat.extend([(place - last) as u64, count]);
            last = place;
        }
        Self(parts.fine, flat, parts.sum.to_string(), parts.least, parts.greatest)
    }

    pub(super) fn read(&self) -> Option<Histogram> {
        let Self(fine, flat, sum, least, greatest) = self;
        let mut places = Vec::with_capacity(flat.len() / 2);
        let mut place = 0_usize;
        for pair in flat.chunks(2) {
            let [further, count] = pair else { return None };
            place = place.checked_add(usize::try_from(*further).ok()?)?;
            places.push((place, *count));
        }
        let sum = sum.parse().ok()?;
        let parts = HistogramParts { fine: *fine, places, sum, least: *least, greatest: *greatest };
        Histogram::from_parts(&parts)
    }
}

impl IntervalSent {
    pub(super) fn of(interval: &Interval) -> Self {
        Self {
            sent: interval.sent,
            good: interval.good,
            failed: interval.failed,
            in_flight: interval.in_flight,
            cpu_ns: interval.cpu_ns,
            response: HistogramSent::of(&interval.response),
        }
    }

    pub(super) fn read(&self) -> Option<Interval> {
        Some(Interval {
            sent: self.sent,
            good: self.good,
            failed: self.failed,
            response: self.response.read()?,
            in_flight: self.in_flight,
            cpu_ns: self.cpu_ns,
        })
    }
}

impl TimesSent {
    fn of(times: &TimesTold) -> Self {
        let of = HistogramSent::of;
        Self(of(&times.response), of(&times.service), of(&times.lag))
    }

    fn read(&self) -> Option<TimesTold> {
        let (response, service) = (self.0.read()?, self.1.read()?);
        Some(TimesTold { response, service, lag: self.2.read()? })
    }
}

impl ToldSent {
    fn of(told: &Told) -> Self {
        let troubles = told.troubles.listed().into_iter();
        Self {
            good: TimesSent::of(&told.good),
            failed: TimesSent::of(&told.failed),
            troubles: troubles.map(|(trouble, count)| (trouble.word().to_owned(), count)).collect(),
            statuses: told.statuses.clone(),
            body_bytes: told.body_bytes,
        }
    }

    fn read(&self) -> Option<Told> {
        let mut told = Told {
            good: self.good.read()?,
            failed: self.failed.read()?,
            statuses: self.statuses.clone(),
            body_bytes: self.body_bytes,
            ..Told::default()
        };
        for (word, count) in &self.troubles {
            let trouble = Trouble::ALL.into_iter().find(|trouble| trouble.word() == word)?;
            told.troubles.add_many(trouble, *count);
        }
        Some(told)
    }
}

impl RecordingSent {
    pub(super) fn of(recording: &Recording) -> Self {
        Self {
            steps: recording.steps.iter().map(ToldSent::of).collect(),
            journeys: recording.journeys.iter().map(HistogramSent::of).collect(),
            journeys_broken: recording.journeys_broken.clone(),
            lateness: HistogramSent::of(&recording.lateness),
            connects: HistogramSent::of(&recording.connects),
            stale: recording.stale,
            unsent: recording.unsent,
            cpu_ns: recording.cpu_ns,
        }
    }

    /// Nothing if it is not of so many steps and scenarios.
    pub(super) fn read(&self, steps: usize, scenarios: usize) -> Option<Recording> {
        let sizes = (self.steps.len(), self.journeys.len(), self.journeys_broken.len());
        if sizes != (steps, scenarios, scenarios) {
            return None;
        }
        Some(Recording {
            steps: self.steps.iter().map(ToldSent::read).collect::<Option<_>>()?,
            journeys: self.journeys.iter().map(HistogramSent::read).collect::<Option<_>>()?,
            journeys_broken: self.journeys_broken.clone(),
            lateness: self.lateness.read()?,
            connects: self.connects.read()?,
            stale: self.stale,
            unsent: self.unsent,
            cpu_ns: self.cpu_ns,
        })
    }
}

impl TimelineSent {
    pub(super) fn of(timeline: &Timeline) -> Self {
        let rows = timeline.rows().map(|row| IntervalSent::of(&row)).collect();
        Self { seconds: timeline.seconds, rows }
    }

    /// Its rows, and how many seconds each covers.
    pub(super) fn read(&self) -> Option<(u64, Vec<Interval>)> {
        let rows = self.rows.iter().map(IntervalSent::read).collect::<Option<_>>()?;
        Some((self.seconds, rows)).filter(|(seconds, _)| seconds.is_power_of_two())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Ended, Times};

    #[test]
    fn what_was_written_down_arrives_bit_by_bit() {
        let mut recording = Recording::new(2, 1);
        for value in [1, 999, 1_000_000, 77_777_777_777] {
            let times = Times { response_ns: value, service_ns: value / 2, lag_ns: 3 };
            let trouble = (value == 999).then_some(Trouble::Timeout);
            recording.steps[1].add(&Ended { times, status: 200, body_bytes: 10, trouble });
            recording.journeys[0].record(value);
            recording.lateness.record(value);
        }
        (recording.unsent, recording.cpu_ns) = (3, 4);
        let text = serde_json::to_string(&RecordingSent::of(&recording)).unwrap();
        let sent: RecordingSent = serde_json::from_str(&text).unwrap();
        assert_eq!(sent.read(2, 1), Some(recording));
        assert_eq!(sent.read(1, 1), None, "of another plan");
    }

    #[test]
    fn an_interval_arrives_bit_by_bit_and_nonsense_does_not() {
        let mut interval = Interval { sent: 5, good: 4, failed: 1, ..Interval::default() };
        for value in [5, 6, 1 << 40] {
            interval.response.record(value);
        }
        let sent = IntervalSent::of(&interval);
        assert_eq!(sent.read(), Some(interval));
        let mut odd = sent.clone();
        odd.response.1.push(7);
        assert_eq!(odd.read(), None);
        let mut wide = sent;
        wide.response.1[0] = u64::MAX;
        assert_eq!(wide.read(), None);
    }
}
