//! Who has so many series: by metric, by label and value, by source, by label.

use std::{
    collections::{HashSet, hash_map::RandomState},
    path::Path,
};

use hashbrown::HashMap;
use model::{LabelsRef, METRIC_NAME};

use super::{check_place, days, gone_is_none};
use crate::{StoreError, disk::files::Files, disk::index::Index};

/// Values of one kind that are told apart; further ones are counted together.
const VALUES_MAX: usize = 200_000;
/// The name of those.
const OTHERS: &str = "(others)";
/// Between a label's name and its value; neither has it but by malice.
const BETWEEN: char = '\0';

/// A metric, or a source, and how many series it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopValue {
    /// Its name.
    pub value: String,
    /// Its series.
    pub series: u64,
    /// Those of them that are new.
    pub new: u64,
    /// Samples of it that were left out since the store was opened, because their series were beyond a limit.
    pub refused: u64,
}

/// A label with a value, and how many series have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopPair {
    /// The label.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Series that have it.
    pub series: u64,
    /// Those of them that are new.
    pub new: u64,
}

/// A label, and how many values it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopLabel {
    /// Its name.
    pub name: String,
    /// Different values; a lower bound if there are more than can be told apart.
    pub values: u64,
    /// Series that have it.
    pub series: u64,
}

/// Who has so many series: now, or on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// The day, such as `2026-11-20`; empty for an open store's active series, and if there is no day.
    pub day: String,
    /// All series.
    pub series: u64,
    /// Of those, new ones: that came within the last hour, or that the day before did not have.
    pub new: u64,
    /// By metric, most first.
    pub metrics: Vec<TopValue>,
    /// By source, most first: who was the first to write to them. Files do not say that: there it is the label `job`.
    pub sources: Vec<TopValue>,
    /// By label and value, most first.
    pub pairs: Vec<TopPair>,
    /// Labels with the most values.
    pub labels: Vec<TopLabel>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    series: u64,
    new: u64,
}

impl Count {
    fn add(&mut self, new: bool) {
        self.series += 1;
        self.new += u64::from(new);
    }
}

type Counts = HashMap<String, Count>;

/// Counts series as they come.
#[derive(Default)]
pub(crate) struct Tally {
    all: Count,
    metrics: Counts,
    jobs: Counts,
    pairs: Counts,
    labels: HashMap<String, (HashSet<u64, RandomState>, u64)>,
    pair: String,
}

impl Tally {
    pub(crate) fn add(&mut self, labels: LabelsRef<'_>, new: bool) {
        self.all.add(new);
        count(&mut self.metrics, labels.get(METRIC_NAME).unwrap_or_default(), new);
        count(&mut self.jobs, labels.get("job").unwrap_or_default(), new);
        for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
            self.pair.clear();
            self.pair.push_str(name);
            self.pair.push(BETWEEN);
            self.pair.push_str(value);
            count(&mut self.pairs, &self.pair, new);
            if self.labels.len() >= VALUES_MAX && !self.labels.contains_key(name) {
                continue;
            }
            let (values, series) = self.labels.entry_ref(name).or_default();
            *series += 1;
            if values.len() < VALUES_MAX {
                values.insert(xxhash_rust::xxh3::xxh3_64(value.as_bytes()));
            }
        }
    }

    /// So many rows of each kind.
    pub(crate) fn finish(self, rows: usize) -> Top {
        let mut labels: Vec<TopLabel> = self
            .labels
            .into_iter()
            .map(|(name, (values, series))| TopLabel { name, values: values.len() as u64, series })
            .collect();
        labels.sort_by(|a, b| b.values.cmp(&a.values).then_with(|| a.name.cmp(&b.name)));
        labels.truncate(rows);
        let pairs = most(self.pairs, rows).into_iter().map(|own| {
            let (name, value) = own.value.split_once(BETWEEN).unwrap_or((&own.value, ""));
            let (name, value) = (name.to_owned(), value.to_owned());
            TopPair { name, value, series: own.series, new: own.new }
        });
        Top {
            day: String::new(),
            series: self.all.series,
            new: self.all.new,
            pairs: pairs.collect(),
            metrics: most(self.metrics, rows),
            sources: most(self.jobs, rows),
            labels,
        }
    }
}

fn count(values: &mut Counts, value: &str, new: bool) {
    let key = if values.len() < VALUES_MAX || values.contains_key(value) { value } else { OTHERS };
    values.entry_ref(key).or_default().add(new);
}

fn most(values: Counts, rows: usize) -> Vec<TopValue> {
    let value = |(value, Count { series, new })| TopValue { value, series, new, refused: 0 };
    let mut all: Vec<TopValue> = values.into_iter().map(value).collect();
    sort(&mut all, rows);
    all
}

/// The most first, and no more than so many rows.
pub(crate) fn sort(all: &mut Vec<TopValue>, rows: usize) {
    all.sort_by(|a, b| b.series.cmp(&a.series).then_with(|| a.value.cmp(&b.value)));
    all.truncate(rows);
}

/// Counts the series of the newest day on disk, or of the one named. Reads its index and nothing else.
pub fn top(dir: &Path, day: Option<&str>, rows: usize) -> Result<Top, StoreError> {
    check_place(dir)?;
    let files = Files::default();
    let days = days(dir)?;
    let at = match day {
        Some(name) => days.iter().position(|own| own.name == name),
        None => days.len().checked_sub(1),
    };
    let Some(at) = at else { return Ok(Top::default()) };
    // A series may have had another number the day before, so that labels are compared.
    let mut before = HashSet::new();
    for path in at.checked_sub(1).map(|at| &days[at].indexes).into_iter().flatten() {
        if let Some(index) = gone_is_none(Index::open(path, &files))? {
            index.each(|_, _, labels| before.extend([hash(labels.as_ref())]))?;
        }
    }
    let (mut tally, mut seen) = (Tally::default(), HashSet::new());
    for path in &days[at].indexes {
        if let Some(index) = gone_is_none(Index::open(path, &files))? {
            index.each(|_, _, labels| {
                let hash = hash(labels.as_ref());
                if seen.insert(hash) {
                    tally.add(labels.as_ref(), !before.contains(&hash));
                }
            })?;
        }
    }
    Ok(Top { day: days[at].name.clone(), ..tally.finish(rows) })
}

fn hash(labels: LabelsRef<'_>) -> u64 {
    xxhash_rust::xxh3::xxh3_64(labels.packed().as_bytes())
}
