//! What a store holds: days, parts, sizes.

use std::{fs, path::Path};

use super::{check_place, days, gone_is_none};
use crate::{
    StoreError,
    disk::files::{Files, failed},
    disk::index::Index,
    disk::part::{Part, count_columns},
    intake::segments,
    store::list,
};

/// What a day has on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DayFigures {
    /// The day, such as `2026-11-20`.
    pub day: String,
    /// Parts, which hold rows.
    pub parts: usize,
    /// Index segments, which hold labels.
    pub indexes: usize,
    /// Series, each counted once for every index segment it is in.
    pub series: u64,
    /// Samples; one written twice counts twice until its parts are merged.
    pub samples: u64,
    /// Those of them that are native histograms.
    pub histograms: u64,
    /// Those of them that are figures of down-sampled ones, several for each stretch of time.
    pub coarse: u64,
    /// Blocks that hold the samples.
    pub blocks: u64,
    /// Bytes of parts.
    pub part_bytes: u64,
    /// Bytes of index segments.
    pub index_bytes: u64,
    /// The first and last time of any sample, in milliseconds.
    pub span: Option<(i64, i64)>,
}

/// What a store has on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// What the format file says.
    pub format: String,
    /// Day by day, oldest first.
    pub days: Vec<DayFigures>,
    /// Pieces of the log, whose samples are in none of the figures above.
    pub log_segments: usize,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Names of files that were set aside as damaged.
    pub quarantined: Vec<String>,
    /// Files that cannot be read, with what is wrong; the figures leave them out.
    pub unreadable: Vec<(String, String)>,
}

impl Inspection {
    /// All samples in parts.
    pub fn samples(&self) -> u64 {
        self.days.iter().map(|day| day.samples).sum()
    }

    /// All bytes of parts and indexes.
    pub fn bytes(&self) -> u64 {
        self.days.iter().map(|day| day.part_bytes + day.index_bytes).sum()
    }
}

/// Looks at what each file says of itself and of its blocks; reads no rows.
pub fn inspect(dir: &Path) -> Result<Inspection, StoreError> {
    let files = Files::default();
    let mut found = Inspection { format: check_place(dir)?.to_owned(), ..Inspection::default() };
    for day in days(dir)? {
        let mut figures = DayFigures { day: day.name, ..DayFigures::default() };
        for path in &day.parts {
            let opened =
                Part::open(path, &files).and_then(|part| Ok((count_columns(&part)?, part)));
            match gone_is_none(opened) {
                Ok(Some((columns, part))) => {
                    figures.histograms += columns.histograms;
                    figures.coarse += columns.coarse;
                    figures.blocks += columns.blocks;
                    figures.parts += 1;
                    figures.samples += part.meta.rows;
                    figures.part_bytes += part.bytes;
                    let (from, to) = figures.span.unwrap_or((i64::MAX, i64::MIN));
                    figures.span = Some((from.min(part.meta.min_time), to.max(part.meta.max_time)));
                }
                Ok(None) => {}
                Err(error) => {
                    found.unreadable.push((path.display().to_string(), error.to_string()));
                }
            }
        }
        for path in &day.indexes {
            match gone_is_none(Index::open(path, &files)) {
                Ok(Some(index)) => {
                    figures.indexes += 1;
                    figures.series += u64::from(index.series());
                    figures.index_bytes += index.bytes;
                }
                Ok(None) => {}
                Err(error) => {
                    found.unreadable.push((path.display().to_string(), error.to_string()));
                }
            }
        }
        found.days.push(figures);
    }
    for segment in segments(&dir.join("log"))? {
        found.log_segments += 1;
        found.log_bytes += segment.bytes;
    }
    let aside = dir.join("quarantine");
    if aside.try_exists().map_err(failed("read", &aside))? {
        for path in list(&aside)? {
            let bytes = fs::metadata(&path).map_or(0, |own| own.len());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.quarantined.push(format!("{name} ({bytes} bytes)"));
        }
    }
    Ok(found)
}
