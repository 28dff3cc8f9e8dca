//! A part in memory: a buffer once sorted, series by key and rows by time.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use model::Labels;

use super::{buffer::Buffer, series::SeriesTable};
use crate::{
    StoreError,
    disk::block::Chunk,
    disk::part::{DAY_MILLIS, Source, day_of},
    key::Key,
};

#[derive(Debug)]
struct RunSeries {
    key: Key,
    labels: Labels,
    start: usize,
    end: usize,
}

/// Sorted rows of many series, of any days.
#[derive(Debug)]
pub(crate) struct Run {
    series: Vec<RunSeries>,
    times: Vec<i64>,
    values: Vec<f64>,
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
            span: buffer.span().unwrap_or_default(),
        };
        for (key, number) in order {
            let Some(slot) = table.slot(number) else { continue };
            let start = run.times.len();
            buffer.rows_into(slot, &mut run.times, &mut run.values);
            run.series.push(RunSeries {
                key,
                labels: slot.labels.clone(),
                start,
                end: run.times.len(),
            });
        }
        run
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    /// Bytes it takes, but for labels, which it shares.
    pub(crate) fn bytes(&self) -> usize {
        self.times.len() * 16 + self.series.len() * (size_of::<RunSeries>() + 8)
    }

    /// Whether any row may lie within these times.
    pub(crate) fn overlaps(&self, from: i64, to: i64) -> bool {
        self.span.0 <= to && self.span.1 >= from
    }

    fn within(&self, series: &RunSeries, from: i64, to: i64) -> Range<usize> {
        let times = &self.times[series.start..series.end];
        let start = times.partition_point(|time| *time < from);
        let end = times.partition_point(|time| *time <= to);
        series.start + start..series.start + end.max(start)
    }

    /// The rows of a series within these times.
    pub(crate) fn rows_of(&self, key: Key, from: i64, to: i64) -> (&[i64], &[f64]) {
        let found = self.series.binary_search_by(|series| series.key.cmp(&key));
        let rows = found.map_or(0..0, |at| self.within(&self.series[at], from, to));
        (&self.times[rows.clone()], &self.values[rows])
    }

    /// Calls with each series that has rows on a day, in order of key.
    pub(crate) fn each_of_day<'r>(&'r self, day: i64, mut each: impl FnMut(Key, &'r Labels)) {
        let (from, to) = ends_of(day);
        for series in &self.series {
            if !self.within(series, from, to).is_empty() {
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
        for time in &self.times {
            let day = day_of(*time);
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

/// A walk through the rows of one day of a run.
#[derive(Debug)]
pub(crate) struct RunCursor {
    run: Arc<Run>,
    from: i64,
    to: i64,
    at: usize,
    rows: Range<usize>,
}

impl RunCursor {
    /// Starts at the first series that has rows on this day.
    pub(crate) fn new(run: &Arc<Run>, day: i64) -> Self {
        let (from, to) = ends_of(day);
        let mut cursor = Self { run: Arc::clone(run), from, to, at: 0, rows: 0..0 };
        cursor.settle();
        cursor
    }

    /// Goes on to the next series with rows on this day, the present one included.
    fn settle(&mut self) {
        while let Some(series) = self.run.series.get(self.at) {
            self.rows = self.run.within(series, self.from, self.to);
            if !self.rows.is_empty() {
                return;
            }
            self.at += 1;
        }
    }
}

impl Source for RunCursor {
    fn key(&self) -> Option<Key> {
        self.run.series.get(self.at).map(|series| series.key)
    }

    fn chunk(&mut self) -> Result<Option<Chunk>, StoreError> {
        let rows = std::mem::take(&mut self.rows);
        Ok((!rows.is_empty()).then(|| Chunk {
            times: self.run.times[rows.clone()].to_vec(),
            values: self.run.values[rows].to_vec(),
        }))
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.at += 1;
        self.settle();
        Ok(())
    }
}
