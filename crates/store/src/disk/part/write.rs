//! Writing a part: series in order of key, rows in order of time; then it is synced and named.

use std::path::Path;

use model::HistogramSample;

use super::{
    Part, UNFINISHED_ENDING,
    extent::short,
    meta::{MAGIC, Meta, Origin, PageRef},
    page::{BlockHeader, Column, PageBuilder},
};
use crate::{
    StoreError,
    disk::block::{BLOCK_ROWS, Encoder, native},
    disk::draft::{Draft, Named},
    disk::files::Files,
    key::Key,
};

/// Blocks compressed together: what must be unpacked to read one of them.
const GROUP_BYTES: usize = 32 << 10;
/// Bytes in memory of the histograms of one block, at most, if there are several.
const HISTOGRAM_BLOCK_BYTES: usize = 256 << 10;
/// Series of a page: labels and headers unpacked together.
const PAGE_BYTES: usize = 32 << 10;

/// A part in the making. Dropped before it is finished, it leaves nothing.
pub(crate) struct PartWriter {
    draft: Draft,
    group: Vec<u8>,
    encoder: Encoder,
    page: PageBuilder,
    page_first: Key,
    pages: Vec<PageRef>,
    meta: Meta,
    column: Column,
    times: Vec<i64>,
    values: Vec<f64>,
    blocks: Vec<BlockHeader>,
}

impl PartWriter {
    /// Starts a part in the directory of its day, which is made if need be.
    pub(crate) fn create(dir: &Path, origin: Origin, files: &Files) -> Result<Self, StoreError> {
        let path = dir.join(origin.file_name()).with_extension(UNFINISHED_ENDING);
        Ok(Self {
            draft: Draft::create(path, *MAGIC, files)?,
            group: Vec::new(),
            encoder: Encoder::default(),
            page: PageBuilder::default(),
            page_first: Key::default(),
            pages: Vec::new(),
            meta: Meta { origin, min_time: i64::MAX, max_time: i64::MIN, ..Meta::default() },
            column: Column::Value,
            times: Vec::new(),
            values: Vec::new(),
            blocks: Vec::new(),
        })
    }

    /// Appends rows of the series that `end_series` will name; times rise strictly.
    pub(crate) fn push(&mut self, times: &[i64], values: &[f64]) -> Result<(), StoreError> {
        self.push_column(Column::Value, times, values)
    }

    /// Appends rows of one column; a column's rows come one after the other.
    pub(crate) fn push_column(
        &mut self,
        column: Column,
        times: &[i64],
        values: &[f64],
    ) -> Result<(), StoreError> {
        if column != self.column {
            self.end_block()?;
            self.column = column;
        }
        let (mut times, mut values) = (times, values);
        while !times.is_empty() {
            let room = (BLOCK_ROWS - self.times.len()).min(times.len());
            self.times.extend_from_slice(&times[..room]);
            self.values.extend_from_slice(&values[..room]);
            (times, values) = (&times[room..], &values[room..]);
            if self.times.len() == BLOCK_ROWS {
                self.end_block()?;
            }
        }
        Ok(())
    }

    /// Appends native histograms of the series that `end_series` will name, all of them; times rise strictly.
    pub(crate) fn push_histograms(&mut self, rows: &[HistogramSample]) -> Result<(), StoreError> {
        self.push_histogram_column(Column::Histogram, rows)
    }

    /// The same for either column of histograms.
    pub(crate) fn push_histogram_column(
        &mut self,
        column: Column,
        rows: &[HistogramSample],
    ) -> Result<(), StoreError> {
        let mut rows = rows;
        while !rows.is_empty() {
            let mut bytes = 0;
            let mut fits = |own: &HistogramSample| {
                bytes += own.histogram.heap_bytes();
                bytes < HISTOGRAM_BLOCK_BYTES
            };
            let count = rows.iter().take(BLOCK_ROWS).take_while(|own| fits(own)).count().max(1);
            let (block, rest) = rows.split_at(count);
            self.end_block()?;
            self.encoder.start_group();
            let start = self.group.len();
            native::encode(block, &mut self.group);
            self.note_block(
                column,
                start,
                &block.iter().map(|own| own.time.millis()).collect::<Vec<_>>(),
            )?;
            self.encoder.start_group();
            rows = rest;
        }
        Ok(())
    }

    /// Ends a series. Keys rise; a series without rows is left out.
    pub(crate) fn end_series(&mut self, key: Key) -> Result<(), StoreError> {
        self.end_block()?;
        if self.blocks.is_empty() {
            return Ok(());
        }
        if self.page.series() == 0 {
            self.page_first = key;
        }
        self.page.add_series(key, &self.blocks);
        self.blocks.clear();
        self.meta.series += 1;
        if self.page.bytes() >= PAGE_BYTES {
            self.end_page()?;
        }
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), StoreError> {
        if self.times.is_empty() {
            return Ok(());
        }
        let start = self.group.len();
        self.encoder.encode(&self.times, &self.values, &mut self.group);
        let times = std::mem::take(&mut self.times);
        let noted = self.note_block(self.column, start, &times);
        self.times = times;
        self.times.clear();
        self.values.clear();
        noted
    }

    /// Notes a block that was appended to the group; the group ends if it is full.
    fn note_block(
        &mut self,
        column: Column,
        start: usize,
        times: &[i64],
    ) -> Result<(), StoreError> {
        let (Some(min_time), Some(max_time)) = (times.first().copied(), times.last().copied())
        else {
            return Ok(());
        };
        self.blocks.push(BlockHeader {
            column,
            min_time,
            max_time,
            rows: short(times.len()),
            group: self.page.next_group(),
            offset: short(start),
            bytes: short(self.group.len() - start),
        });
        self.meta.rows += times.len() as u64;
        self.meta.min_time = self.meta.min_time.min(min_time);
        self.meta.max_time = self.meta.max_time.max(max_time);
        if self.group.len() >= GROUP_BYTES {
            self.end_group()?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), StoreError> {
        if !self.group.is_empty() {
            let group = std::mem::take(&mut self.group);
            let extent = self.draft.append(&group)?;
            self.page.add_group(extent);
            self.group = group;
            self.group.clear();
            self.encoder.start_group();
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), StoreError> {
        self.end_group()?;
        if self.page.series() > 0 {
            let page = self.page.finish();
            let extent = self.draft.append(&page)?;
            self.pages.push(PageRef { first: self.page_first, extent });
        }
        Ok(())
    }

    /// Syncs the part and gives it its name; `None` if it has no rows.
    pub(crate) fn finish(mut self) -> Result<Option<Part>, StoreError> {
        self.end_page()?;
        if self.meta.rows == 0 {
            return Ok(None);
        }
        self.meta.pages = std::mem::take(&mut self.pages).into();
        let end = self.meta.encode(self.draft.offset());
        let name = self.meta.origin.file_name();
        let Named { path, bytes, files, lasts } = self.draft.finish(&end, &name)?;
        let part = Part::new(path, self.meta, bytes, files);
        if let Err(error) = lasts {
            // Its name may not last: it goes again, and its rows stay where they were.
            part.replace();
            return Err(error);
        }
        Ok(Some(part))
    }
}

impl std::fmt::Debug for PartWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PartWriter").field("draft", &self.draft).finish_non_exhaustive()
    }
}
