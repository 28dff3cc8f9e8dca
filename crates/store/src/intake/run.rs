//! A part in memory: a buffer once sorted, series by key and rows by time.

use std::{collections::BTreeSet, sync::Arc};

use model::HistogramSample;
use roaring::RoaringTreemap;

use super::{buffer::Buffer, series::SeriesTable};
use crate::{
    disk::block::{Chunk, sort_histograms},
    disk::part::{DAY_MILLIS, day_of},
    key::Key,
};

/// Rows of one series.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunRows<'r> {
    pub(crate) times: &'r [i64],
    pub(crate) values: &'r [f64],
    pub(crate) histograms: &'r [HistogramSample],
}

/// Sorted rows of many series, of any days. Who they are, the table of series knows: it forgets none that has rows here.
#[derive(Debug)]
pub(crate) struct Run {
    /// In order; a run may have no more than a row of each, so little is kept for a series.
    keys: Vec<Key>,
    /// Where the rows of each series begin, and the end of the last.
    starts: Vec<u32>,
    times: Vec<i64>,
    values: Vec<f64>,
    /// The series that have native histograms, by their place, rising, with where these begin; and the end of the last.
    native: Vec<(u32, u32)>,
    histograms: Vec<HistogramSample>,
    weight: usize,
    /// The first and last time of any row.
    pub(crate) span: (i64, i64),
}

impl Run {
    /// Sorts a buffer.
    pub(super) fn from_buffer(buffer: &Buffer, table: &SeriesTable) -> Self {
        let mut order: Vec<(Key, u32)> = buffer
            .touched()
            .iter()
            .filter_map(|number| Some((table.slot(*number)?.key, *number)))
            .collect();
        order.sort_unstable();
        let mut run = Self {
            keys: Vec::with_capacity(order.len()),
            starts: Vec::with_capacity(order.len() + 1),
            times: Vec::with_capacity(buffer.len()),
            values: Vec::with_capacity(buffer.len()),
            native: Vec::new(),
            histograms: Vec::new(),
            weight: buffer.weight(),
            span: buffer.span().unwrap_or_default(),
        };
        for (key, number) in order {
            let Some(slot) = table.slot(number) else { continue };
            let histograms = buffer.histograms(number);
            if !histograms.is_empty() {
                run.native.push((short(run.keys.len()), short(run.histograms.len())));
                let mut own = histograms.to_vec();
                sort_histograms(&mut own);
                run.histograms.append(&mut own);
            }
            run.keys.push(key);
            run.starts.push(short(run.times.len()));
            buffer.rows_into(slot, &mut run.times, &mut run.values);
        }
        run.starts.push(short(run.times.len()));
        run
    }

    /// Adds the numbers of all series.
    pub(crate) fn add_ids(&self, ids: &mut RoaringTreemap) {
        ids.extend(self.keys.iter().map(|key| key.id));
    }

    /// How many rows of either kind.
    pub(crate) fn rows(&self) -> usize {
        self.times.len() + self.histograms.len()
    }

    /// How many rows of floats take as much memory in the buffer.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        let native: usize = self.histograms.iter().map(|own| own.histogram.heap_bytes()).sum();
        native + self.times.len() * 16 + self.keys.len() * (size_of::<Key>() + size_of::<u32>())
    }

    /// Whether any row may lie within these times.
    pub(crate) fn overlaps(&self, from: i64, to: i64) -> bool {
        self.span.0 <= to && self.span.1 >= from
    }

    /// Whether a series has rows of either kind within these times.
    pub(crate) fn has(&self, key: Key, from: i64, to: i64) -> bool {
        self.keys.binary_search(&key).is_ok_and(|at| !self.rows_at(at, from, to).is_empty())
    }

    /// The rows of a series within these times.
    pub(crate) fn rows_of(&self, key: Key, from: i64, to: i64) -> RunRows<'_> {
        self.keys
            .binary_search(&key)
            .map_or_else(|_| RunRows::default(), |at| self.rows_at(at, from, to))
    }

    fn rows_at(&self, at: usize, from: i64, to: i64) -> RunRows<'_> {
        let rows = self.starts[at] as usize..self.starts[at + 1] as usize;
        let all = RunRows {
            times: &self.times[rows.clone()],
            values: &self.values[rows],
            histograms: self.histograms_at(at),
        };
        if from <= self.span.0 && self.span.1 <= to { all } else { all.cut(from, to) }
    }

    fn histograms_at(&self, at: usize) -> &[HistogramSample] {
        let Ok(own) = self.native.binary_search_by_key(&at, |(series, _)| *series as usize) else {
            return &[];
        };
        let start = self.native[own].1 as usize;
        let end = self.native.get(own + 1).map_or(self.histograms.len(), |next| next.1 as usize);
        &self.histograms[start..end]
    }

    /// Calls with the key of each series that has rows on a day, in order.
    pub(crate) fn each_of_day(&self, day: i64, mut each: impl FnMut(Key)) {
        let (from, to) = ends_of(day);
        for (at, key) in self.keys.iter().enumerate() {
            if !self.rows_at(at, from, to).is_empty() {
                each(*key);
            }
        }
    }

    /// Adds the days of all rows.
    pub(crate) fn add_days(&self, days: &mut BTreeSet<i64>) {
        let (first, last) = (day_of(self.span.0), day_of(self.span.1));
        if first == last {
            days.insert(first);
            return;
        }
        let mut last = None;
        let native = self.histograms.iter().map(|own| own.time.millis());
        for time in self.times.iter().copied().chain(native) {
            let day = day_of(time);
            if last != Some(day) {
                days.insert(day);
                last = Some(day);
            }
        }
    }
}

impl RunRows<'_> {
    fn is_empty(&self) -> bool {
        self.times.is_empty() && self.histograms.is_empty()
    }

    /// Those within these times.
    fn cut(self, from: i64, to: i64) -> Self {
        let start = self.times.partition_point(|time| *time < from);
        let end = self.times.partition_point(|time| *time <= to).max(start);
        let first = self.histograms.partition_point(|own| own.time.millis() < from);
        let last = self.histograms.partition_point(|own| own.time.millis() <= to).max(first);
        Self {
            times: &self.times[start..end],
            values: &self.values[start..end],
            histograms: &self.histograms[first..last],
        }
    }
}

/// A place in a run, which is far below 2^32 rows.
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn ends_of(day: i64) -> (i64, i64) {
    let from = day.saturating_mul(DAY_MILLIS);
    (from, from.saturating_add(DAY_MILLIS - 1))
}

/// A walk through several runs at once, the oldest first: series by series, in order of key, the rows of one day.
#[derive(Debug)]
pub(crate) struct RunsWalk<'r> {
    runs: Vec<(&'r Run, usize)>,
    day: (i64, i64),
}

impl<'r> RunsWalk<'r> {
    /// Stands before the first series.
    pub(crate) fn new(runs: &'r [Arc<Run>], day: i64) -> Self {
        Self { runs: runs.iter().map(|run| (run.as_ref(), 0)).collect(), day: ends_of(day) }
    }

    /// Puts the rows of the next series into a chunk, which is emptied first. Gives its key; `None` at the end.
    pub(crate) fn next(&mut self, rows: &mut Chunk) -> Option<Key> {
        let (from, to) = self.day;
        loop {
            let key = self.runs.iter().filter_map(|(run, at)| run.keys.get(*at)).min().copied()?;
            rows.clear();
            for (run, at) in &mut self.runs {
                if run.keys.get(*at) != Some(&key) {
                    continue;
                }
                let own = run.rows_at(*at, from, to);
                *at += 1;
                rows.times.extend_from_slice(own.times);
                rows.values.extend_from_slice(own.values);
                rows.histograms.extend_from_slice(own.histograms);
            }
            if !rows.is_empty() {
                rows.put_in_order();
                return Some(key);
            }
        }
    }
}
