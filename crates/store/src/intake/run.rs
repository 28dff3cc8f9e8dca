//! A part in memory: a buffer once sorted, series by labels and rows by time.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use model::{Labels, Matcher};

use super::{
    buffer::Buffer,
    series::{NameIndex, SeriesTable, passes},
};
use crate::{
    StoreError,
    block::Chunk,
    part::{DAY_MILLIS, Source, day_of},
};

#[derive(Debug)]
struct RunSeries {
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
    names: NameIndex,
    /// The first and last time of any row.
    pub(crate) span: (i64, i64),
}

impl Run {
    /// Sorts a buffer.
    pub(super) fn from_buffer(buffer: &Buffer, table: &SeriesTable) -> Self {
        let mut order: Vec<(&Labels, u32)> = buffer
            .touched()
            .iter()
            .filter_map(|number| Some((&table.slot(*number)?.labels, *number)))
            .collect();
        order.sort_unstable_by(|one, other| one.0.cmp(other.0));
        let mut run = Self {
            series: Vec::with_capacity(order.len()),
            times: Vec::with_capacity(buffer.len()),
            values: Vec::with_capacity(buffer.len()),
            names: NameIndex::default(),
            span: buffer.span().unwrap_or_default(),
        };
        for (labels, number) in order {
            let start = run.times.len();
            let chunk = buffer.rows(table, number, i64::MIN, i64::MAX);
            run.times.extend_from_slice(&chunk.times);
            run.values.extend_from_slice(&chunk.values);
            run.names.add(labels, u32::try_from(run.series.len()).unwrap_or(u32::MAX));
            run.series.push(RunSeries { labels: labels.clone(), start, end: run.times.len() });
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

    /// Calls with each series that passes and its rows within these times; series without are left out.
    pub(crate) fn matching<E>(
        &self,
        matchers: &[Matcher],
        (from, to): (i64, i64),
        mut each: impl FnMut(&Labels, &[i64], &[f64]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut test = |series: &RunSeries| {
            if !passes(&series.labels, matchers) {
                return Ok(());
            }
            let rows = self.within(series, from, to);
            if rows.is_empty() {
                return Ok(());
            }
            each(&series.labels, &self.times[rows.clone()], &self.values[rows])
        };
        match self.names.candidates(matchers) {
            Some(candidates) => {
                for series in candidates.iter().filter_map(|at| self.series.get(*at as usize)) {
                    test(series)?;
                }
            }
            None => self.series.iter().try_for_each(test)?,
        }
        Ok(())
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
        let from = day.saturating_mul(DAY_MILLIS);
        let to = from.saturating_add(DAY_MILLIS - 1);
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
    fn labels(&self) -> Option<&Labels> {
        self.run.series.get(self.at).map(|series| &series.labels)
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
