//! Reading a part: only the directory, the pages and the groups that are needed.

use std::{collections::BTreeSet, fs::File, io, sync::Arc};

use model::Matcher;
use roaring::RoaringBitmap;

use super::{
    Part,
    cache::{Cache, Piece},
    extent::Extent,
    meta::PageRef,
    page::{BlockHeader, Page, PageSeries},
    terms::Directory,
};
use crate::{
    StoreError,
    block::{Chunk, Decoder},
    files::failed,
};

/// A part that is open for reading.
#[derive(Debug)]
pub(crate) struct PartReader {
    part: Arc<Part>,
    file: File,
    cache: Arc<Cache>,
    page: Option<(u64, Page)>,
    group: Option<(u64, Arc<[u8]>)>,
}

impl PartReader {
    /// Opens a part's file.
    pub(crate) fn open(part: &Arc<Part>, cache: &Arc<Cache>) -> Result<Self, StoreError> {
        let file = open(part)?;
        Ok(Self { part: Arc::clone(part), file, cache: Arc::clone(cache), page: None, group: None })
    }

    fn directory(&self) -> Result<Arc<Directory>, StoreError> {
        let meta = &self.part.meta;
        let offset = meta.directory.offset;
        if let Some(Piece::Directory(directory)) = self.cache.get(self.part.id, offset) {
            return Ok(directory);
        }
        let bytes = meta.directory.fetch(&self.file, &self.part.path)?;
        let directory = Directory::parse(&bytes, meta.series)
            .map(Arc::new)
            .ok_or_else(|| damaged(&self.part, "its directory is wrong"))?;
        let piece = Piece::Directory(Arc::clone(&directory));
        self.cache.put(self.part.id, offset, piece, directory.bytes());
        Ok(directory)
    }

    /// The numbers of the series that pass all matchers.
    pub(crate) fn find(&self, matchers: &[Matcher]) -> Result<RoaringBitmap, StoreError> {
        self.directory()?
            .find(matchers)
            .ok_or_else(|| damaged(&self.part, "its directory is wrong"))
    }

    /// Adds the names of all labels.
    pub(crate) fn add_names(&self, names: &mut BTreeSet<String>) -> Result<(), StoreError> {
        self.directory()?
            .add_names(names)
            .ok_or_else(|| damaged(&self.part, "its directory is wrong"))
    }

    /// Adds all values of a label.
    pub(crate) fn add_values(
        &self,
        name: &str,
        values: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.directory()?
            .add_values(name, values)
            .ok_or_else(|| damaged(&self.part, "its directory is wrong"))
    }

    /// The series with this number, and the groups its blocks are in. Fast if numbers rise.
    pub(crate) fn series(
        &mut self,
        number: u32,
    ) -> Result<(PageSeries, Arc<[Extent]>), StoreError> {
        let pages = &self.part.meta.pages;
        let at = pages.partition_point(|page| page.first_series <= number);
        let wrong = || damaged(&self.part, "a series is missing");
        let page_ref = *at.checked_sub(1).and_then(|at| pages.get(at)).ok_or_else(wrong)?;
        let page = self.page(page_ref)?;
        let within = (number - page_ref.first_series) as usize;
        let series =
            page.series(within).ok_or_else(|| damaged(&self.part, "a series is missing"))?;
        Ok((series, page.groups))
    }

    fn page(&mut self, page: PageRef) -> Result<Page, StoreError> {
        let offset = page.extent.offset;
        if let Some((own, page)) = &self.page
            && *own == offset
        {
            return Ok(page.clone());
        }
        let page = if let Some(Piece::Page(page)) = self.cache.get(self.part.id, offset) {
            page
        } else {
            let page = fetch_page(&self.part, &self.file, page)?;
            self.cache.put(self.part.id, offset, Piece::Page(page.clone()), page.bytes());
            page
        };
        self.page = Some((offset, page.clone()));
        Ok(page)
    }

    fn group(&self, extent: Extent) -> Result<Arc<[u8]>, StoreError> {
        if let Some((own, group)) = &self.group
            && *own == extent.offset
        {
            return Ok(Arc::clone(group));
        }
        if let Some(Piece::Group(group)) = self.cache.get(self.part.id, extent.offset) {
            return Ok(group);
        }
        let group: Arc<[u8]> = extent.fetch(&self.file, &self.part.path)?.into();
        let piece = Piece::Group(Arc::clone(&group));
        self.cache.put(self.part.id, extent.offset, piece, group.len());
        Ok(group)
    }

    /// The rows of a block.
    pub(crate) fn block(
        &mut self,
        header: &BlockHeader,
        groups: &[Extent],
    ) -> Result<Chunk, StoreError> {
        let extent = *groups
            .get(header.group as usize)
            .ok_or_else(|| damaged(&self.part, "a block is missing"))?;
        let group = self.group(extent)?;
        let chunk = decode(&self.part, header, &group)?;
        self.group = Some((extent.offset, group));
        Ok(chunk)
    }
}

/// Opens a part's file; one that is gone is damage.
pub(super) fn open(part: &Part) -> Result<File, StoreError> {
    File::open(&part.path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => damaged(part, "its file is gone"),
        _ => failed("open", &part.path)(source),
    })
}

/// Reads a page past any cache.
pub(super) fn fetch_page(part: &Part, file: &File, page: PageRef) -> Result<Page, StoreError> {
    Page::parse(page.extent.fetch(file, &part.path)?)
        .ok_or_else(|| damaged(part, "a page is wrong"))
}

/// Decodes a block of an unpacked group.
pub(super) fn decode(part: &Part, header: &BlockHeader, group: &[u8]) -> Result<Chunk, StoreError> {
    let mut chunk = Chunk::default();
    Decoder::default()
        .decode(group, header.place(), &mut chunk)
        .filter(|()| chunk.times.last() == Some(&header.max_time))
        .ok_or_else(|| damaged(part, "a block is wrong"))?;
    Ok(chunk)
}

pub(super) fn damaged(part: &Part, what: &'static str) -> StoreError {
    StoreError::Damaged { path: part.path.clone(), what }
}
