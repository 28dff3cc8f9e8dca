//! Writing a segment, and making one of several.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{Labels, LabelsRef};

use super::{
    Index, Keys,
    labels::LabelPageBuilder,
    meta::{MAGIC, Meta, PageRef},
    terms::DirectoryBuilder,
};
use crate::{
    StoreError,
    disk::files::{Files, failed},
    disk::part::{Extent, Origin, Packer, UNFINISHED_ENDING},
    key::Key,
};

/// Labels compressed together.
const PAGE_BYTES: usize = 32 << 10;
/// Bytes handed to the system at once.
const WRITE_BYTES: usize = 128 << 10;

/// A segment in the making. Dropped before it is finished, it leaves nothing.
pub(crate) struct IndexWriter {
    files: Files,
    dir: PathBuf,
    path: PathBuf,
    file: File,
    finished: bool,
    packer: Packer,
    waiting: Vec<u8>,
    offset: u64,
    page: LabelPageBuilder,
    pages: Vec<PageRef>,
    keys: Vec<Key>,
    directory: DirectoryBuilder,
    origin: Origin,
}

impl IndexWriter {
    /// Starts a segment in the directory of its day, which is made if need be.
    pub(crate) fn create(dir: &Path, origin: Origin, files: &Files) -> Result<Self, StoreError> {
        files.create_dir(dir)?;
        let name = format!("{}.{UNFINISHED_ENDING}", origin.index_name());
        let path = dir.join(name);
        let file = files.create(&path)?;
        Ok(Self {
            files: files.clone(),
            dir: dir.to_owned(),
            path,
            file,
            finished: false,
            packer: Packer::default(),
            waiting: MAGIC.to_vec(),
            offset: MAGIC.len() as u64,
            page: LabelPageBuilder::default(),
            pages: Vec::new(),
            keys: Vec::new(),
            directory: DirectoryBuilder::default(),
            origin,
        })
    }

    /// Adds a series; keys rise.
    pub(crate) fn add(&mut self, key: Key, labels: LabelsRef<'_>) -> Result<(), StoreError> {
        self.directory.add(labels, self.place());
        self.keys.push(key);
        self.page.add(labels);
        if self.page.bytes() >= PAGE_BYTES { self.end_page() } else { Ok(()) }
    }

    fn place(&self) -> u32 {
        u32::try_from(self.keys.len()).unwrap_or(u32::MAX)
    }

    fn end_page(&mut self) -> Result<(), StoreError> {
        let count = self.page.len();
        if count > 0 {
            let bytes = self.page.finish();
            let extent = self.append(&bytes)?;
            self.pages.push(PageRef { first: self.place() - count, extent });
        }
        Ok(())
    }

    fn append(&mut self, raw: &[u8]) -> Result<Extent, StoreError> {
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

    /// Syncs the segment and gives it its name; `None` if it has no series.
    pub(crate) fn finish(mut self) -> Result<Option<Index>, StoreError> {
        self.end_page()?;
        if self.keys.is_empty() {
            return Ok(None);
        }
        let series = self.place();
        let last_id = self.keys.iter().map(|key| key.id).max().unwrap_or_default();
        let keys = Keys::new(std::mem::take(&mut self.keys)).encode();
        let keys = self.append(&keys)?;
        let directory =
            std::mem::take(&mut self.directory).finish().map_err(failed("index", &self.path))?;
        let directory = self.append(&directory)?;
        let pages = std::mem::take(&mut self.pages).into();
        let meta = Meta { origin: self.origin, series, last_id, keys, directory, pages };
        let end = meta.encode(self.offset);
        self.waiting.extend_from_slice(&end);
        let bytes = self.offset + end.len() as u64;
        self.write_out()?;
        self.files.sync(&self.file, &self.path)?;
        let path = self.dir.join(self.origin.index_name());
        self.files.rename(&self.path, &path)?;
        self.finished = true;
        let index = Index::new(path, meta, bytes, self.files.clone());
        if let Err(error) = self.files.sync_dir(&self.dir) {
            index.replace();
            return Err(error);
        }
        Ok(Some(index))
    }
}

impl Drop for IndexWriter {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = self.files.remove(&self.path)
        {
            tracing::warn!(index = %self.path.display(), %error, "an unfinished index stays until the next start");
        }
    }
}

impl std::fmt::Debug for IndexWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("IndexWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Makes one segment of several of a day.
pub(crate) fn merge(
    dir: &Path,
    segments: &[Arc<Index>],
    files: &Files,
) -> Result<Option<Index>, StoreError> {
    let origins = || segments.iter().map(|own| own.origin());
    let origin = Origin {
        day: origins().map(|own| own.day).max().unwrap_or_default(),
        first: origins().map(|own| own.first).min().unwrap_or_default(),
        last: origins().map(|own| own.last).max().unwrap_or_default(),
        level: origins().map(|own| own.level).max().unwrap_or_default() + 1,
        log_through: 0,
        coarse: None,
    };
    let mut series: Vec<(Key, Labels)> = Vec::new();
    for segment in segments {
        segment.each(|_, key, labels| series.push((key, labels)))?;
    }
    series.sort_unstable_by_key(|(key, _)| *key);
    series.dedup_by_key(|(key, _)| *key);
    let mut writer = IndexWriter::create(dir, origin, files)?;
    for (key, labels) in series {
        writer.add(key, labels.as_ref())?;
    }
    writer.finish()
}
