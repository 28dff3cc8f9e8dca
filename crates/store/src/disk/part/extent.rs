//! A piece of a part's file: where, how long, its checksum, and whether it is compressed.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use crate::{StoreError, disk::block::Reader, disk::files::failed};

/// No piece is larger than this; a length beyond it is damage.
const PIECE_BYTES_MAX: u32 = 1 << 30;
/// Compression level: what the fastest one leaves is little.
const LEVEL: i32 = 1;
/// Pieces shorter than this are kept as they are: there is too little to win.
const PACKED_BYTES_MIN: usize = 512;

/// A piece of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Where it starts.
    pub(crate) offset: u64,
    /// Bytes in the file.
    pub(crate) stored: u32,
    /// Bytes when unpacked; the same if it is not compressed.
    pub(crate) raw: u32,
    /// CRC-32 of the bytes in the file.
    pub(crate) crc: u32,
}

impl Extent {
    /// Bytes of an encoded extent.
    pub(crate) const BYTES: usize = 20;

    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.offset.to_le_bytes());
        into.extend_from_slice(&self.stored.to_le_bytes());
        into.extend_from_slice(&self.raw.to_le_bytes());
        into.extend_from_slice(&self.crc.to_le_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            offset: reader.u64()?,
            stored: reader.u32()?,
            raw: reader.u32()?,
            crc: reader.u32()?,
        })
    }

    /// Reads, checks and unpacks the piece.
    pub(crate) fn fetch(&self, file: &File, path: &Path) -> Result<Vec<u8>, StoreError> {
        let damaged = |what| StoreError::Damaged { path: path.to_owned(), what };
        if self.stored > PIECE_BYTES_MAX || self.raw > PIECE_BYTES_MAX {
            return Err(damaged("a piece is impossibly long"));
        }
        let mut stored = vec![0; self.stored as usize];
        file.read_exact_at(&mut stored, self.offset).map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => damaged("it is cut short"),
            _ => failed("read", path)(source),
        })?;
        if crc32fast::hash(&stored) != self.crc {
            return Err(damaged("a checksum does not fit"));
        }
        if self.stored == self.raw {
            return Ok(stored);
        }
        match zstd::bulk::decompress(&stored, self.raw as usize) {
            Ok(raw) if raw.len() == self.raw as usize => Ok(raw),
            _ => Err(damaged("a piece cannot be unpacked")),
        }
    }
}

/// Packs pieces; keeps what it needs for that from one to the next.
#[derive(Default)]
pub(crate) struct Packer(Option<zstd::bulk::Compressor<'static>>);

impl Packer {
    /// The bytes to store at an offset, compressed where that saves an eighth, and their extent.
    pub(crate) fn pack(
        &mut self,
        raw: &[u8],
        offset: u64,
    ) -> io::Result<(Option<Vec<u8>>, Extent)> {
        let raw_bytes = u32::try_from(raw.len())
            .ok()
            .filter(|bytes| *bytes <= PIECE_BYTES_MAX)
            .ok_or_else(|| io::Error::other("a piece would be too long"))?;
        let packed = self.compress(raw)?;
        let stored = packed.as_ref().map_or(raw_bytes, |packed| short(packed.len()));
        let crc = crc32fast::hash(packed.as_deref().unwrap_or(raw));
        Ok((packed, Extent { offset, stored, raw: raw_bytes, crc }))
    }

    fn compress(&mut self, raw: &[u8]) -> io::Result<Option<Vec<u8>>> {
        if raw.len() < PACKED_BYTES_MIN {
            return Ok(None);
        }
        let compressor = match &mut self.0 {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(LEVEL)?),
        };
        let packed = compressor.compress(raw)?;
        Ok((packed.len() < raw.len() - raw.len() / 8).then_some(packed))
    }
}

/// A length that is known to fit.
pub(super) fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
