//! Reading a part: only the pages and the groups that are needed.

use std::{cell::RefCell, fs::File, io, sync::Arc};

use super::{
    Part,
    cache::{Cache, Piece},
    extent::Extent,
    page::{BlockHeader, Column, Page, PageSeries},
};
use crate::{
    StoreError,
    disk::block::{Chunk, Decoder, native},
    disk::files::failed,
    key::Key,
};

/// A part that is open for finding series.
#[derive(Debug)]
pub(crate) struct PartReader<'a> {
    part: &'a Arc<Part>,
    cache: &'a Cache,
    file: Option<File>,
    page: Option<(usize, Page)>,
    /// Where on the page the series found last is.
    last: usize,
}

impl<'a> PartReader<'a> {
    /// Stands before the first series.
    pub(crate) fn new(part: &'a Arc<Part>, cache: &'a Cache) -> Self {
        Self { part, cache, file: None, page: None, last: 0 }
    }

    /// The number of the page that a series is on, and its place there; `None` if the part has no rows of it. Fast if
    /// keys rise.
    pub(crate) fn locate(&mut self, key: Key) -> Result<Option<(usize, usize)>, StoreError> {
        let pages = &self.part.meta.pages;
        let stays = |number: usize| {
            pages.get(number).is_some_and(|page| page.first <= key)
                && pages.get(number + 1).is_none_or(|next| key < next.first)
        };
        let number = match &self.page {
            Some((number, _)) if stays(*number) => *number,
            _ => {
                let after = pages.partition_point(|page| page.first <= key);
                let Some(number) = after.checked_sub(1) else { return Ok(None) };
                self.page = Some((number, self.fetch(number)?));
                self.last = 0;
                number
            }
        };
        let Some((_, page)) = &self.page else { return Ok(None) };
        // Neighbours are asked for one after the other more often than not.
        for at in self.last..(self.last + 2).min(page.series_count()) {
            if page.key(at) == Some(key) {
                self.last = at;
                return Ok(Some((number, at)));
            }
        }
        let found = page.position(key);
        if let Some(at) = found {
            self.last = at;
        }
        Ok(found.map(|at| (number, at)))
    }

    /// The page that the series found last is on.
    pub(crate) fn page(&self) -> Option<&Page> {
        self.page.as_ref().map(|(_, page)| page)
    }

    fn fetch(&mut self, number: usize) -> Result<Page, StoreError> {
        let wrong = || damaged(self.part, "a page is missing");
        let extent = self.part.meta.pages.get(number).ok_or_else(wrong)?.extent;
        if let Some(Piece::Page(page)) = self.cache.get(self.part.id, extent.offset) {
            return Ok(page);
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => open(self.part)?,
        };
        let page = fetch_page(self.part, &file, extent);
        self.file = Some(file);
        let page = page?;
        self.cache.put(self.part.id, extent.offset, Piece::Page(page.clone()), page.bytes());
        Ok(page)
    }
}

/// One series of a page.
pub(crate) fn series_of(part: &Part, page: &Page, at: usize) -> Result<PageSeries, StoreError> {
    page.series(at).ok_or_else(|| damaged(part, "a series is missing"))
}

thread_local! {
    /// Room for the block that is read, kept from one to the next.
    static ROOM: RefCell<(Decoder, Chunk)> = RefCell::default();
}

/// Hands over the rows of a block.
pub(crate) fn with_block<T>(
    part: &Part,
    cache: &Cache,
    page: &Page,
    header: &BlockHeader,
    take: impl FnOnce(&Chunk) -> T,
) -> Result<T, StoreError> {
    let missing = || damaged(part, "a block is missing");
    let extent = *page.groups.get(header.group as usize).ok_or_else(missing)?;
    let group = if let Some(Piece::Group(group)) = cache.get(part.id, extent.offset) {
        group
    } else {
        let group: Arc<[u8]> = extent.fetch(&open(part)?, &part.path)?.into();
        cache.put(part.id, extent.offset, Piece::Group(Arc::clone(&group)), group.len());
        group
    };
    ROOM.with_borrow_mut(|(decoder, chunk)| {
        decoder.enter((part.id, extent.offset));
        decode_into(part, header, &group, (decoder, chunk))?;
        Ok(take(chunk))
    })
}

/// Opens a part's file; one that is gone is damage.
pub(super) fn open(part: &Part) -> Result<File, StoreError> {
    // Another file may have its name by now.
    let path = part.moved.get().unwrap_or(&part.path);
    File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => damaged(part, "its file is gone"),
        _ => failed("open", &part.path)(source),
    })
}

/// Reads a page past any cache.
pub(super) fn fetch_page(part: &Part, file: &File, extent: Extent) -> Result<Page, StoreError> {
    Page::parse(extent.fetch(file, &part.path)?).ok_or_else(|| damaged(part, "a page is wrong"))
}

/// Decodes a block of an unpacked group.
pub(super) fn decode(part: &Part, header: &BlockHeader, group: &[u8]) -> Result<Chunk, StoreError> {
    let mut chunk = Chunk::default();
    decode_into(part, header, group, (&mut Decoder::default(), &mut chunk))?;
    Ok(chunk)
}

fn decode_into(
    part: &Part,
    header: &BlockHeader,
    group: &[u8],
    (decoder, chunk): (&mut Decoder, &mut Chunk),
) -> Result<(), StoreError> {
    chunk.clear();
    let wrong = || damaged(part, "a block is wrong");
    match header.column {
        Column::Value | Column::Coarse(..) => decoder
            .decode(group, header.place(), chunk)
            .filter(|()| chunk.times.last() == Some(&header.max_time))
            .ok_or_else(wrong),
        Column::Histogram | Column::CoarseHistogram(_) => {
            let start = header.offset as usize;
            let end = start.checked_add(header.bytes as usize);
            let bytes = end.and_then(|end| group.get(start..end));
            let rows = bytes.and_then(|bytes| native::decode(bytes, header.rows as usize));
            chunk.histograms = rows.ok_or_else(wrong)?;
            Ok(())
        }
    }
}

pub(super) fn damaged(part: &Part, what: &'static str) -> StoreError {
    StoreError::Damaged { path: part.path.clone(), what }
}
