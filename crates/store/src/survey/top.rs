//! Who has so many series: by metric, by job, by label.

use std::{collections::HashSet, path::Path};

use hashbrown::HashMap;
use model::{Labels, METRIC_NAME};

use super::{check_place, days, gone_is_none};
use crate::{StoreError, disk::files::Files, disk::index::Index};

/// Values of one label that are told apart; further ones are counted together.
const VALUES_MAX: usize = 200_000;

/// A value of a label, and how many series have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopValue {
    /// The value.
    pub value: String,
    /// Series that have it.
    pub series: u64,
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

/// Who has so many series on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// The day, such as `2026-11-20`; empty if there is none.
    pub day: String,
    /// Series of that day.
    pub series: u64,
    /// Of those, series that the day before did not have.
    pub new: u64,
    /// By metric, most first.
    pub metrics: Vec<TopValue>,
    /// By `job`, most first.
    pub jobs: Vec<TopValue>,
    /// Labels with the most values.
    pub labels: Vec<TopLabel>,
}

#[derive(Default)]
struct Tally {
    series: u64,
    new: u64,
    metrics: HashMap<String, u64>,
    jobs: HashMap<String, u64>,
    labels: HashMap<String, (HashSet<u64>, u64)>,
}

impl Tally {
    fn add(&mut self, labels: &Labels) {
        self.series += 1;
        count(&mut self.metrics, labels.get(METRIC_NAME).unwrap_or_default());
        count(&mut self.jobs, labels.get("job").unwrap_or_default());
        for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
            let (values, series) = self.labels.entry_ref(name).or_default();
            *series += 1;
            if values.len() < VALUES_MAX {
                values.insert(xxhash_rust::xxh3::xxh3_64(value.as_bytes()));
            }
        }
    }
}

fn count(values: &mut HashMap<String, u64>, value: &str) {
    if values.len() < VALUES_MAX || values.contains_key(value) {
        *values.entry_ref(value).or_default() += 1;
    } else {
        *values.entry_ref("(others)").or_default() += 1;
    }
}

fn most(values: HashMap<String, u64>, rows: usize) -> Vec<TopValue> {
    let mut all: Vec<TopValue> =
        values.into_iter().map(|(value, series)| TopValue { value, series }).collect();
    all.sort_by(|a, b| b.series.cmp(&a.series).then_with(|| a.value.cmp(&b.value)));
    all.truncate(rows);
    all
}

/// Counts the series of the newest day, or of the one named. Reads its index and nothing else.
pub fn top(dir: &Path, day: Option<&str>, rows: usize) -> Result<Top, StoreError> {
    check_place(dir)?;
    let files = Files::default();
    let days = days(dir)?;
    let at = match day {
        Some(name) => days.iter().position(|own| own.name == name),
        None => days.len().checked_sub(1),
    };
    let Some(at) = at else { return Ok(Top::default()) };
    let mut before = HashSet::new();
    for path in at.checked_sub(1).map(|at| &days[at].indexes).into_iter().flatten() {
        if let Some(index) = gone_is_none(Index::open(path, &files))? {
            index.each(|_, key, _| before.extend([key.id]))?;
        }
    }
    let (mut tally, mut seen) = (Tally::default(), HashSet::new());
    for path in &days[at].indexes {
        if let Some(index) = gone_is_none(Index::open(path, &files))? {
            index.each(|_, key, labels| {
                if seen.insert(key.id) {
                    tally.add(&labels);
                    tally.new += u64::from(!before.contains(&key.id));
                }
            })?;
        }
    }
    let mut labels: Vec<TopLabel> = tally
        .labels
        .into_iter()
        .map(|(name, (values, series))| TopLabel { name, values: values.len() as u64, series })
        .collect();
    labels.sort_by(|a, b| b.values.cmp(&a.values).then_with(|| a.name.cmp(&b.name)));
    labels.truncate(rows);
    Ok(Top {
        day: days[at].name.clone(),
        series: tally.series,
        new: tally.new,
        metrics: most(tally.metrics, rows),
        jobs: most(tally.jobs, rows),
        labels,
    })
}
