//! A page of series: for each its key and the headers of its blocks.

use std::sync::Arc;

use super::extent::Extent;
use crate::{
    disk::block::{Place, Reader, write_varint, write_zigzag},
    disk::coarse::{Figure, Resolution},
    key::Key,
};

/// What the rows of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// Floats.
    Value,
    /// Native histograms.
    Histogram,
    /// A figure of each stretch of down-sampled floats.
    Coarse(Resolution, Figure),
    /// The last native histogram of each stretch.
    CoarseHistogram(Resolution),
}

impl Column {
    /// Bits of a header that tell the column.
    const BITS: u32 = 3;

    /// How coarse its rows are; `None` for samples as they came.
    pub(crate) fn resolution(self) -> Option<Resolution> {
        match self {
            Self::Value | Self::Histogram => None,
            Self::Coarse(resolution, _) | Self::CoarseHistogram(resolution) => Some(resolution),
        }
    }

    fn number(self) -> u64 {
        match self {
            Self::Value => 0,
            Self::Histogram => 1,
            Self::Coarse(_, figure) => match figure {
                Figure::Last => 2,
                Figure::Min => 3,
                Figure::Max => 4,
                Figure::Sum => 5,
                Figure::Count => 6,
            },
            Self::CoarseHistogram(_) => 7,
        }
    }

    /// The column with its rows: of coarse ones the lowest bit of the rows tells how coarse.
    fn with_rows(self, rows: u32) -> u64 {
        let rows = u64::from(rows);
        let rows = match self.resolution() {
            None => rows,
            Some(Resolution::FiveMinutes) => rows << 1,
            Some(Resolution::Hour) => rows << 1 | 1,
        };
        rows << Self::BITS | self.number()
    }

    /// The column and its rows.
    fn and_rows(number: u64) -> (Self, u64) {
        let rows = number >> Self::BITS;
        let resolution = if rows & 1 == 0 { Resolution::FiveMinutes } else { Resolution::Hour };
        let figure = match number & ((1 << Self::BITS) - 1) {
            0 => return (Self::Value, rows),
            1 => return (Self::Histogram, rows),
            2 => Figure::Last,
            3 => Figure::Min,
            4 => Figure::Max,
            5 => Figure::Sum,
            6 => Figure::Count,
            _ => return (Self::CoarseHistogram(resolution), rows >> 1),
        };
        (Self::Coarse(resolution, figure), rows >> 1)
    }
}

/// What a header says of a block without reading it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BlockHeader {
    /// What its rows are.
    pub(crate) column: Column,
    /// The time of its first row.
    pub(crate) min_time: i64,
    /// The time of its last row.
    pub(crate) max_time: i64,
    /// How many rows.
    pub(crate) rows: u32,
    /// Which of the page's groups it is in.
    pub(crate) group: u32,
    /// Where in the unpacked group it starts.
    pub(crate) offset: u32,
    /// How many bytes it has there.
    pub(crate) bytes: u32,
}

impl BlockHeader {
    /// Bytes of an encoded header at least.
    const BYTES: usize = 6;

    /// Where it is in its group.
    pub(super) fn place(&self) -> Place {
        Place {
            start: self.offset as usize,
            bytes: self.bytes as usize,
            first: self.min_time,
            rows: self.rows as usize,
        }
    }

    fn write(&self, into: &mut Vec<u8>) {
        write_zigzag(into, self.min_time);
        write_zigzag(into, self.max_time.wrapping_sub(self.min_time));
        write_varint(into, self.column.with_rows(self.rows));
        for number in [self.group, self.offset, self.bytes] {
            write_varint(into, u64::from(number));
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let min_time = reader.zigzag()?;
        let max_time = min_time.wrapping_add(reader.zigzag()?);
        let (column, rows) = Column::and_rows(reader.varint()?);
        let mut number = || u32::try_from(reader.varint()?).ok();
        Some(Self {
            column,
            min_time,
            max_time,
            rows: u32::try_from(rows).ok()?,
            group: number()?,
            offset: number()?,
            bytes: number()?,
        })
    }
}

/// One series of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PageSeries {
    pub(crate) key: Key,
    pub(crate) blocks: Vec<BlockHeader>,
}

/// A page in the making.
#[derive(Debug, Default)]
pub(super) struct PageBuilder {
    groups: Vec<Extent>,
    starts: Vec<u32>,
    entries: Vec<u8>,
}

impl PageBuilder {
    /// Bytes so far, about.
    pub(super) fn bytes(&self) -> usize {
        self.entries.len() + self.starts.len() * 4 + self.groups.len() * Extent::BYTES
    }

    pub(super) fn series(&self) -> usize {
        self.starts.len()
    }

    /// The number of the next group.
    pub(super) fn next_group(&self) -> u32 {
        u32::try_from(self.groups.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn add_group(&mut self, extent: Extent) {
        self.groups.push(extent);
    }

    pub(super) fn add_series(&mut self, key: Key, blocks: &[BlockHeader]) {
        self.starts.push(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.extend_from_slice(&key.name.to_le_bytes());
        self.entries.extend_from_slice(&key.id.to_le_bytes());
        write_varint(&mut self.entries, blocks.len() as u64);
        for block in blocks {
            block.write(&mut self.entries);
        }
    }

    /// The page's bytes; the builder is empty again.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes() + 8);
        write_varint(&mut bytes, self.groups.len() as u64);
        for group in self.groups.drain(..) {
            group.write(&mut bytes);
        }
        write_varint(&mut bytes, self.starts.len() as u64);
        for start in self.starts.drain(..) {
            bytes.extend_from_slice(&start.to_le_bytes());
        }
        bytes.append(&mut self.entries);
        bytes
    }
}

/// A page as read; a series is decoded when it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    bytes: Arc<[u8]>,
    pub(crate) groups: Arc<[Extent]>,
    series: usize,
    starts_at: usize,
}

impl Page {
    /// Reads a page's frame.
    pub(super) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let mut reader = Reader::new(&bytes);
        let group_count = reader.size()?;
        if group_count > reader.len() / Extent::BYTES {
            return None;
        }
        let groups = (0..group_count)
            .map(|_| Extent::read(&mut reader))
            .collect::<Option<Arc<[Extent]>>>()?;
        let series = reader.size()?;
        let starts_at = bytes.len() - reader.len();
        reader.take(series.checked_mul(4)?)?;
        Some(Self { bytes: bytes.into(), groups, series, starts_at })
    }

    /// Bytes it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.len() + self.groups.len() * size_of::<Extent>()
    }

    /// How many series it has.
    pub(crate) fn series_count(&self) -> usize {
        self.series
    }

    /// The key of one of its series.
    pub(crate) fn key(&self, at: usize) -> Option<Key> {
        let mut reader = self.entry(at)?;
        Some(Key { name: reader.u32()?, id: reader.u64()? })
    }

    /// Whether any row of one of its series may lie within these times.
    pub(crate) fn overlaps(&self, at: usize, from: i64, to: i64) -> bool {
        let near = || {
            let mut reader = self.entry(at)?;
            reader.take(12)?;
            for _ in 0..reader.size()? {
                let block = BlockHeader::read(&mut reader)?;
                if block.min_time <= to && block.max_time >= from {
                    return Some(true);
                }
            }
            Some(false)
        };
        // What cannot be read is found to be damaged when it is read.
        near().unwrap_or(true)
    }

    fn entry(&self, at: usize) -> Option<Reader<'_>> {
        if at >= self.series {
            return None;
        }
        let mut starts = Reader::new(&self.bytes);
        starts.take(self.starts_at + at * 4)?;
        let start = starts.u32()?;
        let mut reader = Reader::new(&self.bytes);
        reader.take(self.starts_at + self.series * 4 + start as usize)?;
        Some(reader)
    }

    /// The place of a series, if it is on this page.
    pub(crate) fn position(&self, key: Key) -> Option<usize> {
        let (mut low, mut high) = (0, self.series);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(middle)? < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (self.key(low)? == key).then_some(low)
    }

    /// One of its series.
    pub(crate) fn series(&self, at: usize) -> Option<PageSeries> {
        let mut reader = self.entry(at)?;
        let key = Key { name: reader.u32()?, id: reader.u64()? };
        let block_count = reader.size()?;
        if block_count > reader.len() / BlockHeader::BYTES {
            return None;
        }
        let blocks = (0..block_count)
            .map(|_| BlockHeader::read(&mut reader))
            .collect::<Option<Vec<BlockHeader>>>()?;
        Some(PageSeries { key, blocks })
    }
}
