//! Where samples come in: the series seen lately, one buffer for the rows of all of them, and the log.

mod buffer;
mod limits;
mod log;
mod names;
mod record;
mod replay;
mod run;
mod series;
mod sources;
mod standing;

use std::{borrow::Cow, time::Duration};

use model::{BatchSeries, Time, TimeRange};

pub(crate) use buffer::{Buffer, histogram_weight};
pub(crate) use limits::{Away, Limit};
pub(crate) use log::{AppendError, Log, RotateError};
pub(crate) use replay::{replay, segments};
pub(crate) use run::{Run, RunRows, RunsWalk};
pub(crate) use series::{SeriesTable, hash};

use crate::{StoreError, StoreLimits, error::chain};
use record::RecordBuilder;
use series::Writer;

/// How long a log that could not be written to is left alone before the next batch tries it.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// A series of a batch that has samples to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) series: BatchSeries<'a>,
    pub(crate) hash: u128,
    /// Its place in the batch.
    pub(crate) place: u32,
}

impl Incoming<'_> {
    /// The time of its last sample within a window.
    fn last(&self, window: TimeRange) -> Option<Time> {
        let float = self.series.samples.last().map(|own| own.time);
        float
            .max(self.series.histograms.last().map(|own| own.time))
            .filter(|own| window.contains(*own))
    }

    fn samples(&self, window: TimeRange) -> usize {
        let floats = self.series.samples.iter().filter(|own| window.contains(own.time));
        let native = self.series.histograms.iter().filter(|own| window.contains(own.time));
        floats.count() + native.count()
    }
}

/// What comes in at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    /// Who sends it.
    pub(crate) source: &'a str,
    /// Series with samples to keep.
    pub(crate) series: &'a [Incoming<'a>],
    /// The times that are taken.
    pub(crate) window: TimeRange,
}

/// What became of it.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Samples kept.
    pub(crate) accepted: usize,
    /// Series that were turned away.
    pub(crate) away: Away,
}

/// All that a write touches, under one lock.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) table: SeriesTable,
    pub(crate) buffer: Buffer,
    pub(crate) log: Log,
    /// Rows in runs that are not yet on disk.
    pub(crate) run_rows: usize,
    /// When the first row came that is not yet on disk, by the clock that never goes back.
    pub(crate) waiting_since: Option<Duration>,
    /// That the log could not be written to, until it can again.
    pub(crate) failing: Option<Failing>,
    /// Why nothing is written any more.
    pub(crate) poisoned: Option<String>,
    record: RecordBuilder,
}

/// A log that cannot be written to: the disk is full, most likely.
#[derive(Debug)]
pub(crate) struct Failing {
    /// What the system said.
    pub(crate) why: String,
    /// When it was tried last.
    tried_at: Duration,
}

/// Why rows were not taken.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Every series of it is new, and turned away.
    Limit(Away),
    /// The log could not be written to, now or a moment ago; why.
    Busy(String),
    /// The log failed for good.
    Log(StoreError),
}

impl Intake {
    /// An empty intake that writes to a log.
    pub(crate) fn new(table: SeriesTable, buffer: Buffer, log: Log) -> Self {
        Self {
            table,
            buffer,
            log,
            run_rows: 0,
            waiting_since: None,
            failing: None,
            poisoned: None,
            record: RecordBuilder::default(),
        }
    }

    /// Rows in memory; a histogram counts as many as take its memory.
    pub(crate) fn rows(&self) -> usize {
        self.run_rows + self.buffer.weight()
    }

    /// Writes the samples within the window to the log, then keeps them; new series beyond a limit are left out.
    ///
    /// A log that cannot be written to is tried again, but not by every writer that comes.
    pub(crate) fn append(
        &mut self,
        arrival: Arrival<'_>,
        limits: &StoreLimits,
        now: Duration,
    ) -> Result<Taken, Refusal> {
        if let Some(failing) = &self.failing
            && now < failing.tried_at + TRY_EVERY
        {
            return Err(Refusal::Busy(failing.why.clone()));
        }
        let (series, numbers, away) = self.number(arrival, limits, now);
        if numbers.is_empty() {
            return Err(Refusal::Limit(away));
        }
        let segment = self.log.number();
        for (incoming, number) in series.iter().zip(&numbers) {
            let Some(id) = self.table.slot(*number).map(|slot| slot.key.id) else { continue };
            if self.table.define(*number, segment) {
                self.record.define(id, incoming.series.labels);
            }
            self.record.rows(id, incoming.series, arrival.window);
        }
        let outcome = self.log.append(self.record.finish());
        self.record.clear();
        if let Err(error) = outcome {
            self.table.withdraw(&numbers);
            return Err(self.fail(error, now));
        }
        self.mended();
        let before = self.buffer.len();
        let within = |time| arrival.window.contains(time);
        for (incoming, number) in series.iter().zip(&numbers) {
            for sample in incoming.series.samples.iter().filter(|own| within(own.time)) {
                self.buffer.push(&mut self.table, *number, sample.time.millis(), sample.value);
            }
            for own in incoming.series.histograms.iter().filter(|own| within(own.time)) {
                self.buffer.push_histogram(&mut self.table, *number, own.clone());
            }
        }
        self.waiting_since.get_or_insert(now);
        Ok(Taken { accepted: self.buffer.len() - before, away })
    }

    fn fail(&mut self, error: AppendError, now: Duration) -> Refusal {
        match error {
            AppendError::Torn(error) => Refusal::Log(error),
            AppendError::Refused(error) => {
                let why = chain(&error);
                if self.failing.is_none() {
                    tracing::warn!(error = %why, "the log cannot be written to; batches are refused");
                }
                self.failing = Some(Failing { why: why.clone(), tried_at: now });
                Refusal::Busy(why)
            }
        }
    }

    /// Notes that the log could be written to.
    pub(crate) fn mended(&mut self) {
        if self.failing.take().is_some() {
            tracing::info!("the log can be written to again");
        }
    }

    /// The series that are let in and their numbers, given to those that have none; and those turned away. Limits are
    /// for new series: what is known was within them.
    fn number<'a>(
        &mut self,
        arrival: Arrival<'a>,
        limits: &StoreLimits,
        now: Duration,
    ) -> (Cow<'a, [Incoming<'a>]>, Vec<u32>, Away) {
        let source = self.table.sources.place(arrival.source, now);
        let writer = Writer { source, now };
        let mut away = Away::default();
        let mut numbers = Vec::with_capacity(arrival.series.len());
        let mut first = None;
        for own in arrival.series {
            let number = if let Some(number) = self.table.find(own.hash) {
                number
            } else if let Some(limit) = limits::broken(&self.table, own, (source, now), limits) {
                away.add(limit, own.place, own.samples(arrival.window));
                first = first.or(Some((limit, own.series.labels)));
                continue;
            } else {
                self.table.number(own.series.labels, own.hash, writer)
            };
            self.table.seen(number, own.last(arrival.window), writer);
            numbers.push(number);
        }
        let Some((limit, labels)) = first else {
            return (Cow::Borrowed(arrival.series), numbers, away);
        };
        if let Some(own) = self.table.sources.get_mut(source) {
            own.refused += away.samples.iter().sum::<usize>() as u64;
        }
        let words = limits::words(&mut self.table, (limit, labels), (source, now), limits);
        away.first = Some((words, labels.to_labels()));
        let stays = |own: &&Incoming<'a>| away.series.binary_search(&own.place).is_err();
        let series: Vec<Incoming<'a>> = arrival.series.iter().filter(stays).copied().collect();
        (Cow::Owned(series), numbers, away)
    }

    /// Turns the buffer into a run, if it has rows.
    pub(crate) fn seal(&mut self) -> Option<Run> {
        if self.buffer.len() == 0 {
            return None;
        }
        let run = self.buffer.seal(&self.table);
        self.run_rows += run.weight();
        Some(run)
    }
}
