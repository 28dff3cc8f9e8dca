//! Reading all of a part to see whether it is what was written.

use std::{fs::File, os::unix::fs::FileExt, path::Path, sync::Arc};

use roaring::RoaringTreemap;

use super::{
    Part,
    meta::{MAGIC, PageRef},
    page::{BlockHeader, Column, PageSeries},
    read::{decode, fetch_page, open},
};
use crate::{StoreError, disk::files::failed, key::Key};

/// A piece that cannot be read.
#[derive(Debug)]
pub(crate) struct Damage {
    /// Where it begins.
    pub(crate) offset: u64,
    pub(crate) what: &'static str,
    /// The series that lose rows.
    pub(crate) series: RoaringTreemap,
    /// If the piece said which series there are: they lie from the first key up to the second, without it.
    pub(crate) between: Option<(Key, Option<Key>)>,
    /// How many rows, if that is known.
    pub(crate) rows: Option<u64>,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) rows: u64,
    pub(crate) damages: Vec<Damage>,
}

/// Reads every page, group and block, of floats and of histograms; `seen` is told of each series.
pub(crate) fn check_part(
    part: &Arc<Part>,
    mut seen: impl FnMut(Key),
) -> Result<Checked, StoreError> {
    let file = open(part)?;
    let mut checked = Checked::default();
    if !begins_with(&file, &part.path, *MAGIC)? {
        checked.damages.push(Damage {
            offset: 0,
            what: "its first bytes are wrong",
            series: RoaringTreemap::new(),
            between: None,
            rows: Some(0),
        });
    }
    let pages = &part.meta.pages;
    for (at, reference) in pages.iter().enumerate() {
        let page = match fetch_page(part, &file, reference.extent) {
            Ok(page) => page,
            Err(StoreError::Damaged { what, .. }) => {
                checked.damages.push(lost_page(reference, pages.get(at + 1), what));
                continue;
            }
            Err(error) => return Err(error),
        };
        let series: Vec<PageSeries> =
            (0..page.series_count()).filter_map(|at| page.series(at)).collect();
        if series.len() < page.series_count() {
            let what = "a series of a page is wrong";
            checked.damages.push(lost_page(reference, pages.get(at + 1), what));
        }
        for own in &series {
            seen(own.key);
        }
        for (number, extent) in (0..).zip(page.groups.iter()) {
            let group = match extent.fetch(&file, &part.path) {
                Ok(group) => Ok(group),
                Err(StoreError::Damaged { what, .. }) => Err(what),
                Err(error) => return Err(error),
            };
            let blocks = series.iter().flat_map(|own| {
                let within = own.blocks.iter().filter(|header| header.group == number);
                within.map(|header| (own.key, header))
            });
            check_group(part, extent.offset, (&group, blocks), &mut checked);
        }
    }
    settle(part, &mut checked);
    Ok(checked)
}

/// Whether a file begins as it should, which nobody looks at who only reads it.
pub(crate) fn begins_with(file: &File, path: &Path, magic: [u8; 8]) -> Result<bool, StoreError> {
    let mut head = [0; 8];
    file.read_exact_at(&mut head, 0).map_err(failed("read", path))?;
    Ok(head == magic)
}

fn lost_page(page: &PageRef, next: Option<&PageRef>, what: &'static str) -> Damage {
    Damage {
        offset: page.extent.offset,
        what,
        series: RoaringTreemap::new(),
        between: Some((page.first, next.map(|own| own.first))),
        rows: None,
    }
}

/// Decodes the blocks of a group, or counts them as lost.
fn check_group<'p>(
    part: &Part,
    offset: u64,
    (group, blocks): (&Result<Vec<u8>, &'static str>, impl Iterator<Item = (Key, &'p BlockHeader)>),
    checked: &mut Checked,
) {
    let (mut lost, mut why, mut series) = (0, "", RoaringTreemap::new());
    for (key, header) in blocks {
        match group {
            Ok(group) if decode(part, header, group).is_ok() => {
                checked.rows += u64::from(header.rows);
                continue;
            }
            Ok(_) => why = "a block is wrong",
            Err(what) => why = what,
        }
        lost += u64::from(header.rows);
        series.insert(key.id);
    }
    if !series.is_empty() {
        let damage = Damage { offset, what: why, series, between: None, rows: Some(lost) };
        checked.damages.push(damage);
    }
}

/// What is missing of the rows there should be belongs to a page that cannot be read, if there is one.
fn settle(part: &Part, checked: &mut Checked) {
    let lost: u64 = checked.damages.iter().filter_map(|own| own.rows).sum();
    let missing = part.meta.rows.saturating_sub(checked.rows + lost);
    let mut unknown = checked.damages.iter_mut().filter(|own| own.rows.is_none());
    match (unknown.next(), unknown.next()) {
        (Some(only), None) => only.rows = Some(missing),
        (None, None) if checked.rows + lost != part.meta.rows => {
            checked.damages.push(Damage {
                offset: 0,
                what: "it has not as many rows as it says",
                series: RoaringTreemap::new(),
                between: None,
                rows: Some(missing),
            });
        }
        _ => {}
    }
}

/// What the blocks of a part hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Rows that are native histograms as they came.
    pub(crate) histograms: u64,
    /// Rows that are figures of a stretch of time.
    pub(crate) coarse: u64,
    pub(crate) blocks: u64,
}

/// Counts what the blocks of a part hold; reads pages and no rows.
pub(crate) fn count_columns(part: &Part) -> Result<Columns, StoreError> {
    let file = open(part)?;
    let mut columns = Columns::default();
    for reference in &part.meta.pages {
        let page = fetch_page(part, &file, reference.extent)?;
        for own in (0..page.series_count()).filter_map(|at| page.series(at)) {
            for header in &own.blocks {
                columns.blocks += 1;
                let rows = u64::from(header.rows);
                match header.column {
                    Column::Value => {}
                    Column::Histogram => columns.histograms += rows,
                    Column::Coarse(..) | Column::CoarseHistogram(_) => columns.coarse += rows,
                }
            }
        }
    }
    Ok(columns)
}
