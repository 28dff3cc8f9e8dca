//! The end of a file: what it says of itself, and a footer that says where that is.

use std::{borrow::Cow, fs::File, os::unix::fs::FileExt, path::Path};

use crate::{StoreError, disk::block::Reader, disk::files::failed};

/// Bytes of the footer: offset, length and checksum of meta, then the magic again.
const FOOTER_BYTES: usize = 24;
/// Read from the end at once; most files' meta lies within.
const TAIL_BYTES: usize = 4096;
/// Meta longer than this is damage: it would be two million pages.
const META_BYTES_MAX: u32 = 1 << 26;

/// The end of a file as read.
pub(crate) struct Tail {
    /// What it says of itself.
    pub(crate) meta: Vec<u8>,
    /// Bytes of the file.
    pub(crate) length: u64,
    /// Its last bytes: which of the forms it has.
    pub(crate) magic: [u8; 8],
}

impl Tail {
    /// Meta with its footer, meta starting at this offset.
    pub(crate) fn seal(mut meta: Vec<u8>, offset: u64, magic: [u8; 8]) -> Vec<u8> {
        let length = u32::try_from(meta.len()).unwrap_or(u32::MAX);
        let crc = crc32fast::hash(&meta);
        meta.extend_from_slice(&offset.to_le_bytes());
        meta.extend_from_slice(&length.to_le_bytes());
        meta.extend_from_slice(&crc.to_le_bytes());
        meta.extend_from_slice(&magic);
        meta
    }

    /// Reads meta and checks it; the file must end with one of these.
    pub(crate) fn read(file: &File, path: &Path, magics: &[[u8; 8]]) -> Result<Self, StoreError> {
        let damaged = |what| StoreError::Damaged { path: path.to_owned(), what };
        let length = file.metadata().map_err(failed("read", path))?.len();
        let tail_bytes = length.min(TAIL_BYTES as u64);
        let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or(TAIL_BYTES)];
        file.read_exact_at(&mut tail, length - tail_bytes).map_err(failed("read", path))?;
        let (front, footer) =
            tail.split_last_chunk::<FOOTER_BYTES>().ok_or_else(|| damaged("it is cut short"))?;
        let (offset, bytes, crc, magic) =
            parse(footer, magics).ok_or_else(|| damaged("its end is not what it should be"))?;
        let end = length - FOOTER_BYTES as u64;
        if bytes > META_BYTES_MAX || offset.checked_add(u64::from(bytes)) != Some(end) {
            return Err(damaged("its pieces do not add up"));
        }
        let meta: Cow<'_, [u8]> = if let Some(start) = front.len().checked_sub(bytes as usize) {
            Cow::Borrowed(&front[start..])
        } else {
            let mut far = vec![0; bytes as usize];
            file.read_exact_at(&mut far, offset).map_err(failed("read", path))?;
            Cow::Owned(far)
        };
        if crc32fast::hash(&meta) != crc {
            return Err(damaged("a checksum does not fit"));
        }
        Ok(Self { meta: meta.into_owned(), length, magic })
    }
}

fn parse(footer: &[u8], magics: &[[u8; 8]]) -> Option<(u64, u32, u32, [u8; 8])> {
    let mut reader = Reader::new(footer);
    let (offset, bytes, crc) = (reader.u64()?, reader.u32()?, reader.u32()?);
    let magic = reader.take(8)?.try_into().ok()?;
    magics.contains(&magic).then_some((offset, bytes, crc, magic))
}
