//! A part: one immutable file with the rows of many series of one day.
//!
//! ```text
//! magic
//! groups      blocks of rows, some 32 KiB of them compressed together
//! pages       series in order of key: their keys and the headers of their blocks
//! meta        totals, and where pages are
//! footer      where meta is
//! ```
//!
//! Groups and pages follow each other in turn; each piece has its checksum, and nothing is read but
//! the pieces that are needed.

mod cache;
mod check;
mod cursor;
mod extent;
mod merge;
mod meta;
mod page;
mod read;
mod tail;
#[cfg(test)]
mod tests;
mod write;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

pub(crate) use cache::{Cache, Piece};
pub(crate) use check::{Damage, begins_with, check_part, count_columns};
pub(crate) use cursor::{Lost, PartCursor};
pub(crate) use extent::{Extent, Packer};
pub(crate) use merge::{Merger, Source};
pub(crate) use meta::{Coarsening, Meta, Origin};
pub(crate) use page::{BlockHeader, Column, Page};
pub(crate) use read::{PartReader, series_of, with_block};
pub(crate) use tail::Tail;
pub(crate) use write::PartWriter;

use crate::{
    StoreError,
    disk::block::Chunk,
    disk::coarse::Figure,
    disk::files::{Files, failed},
};

/// How the name of a finished part ends.
pub(crate) const PART_ENDING: &str = "part";
/// How the name of an unfinished part ends.
pub(crate) const UNFINISHED_ENDING: &str = "tmp";
/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;

/// One part on disk. Its file goes when the last reader lets go of a part that was replaced.
#[derive(Debug)]
pub(crate) struct Part {
    /// Tells parts apart in caches for as long as the program runs.
    pub(crate) id: u64,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it holds.
    pub(crate) meta: Meta,
    /// Bytes of its file.
    pub(crate) bytes: u64,
    files: Files,
    replaced: AtomicBool,
    aside: AtomicBool,
    /// Where its file is now that it is set aside.
    moved: OnceLock<PathBuf>,
}

impl Part {
    fn new(path: PathBuf, meta: Meta, bytes: u64, files: Files) -> Self {
        Self {
            id: next_file_id(),
            path,
            meta,
            bytes,
            files,
            replaced: AtomicBool::new(false),
            aside: AtomicBool::new(false),
            moved: OnceLock::new(),
        }
    }

    /// Reads what a part says of itself, and none of its rows.
    pub(crate) fn open(path: &Path, files: &Files) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(failed("open", path))?;
        let (meta, bytes) = Meta::read(&file, path)?;
        Ok(Self::new(path.to_owned(), meta, bytes, files.clone()))
    }

    /// Whether any row may lie within these times.
    pub(crate) fn overlaps(&self, from: i64, to: i64) -> bool {
        self.meta.min_time <= to && self.meta.max_time >= from
    }

    /// Says that others hold its rows now.
    pub(crate) fn replace(&self) {
        self.replaced.store(true, Ordering::Release);
    }

    /// Where its file was moved to, if it was.
    pub(crate) fn moved(&self) -> Option<&Path> {
        self.moved.get().map(PathBuf::as_path)
    }

    /// Says where its file was moved to: readers that are at it go on there.
    pub(crate) fn moved_to(&self, path: PathBuf) {
        // It is moved once.
        drop(self.moved.set(path));
    }

    /// Writes anew what can be read of it; the part in the making has its name.
    pub(crate) fn salvage(self: &Arc<Self>) -> Result<(PartWriter, Lost), StoreError> {
        let dir = self.path.parent().unwrap_or_else(|| Path::new("."));
        let mut cursor = PartCursor::open_damaged(self)?;
        let mut writer = PartWriter::create(dir, self.meta.origin, &self.files)?;
        while let Some(key) = cursor.key() {
            let (before, mut blocks) = (cursor.lost(), Vec::new());
            while let Some(block) = cursor.block()? {
                blocks.push(block);
            }
            let whole = cursor.lost() == before && figures_agree(&blocks);
            for (column, chunk) in blocks {
                // Figures of down-sampled rows belong together: a sum without its count would mislead.
                if !whole && matches!(column, Column::Coarse(_, figure) if figure != Figure::Last) {
                    continue;
                }
                if chunk.histograms.is_empty() {
                    writer.push_column(column, &chunk.times, &chunk.values)?;
                } else {
                    writer.push_histogram_column(column, &chunk.histograms)?;
                }
            }
            writer.end_series(key)?;
            cursor.advance()?;
        }
        Ok((writer, cursor.lost()))
    }

    /// Takes back that it is set aside.
    pub(crate) fn keep(&self) {
        self.aside.store(false, Ordering::Release);
    }

    /// Marks it as damaged; true for the first to say so.
    pub(crate) fn set_aside(&self) -> bool {
        !self.aside.swap(true, Ordering::AcqRel)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let gone = self.replaced.load(Ordering::Acquire) && !self.aside.load(Ordering::Acquire);
        if gone && let Err(error) = self.files.remove(&self.path) {
            // The next start removes it, since its rows are in a part that covers it.
            tracing::warn!(part = %self.path.display(), %error, "a replaced part stays for now");
        }
    }
}

/// Whether the figures of down-sampled rows have the same times.
fn figures_agree(blocks: &[(Column, Chunk)]) -> bool {
    let times_of = |wanted: Figure| {
        let own = blocks
            .iter()
            .filter(move |(column, _)| matches!(column, Column::Coarse(_, own) if *own == wanted));
        own.flat_map(|(_, chunk)| &chunk.times)
    };
    let others = [Figure::Max, Figure::Sum, Figure::Count];
    others.into_iter().all(|own| times_of(own).eq(times_of(Figure::Min)))
}

/// A number for a file that no other has while the program runs.
pub(crate) fn next_file_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The day a time lies in, counted from 1970-01-01.
pub(crate) fn day_of(time: i64) -> i64 {
    time.div_euclid(DAY_MILLIS)
}
