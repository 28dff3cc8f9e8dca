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
    /// What was passed over, if damage is passed over.
    lost: Option<Lost>,
}

/// What could not be read of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Rows of blocks.
    pub(crate) rows: u64,
    /// Pages, with all their series.
    pub(crate) pages: u64,
}

impl PartCursor {
    /// Starts at the first series.
    pub(crate) fn open(part: &Arc<Part>) -> Result<Self, StoreError> {
        Self::start(part, None)
    }

    /// The same, passing over what is damaged.
    pub(crate) fn open_damaged(part: &Arc<Part>) -> Result<Self, StoreError> {
        Self::start(part, Some(Lost::default()))
    }

    /// What was passed over so far.
    pub(crate) fn lost(&self) -> Lost {
        self.lost.unwrap_or_default()
    }

    fn start(part: &Arc<Part>, lost: Option<Lost>) -> Result<Self, StoreError> {
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
            lost,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// The next block of the series it stands at, and what its rows are; `None` after the last.
    pub(crate) fn block(&mut self) -> Result<Option<(Column, Chunk)>, StoreError> {
        loop {
            let at = self.next_block;
            match self.read_block() {
                Err(StoreError::Damaged { .. }) if self.lost.is_some() => {
                    let header = self.current.as_ref().and_then(|series| series.blocks.get(at));
                    let rows = header.map_or(0, |header| u64::from(header.rows));
                    if let Some(lost) = &mut self.lost {
                        lost.rows += rows;
                    }
                }
                read => return read,
            }
        }
    }

    fn read_block(&mut self) -> Result<Option<(Column, Chunk)>, StoreError> {
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
            let page = fetch_page(&self.part, &self.file, page.extent);
            self.group = None;
            self.next_page += 1;
            self.next_series = 0;
            self.page = match (page, &mut self.lost) {
                (Err(StoreError::Damaged { .. }), Some(lost)) => {
                    lost.pages += 1;
                    None
                }
                (page, _) => Some(page?),
            };
        }
        if let Some(page) = &self.page {
            let series = page.series(self.next_series);
            self.current = Some(series.ok_or_else(|| damaged(&self.part, "a series is missing"))?);
            self.next_series += 1;
        }
        Ok(())
    }
}
