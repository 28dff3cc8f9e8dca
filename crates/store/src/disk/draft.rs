//! A file in the making: pieces one after the other, then it is synced and named.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    files::{Files, failed},
    part::{Extent, Packer},
};
use crate::StoreError;

/// Bytes handed to the system at once.
const WRITE_BYTES: usize = 128 << 10;

/// A file in the making. Dropped before it has its name, it leaves nothing.
pub(crate) struct Draft {
    files: Files,
    path: PathBuf,
    file: File,
    named: bool,
    packer: Packer,
    waiting: Vec<u8>,
    offset: u64,
}

/// A file that has its name.
pub(crate) struct Named {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) files: Files,
    /// Whether the name will last; if not, the file had better go again.
    pub(crate) lasts: Result<(), StoreError>,
}

impl Draft {
    /// Starts a file in a directory, which is made if need be, with the magic that its readers look for.
    pub(crate) fn create(path: PathBuf, magic: [u8; 8], files: &Files) -> Result<Self, StoreError> {
        files.create_dir(folder(&path))?;
        let file = files.create(&path)?;
        Ok(Self {
            files: files.clone(),
            path,
            file,
            named: false,
            packer: Packer::default(),
            waiting: magic.to_vec(),
            offset: magic.len() as u64,
        })
    }

    /// Where it is in the making.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next piece begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Appends a piece, compressed if that is worth it.
    pub(crate) fn append(&mut self, raw: &[u8]) -> Result<Extent, StoreError> {
        let (packed, extent) =
            self.packer.pack(raw, self.offset).map_err(failed("compress", &self.path))?;
        self.waiting.extend_from_slice(packed.as_deref().unwrap_or(raw));
        self.offset += u64::from(extent.stored);
        if self.waiting.len() >= WRITE_BYTES {
            self.write_out()?;
        }
        Ok(extent)
    }

    fn write_out(&mut self) -> Result<(), StoreError> {
        self.files.write(&self.file, &self.path, &self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Appends the end as it is, syncs the file and gives it its name in the same directory.
    pub(crate) fn finish(mut self, end: &[u8], name: &str) -> Result<Named, StoreError> {
        self.waiting.extend_from_slice(end);
        self.write_out()?;
        self.files.sync(&self.file, &self.path)?;
        let dir = folder(&self.path);
        let path = dir.join(name);
        self.files.rename(&self.path, &path)?;
        self.named = true;
        let lasts = self.files.sync_dir(dir);
        Ok(Named { path, bytes: self.offset + end.len() as u64, files: self.files.clone(), lasts })
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new("."))
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named
            && let Err(error) = self.files.remove(&self.path)
        {
            tracing::warn!(file = %self.path.display(), %error, "an unfinished file stays until the next start");
        }
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Draft").field("path", &self.path).finish_non_exhaustive()
    }
}
