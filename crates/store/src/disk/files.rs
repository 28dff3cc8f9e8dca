//! The file-system operations that change something, in one place, so that a test can make any of
//! them fail.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use crate::StoreError;

/// What is about to be done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make or empty it.
    Create,
    /// Append to it; when refused, half of the bytes are there.
    Write,
    /// Take the end of it back.
    Cut,
    /// Force it to the disk.
    Sync,
    /// Give it another name.
    Rename,
    /// Force the names in a directory to the disk.
    SyncDir,
    /// Remove it.
    Remove,
}

/// What a test does to make operations fail.
pub(crate) trait Faults: Send + Sync + fmt::Debug {
    /// An error means that the operation fails with it.
    fn before(&self, step: Step, path: &Path) -> io::Result<()>;
}

/// Nothing fails. Nothing is forced to the disk either, which only a power cut could tell.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct NoFaults;

#[cfg(test)]
impl Faults for NoFaults {
    fn before(&self, _step: Step, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// The file system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(Option<Arc<dyn Faults>>);

impl Files {
    /// A file system that fails as it is told, and does not wait for the disk.
    #[cfg(test)]
    pub(crate) fn failing(faults: Arc<dyn Faults>) -> Self {
        Self(Some(faults))
    }

    fn before(&self, step: Step, path: &Path) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |faults| faults.before(step, path))
    }

    /// Makes an empty file, replacing what is there.
    pub(crate) fn create(&self, path: &Path) -> Result<File, StoreError> {
        self.before(Step::Create, path)
            .and_then(|()| File::create(path))
            .map_err(failed("create", path))
    }

    /// Makes a directory and those above it.
    pub(crate) fn create_dir(&self, path: &Path) -> Result<(), StoreError> {
        self.before(Step::Create, path)
            .and_then(|()| fs::create_dir_all(path))
            .map_err(failed("create", path))
    }

    /// Appends bytes.
    pub(crate) fn write(&self, file: &File, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let mut file = file;
        let outcome = match self.before(Step::Write, path) {
            Ok(()) => file.write_all(bytes),
            Err(error) => file.write_all(&bytes[..bytes.len() / 2]).and(Err(error)),
        };
        outcome.map_err(failed("write to", path))
    }

    /// Takes back what is beyond so many bytes; the next ones are appended there.
    pub(crate) fn cut(&self, file: &File, path: &Path, bytes: u64) -> Result<(), StoreError> {
        let mut own = file;
        self.before(Step::Cut, path)
            .and_then(|()| file.set_len(bytes))
            .and_then(|()| own.seek(SeekFrom::Start(bytes)).map(drop))
            .map_err(failed("cut back", path))
    }

    /// Forces a file to the disk.
    pub(crate) fn sync(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        self.before(Step::Sync, path)
            .and_then(|()| if self.0.is_none() { file.sync_all() } else { Ok(()) })
            .map_err(failed("sync", path))
    }

    /// Gives a file another name in the same file system.
    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.before(Step::Rename, to)
            .and_then(|()| fs::rename(from, to))
            .map_err(failed("rename to", to))
    }

    /// Forces the names in a directory to the disk.
    pub(crate) fn sync_dir(&self, path: &Path) -> Result<(), StoreError> {
        self.before(Step::SyncDir, path)
            .and_then(|()| if self.0.is_none() { File::open(path)?.sync_all() } else { Ok(()) })
            .map_err(failed("sync", path))
    }

    /// Removes a file; one that is not there is fine.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), StoreError> {
        self.before(Step::Remove, path)
            .and_then(|()| match fs::remove_file(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                outcome => outcome,
            })
            .map_err(failed("remove", path))
    }
}

/// Wraps what the system said with what was tried.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Io { action, path: path.to_owned(), source }
}
