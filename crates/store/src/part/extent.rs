//! A piece of a part's file: where, how long, its checksum, and whether it is compressed.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use crate::{StoreError, block::Reader, files::failed};

/// No piece is larger than this; a length beyond it is damage.
const PIECE_BYTES_MAX: u32 = 1 << 30;
/// Compression level: what the fastest one leaves is little.
const LEVEL: i32 = 1;

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
pub(crate) struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    pub(crate) fn new() -> io::Result<Self> {
        zstd::bulk::Compressor::new(LEVEL).map(Self)
    }

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
        let packed = self.0.compress(raw)?;
        let (kept, stored) = match u32::try_from(packed.len()) {
            Ok(bytes) if bytes < raw_bytes - raw_bytes / 8 => (Some(packed), bytes),
            _ => (None, raw_bytes),
        };
        let crc = crc32fast::hash(kept.as_deref().unwrap_or(raw));
        Ok((kept, Extent { offset, stored, raw: raw_bytes, crc }))
    }
}
