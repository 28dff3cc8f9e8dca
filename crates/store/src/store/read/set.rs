//! Series that were found, and how the rows of each are put together from where they lie.

use std::{
    collections::BTreeSet,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use model::{Coarse, Columns, Figure, Labels, Selection, SeriesSet, SourceError, Span, Time};
use parking_lot::Mutex;

use super::{
    super::Store,
    Stop,
    coarse::{CoarseRows, count_samples},
};
use crate::{
    StoreError,
    disk::block::{Chunk, sort_histograms},
    disk::coarse::Resolution,
    disk::part::{Page, Part, series_of, with_block},
    intake::{Run, RunRows},
    key::Key,
};

/// A page of a part that has series of the set.
pub(super) struct FoundPage {
    pub(super) part: Arc<Part>,
    pub(super) page: Page,
}

/// Where a series lies in a part.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// The series, by its place in the set.
    pub(super) series: u32,
    /// The page, by its place in the set.
    pub(super) page: u32,
    /// The place on the page.
    pub(super) at: u32,
}

/// One series.
pub(super) struct Member {
    pub(super) labels: Labels,
    /// Its keys: more than one if it was forgotten and came back.
    pub(super) keys: Vec<Key>,
    /// Which of the spots are its own.
    pub(super) spots: Range<usize>,
    /// Its rows in the buffer.
    pub(super) buffered: Option<Chunk>,
}

/// Series as they were at one moment.
pub(super) struct Found<'s> {
    pub(super) store: &'s Store,
    pub(super) selection: Selection<'s>,
    pub(super) members: Vec<Member>,
    pub(super) pages: Vec<FoundPage>,
    /// By series, and of each the earlier written first.
    pub(super) spots: Vec<Spot>,
    pub(super) runs: Vec<Arc<Run>>,
    /// How coarse any rows near the range may be.
    pub(super) coarsest: Option<Resolution>,
    /// How coarse rows were that were read, by number.
    pub(super) seen: AtomicU32,
    /// What could not be read.
    pub(super) lost: Mutex<BTreeSet<String>>,
}

/// Says to whoever asks that rows of a part are missing.
pub(super) fn lost(error: &StoreError) -> String {
    format!("samples are missing: {error}; `plimsoll store verify` names all such")
}

impl Found<'_> {
    /// The labels of series that have rows near the range.
    pub(super) fn into_labels(self) -> BTreeSet<Labels> {
        self.members.into_iter().map(|member| member.labels).collect()
    }

    fn gather(&self, member: &Member, into: &mut Columns) -> Result<(), Stop> {
        let (from, to) = super::find::ends(&self.selection);
        let mut pieces = Pieces::default();
        let mut coarse = CoarseRows::default();
        for spot in &self.spots[member.spots.clone()] {
            let found = &self.pages[spot.page as usize];
            match self.read_spot((found, spot), into, (&mut pieces, &mut coarse)) {
                Ok(()) => {}
                Err(Stop::Store(error @ StoreError::Damaged { .. })) => {
                    pieces.undo(into);
                    self.store.set_aside(&found.part, &error);
                    self.lost.lock().insert(lost(&error));
                }
                Err(stop) => return Err(stop),
            }
            pieces.end(into);
        }
        for run in &self.runs {
            for key in &member.keys {
                let RunRows { times, values, histograms } = run.rows_of(*key, from, to);
                self.selection.budget.charge(times.len() + histograms.len())?;
                into.times.extend_from_slice(times);
                into.values.extend_from_slice(values);
                into.histograms.extend_from_slice(histograms);
                pieces.end(into);
            }
        }
        if let Some(chunk) = &member.buffered {
            self.selection.budget.charge(chunk.rows())?;
            into.times.extend_from_slice(&chunk.times);
            into.values.extend_from_slice(&chunk.values);
            into.histograms.extend_from_slice(&chunk.histograms);
            pieces.end(into);
        }
        if !pieces.in_order {
            let mut rows = Chunk {
                times: std::mem::take(&mut into.times),
                values: std::mem::take(&mut into.values),
                ..Chunk::default()
            };
            rows.put_in_order();
            (into.times, into.values) = (rows.times, rows.values);
        }
        if self.coarsest.is_some() {
            if self.selection.figure == Figure::Count {
                count_samples(&mut into.values);
            }
            coarse.join(into);
        }
        if !into.histograms.is_empty() {
            sort_histograms(&mut into.histograms);
            leave_floats_out(into);
        }
        Ok(())
    }

    /// The rows of a series in one part that are asked for; blocks out of range are not touched.
    ///
    /// Blocks wholly in range are charged by their headers before any row is read. One that sticks out is charged for
    /// the rows in range, which only its rows tell, and costs no more than itself: the answer to a narrow question must
    /// not depend on how rows lie in blocks.
    fn read_spot(
        &self,
        (found, spot): (&FoundPage, &Spot),
        into: &mut Columns,
        (pieces, coarse): (&mut Pieces, &mut CoarseRows),
    ) -> Result<(), Stop> {
        let FoundPage { part, page } = found;
        let (from, to) = super::find::ends(&self.selection);
        let budget = self.selection.budget;
        let series = series_of(part, page, spot.at as usize)?;
        let mut near = series.blocks;
        near.retain(|own| own.min_time <= to && own.max_time >= from);
        if let Some(resolution) = near.iter().filter_map(|own| own.column.resolution()).max() {
            self.seen.fetch_max(Resolution::number(Some(resolution)), Ordering::Relaxed);
            coarse.read((&self.store.cache, &self.selection), found, &near)?;
            near.retain(|own| own.column.resolution().is_none());
        }
        let whole = near.iter().filter(|own| own.min_time >= from && own.max_time <= to);
        budget.charge(whole.map(|own| own.rows as usize).sum())?;
        for header in &near {
            let sticks_out = header.min_time < from || header.max_time > to;
            let taken = with_block(part, &self.store.cache, page, header, |chunk| {
                chunk.append_within(from, to, into)
            })?;
            if sticks_out {
                budget.charge(taken)?;
            }
            pieces.end_block(into);
        }
        Ok(())
    }
}

/// Leaves out floats at times that have a native histogram: of one time there is one sample.
fn leave_floats_out(columns: &mut Columns) {
    let histograms = &columns.histograms;
    let both = |time: i64| histograms.binary_search_by_key(&time, |own| own.time.millis()).is_ok();
    if columns.times.iter().any(|time| both(*time)) {
        let rows = columns.times.iter().copied().zip(columns.values.iter().copied());
        (columns.times, columns.values) = rows.filter(|(time, _)| !both(*time)).unzip();
    }
}

/// Whether what was put together is in order, and where the last piece began.
struct Pieces {
    in_order: bool,
    start: usize,
    histograms: usize,
    checked: usize,
}

impl Default for Pieces {
    fn default() -> Self {
        Self { in_order: true, start: 0, histograms: 0, checked: 0 }
    }
}

impl Pieces {
    /// A block was appended: it must follow what was there.
    fn end_block(&mut self, columns: &Columns) {
        if let (Some(before), Some(first)) =
            (self.checked.checked_sub(1), columns.times.get(self.checked))
        {
            self.in_order &= columns.times[before] < *first;
        }
        self.checked = columns.times.len();
    }

    fn end(&mut self, columns: &Columns) {
        self.end_block(columns);
        self.start = columns.times.len();
        self.histograms = columns.histograms.len();
    }

    /// Takes back what was appended since the last piece.
    fn undo(&mut self, columns: &mut Columns) {
        columns.times.truncate(self.start);
        columns.values.truncate(self.start);
        columns.histograms.truncate(self.histograms);
        self.checked = self.start;
    }
}

impl SeriesSet for Found<'_> {
    fn len(&self) -> usize {
        self.members.len()
    }

    fn labels(&self, at: usize) -> &Labels {
        &self.members[at].labels
    }

    fn read(&self, at: usize, into: &mut Columns) -> Result<(), SourceError> {
        into.clear();
        let member = &self.members[at];
        into.labels = member.labels.clone();
        Ok(self.gather(member, into)?)
    }

    fn coarsest(&self) -> Option<Span> {
        self.coarsest.map(Resolution::step)
    }

    fn coarse(&self, at: usize) -> Option<Coarse> {
        self.coarsest?;
        let mut found: Option<(Resolution, i64)> = None;
        for spot in &self.spots[self.members[at].spots.clone()] {
            let FoundPage { part, page } = &self.pages[spot.page as usize];
            if part.meta.origin.coarse.is_none() {
                continue;
            }
            // What cannot be read is found to be damaged when it is read.
            let Ok(series) = series_of(part, page, spot.at as usize) else { continue };
            for block in &series.blocks {
                let Some(own) = block.column.resolution() else { continue };
                let (resolution, until) = found.unwrap_or((own, block.max_time));
                found = Some((resolution.max(own), until.max(block.max_time)));
            }
        }
        found.map(|(resolution, until)| Coarse { step: resolution.step(), until: Time(until) })
    }

    fn warnings(&self) -> Vec<String> {
        let seen = Resolution::of(self.seen.load(Ordering::Relaxed));
        let said = |own: Resolution| {
            format!("some of it is answered from down-sampled samples, one for each {}", own.step())
        };
        seen.map(said).into_iter().chain(self.lost.lock().iter().cloned()).collect()
    }
}
