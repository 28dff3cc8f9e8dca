//! Rows of all series as they came, chained by series so that one series is found without sorting.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use model::HistogramSample;

use super::{
    run::Run,
    series::{SeriesTable, Slot},
};
use crate::{
    disk::block::{Chunk, sort_histograms},
    disk::part::day_of,
};

/// The end of a chain.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Row {
    time: i64,
    value: f64,
    /// The row of the same series that came before.
    previous: u32,
}

/// Rows as they came.
#[derive(Debug)]
pub(crate) struct Buffer {
    rows: Vec<Row>,
    touched: Vec<u32>,
    generation: u32,
    span: Option<(i64, i64)>,
    /// Native histograms by series, as they came.
    histograms: HashMap<u32, Vec<HistogramSample>>,
    /// How many, and how many rows of floats would take as much memory.
    histogram_rows: (usize, usize),
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            touched: Vec::new(),
            generation: 1,
            span: None,
            histograms: HashMap::new(),
            histogram_rows: (0, 0),
        }
    }
}

/// How many rows of floats take as much memory as these histograms.
pub(crate) fn histogram_weight(rows: &[HistogramSample]) -> usize {
    let bytes = |own: &HistogramSample| size_of::<HistogramSample>() + own.histogram.heap_bytes();
    rows.iter().map(|own| bytes(own).div_ceil(size_of::<Row>())).sum()
}

impl Buffer {
    /// How many rows of either kind.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.histogram_rows.0
    }

    /// How many rows of floats take as much memory.
    pub(crate) fn weight(&self) -> usize {
        self.rows.len() + self.histogram_rows.1
    }

    /// Bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        (self.rows.capacity() + self.histogram_rows.1) * size_of::<Row>()
            + self.touched.capacity() * 4
    }

    /// Which filling of the buffer this is.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The series that have rows.
    pub(super) fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// The first and last time of any row.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    /// Adds the days of all rows.
    pub(crate) fn add_days(&self, days: &mut BTreeSet<i64>) {
        days.extend(self.rows.iter().map(|row| day_of(row.time)));
        days.extend(self.histograms.values().flatten().map(|own| day_of(own.time.millis())));
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, table: &mut SeriesTable, series: u32, time: i64, value: f64) {
        let Some(slot) = table.slot_mut(series) else { return };
        let at = u32::try_from(self.rows.len()).unwrap_or(NONE);
        let previous = if slot.generation == self.generation {
            std::mem::replace(&mut slot.head, at)
        } else {
            (slot.generation, slot.head) = (self.generation, at);
            self.touched.push(series);
            NONE
        };
        self.rows.push(Row { time, value, previous });
        let (min, max) = self.span.unwrap_or((time, time));
        self.span = Some((min.min(time), max.max(time)));
    }

    /// Adds a native histogram.
    pub(crate) fn push_histogram(
        &mut self,
        table: &mut SeriesTable,
        series: u32,
        row: HistogramSample,
    ) {
        let Some(slot) = table.slot_mut(series) else { return };
        if slot.generation != self.generation {
            (slot.generation, slot.head) = (self.generation, NONE);
            self.touched.push(series);
        }
        let time = row.time.millis();
        let (min, max) = self.span.unwrap_or((time, time));
        self.span = Some((min.min(time), max.max(time)));
        self.histogram_rows.0 += 1;
        self.histogram_rows.1 += histogram_weight(std::slice::from_ref(&row));
        self.histograms.entry(series).or_default().push(row);
    }

    /// The native histograms of a series, as they came.
    pub(super) fn histograms(&self, series: u32) -> &[HistogramSample] {
        self.histograms.get(&series).map_or(&[], Vec::as_slice)
    }

    /// Sorts all rows into a run, and is empty again.
    pub(crate) fn seal(&mut self, table: &SeriesTable) -> Run {
        let run = Run::from_buffer(self, table);
        self.clear();
        run
    }

    /// Forgets all rows; what an unusually large batch took is given back.
    fn clear(&mut self) {
        let usual = self.rows.len().min(1 << 16);
        self.rows.clear();
        self.rows.shrink_to(usual);
        self.touched.clear();
        self.generation = self.generation.wrapping_add(1).max(1);
        self.span = None;
        self.histograms = HashMap::new();
        self.histogram_rows = (0, 0);
    }

    /// The rows of a series within these times, in order of time, the last of a time only.
    pub(crate) fn rows(&self, (number, slot): (u32, &Slot), from: i64, to: i64) -> Chunk {
        let mut chunk = Chunk::default();
        self.gather(slot, &mut chunk.times, &mut chunk.values);
        if !self.histograms.is_empty() && slot.generation == self.generation {
            chunk.histograms.extend_from_slice(self.histograms(number));
            sort_histograms(&mut chunk.histograms);
        }
        chunk.cut(from, to)
    }

    /// Appends all rows of a series to columns, in order of time, the last of a time only.
    pub(super) fn rows_into(&self, slot: &Slot, times: &mut Vec<i64>, values: &mut Vec<f64>) {
        self.gather(slot, times, values);
    }

    fn gather(&self, slot: &Slot, times: &mut Vec<i64>, values: &mut Vec<f64>) {
        if slot.generation != self.generation {
            return;
        }
        let start = times.len();
        let mut next = slot.head;
        while let Some(row) = self.rows.get(next as usize) {
            times.push(row.time);
            values.push(row.value);
            next = row.previous;
        }
        times[start..].reverse();
        values[start..].reverse();
        if !times[start..].windows(2).all(|pair| pair[0] < pair[1]) {
            let mut sorted = Chunk {
                times: times.split_off(start),
                values: values.split_off(start),
                ..Chunk::default()
            };
            sorted.put_in_order();
            times.extend_from_slice(&sorted.times);
            values.extend_from_slice(&sorted.values);
        }
    }
}
