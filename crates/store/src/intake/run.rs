//! A part in memory: a buffer once sorted, series by key and rows by time.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use model::{HistogramSample, Labels};

use super::{buffer::Buffer, series::SeriesTable};
use crate::{
    disk::block::{Chunk, sort_histograms},
    disk::part::{DAY_MILLIS, day_of},
    key::Key,
};

#[derive(Debug)]
struct RunSeries {
    key: Key,
    labels: Labels,
    start: usize,
    end: usize,
    histograms: Range<usize>,
}

/// Rows of one series.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunRows<'r> {
    pub(crate) times: &'r [i64],
    pub(crate) values: &'r [f64],
    pub(crate) histograms: &'r [HistogramSample],
}

/// Sorted rows of many series, of any days.
#[derive(Debug)]
pub(crate) struct Run {
    series: Vec<RunSeries>,
    times: Vec<i64>,
    values: Vec<f64>,
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
            series: Vec::with_capacity(order.len()),
            times: Vec::with_capacity(buffer.len()),
            values: Vec::with_capacity(buffer.len()),
            histograms: Vec::new(),
            weight: buffer.weight(),
            span: buffer.span().unwrap_or_default(),
        };
        for (key, number) in order {
            let Some(slot) = table.slot(number) else { continue };
            let start = run.times.len();
            buffer.rows_into(slot, &mut run.times, &mut run.values);
            let mut native = buffer.histograms(number).to_vec();
            sort_histograms(&mut native);
            let first = run.histograms.len();
            run.histograms.append(&mut native);
            run.series.push(RunSeries {
                key,
                labels: slot.labels.clone(),
                start,
                end: run.times.len(),
                histograms: first..run.histograms.len(),
            });
        }
        run
    }

    /// How many rows of either kind.
    pub(crate) fn rows(&self) -> usize {
        self.times.len() + self.histograms.len()
    }

    /// How many rows of floats take as much memory in the buffer.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Bytes it takes, but for labels, which it shares.
    pub(crate) fn bytes(&self) -> usize {
        let native: usize = self.histograms.iter().map(|own| own.histogram.heap_bytes()).sum();
        native + self.times.len() * 16 + self.series.len() * (size_of::<RunSeries>() + 8)
    }

    /// Whether any row may lie within these times.
    pub(crate) fn overlaps(&self, from: i64, to: i64) -> bool {
        self.span.0 <= to && self.span.1 >= from
    }

    fn within(&self, series: &RunSeries, from: i64, to: i64) -> Range<usize> {
        if from <= self.span.0 && self.span.1 <= to {
            return series.start..series.end;
        }
        let times = &self.times[series.start..series.end];
        let start = times.partition_point(|time| *time < from);
        let end = times.partition_point(|time| *time <= to);
        series.start + start..series.start + end.max(start)
    }

    fn histograms_within(&self, series: &RunSeries, from: i64, to: i64) -> &[HistogramSample] {
        let own = &self.histograms[series.histograms.clone()];
        if own.is_empty() {
            return own;
        }
        let start = own.partition_point(|own| own.time.millis() < from);
        let end = own.partition_point(|own| own.time.millis() <= to);
        &own[start..end.max(start)]
    }

    /// Whether a series has rows of either kind within these times.
    pub(crate) fn has(&self, key: Key, from: i64, to: i64) -> bool {
        let found = self.series.binary_search_by(|series| series.key.cmp(&key));
        found.is_ok_and(|at| self.any_within(&self.series[at], from, to))
    }

    fn any_within(&self, series: &RunSeries, from: i64, to: i64) -> bool {
        !self.within(series, from, to).is_empty()
            || !self.histograms_within(series, from, to).is_empty()
    }

    /// The rows of a series within these times.
    pub(crate) fn rows_of(&self, key: Key, from: i64, to: i64) -> RunRows<'_> {
        let found = self.series.binary_search_by(|series| series.key.cmp(&key));
        found.map_or_else(|_| RunRows::default(), |at| self.rows_within(&self.series[at], from, to))
    }

    fn rows_within(&self, series: &RunSeries, from: i64, to: i64) -> RunRows<'_> {
        let rows = self.within(series, from, to);
        RunRows {
            times: &self.times[rows.clone()],
            values: &self.values[rows],
            histograms: self.histograms_within(series, from, to),
        }
    }

    /// Calls with each series that has rows on a day, in order of key.
    pub(crate) fn each_of_day<'r>(&'r self, day: i64, mut each: impl FnMut(Key, &'r Labels)) {
        let (from, to) = ends_of(day);
        for series in &self.series {
            if self.any_within(series, from, to) {
                each(series.key, &series.labels);
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
            let key_at = |(run, at): &(&Run, usize)| Some(run.series.get(*at)?.key);
            let key = self.runs.iter().filter_map(key_at).min()?;
            rows.clear();
            for (run, at) in &mut self.runs {
                let Some(series) = run.series.get(*at).filter(|own| own.key == key) else {
                    continue;
                };
                *at += 1;
                let own = run.rows_within(series, from, to);
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
