//! Reading what was down-sampled: the figure that is asked for, beside samples as they came.

use model::{Columns, Figure as Wanted, HistogramSample, Selection, is_stale};

use super::{Stop, find::ends, set::FoundPage};
use crate::{
    StoreError,
    disk::block::Chunk,
    disk::coarse::{Figure, Resolution},
    disk::part::{BlockHeader, Cache, Column, DAY_MILLIS, day_of, with_block},
};

/// Down-sampled rows of one series.
#[derive(Default)]
pub(super) struct CoarseRows {
    rows: Chunk,
    /// The stretches that have rows, first and last time of each.
    taken: Vec<(i64, i64)>,
}

impl CoarseRows {
    /// Reads what is asked for of some blocks of one part.
    pub(super) fn read(
        &mut self,
        (cache, selection): (&Cache, &Selection<'_>),
        FoundPage { part, page }: &FoundPage,
        blocks: &[BlockHeader],
    ) -> Result<(), Stop> {
        let (mut rows, mut counts) = (Chunk::default(), Chunk::default());
        let mut taken = Vec::new();
        for header in blocks {
            let Some(resolution) = header.column.resolution() else { continue };
            let Some(use_as) = use_of(header.column, selection.figure) else { continue };
            selection.budget.charge(header.rows as usize)?;
            let mut chunk = with_block(part, cache, page, header, Chunk::clone)?;
            if use_as == Use::Divide {
                counts.times.append(&mut chunk.times);
                counts.values.append(&mut chunk.values);
                continue;
            }
            let histograms = chunk.histograms.iter().map(|own| own.time.millis());
            taken.extend(
                chunk.times.iter().copied().chain(histograms).map(|time| stretch(resolution, time)),
            );
            rows.times.append(&mut chunk.times);
            rows.values.append(&mut chunk.values);
            rows.histograms.append(&mut chunk.histograms);
        }
        if selection.figure == Wanted::Mean {
            if rows.times != counts.times {
                let what = "a sum has no count";
                return Err(StoreError::Damaged { path: part.path.clone(), what }.into());
            }
            for (value, count) in rows.values.iter_mut().zip(counts.values) {
                *value /= count;
            }
        }
        let (from, to) = ends(selection);
        let mut rows = rows.cut(from, to);
        self.rows.times.append(&mut rows.times);
        self.rows.values.append(&mut rows.values);
        self.rows.histograms.append(&mut rows.histograms);
        self.taken.append(&mut taken);
        Ok(())
    }

    /// Joins them with samples as they came. Of these, late ones of stretches that have rows already are left out, as they
    /// will be when the day is written anew.
    pub(super) fn join(mut self, columns: &mut Columns) {
        if self.taken.is_empty() {
            return;
        }
        self.taken.sort_unstable();
        let free = |time: i64| {
            let after = self.taken.partition_point(|(first, _)| *first <= time);
            after.checked_sub(1).is_none_or(|at| self.taken[at].1 < time)
        };
        let samples = columns.times.drain(..).zip(columns.values.drain(..));
        for (time, value) in samples.filter(|(time, _)| free(*time)) {
            self.rows.times.push(time);
            self.rows.values.push(value);
        }
        let histograms = columns.histograms.drain(..);
        self.rows
            .histograms
            .extend(histograms.filter(|own: &HistogramSample| free(own.time.millis())));
        self.rows.put_in_order();
        let Chunk { times, values, histograms } = self.rows;
        (columns.times, columns.values, columns.histograms) = (times, values, histograms);
    }
}

/// Samples as they came beside down-sampled ones stand for one each.
pub(super) fn count_samples(values: &mut [f64]) {
    for value in values.iter_mut().filter(|value| !is_stale(**value)) {
        *value = 1.0;
    }
}

/// What a column is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Rows,
    Divide,
}

fn use_of(column: Column, wanted: Wanted) -> Option<Use> {
    let figure = match column {
        Column::Value | Column::Histogram => return None,
        Column::CoarseHistogram(_) => return Some(Use::Rows),
        Column::Coarse(_, figure) => figure,
    };
    match (wanted, figure) {
        (Wanted::Last, Figure::Last)
        | (Wanted::Min, Figure::Min)
        | (Wanted::Max, Figure::Max)
        | (Wanted::Sum | Wanted::Mean, Figure::Sum)
        | (Wanted::Count, Figure::Count) => Some(Use::Rows),
        (Wanted::Mean, Figure::Count) => Some(Use::Divide),
        _ => None,
    }
}

/// The first and last time of the stretch of a row, as far as they lie on its day.
fn stretch(resolution: Resolution, time: i64) -> (i64, i64) {
    let day = day_of(time).saturating_mul(DAY_MILLIS);
    let end = resolution.end_of(time);
    let first = end.saturating_sub(resolution.step().as_millis()).saturating_add(1);
    (first.max(day), end.min(day.saturating_add(DAY_MILLIS - 1)))
}
