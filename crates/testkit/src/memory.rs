//! A store in memory: the oracle that real sources are compared with, and the source of small tests.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{
    Batch, Columns, HistogramSample, Labels, SampleSink, Selection, SeriesSource, SourceError,
    Time, WriteError, WriteReceipt,
};

/// Every sample ever written, in a sorted map; the last write of a time stays.
#[derive(Debug)]
pub struct MemoryStore(Mutex<BTreeMap<Labels, Kept>>, Changes);

/// The samples of one series; no time is in both.
#[derive(Debug, Default)]
struct Kept {
    floats: BTreeMap<i64, f64>,
    histograms: BTreeMap<i64, HistogramSample>,
}

/// The version after each write, and the earliest time it wrote.
#[derive(Debug)]
struct Changes {
    /// No store has a version of another.
    born: u64,
    writes: Mutex<Vec<(u64, i64)>>,
}

/// The version of the newest write to any store.
static VERSION: AtomicU64 = AtomicU64::new(1);

impl Default for MemoryStore {
    fn default() -> Self {
        let born = VERSION.fetch_add(1, Ordering::SeqCst);
        Self(Mutex::default(), Changes { born, writes: Mutex::default() })
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one series given as pairs of milliseconds and values.
    pub fn add(&self, labels: &Labels, samples: impl IntoIterator<Item = (i64, f64)>) {
        let samples: Vec<(i64, f64)> = samples.into_iter().collect();
        let earliest = samples.iter().map(|(time, _)| *time).min();
        {
            let mut held = self.held();
            let kept = held.entry(labels.clone()).or_default();
            for (time, value) in samples {
                kept.histograms.remove(&time);
                kept.floats.insert(time, value);
            }
        }
        self.wrote(earliest);
    }

    /// Adds native histograms to a series.
    pub fn add_histograms(
        &self,
        labels: &Labels,
        samples: impl IntoIterator<Item = HistogramSample>,
    ) {
        let samples: Vec<HistogramSample> = samples.into_iter().collect();
        let earliest = samples.iter().map(|sample| sample.time.millis()).min();
        {
            let mut held = self.held();
            let kept = held.entry(labels.clone()).or_default();
            for sample in samples {
                kept.floats.remove(&sample.time.millis());
                kept.histograms.insert(sample.time.millis(), sample);
            }
        }
        self.wrote(earliest);
    }

    fn wrote(&self, earliest: Option<i64>) {
        if let Some(earliest) = earliest {
            let version = VERSION.fetch_add(1, Ordering::SeqCst);
            self.writes().push((version, earliest));
        }
    }

    fn writes(&self) -> MutexGuard<'_, Vec<(u64, i64)>> {
        self.1.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Labels, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn matches(labels: &Labels, selection: &Selection<'_>) -> bool {
    selection
        .matchers
        .iter()
        .all(|matcher| matcher.matches(labels.get(matcher.name()).unwrap_or_default()))
}

impl SeriesSource for MemoryStore {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError> {
        let mut found = Vec::new();
        for (labels, kept) in self.held().iter().filter(|(labels, _)| matches(labels, selection)) {
            let range = selection.range.from.millis()..=selection.range.to.millis();
            let (times, values): (Vec<i64>, Vec<f64>) = kept.floats.range(range.clone()).unzip();
            let mut columns = Columns::new(labels.clone(), times, values);
            let inside = kept.histograms.range(range).map(|(_, sample)| sample.clone());
            columns.histograms.extend(inside);
            selection.budget.charge(columns.times.len() + columns.histograms.len())?;
            if !columns.is_empty() {
                found.push(columns);
            }
        }
        Ok(found)
    }

    fn version(&self) -> u64 {
        self.writes().last().map_or(self.1.born, |(version, _)| *version)
    }

    fn changed_from(&self, version: u64) -> Option<Time> {
        self.earliest_after(version)
    }
}

impl MemoryStore {
    /// The earliest time written after a version.
    fn earliest_after(&self, version: u64) -> Option<Time> {
        if version < self.1.born {
            return Some(Time::MIN);
        }
        let writes = self.writes();
        writes.iter().filter(|(own, _)| *own > version).map(|(_, time)| Time(*time)).min()
    }
}

impl SampleSink for MemoryStore {
    fn write_batch(&self, batch: &Batch) -> Result<WriteReceipt, WriteError> {
        let mut accepted = 0;
        for series in batch.iter() {
            accepted += series.samples.len() + series.histograms.len();
            let labels = series.labels.to_labels();
            let samples = series.samples.iter();
            self.add(&labels, samples.map(|sample| (sample.time.millis(), sample.value)));
            self.add_histograms(&labels, series.histograms.iter().cloned());
        }
        Ok(WriteReceipt { accepted, ..WriteReceipt::default() })
    }
}
