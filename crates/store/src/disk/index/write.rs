//! Writing a segment, and making one of several.

use std::{path::Path, sync::Arc};

use model::{Labels, LabelsRef};

use super::{
    Index, Keys,
    labels::LabelPageBuilder,
    meta::{MAGIC, Meta, PageRef},
    terms::DirectoryBuilder,
};
use crate::{
    StoreError,
    disk::draft::{Draft, Named},
    disk::files::{Files, failed},
    disk::part::{Origin, UNFINISHED_ENDING},
    key::Key,
};

/// Labels compressed together.
const PAGE_BYTES: usize = 32 << 10;

/// A segment in the making. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub(crate) struct IndexWriter {
    draft: Draft,
    page: LabelPageBuilder,
    pages: Vec<PageRef>,
    keys: Vec<Key>,
    directory: DirectoryBuilder,
    origin: Origin,
}

impl IndexWriter {
    /// Starts a segment in the directory of its day, which is made if need be.
    pub(crate) fn create(dir: &Path, origin: Origin, files: &Files) -> Result<Self, StoreError> {
        let path = dir.join(format!("{}.{UNFINISHED_ENDING}", origin.index_name()));
        Ok(Self {
            draft: Draft::create(path, *MAGIC, files)?,
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
            let extent = self.draft.append(&bytes)?;
            self.pages.push(PageRef { first: self.place() - count, extent });
        }
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
        let keys = self.draft.append(&keys)?;
        let directory = std::mem::take(&mut self.directory)
            .finish()
            .map_err(failed("index", self.draft.path()))?;
        let directory = self.draft.append(&directory)?;
        let pages = std::mem::take(&mut self.pages).into();
        let meta = Meta { origin: self.origin, series, last_id, keys, directory, pages };
        let end = meta.encode(self.draft.offset());
        let Named { path, bytes, files, lasts } =
            self.draft.finish(&end, &self.origin.index_name())?;
        let index = Index::new(path, meta, bytes, files);
        if let Err(error) = lasts {
            index.replace();
            return Err(error);
        }
        Ok(Some(index))
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
