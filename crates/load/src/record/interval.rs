//! What happened in each second, kept in a bounded number of rows.

use std::collections::BTreeMap;

use stats::Histogram;

use super::row::Row;

/// Most rows of a timeline; a longer run has wider ones. A chart has no more points than this either.
const ROWS_MAX: usize = 600;

/// Most seconds that wait for a worker that has not told yet.
const OPEN_MAX: usize = 60;

/// What happened in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Requests sent.
    pub sent: u64,
    /// Requests answered as they should.
    pub good: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Time from due to done of those that ended, failed ones included; coarse.
    pub response: Histogram,
    /// Requests on their way at the end; the greatest number where stretches are joined.
    pub in_flight: u64,
    /// Processor time of the generator, in nanoseconds.
    pub cpu_ns: u64,
}

impl Default for Interval {
    fn default() -> Self {
        let response = Histogram::coarse();
        Self { sent: 0, good: 0, failed: 0, response, in_flight: 0, cpu_ns: 0 }
    }
}

impl Interval {
    /// Requests that ended.
    pub fn ended(&self) -> u64 {
        self.good + self.failed
    }

    /// The share of ended requests that failed; not-a-number if none ended.
    pub fn failed_share(&self) -> f64 {
        self.failed as f64 / self.ended() as f64
    }

    /// Adds what another worker did in the same time.
    pub fn add_beside(&mut self, other: &Self) {
        let in_flight = self.in_flight + other.in_flight;
        self.join(other);
        self.in_flight = in_flight;
    }

    /// Adds what happened in the time that follows.
    pub fn join(&mut self, next: &Self) {
        self.sent += next.sent;
        self.good += next.good;
        self.failed += next.failed;
        self.response.merge(&next.response);
        self.in_flight = self.in_flight.max(next.in_flight);
        self.cpu_ns += next.cpu_ns;
    }
}

/// Intervals of equal length, one after the other. Past 600 of them, neighbours are joined, exactly. They are kept
/// packed, so that a long run takes hardly more room than a short one.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// How many seconds each row covers.
    pub seconds: u64,
    /// The rows, the first from the start of the run on.
    rows: Vec<Row>,
    /// Seconds of which not all workers have told yet.
    open: BTreeMap<u64, (usize, Interval)>,
    workers: usize,
}

impl Timeline {
    /// An empty one that waits for so many workers.
    pub fn new(workers: usize) -> Self {
        Self { seconds: 1, rows: Vec::new(), open: BTreeMap::new(), workers }
    }

    /// One that is over.
    pub(crate) fn of(seconds: u64, rows: &[Interval]) -> Self {
        let rows = rows.iter().map(Row::of).collect();
        Self { seconds, rows, ..Self::new(1) }
    }

    /// The rows, the first from the start of the run on.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Interval> {
        self.rows.iter().map(Row::interval)
    }

    /// Takes in what one worker did in one second; answers with the second if all have told of it now. What comes
    /// after its second was closed is added to its row.
    pub fn take(&mut self, second: u64, interval: &Interval) -> Option<Interval> {
        let (told, open) = self.open.entry(second).or_default();
        open.add_beside(interval);
        *told += 1;
        if *told < self.workers {
            if self.open.len() > OPEN_MAX
                && let Some((second, (_, part))) = self.open.pop_first()
            {
                self.place(second, &part);
            }
            return None;
        }
        let (_, whole) = self.open.remove(&second)?;
        self.place(second, &whole);
        Some(whole)
    }

    /// Takes what is there of seconds that not all workers told of.
    pub fn close(&mut self) {
        for (second, (_, interval)) in std::mem::take(&mut self.open) {
            self.place(second, &interval);
        }
    }

    fn place(&mut self, second: u64, interval: &Interval) {
        while second / self.seconds >= ROWS_MAX as u64 {
            let halved = self.rows.chunks(2).map(|pair| match pair {
                [row, next] => {
                    let mut joined = row.interval();
                    joined.join(&next.interval());
                    Row::of(&joined)
                }
                alone => alone.first().cloned().unwrap_or_default(),
            });
            self.rows = halved.collect();
            self.seconds *= 2;
        }
        let Ok(at) = usize::try_from(second / self.seconds) else { return };
        if self.rows.len() <= at {
            self.rows.resize(at + 1, Row::default());
        }
        let mut row = self.rows[at].interval();
        row.join(interval);
        self.rows[at] = Row::of(&row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(good: u64, response_ns: u64) -> Interval {
        let mut interval = Interval { sent: good, good, in_flight: good, ..Interval::default() };
        (0..good).for_each(|_| interval.response.record(response_ns));
        interval
    }

    #[test]
    fn a_second_is_told_when_every_worker_has_told_it() {
        let mut timeline = Timeline::new(2);
        assert_eq!(timeline.take(0, &interval(1, 5)), None);
        assert_eq!(timeline.take(1, &interval(2, 5)), None);
        let whole = timeline.take(0, &interval(3, 7)).unwrap();
        assert_eq!((whole.good, whole.in_flight, whole.response.count()), (4, 4, 4));
        timeline.close();
        assert_eq!(timeline.rows().map(|row| row.good).collect::<Vec<_>>(), [4, 2]);
    }

    #[test]
    fn a_day_takes_no_more_rows_than_ten_minutes_and_loses_nothing() {
        let mut timeline = Timeline::new(1);
        for second in 0..86_400 {
            timeline.take(second, &interval(2, second));
        }
        assert!(timeline.rows().len() <= ROWS_MAX, "{}", timeline.rows().len());
        assert_eq!(timeline.rows().map(|row| row.good).sum::<u64>(), 172_800);
        assert_eq!(timeline.rows().map(|row| row.response.count()).sum::<u64>(), 172_800);
        assert_eq!(timeline.seconds, 256);
        let first = timeline.rows().next().unwrap();
        assert_eq!((first.good, first.in_flight), (512, 2));
    }
}
