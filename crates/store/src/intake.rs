//! Where samples come in: the series seen lately, one buffer for the rows of all of them, and the log.

mod buffer;
mod log;
mod record;
mod replay;
mod run;
mod series;

use std::time::Duration;

use model::{BatchSeries, Labels, LabelsRef, TimeRange};

pub(crate) use buffer::{Buffer, histogram_weight};
pub(crate) use log::{AppendError, Log, RotateError};
pub(crate) use replay::{replay, segments};
pub(crate) use run::{Run, RunRows, RunsWalk};
pub(crate) use series::{SeriesTable, hash};

use crate::{StoreError, StoreLimits, error::chain};
use record::RecordBuilder;

/// How long a log that could not be written to is left alone before the next batch tries it.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// A series of a batch that has samples to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) series: BatchSeries<'a>,
    pub(crate) hash: u128,
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
    /// What is beyond its limit, and the series that is.
    Limit(String, Labels),
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

    /// Writes the samples within the window to the log, then keeps them. Gives how many.
    ///
    /// A log that cannot be written to is tried again, but not by every writer that comes.
    pub(crate) fn append(
        &mut self,
        batch: &[Incoming<'_>],
        window: TimeRange,
        limits: &StoreLimits,
        now: Duration,
    ) -> Result<usize, Refusal> {
        if let Some(failing) = &self.failing
            && now < failing.tried_at + TRY_EVERY
        {
            return Err(Refusal::Busy(failing.why.clone()));
        }
        let numbers = self.number(batch, limits, now)?;
        let segment = self.log.number();
        for (incoming, number) in batch.iter().zip(&numbers) {
            let Some(id) = self.table.slot(*number).map(|slot| slot.key.id) else { continue };
            if self.table.define(*number, segment) {
                self.record.define(id, incoming.series.labels);
            }
            self.record.rows(id, incoming.series, window);
        }
        let outcome = self.log.append(self.record.finish());
        self.record.clear();
        if let Err(error) = outcome {
            self.table.withdraw(&numbers);
            return Err(self.fail(error, now));
        }
        self.mended();
        let before = self.buffer.len();
        for (incoming, number) in batch.iter().zip(&numbers) {
            for sample in incoming.series.samples.iter().filter(|own| window.contains(own.time)) {
                self.buffer.push(&mut self.table, *number, sample.time.millis(), sample.value);
            }
            for own in incoming.series.histograms.iter().filter(|own| window.contains(own.time)) {
                self.buffer.push_histogram(&mut self.table, *number, own.clone());
            }
        }
        self.waiting_since.get_or_insert(now);
        Ok(self.buffer.len() - before)
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

    /// The numbers of the series of a batch, given to those that have none. Limits are for new series: what is known was
    /// within them.
    fn number(
        &mut self,
        batch: &[Incoming<'_>],
        limits: &StoreLimits,
        now: Duration,
    ) -> Result<Vec<u32>, Refusal> {
        let known: Vec<Option<u32>> = batch.iter().map(|own| self.table.find(own.hash)).collect();
        let new = || batch.iter().zip(&known).filter(|(_, known)| known.is_none());
        // Counts a new series twice if the batch names it twice, which only matters at the limit.
        let room = limits.series_max.saturating_sub(self.table.len());
        for (count, (own, _)) in new().enumerate() {
            let what = if count < room {
                check(own.series.labels, limits)
            } else {
                Some(format!("more than {} active series", limits.series_max))
            };
            if let Some(what) = what {
                return Err(Refusal::Limit(what, own.series.labels.to_labels()));
            }
        }
        let number = |(own, known): (&Incoming<'_>, Option<u32>)| match known {
            Some(number) => self.table.seen(number, now),
            None => self.table.number(own.series.labels, own.hash, now),
        };
        Ok(batch.iter().zip(known).map(number).collect())
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

/// What is beyond its limit in the labels of a series, if anything.
fn check(labels: LabelsRef<'_>, limits: &StoreLimits) -> Option<String> {
    let count = labels.iter().count();
    if count == 0 {
        return Some("no labels at all".to_owned());
    }
    if count > limits.labels_per_series_max {
        let most = limits.labels_per_series_max;
        return Some(format!("{count} labels, {most} are the limit,"));
    }
    let bytes = |(name, value): (&str, &str)| name.len() + value.len();
    let longest = labels.iter().map(bytes).max().unwrap_or_default();
    let most = limits.label_bytes_max;
    (longest > most).then(|| format!("a label of {longest} bytes, {most} are the limit,"))
}
