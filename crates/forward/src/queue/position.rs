//! How far a queue has been delivered, in a small file that is replaced now and then.

use std::{fs, io, path::Path};

use super::segment::START;
use crate::{QueueError, error::failed};

const NAME: &str = "position";
const NAME_NEW: &str = "position.new";
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

    /// The place that was saved last, without its count of samples. A file that says nothing is as good as none: what
    /// was sent since is sent again.
    pub(super) fn load(dir: &Path) -> Result<Self, QueueError> {
        let path = dir.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source)
                if matches!(
                    source.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::InvalidData
                ) =>
            {
                return Ok(Self::start_of(0));
            }
            Err(source) => return Err(failed("read", &path)(source)),
        };
        let mut words = text.split_ascii_whitespace();
        let version = words.next();
        let mut number = || words.next()?.parse::<u64>().ok();
        match (version, number(), number()) {
            (Some(VERSION), Some(segment), Some(offset)) => {
                Ok(Self { segment, offset, samples: 0 })
            }
            _ => Ok(Self::start_of(0)),
        }
    }

    /// Replaces the file. It is not forced to the disk: after a power cut an older place serves as well.
    pub(super) fn save(self, dir: &Path) -> Result<(), QueueError> {
        let (path, new) = (dir.join(NAME), dir.join(NAME_NEW));
        let text = format!("{VERSION} {} {}\n", self.segment, self.offset);
        fs::write(&new, text).map_err(failed("write to", &new))?;
        fs::rename(&new, &path).map_err(failed("rename to", &path))
    }
}
