//! Walking through a whole part, series by series, with no more in memory than a page and a group.

use std::{fs::File, sync::Arc};

use super::{
    Part,
    merge::Source,
    page::{Column, Page, PageSeries},
    read::{damaged, decode, fetch_page, open},
};
use crate::{StoreError, disk::block::Chunk, key::Key};

/// Where a walk through a part stands.
#[derive(Debug)]
pub(crate) struct PartCursor {
    part: Arc<Part>,
    file: File,
    page: Option<Page>,
    next_page: usize,
    next_series: usize,
    current: Option<PageSeries>,
    next_block: usize,
    group: Option<(u32, Vec<u8>)>,
}

impl PartCursor {
    /// Starts at the first series.
    pub(crate) fn open(part: &Arc<Part>) -> Result<Self, StoreError> {
        let file = open(part)?;
        let mut cursor = Self {
            part: Arc::clone(part),
            file,
            page: None,
            next_page: 0,
            next_series: 0,
            current: None,
            next_block: 0,
            group: None,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// The next block of the series it stands at, and what its rows are; `None` after the last.
    pub(crate) fn block(&mut self) -> Result<Option<(Column, Chunk)>, StoreError> {
        let (Some(series), Some(page)) = (&self.current, &self.page) else { return Ok(None) };
        let Some(header) = series.blocks.get(self.next_block) else { return Ok(None) };
        self.next_block += 1;
        let group = match self.group.take() {
            Some((own, group)) if own == header.group => group,
            _ => page
                .groups
                .get(header.group as usize)
                .ok_or_else(|| damaged(&self.part, "a block is missing"))?
                .fetch(&self.file, &self.part.path)?,
        };
        let chunk = decode(&self.part, header, &group)?;
        self.group = Some((header.group, group));
        Ok(Some((header.column, chunk)))
    }
}

impl Source for PartCursor {
    fn key(&self) -> Option<Key> {
        self.current.as_ref().map(|series| series.key)
    }

    fn chunk(&mut self) -> Result<Option<Chunk>, StoreError> {
        Ok(self.block()?.map(|(_, chunk)| chunk))
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        self.next_block = 0;
        self.current = None;
        while self.page.as_ref().is_none_or(|page| self.next_series >= page.series_count()) {
            let Some(page) = self.part.meta.pages.get(self.next_page) else { return Ok(()) };
            self.page = Some(fetch_page(&self.part, &self.file, page.extent)?);
            self.group = None;
            self.next_page += 1;
            self.next_series = 0;
        }
        if let Some(page) = &self.page {
            let series = page.series(self.next_series);
            self.current = Some(series.ok_or_else(|| damaged(&self.part, "a series is missing"))?);
            self.next_series += 1;
        }
        Ok(())
    }
}
