//! What a part says of itself at its end: totals, order among its kin, where its pieces are.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use super::extent::Extent;
use crate::{StoreError, block::Reader, files::failed};

/// The first bytes of a part.
pub(super) const MAGIC: &[u8; 8] = b"PLMPART1";
/// Bytes of the footer: offset, length and checksum of meta, then the magic again.
const FOOTER_BYTES: usize = 24;
/// Read from the end at once; most parts' meta lies within.
const TAIL_BYTES: usize = 4096;
/// Meta longer than this is damage: it would be three million pages.
const META_BYTES_MAX: u32 = 1 << 26;

/// Where a part's rows came from, and so which of two rows is the later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The day of all its rows, counted from 1970-01-01.
    pub(crate) day: i64,
    /// The first part it was made from; itself if it came from memory.
    pub(crate) first: u64,
    /// The last part it was made from. Higher is later.
    pub(crate) last: u64,
    /// How often its rows were merged.
    pub(crate) level: u32,
    /// All rows of this day in log segments up to this one are in parts.
    pub(crate) log_through: u64,
}

impl Origin {
    /// The name of its file.
    pub(crate) fn file_name(&self) -> String {
        format!("{:010}-{:010}.{}", self.first, self.last, super::PART_ENDING)
    }

    /// Whether it holds all that another one does.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.first <= other.first
            && other.last <= self.last
            && (self.first, self.last) != (other.first, other.last)
    }
}

/// A page of series within a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageRef {
    /// The number of its first series.
    pub(crate) first_series: u32,
    /// Where it is.
    pub(crate) extent: Extent,
}

/// What a part says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) origin: Origin,
    /// How many rows.
    pub(crate) rows: u64,
    /// How many series.
    pub(crate) series: u32,
    /// The first time of any row.
    pub(crate) min_time: i64,
    /// The last time of any row.
    pub(crate) max_time: i64,
    pub(super) directory: Extent,
    pub(super) pages: Box<[PageRef]>,
}

impl Meta {
    /// Meta and footer as they stand at the end of a part, meta starting at this offset.
    pub(super) fn encode(&self, offset: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let origin = &self.origin;
        bytes.extend_from_slice(&origin.day.to_le_bytes());
        bytes.extend_from_slice(&origin.first.to_le_bytes());
        bytes.extend_from_slice(&origin.last.to_le_bytes());
        bytes.extend_from_slice(&origin.log_through.to_le_bytes());
        bytes.extend_from_slice(&origin.level.to_le_bytes());
        bytes.extend_from_slice(&self.series.to_le_bytes());
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        bytes.extend_from_slice(&self.min_time.to_le_bytes());
        bytes.extend_from_slice(&self.max_time.to_le_bytes());
        self.directory.write(&mut bytes);
        for page in &self.pages {
            bytes.extend_from_slice(&page.first_series.to_le_bytes());
            page.extent.write(&mut bytes);
        }
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(MAGIC);
        bytes
    }

    /// Reads and checks meta at the end of a file; gives the file's length too.
    pub(super) fn read(file: &File, path: &Path) -> Result<(Self, u64), StoreError> {
        let damaged = |what| StoreError::Damaged { path: path.to_owned(), what };
        let length = file.metadata().map_err(failed("read", path))?.len();
        let tail_bytes = length.min(TAIL_BYTES as u64);
        let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or(TAIL_BYTES)];
        file.read_exact_at(&mut tail, length - tail_bytes).map_err(failed("read", path))?;
        let (front, footer) =
            tail.split_last_chunk::<FOOTER_BYTES>().ok_or_else(|| damaged("it is cut short"))?;
        let (offset, bytes, crc) =
            parse_footer(footer).ok_or_else(|| damaged("its end is not that of a part"))?;
        let end = length - FOOTER_BYTES as u64;
        if bytes > META_BYTES_MAX || offset.checked_add(u64::from(bytes)) != Some(end) {
            return Err(damaged("its parts do not add up"));
        }
        let mut far = Vec::new();
        let meta = if let Some(start) = front.len().checked_sub(bytes as usize) {
            &front[start..]
        } else {
            far.resize(bytes as usize, 0);
            file.read_exact_at(&mut far, offset).map_err(failed("read", path))?;
            &far
        };
        if crc32fast::hash(meta) != crc {
            return Err(damaged("a checksum does not fit"));
        }
        let meta = Self::decode(meta).ok_or_else(|| damaged("its description is wrong"))?;
        Ok((meta, length))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (day, first, last, log_through) =
            (reader.i64()?, reader.u64()?, reader.u64()?, reader.u64()?);
        let mut meta = Self {
            origin: Origin { day, first, last, log_through, level: reader.u32()? },
            series: reader.u32()?,
            rows: reader.u64()?,
            min_time: reader.i64()?,
            max_time: reader.i64()?,
            directory: Extent::read(&mut reader)?,
            pages: Box::default(),
        };
        let mut pages = Vec::with_capacity(reader.len() / (Extent::BYTES + 4));
        while !reader.is_empty() {
            let first_series = reader.u32()?;
            pages.push(PageRef { first_series, extent: Extent::read(&mut reader)? });
        }
        meta.pages = pages.into();
        Some(meta)
    }
}

fn parse_footer(footer: &[u8]) -> Option<(u64, u32, u32)> {
    let mut reader = Reader::new(footer);
    let found = (reader.u64()?, reader.u32()?, reader.u32()?);
    (reader.take(MAGIC.len())? == MAGIC).then_some(found)
}
