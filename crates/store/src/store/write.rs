//! Taking samples: checks outside the lock, then the log, then the buffer.

use std::sync::atomic::Ordering;

use model::{
    Batch, BatchSeries, LabelsRef, LeftOut, SampleSink, TimeRange, WriteError, WriteReceipt,
};

use super::{Store, millis, stats::count};
use crate::{
    StoreError, SyncPolicy,
    error::chain,
    intake::{Arrival, Away, Incoming, Limit, Refusal, Taken, hash, histogram_weight},
};

/// How often a writer makes room before it is told to come again: others may take the room it made,
/// but hardly this often.
const ROOM_TRIES: usize = 16;
/// Letters of a series that an error message shows.
const SHOWN_LETTERS: usize = 200;

impl SampleSink for Store {
    fn write_batch(&self, batch: &Batch) -> Result<WriteReceipt, WriteError> {
        let outcome = self.take(batch);
        match &outcome {
            Ok(receipt) => {
                count(&self.counters.written, receipt.accepted);
                let native = |own: BatchSeries<'_>| own.histograms.iter().map(|own| own.time).min();
                let floats = |own: BatchSeries<'_>| own.samples.iter().map(|own| own.time).min();
                let first = batch.iter().flat_map(|own| [floats(own), native(own)]).flatten().min();
                if let Some(first) = first {
                    self.changes.lock().from(first.millis());
                }
                count(&self.counters.out_of_range, receipt.out_of_range);
            }
            Err(_) => count(&self.counters.refused, 1),
        }
        outcome
    }

    fn window(&self) -> TimeRange {
        self.times_taken()
    }
}

impl Store {
    fn take(&self, batch: &Batch) -> Result<WriteReceipt, WriteError> {
        let samples = batch.samples();
        self.check(batch, samples)?;
        let window = self.times_taken();
        let incoming: Vec<Incoming<'_>> = (0..)
            .zip(batch.iter())
            .filter(|(_, series)| {
                series.samples.iter().any(|own| window.contains(own.time))
                    || series.histograms.iter().any(|own| window.contains(own.time))
            })
            .map(|(place, series)| Incoming { series, hash: hash(series.labels), place })
            .collect();
        if incoming.is_empty() {
            return Ok(WriteReceipt { out_of_range: samples, ..WriteReceipt::default() });
        }
        let arrival = Arrival { source: batch.source(), series: &incoming, window };
        let native = |own: &Incoming<'_>| histogram_weight(own.series.histograms);
        let floats = |own: &Incoming<'_>| own.series.samples.len();
        let weight = incoming.iter().map(|own| floats(own) + native(own)).sum();
        let mut outcome = self.append(arrival, weight)?;
        let mut emptied = Ok(());
        for _ in 0..ROOM_TRIES {
            if outcome.is_some() || emptied.is_err() {
                break;
            }
            // Memory is full: this writer helps to empty it, and tries again.
            emptied = self.make_room(weight);
            outcome = self.append(arrival, weight)?;
        }
        let Some((taken, position)) = outcome else { return Err(self.busy(emptied.err())) };
        let due = match self.options.sync {
            SyncPolicy::Always => true,
            SyncPolicy::Interval(interval) => {
                let last = self.synced_at.load(Ordering::Relaxed);
                let since = millis(self.clock.elapsed()).saturating_sub(last);
                u128::from(since) >= interval.to_duration().as_millis()
            }
        };
        if due {
            self.sync_log_to(position)
                .map_err(|error| WriteError::Poisoned { why: chain(&error) })?;
        }
        let Taken { accepted, away } = taken;
        let left_out = self.note_away(&away).map(|(words, labels)| {
            let what = format!("{words} in series {}", shorten(labels));
            let samples = away.samples.iter().sum();
            Box::new(LeftOut { series: away.series.clone(), samples, what })
        });
        let out_of_range = samples - accepted - left_out.as_ref().map_or(0, |own| own.samples);
        Ok(WriteReceipt { accepted, out_of_range, left_out })
    }

    /// Counts what was turned away; gives what there is to say of it.
    fn note_away<'a>(&self, away: &'a Away) -> Option<(&'a str, LabelsRef<'a>)> {
        for (limit, samples) in Limit::ALL.into_iter().zip(away.samples) {
            count(&self.counters.left_out[limit as usize], samples);
        }
        away.first.as_ref().map(|(words, labels)| (words.as_str(), labels.as_ref()))
    }

    /// Appends under the lock; gives what was taken and where the log stands then. `None`
    /// means that memory is full.
    fn append(
        &self,
        arrival: Arrival<'_>,
        weight: usize,
    ) -> Result<Option<(Taken, u64)>, WriteError> {
        let mut intake = self.intake.lock();
        if let Some(why) = &intake.poisoned {
            return Err(WriteError::Poisoned { why: why.clone() });
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(WriteError::Poisoned { why: "it is closed".to_owned() });
        }
        if intake.rows() > 0 && intake.rows() + weight > self.options.memory_rows_max {
            return Ok(None);
        }
        match intake.append(arrival, &self.options.limits, self.clock.elapsed()) {
            Ok(taken) => {
                if intake.buffer.weight() >= self.options.buffer_rows_max
                    && let Some(run) = intake.seal()
                {
                    self.add_run(run);
                }
                Ok(Some((taken, intake.log.appended())))
            }
            Err(Refusal::Limit(away)) => {
                let (what, series) = match self.note_away(&away) {
                    Some((words, labels)) => (words.to_owned(), shorten(labels)),
                    None => Default::default(),
                };
                Err(WriteError::Limit { what, series })
            }
            Err(Refusal::Busy(why)) => {
                Err(WriteError::Busy { what: format!("its log cannot be written to: {why}") })
            }
            Err(Refusal::Log(error)) => {
                let why = chain(&error);
                tracing::error!(error = %why, "the store refuses writes from now on");
                intake.poisoned = Some(why.clone());
                Err(WriteError::Poisoned { why })
            }
        }
    }

    fn check(&self, batch: &Batch, samples: usize) -> Result<(), WriteError> {
        let limits = &self.options.limits;
        if samples > limits.batch_samples_max {
            let what = format!(
                "{samples} samples in one batch, {} are the limit,",
                limits.batch_samples_max
            );
            let first = batch.iter().next().map(|series| shorten(series.labels));
            return Err(WriteError::Limit { what, series: first.unwrap_or_default() });
        }
        Ok(())
    }

    fn busy(&self, error: Option<StoreError>) -> WriteError {
        let why = error.map(|error| chain(&error)).or_else(|| self.flushing.lock().trouble.clone());
        let what = match why {
            Some(why) => format!("memory is full of samples that cannot be put on disk: {why}"),
            None => "memory is full of samples on their way to the disk".to_owned(),
        };
        WriteError::Busy { what }
    }
}

fn shorten(labels: LabelsRef<'_>) -> String {
    let text = labels.to_string();
    match text.char_indices().nth(SHOWN_LETTERS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
