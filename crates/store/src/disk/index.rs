//! An index segment: which series a day has, their labels, and who is found by which label.
//!
//! ```text
//! magic
//! pages       labels of some hundred series, in order of key, compressed together
//! keys        the keys of all series, in order
//! directory   label name and value -> which series, by their place in that order
//! meta        totals, and where pages, keys and directory are
//! footer      where meta is
//! ```
//!
//! A flush writes a segment only for series that the day did not have before, so that labels are on disk once for each
//! day. Segments of a day are merged when there are several.

mod check;
mod keys;
mod labels;
mod meta;
mod terms;
#[cfg(test)]
mod tests;
mod write;

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use model::{Labels, Matcher};
use roaring::RoaringBitmap;

pub(crate) use check::check_index;
pub(crate) use keys::Keys;
pub(crate) use labels::LabelPage;
pub(crate) use terms::Directory;
pub(crate) use write::{IndexWriter, merge};

use crate::{
    StoreError,
    disk::files::{Files, failed},
    disk::part::{Cache, Origin, Piece, next_file_id},
    key::Key,
};
use meta::Meta;

/// How the name of a finished segment ends.
pub(crate) const INDEX_ENDING: &str = "index";

/// One segment on disk. Its file goes when the last reader lets go of a segment that was replaced.
#[derive(Debug)]
pub(crate) struct Index {
    /// Tells files apart in caches for as long as the program runs.
    pub(crate) id: u64,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Bytes of its file.
    pub(crate) bytes: u64,
    meta: Meta,
    files: Files,
    replaced: AtomicBool,
    aside: AtomicBool,
}

impl Index {
    fn new(path: PathBuf, meta: Meta, bytes: u64, files: Files) -> Self {
        Self {
            id: next_file_id(),
            path,
            bytes,
            meta,
            files,
            replaced: AtomicBool::new(false),
            aside: AtomicBool::new(false),
        }
    }

    /// Reads what a segment says of itself, and nothing else.
    pub(crate) fn open(path: &Path, files: &Files) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(failed("open", path))?;
        let (meta, bytes) = Meta::read(&file, path)?;
        Ok(Self::new(path.to_owned(), meta, bytes, files.clone()))
    }

    /// Its day, and its place among the segments of that day.
    pub(crate) fn origin(&self) -> Origin {
        self.meta.origin
    }

    /// How many series it has.
    pub(crate) fn series(&self) -> u32 {
        self.meta.series
    }

    /// The highest number of any of its series.
    pub(crate) fn last_id(&self) -> u64 {
        self.meta.last_id
    }

    /// Says that others hold its series now.
    pub(crate) fn replace(&self) {
        self.replaced.store(true, Ordering::Release);
    }

    /// Marks it as damaged; true for the first to say so.
    pub(crate) fn set_aside(&self) -> bool {
        !self.aside.swap(true, Ordering::AcqRel)
    }

    /// The places of the series that pass all matchers.
    pub(crate) fn find(
        &self,
        cache: &Cache,
        matchers: &[Matcher],
    ) -> Result<RoaringBitmap, StoreError> {
        self.directory(cache)?.find(matchers).ok_or_else(|| self.damaged("its directory is wrong"))
    }

    /// Adds the names of all labels.
    pub(crate) fn add_names(
        &self,
        cache: &Cache,
        names: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let directory = self.directory(cache)?;
        directory.add_names(names).ok_or_else(|| self.damaged("its directory is wrong"))
    }

    /// Adds all values of a label.
    pub(crate) fn add_values(
        &self,
        cache: &Cache,
        name: &str,
        values: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let directory = self.directory(cache)?;
        directory.add_values(name, values).ok_or_else(|| self.damaged("its directory is wrong"))
    }

    /// The keys of all its series, in order.
    pub(crate) fn keys(&self, cache: &Cache) -> Result<Arc<Keys>, StoreError> {
        let extent = self.meta.keys;
        if let Some(Piece::Keys(keys)) = cache.get(self.id, extent.offset) {
            return Ok(keys);
        }
        let bytes = extent.fetch(&self.file()?, &self.path)?;
        let keys = Keys::decode(&bytes, self.meta.series)
            .map(Arc::new)
            .ok_or_else(|| self.damaged("its keys are wrong"))?;
        cache.put(self.id, extent.offset, Piece::Keys(Arc::clone(&keys)), keys.bytes());
        Ok(keys)
    }

    /// The labels of the series at one place.
    pub(crate) fn labels(&self, cache: &Cache, at: u32) -> Result<Labels, StoreError> {
        let wrong = || self.damaged("a series is missing");
        let after = self.meta.pages.partition_point(|page| page.first <= at);
        let number = after.checked_sub(1).ok_or_else(wrong)?;
        let page = self.page(cache, number)?;
        let within = at - self.meta.pages[number].first;
        page.labels(within as usize).ok_or_else(wrong)
    }

    fn page(&self, cache: &Cache, number: usize) -> Result<Arc<LabelPage>, StoreError> {
        let extent = self.meta.pages[number].extent;
        if let Some(Piece::Labels(page)) = cache.get(self.id, extent.offset) {
            return Ok(page);
        }
        let page = Arc::new(self.fetch_page(&self.file()?, number)?);
        cache.put(self.id, extent.offset, Piece::Labels(Arc::clone(&page)), page.bytes());
        Ok(page)
    }

    fn fetch_page(&self, file: &File, number: usize) -> Result<LabelPage, StoreError> {
        let bytes = self.meta.pages[number].extent.fetch(file, &self.path)?;
        LabelPage::parse(bytes).ok_or_else(|| self.damaged("a page is wrong"))
    }

    fn directory(&self, cache: &Cache) -> Result<Arc<Directory>, StoreError> {
        let extent = self.meta.directory;
        if let Some(Piece::Directory(directory)) = cache.get(self.id, extent.offset) {
            return Ok(directory);
        }
        let bytes = extent.fetch(&self.file()?, &self.path)?;
        let directory = Directory::parse(&bytes, self.meta.series)
            .map(Arc::new)
            .ok_or_else(|| self.damaged("its directory is wrong"))?;
        let piece = Piece::Directory(Arc::clone(&directory));
        cache.put(self.id, extent.offset, piece, directory.bytes());
        Ok(directory)
    }

    /// Calls with the place, key and labels of each series, in order of key, past any cache.
    pub(crate) fn each(&self, mut take: impl FnMut(u32, Key, Labels)) -> Result<(), StoreError> {
        let file = self.file()?;
        let keys = Keys::decode(&self.meta.keys.fetch(&file, &self.path)?, self.meta.series)
            .ok_or_else(|| self.damaged("its keys are wrong"))?;
        for number in 0..self.meta.pages.len() {
            let page = self.fetch_page(&file, number)?;
            let first = self.meta.pages[number].first;
            for (within, place) in (0..page.len()).zip(first..) {
                let wrong = || self.damaged("a series is missing");
                let key = keys.get(place).ok_or_else(wrong)?;
                take(place, key, page.labels(within).ok_or_else(wrong)?);
            }
        }
        Ok(())
    }

    fn file(&self) -> Result<File, StoreError> {
        File::open(&self.path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => self.damaged("its file is gone"),
            _ => failed("open", &self.path)(source),
        })
    }

    fn damaged(&self, what: &'static str) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), what }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let gone = self.replaced.load(Ordering::Acquire) && !self.aside.load(Ordering::Acquire);
        if gone && let Err(error) = self.files.remove(&self.path) {
            // The next start removes it, since its series are in a segment that covers it.
            tracing::warn!(index = %self.path.display(), %error, "a replaced index stays for now");
        }
    }
}
