//! Where results lie, and how long.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashMap;
use model::{Labels, Time};

use super::{Key, Reach};
use crate::{
    Answer, Value,
    run::{
        flow::held::columns_bytes,
        rows::{ABSENT, Grid, Row},
    },
};

/// No result takes more than this part of all.
const LARGEST_PART: usize = 4;

/// A result.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    Range(Stretch),
    /// An answer, the text that asked for it, and the version it was good for.
    Instant(Arc<(Answer, String)>, u64),
}

/// The values of an expression over some steps.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(crate) grid: Grid,
    /// The version of the source it was good for.
    pub(crate) version: u64,
    pub(crate) rows: Arc<[Row]>,
    /// What was remarked, and on which text: its places are those of that text.
    pub(crate) infos: Arc<(Vec<String>, String)>,
}

impl Stretch {
    /// Whether its remarks are good for a text.
    pub(super) fn may_serve(&self, text: &str) -> bool {
        self.infos.0.is_empty() || self.infos.1 == text
    }

    /// The part that another grid of the same step asks for, and that did not change; nothing if none is left.
    pub(super) fn valid(
        mut self,
        changed: Option<Time>,
        reach: Reach,
        asked: Grid,
    ) -> Option<Self> {
        let own = self.grid;
        let valid = |number: &usize| reach.is_valid(own.time(*number), changed);
        // Steps are valid up to some step, and none from there on.
        let points = partition(own.points, valid);
        let end = own.from.saturating_add(own.step.saturating_mul(i64::try_from(points).ok()?));
        let from = own.from.max(asked.from);
        let end = end.min(asked.last().saturating_add(asked.step));
        let points = usize::try_from(end.saturating_sub(from) / own.step).ok()?;
        if points == 0 || end <= from {
            return None;
        }
        let skipped = usize::try_from((from - own.from) / own.step).ok()?;
        self.grid = Grid { from, step: own.step, points };
        if skipped > 0 || points < own.points {
            let cut = |row: &Row| row.cut(skipped, points);
            self.rows = self.rows.iter().map(cut).filter(Row::has_values).collect();
        }
        Some(self)
    }

    /// The rows of several stretches of one grid as rows of the whole.
    pub(crate) fn join(grid: Grid, parts: Vec<(Grid, Arc<[Row]>)>) -> Vec<Row> {
        let mut by_labels: HashMap<Labels, usize> = HashMap::new();
        let mut joined: Vec<Row> = Vec::new();
        for (own, rows) in parts {
            let at = usize::try_from(own.from.saturating_sub(grid.from) / grid.step).unwrap_or(0);
            for row in rows.iter() {
                let number = *by_labels.entry(row.labels.clone()).or_insert_with(|| {
                    let absent = vec![ABSENT; grid.points];
                    joined.push(Row::floats(row.labels.clone(), false, absent));
                    joined.len() - 1
                });
                joined[number].put(at, row);
            }
        }
        joined
    }
}

/// How many from the start satisfy a test that fails for all after the first failure.
fn partition(count: usize, test: impl Fn(&usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        if test(&middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl Row {
    fn cut(&self, from: usize, points: usize) -> Self {
        let values = self.values.iter().skip(from).take(points).copied().collect();
        let mut row = Self::floats(self.labels.clone(), self.drop_name, values);
        row.histograms = self.histograms.iter().skip(from).take(points).cloned().collect();
        row
    }

    /// Puts the values of another row at a place.
    fn put(&mut self, at: usize, other: &Self) {
        for (own, value) in self.values.iter_mut().skip(at).zip(&other.values) {
            *own = *value;
        }
        if !other.histograms.is_empty() {
            self.histograms.resize(self.values.len(), None);
            for (own, histogram) in self.histograms.iter_mut().skip(at).zip(&other.histograms) {
                own.clone_from(histogram);
            }
        }
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Self::Range(stretch) => {
                let rows: usize = stretch.rows.iter().map(row_bytes).sum();
                rows + stretch.infos.1.len()
            }
            Self::Instant(kept, _) => kept.1.len() + answer_bytes(&kept.0),
        }
    }
}

fn row_bytes(row: &Row) -> usize {
    row.bytes() + row.labels.heap_bytes()
}

fn answer_bytes(answer: &Answer) -> usize {
    match &answer.value {
        Value::Scalar(_) => 64,
        Value::Text(_, text) => 64 + text.len(),
        Value::Vector(samples) => {
            let labels: usize = samples.iter().map(|own| own.labels.heap_bytes()).sum();
            let histograms = samples.iter().filter_map(|own| own.histogram.as_ref());
            let histograms: usize = histograms.map(|own| own.heap_bytes()).sum();
            samples.len() * 64 + labels + histograms
        }
        Value::Matrix(series) => {
            series.iter().map(|own| columns_bytes(own) + own.labels.heap_bytes()).sum()
        }
    }
}

/// Results by their question.
#[derive(Debug)]
pub(super) struct Shelf {
    bytes_max: usize,
    bytes: usize,
    results: HashMap<Key, Place>,
    /// Counts uses; the oldest use goes first.
    uses: u64,
    by_use: BTreeMap<u64, Key>,
}

#[derive(Debug)]
struct Place {
    kept: Kept,
    bytes: usize,
    used: u64,
}

impl Shelf {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, bytes: 0, results: HashMap::new(), uses: 0, by_use: BTreeMap::new() }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn get(&mut self, key: &Key) -> Option<Kept> {
        let place = self.results.get_mut(key)?;
        self.uses += 1;
        self.by_use.remove(&place.used);
        place.used = self.uses;
        self.by_use.insert(self.uses, key.clone());
        Some(place.kept.clone())
    }

    pub(super) fn put(&mut self, key: Key, kept: Kept) {
        self.remove(&key);
        let bytes = kept.bytes() + 2 * key.bytes() + size_of::<Place>();
        if bytes > self.bytes_max / LARGEST_PART {
            return;
        }
        while self.bytes + bytes > self.bytes_max {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            self.remove(&oldest);
        }
        self.uses += 1;
        self.bytes += bytes;
        self.by_use.insert(self.uses, key.clone());
        self.results.insert(key, Place { kept, bytes, used: self.uses });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(place) = self.results.remove(key) {
            self.by_use.remove(&place.used);
            self.bytes -= place.bytes;
        }
    }
}
