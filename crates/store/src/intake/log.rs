//! The log: rows that are not yet in a part on disk, so that they survive the end of the process.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{StoreError, disk::files::Files};

/// The first bytes of a segment.
pub(super) const MAGIC: &[u8; 8] = b"PLMLOG03";
/// How a segment's name ends.
pub(super) const ENDING: &str = "log";

/// A segment that takes no more records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// Where it is to go instead of being removed, since a part of it could not be read.
    pub(crate) aside: Option<PathBuf>,
}

/// The log that is written to.
#[derive(Debug)]
pub(crate) struct Log {
    dir: PathBuf,
    files: Files,
    file: Arc<File>,
    current: Segment,
    older: Vec<Segment>,
    appended: u64,
}

impl Log {
    /// Starts a new segment after those that are there and after the last number ever used.
    pub(crate) fn start(
        dir: &Path,
        files: &Files,
        older: Vec<Segment>,
        last: u64,
    ) -> Result<Self, StoreError> {
        let (file, current) = begin(dir, files, last + 1)?;
        let (dir, files) = (dir.to_owned(), files.clone());
        Ok(Self { dir, files, file, current, older, appended: 0 })
    }

    /// The number of the segment that is written to.
    pub(crate) fn number(&self) -> u64 {
        self.current.number
    }

    /// Bytes of all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.current.bytes + self.older.iter().map(|segment| segment.bytes).sum::<u64>()
    }

    /// Bytes appended since the start; what must be synced for all of them to last.
    pub(crate) fn appended(&self) -> u64 {
        self.appended
    }

    /// The file to sync for that, since older segments are synced.
    pub(crate) fn file(&self) -> (Arc<File>, PathBuf) {
        (Arc::clone(&self.file), self.current.path.clone())
    }

    /// Appends a record. If that fails, what the disk took of it is cut off again.
    pub(super) fn append(&mut self, record: &[u8]) -> Result<(), AppendError> {
        let Segment { path, bytes, .. } = &self.current;
        if let Err(error) = self.files.write(&self.file, path, record) {
            // Later records would follow half a record, and be taken for damage.
            return Err(match self.files.cut(&self.file, path, *bytes) {
                Ok(()) => AppendError::Refused(error),
                Err(_) => AppendError::Torn(error),
            });
        }
        self.current.bytes += record.len() as u64;
        self.appended += record.len() as u64;
        Ok(())
    }

    /// Syncs this segment and begins the next one. Gives the number of the one that ended.
    pub(crate) fn rotate(&mut self) -> Result<u64, RotateError> {
        self.files.sync(&self.file, &self.current.path).map_err(RotateError::Sync)?;
        let ended = self.current.number;
        let (file, next) = begin(&self.dir, &self.files, ended + 1).map_err(RotateError::Begin)?;
        self.file = file;
        self.older.push(std::mem::replace(&mut self.current, next));
        Ok(ended)
    }

    /// Removes segments up to this one, the oldest first; never the one that is written to.
    pub(crate) fn remove_through(&mut self, number: u64) -> Result<(), StoreError> {
        while let Some(segment) = self.older.first().filter(|oldest| oldest.number <= number) {
            match &segment.aside {
                Some(aside) => self.files.rename(&segment.path, aside)?,
                None => self.files.remove(&segment.path)?,
            }
            self.older.remove(0);
        }
        Ok(())
    }
}

/// Why a record is not in the log.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// It could not be written, and nothing of it is left: the next one may fit.
    Refused(StoreError),
    /// It could not be written, and what is there of it cannot be taken back.
    Torn(StoreError),
}

/// Why no new segment could be begun.
#[derive(Debug)]
pub(crate) enum RotateError {
    /// The present one cannot be synced: what is in it may not last.
    Sync(StoreError),
    /// The next one cannot be made; the present one goes on.
    Begin(StoreError),
}

fn begin(dir: &Path, files: &Files, number: u64) -> Result<(Arc<File>, Segment), StoreError> {
    let path = dir.join(format!("{number:08}.{ENDING}"));
    let file = files.create(&path)?;
    let begun = files.write(&file, &path, MAGIC).and_then(|()| files.sync_dir(dir));
    if let Err(error) = begun {
        files.remove(&path)?;
        return Err(error);
    }
    let bytes = MAGIC.len() as u64;
    Ok((Arc::new(file), Segment { number, path, bytes, aside: None }))
}
