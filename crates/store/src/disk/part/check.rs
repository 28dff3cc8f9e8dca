//! Reading all of a part to see whether it is what was written.

use std::sync::Arc;

use roaring::RoaringTreemap;

use super::{
    Part,
    page::{BlockHeader, PageSeries},
    read::{decode, fetch_page, open},
};
use crate::{StoreError, key::Key};

/// A piece that cannot be read.
#[derive(Debug)]
pub(crate) struct Damage {
    /// Where it begins.
    pub(crate) offset: u64,
    pub(crate) what: &'static str,
    /// The series that lose rows.
    pub(crate) series: RoaringTreemap,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) rows: u64,
    pub(crate) damages: Vec<Damage>,
}

/// Reads every page, group and block; `seen` is told of each series.
pub(crate) fn check_part(
    part: &Arc<Part>,
    mut seen: impl FnMut(Key),
) -> Result<Checked, StoreError> {
    let file = open(part)?;
    let mut checked = Checked::default();
    for reference in &part.meta.pages {
        let page = match fetch_page(part, &file, reference.extent) {
            Ok(page) => page,
            Err(StoreError::Damaged { what, .. }) => {
                let series = RoaringTreemap::from_iter([reference.first.id]);
                checked.damages.push(Damage { offset: reference.extent.offset, what, series });
                continue;
            }
            Err(error) => return Err(error),
        };
        let series: Vec<PageSeries> =
            (0..page.series_count()).filter_map(|at| page.series(at)).collect();
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
    Ok(checked)
}

/// Decodes the blocks of a group, or counts them as lost.
fn check_group<'p>(
    part: &Part,
    offset: u64,
    (group, blocks): (&Result<Vec<u8>, &'static str>, impl Iterator<Item = (Key, &'p BlockHeader)>),
    checked: &mut Checked,
) {
    let mut damage = Damage { offset, what: "", series: RoaringTreemap::new() };
    for (key, header) in blocks {
        let what = match group {
            Ok(group) if decode(part, header, group).is_ok() => {
                checked.rows += u64::from(header.rows);
                continue;
            }
            Ok(_) => "a block is wrong",
            Err(what) => what,
        };
        damage.what = what;
        damage.series.insert(key.id);
    }
    if !damage.series.is_empty() {
        checked.damages.push(damage);
    }
}
