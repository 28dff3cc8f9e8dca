//! How far a queue has been delivered, in a small file.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use super::segment::START;
use crate::{QueueError, error::failed};

const NAME: &str = "position";
/// The version of the file, its first word.
const VERSION: &str = "1";

/// A place in a queue: everything before it is done with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of the segment.
    pub(super) segment: u64,
    /// Where in its file.
    pub(super) offset: u64,
    /// How many samples of the segment stand before it.
    pub(super) samples: u64,
}

impl Position {
    /// The beginning of a segment.
    pub(crate) fn start_of(segment: u64) -> Self {
        Self { segment, offset: START, samples: 0 }
    }

    /// As the file has it: a version, the number, the place, a checksum of them; always of the same length.
    pub(super) fn line(self) -> String {
        let text = format!("{VERSION} {:020} {:020}", self.segment, self.offset);
        format!("{text} {:08x}\n", crc32fast::hash(text.as_bytes()))
    }

    fn parse(line: &str) -> Option<Self> {
        let (text, checksum) = line.trim_end().rsplit_once(' ')?;
        if u32::from_str_radix(checksum, 16).ok()? != crc32fast::hash(text.as_bytes()) {
            return None;
        }
        let mut words = text.split(' ');
        let version = words.next()?;
        let (segment, offset) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        (version == VERSION).then_some(Self { segment, offset, samples: 0 })
    }
}

/// The file, which is written over in place: one short write, which a killed process has made or has not.
#[derive(Debug)]
pub(super) struct PositionFile {
    file: File,
    path: PathBuf,
}

impl PositionFile {
    /// Opens or makes it; gives the place that was saved last, without its count of samples. A file that says nothing is
    /// as good as none: what was sent is sent again.
    pub(super) fn open(dir: &Path) -> Result<(Self, Position), QueueError> {
        let path = dir.join(NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        let mut bytes = [0; 128];
        let length = file.read_at(&mut bytes, 0).map_err(failed("read", &path))?;
        let text = std::str::from_utf8(&bytes[..length]).unwrap_or_default();
        let saved = text.lines().next().and_then(Position::parse);
        Ok((Self { file, path }, saved.unwrap_or_else(|| Position::start_of(0))))
    }

    /// Writes it. It is not forced to the disk: after a power cut an older place serves as well.
    pub(super) fn save(&self, position: Position) -> Result<(), QueueError> {
        let line = position.line();
        self.file.write_all_at(line.as_bytes(), 0).map_err(failed("write to", &self.path))
    }
}
