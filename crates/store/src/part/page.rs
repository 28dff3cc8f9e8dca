//! A page of series: for each its labels and the headers of its blocks.

use std::sync::Arc;

use model::Labels;

use super::extent::Extent;
use crate::block::{Place, Reader, write_text, write_varint, write_zigzag};

/// What a header says of a block without reading it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BlockHeader {
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
        for number in [self.rows, self.group, self.offset, self.bytes] {
            write_varint(into, u64::from(number));
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let min_time = reader.zigzag()?;
        let max_time = min_time.wrapping_add(reader.zigzag()?);
        let mut number = || u32::try_from(reader.varint()?).ok();
        Some(Self {
            min_time,
            max_time,
            rows: number()?,
            group: number()?,
            offset: number()?,
            bytes: number()?,
        })
    }
}

/// One series of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PageSeries {
    pub(crate) labels: Labels,
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

    pub(super) fn add_series(&mut self, labels: &Labels, blocks: &[BlockHeader]) {
        self.starts.push(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        write_varint(&mut self.entries, labels.len() as u64);
        for (name, value) in labels.iter() {
            write_text(&mut self.entries, name);
            write_text(&mut self.entries, value);
        }
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

    /// One of its series.
    pub(crate) fn series(&self, at: usize) -> Option<PageSeries> {
        if at >= self.series {
            return None;
        }
        let mut starts = Reader::new(&self.bytes);
        starts.take(self.starts_at + at * 4)?;
        let start = starts.u32()?;
        let mut reader = Reader::new(&self.bytes);
        reader.take(self.starts_at + self.series * 4 + start as usize)?;
        let label_count = reader.size()?;
        let mut pairs = Vec::with_capacity(label_count.min(64));
        for _ in 0..label_count {
            pairs.push((reader.text()?, reader.text()?));
        }
        let block_count = reader.size()?;
        if block_count > reader.len() / BlockHeader::BYTES {
            return None;
        }
        let blocks = (0..block_count)
            .map(|_| BlockHeader::read(&mut reader))
            .collect::<Option<Vec<BlockHeader>>>()?;
        Some(PageSeries { labels: Labels::from_pairs(pairs), blocks })
    }
}
