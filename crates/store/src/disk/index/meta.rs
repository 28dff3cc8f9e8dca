//! What an index segment says of itself at its end.

use std::{fs::File, path::Path};

use crate::{
    StoreError,
    disk::block::Reader,
    disk::part::{Extent, Origin, Tail},
};

/// The first bytes of a segment.
pub(super) const MAGIC: &[u8; 8] = b"PLMINDX3";

/// A page of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageRef {
    /// The place of its first series.
    pub(super) first: u32,
    /// Where it is.
    pub(super) extent: Extent,
}

/// What a segment says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) origin: Origin,
    pub(super) series: u32,
    /// The highest number of any series.
    pub(super) last_id: u64,
    pub(super) keys: Extent,
    pub(super) directory: Extent,
    pub(super) pages: Box<[PageRef]>,
}

impl Meta {
    /// Meta and footer as they stand at the end of a segment, meta starting at this offset.
    pub(super) fn encode(&self, offset: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.origin.write_place(&mut bytes);
        bytes.extend_from_slice(&self.origin.level.to_le_bytes());
        bytes.extend_from_slice(&self.series.to_le_bytes());
        bytes.extend_from_slice(&self.last_id.to_le_bytes());
        self.keys.write(&mut bytes);
        self.directory.write(&mut bytes);
        for page in &self.pages {
            bytes.extend_from_slice(&page.first.to_le_bytes());
            page.extent.write(&mut bytes);
        }
        Tail::seal(bytes, offset, *MAGIC)
    }

    /// Reads and checks meta at the end of a file; gives the file's length too.
    pub(super) fn read(file: &File, path: &Path) -> Result<(Self, u64), StoreError> {
        let Tail { meta: bytes, length, .. } = Tail::read(file, path, &[*MAGIC])?;
        let damaged = |what| StoreError::Damaged { path: path.to_owned(), what };
        let meta = Self::decode(&bytes).ok_or_else(|| damaged("its description is wrong"))?;
        Ok((meta, length))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let place = Origin::read_place(&mut reader)?;
        let mut meta = Self {
            origin: Origin { level: reader.u32()?, ..place },
            series: reader.u32()?,
            last_id: reader.u64()?,
            keys: Extent::read(&mut reader)?,
            directory: Extent::read(&mut reader)?,
            pages: Box::default(),
        };
        let mut pages = Vec::with_capacity(reader.len() / (Extent::BYTES + 4));
        while !reader.is_empty() {
            let first = reader.u32()?;
            pages.push(PageRef { first, extent: Extent::read(&mut reader)? });
        }
        meta.pages = pages.into();
        Some(meta)
    }
}
