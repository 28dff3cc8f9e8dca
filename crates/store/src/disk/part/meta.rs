//! What a part says of itself at its end: totals, order among its kin, where its pieces are.

use std::{fs::File, path::Path};

use super::{extent::Extent, tail::Tail};
use crate::{StoreError, disk::block::Reader, disk::coarse::Resolution, key::Key};

/// The first bytes of a part.
pub(super) const MAGIC: &[u8; 8] = b"PLMPART3";
/// The same for a part with down-sampled rows, which says so after its totals.
pub(super) const COARSE_MAGIC: &[u8; 8] = b"PLMPART4";

/// How the rows of a part were down-sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coarsening {
    /// How often it was written anew for that, without any other part.
    pub(crate) times: u32,
    /// How coarse any of its series is at most; `None` if some went and the others stayed as they came.
    pub(crate) coarsest: Option<Resolution>,
    /// Which rules were followed: those of one day that ask for the same have the same number.
    pub(crate) rules: u64,
}

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
    /// How rows were down-sampled, if any were.
    pub(crate) coarse: Option<Coarsening>,
}

impl Origin {
    /// The name of its file.
    pub(crate) fn file_name(&self) -> String {
        let ending = super::PART_ENDING;
        match self.coarse {
            None => format!("{:010}-{:010}.{ending}", self.first, self.last),
            Some(own) => {
                format!("{:010}-{:010}.coarse{}.{ending}", self.first, self.last, own.times)
            }
        }
    }

    /// The name of the file of an index segment.
    pub(crate) fn index_name(&self) -> String {
        format!("{:010}-{:010}.{}", self.first, self.last, crate::disk::index::INDEX_ENDING)
    }

    /// Writes its day, and where it stands among its kin; parts and index segments begin so.
    pub(crate) fn write_place(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.day.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.last.to_le_bytes());
    }

    /// Reads what `write_place` wrote.
    pub(crate) fn read_place(reader: &mut Reader<'_>) -> Option<Self> {
        let (day, first, last) = (reader.i64()?, reader.u64()?, reader.u64()?);
        Some(Self { day, first, last, ..Self::default() })
    }

    /// Whether it holds all that another one does.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let times = |own: &Self| own.coarse.map_or(0, |coarse| coarse.times);
        if (self.first, self.last) == (other.first, other.last) {
            return times(self) > times(other);
        }
        self.first <= other.first && other.last <= self.last
    }
}

/// A page of series within a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageRef {
    /// The key of its first series.
    pub(crate) first: Key,
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
    pub(super) pages: Box<[PageRef]>,
}

impl Meta {
    /// Meta and footer as they stand at the end of a part, meta starting at this offset.
    pub(super) fn encode(&self, offset: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let origin = &self.origin;
        origin.write_place(&mut bytes);
        bytes.extend_from_slice(&origin.log_through.to_le_bytes());
        bytes.extend_from_slice(&origin.level.to_le_bytes());
        bytes.extend_from_slice(&self.series.to_le_bytes());
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        bytes.extend_from_slice(&self.min_time.to_le_bytes());
        bytes.extend_from_slice(&self.max_time.to_le_bytes());
        if let Some(coarse) = &origin.coarse {
            bytes.extend_from_slice(&coarse.times.to_le_bytes());
            bytes.extend_from_slice(&Resolution::number(coarse.coarsest).to_le_bytes());
            bytes.extend_from_slice(&coarse.rules.to_le_bytes());
        }
        for page in &self.pages {
            bytes.extend_from_slice(&page.first.name.to_le_bytes());
            bytes.extend_from_slice(&page.first.id.to_le_bytes());
            page.extent.write(&mut bytes);
        }
        let magic = if origin.coarse.is_some() { COARSE_MAGIC } else { MAGIC };
        Tail::seal(bytes, offset, *magic)
    }

    /// Reads and checks meta at the end of a file; gives the file's length too.
    pub(super) fn read(file: &File, path: &Path) -> Result<(Self, u64), StoreError> {
        let Tail { meta: bytes, length, magic } = Tail::read(file, path, &[*MAGIC, *COARSE_MAGIC])?;
        let damaged = |what| StoreError::Damaged { path: path.to_owned(), what };
        let meta = Self::decode(&bytes, magic == *COARSE_MAGIC)
            .ok_or_else(|| damaged("its description is wrong"))?;
        Ok((meta, length))
    }

    fn decode(bytes: &[u8], coarse: bool) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let place = Origin::read_place(&mut reader)?;
        let log_through = reader.u64()?;
        let mut meta = Self {
            origin: Origin { log_through, level: reader.u32()?, ..place },
            series: reader.u32()?,
            rows: reader.u64()?,
            min_time: reader.i64()?,
            max_time: reader.i64()?,
            pages: Box::default(),
        };
        if coarse {
            meta.origin.coarse = Some(Coarsening {
                times: reader.u32()?,
                coarsest: Resolution::of(reader.u32()?),
                rules: reader.u64()?,
            });
        }
        let mut pages = Vec::with_capacity(reader.len() / (Extent::BYTES + 12));
        while !reader.is_empty() {
            let first = Key { name: reader.u32()?, id: reader.u64()? };
            pages.push(PageRef { first, extent: Extent::read(&mut reader)? });
        }
        meta.pages = pages.into();
        Some(meta)
    }
}
