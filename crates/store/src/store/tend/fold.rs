//! Days become coarser as they grow old: their rows are written anew, down-sampled as the rules say, and then the new
//! part takes the place of the old one at once. A crash leaves either; what is folded already stays as it is, so that
//! doing it again changes nothing.

use std::sync::Arc;

use crate::{
    StoreError,
    disk::block::Chunk,
    disk::coarse::{Cells, Figure, Plan, Resolution, Target},
    disk::part::{Column, Merger, Part, PartCursor, PartWriter, Source},
    key::Key,
};

/// A part in the making from parts of one day, the latest last.
pub(super) struct Folder {
    sources: Vec<PartCursor>,
    plan: Plan,
    writer: PartWriter,
}

/// What several sources have of one series.
#[derive(Default)]
struct Gathered {
    samples: Chunk,
    five_minutes: Cells,
    hour: Cells,
    /// Figures that do not belong together were met.
    odd: bool,
}

impl Folder {
    pub(super) fn new(sources: Vec<PartCursor>, plan: Plan, writer: PartWriter) -> Self {
        Self { sources, plan, writer }
    }

    /// Goes on for about so many rows; true when all is written but the end.
    pub(super) fn step(&mut self, rows: usize) -> Result<bool, StoreError> {
        let mut done = 0;
        while done < rows {
            let Some(key) = self.sources.iter().filter_map(Source::key).min() else {
                return Ok(true);
            };
            done += self.series(key)?.max(1);
        }
        Ok(false)
    }

    /// Ends the part; `None` if nothing is left.
    pub(super) fn finish(self) -> Result<Option<Part>, StoreError> {
        self.writer.finish()
    }

    /// Writes what stays of a series, and takes the sources to the next one. Gives how many rows were read.
    fn series(&mut self, key: Key) -> Result<usize, StoreError> {
        let (target, counter) = self.plan.of(key.id);
        let mut gathered = Gathered::default();
        let mut rows = 0;
        for source in self.sources.iter_mut().filter(|source| source.key() == Some(key)) {
            while target != Target::Nothing
                && let Some((column, chunk)) = source.block()?
            {
                rows += chunk.rows();
                gathered.add(column, chunk);
            }
            source.advance()?;
        }
        match gathered.become_coarse(target, counter) {
            Left::Samples(samples) => {
                self.writer.push(&samples.times, &samples.values)?;
                self.writer.push_histograms(&samples.histograms)?;
            }
            Left::Coarse(resolution, cells) => self.write(resolution, &cells)?,
        }
        self.writer.end_series(key)?;
        Ok(rows)
    }

    fn write(&mut self, resolution: Resolution, cells: &Cells) -> Result<(), StoreError> {
        let Cells { last, times, min, max, sum, count } = cells;
        let mut push = |figure, times: &[i64], values: &[f64]| {
            self.writer.push_column(Column::Coarse(resolution, figure), times, values)
        };
        push(Figure::Last, &last.times, &last.values)?;
        push(Figure::Min, times, min)?;
        push(Figure::Max, times, max)?;
        push(Figure::Sum, times, sum)?;
        push(Figure::Count, times, count)?;
        self.writer.push_histogram_column(Column::CoarseHistogram(resolution), &last.histograms)
    }
}

enum Left {
    Samples(Chunk),
    Coarse(Resolution, Cells),
}

impl Gathered {
    fn add(&mut self, column: Column, mut chunk: Chunk) {
        let (resolution, figure) = match column {
            Column::Value | Column::Histogram => {
                append(&mut self.samples, &mut chunk);
                return;
            }
            Column::Coarse(resolution, figure) => (resolution, figure),
            Column::CoarseHistogram(resolution) => (resolution, Figure::Last),
        };
        let cells = match resolution {
            Resolution::FiveMinutes => &mut self.five_minutes,
            Resolution::Hour => &mut self.hour,
        };
        match figure {
            Figure::Last => append(&mut cells.last, &mut chunk),
            figure => self.odd |= !cells.add_figure(figure, &mut chunk),
        }
    }

    /// What is left. Rows never become finer, whatever the rules say by now.
    fn become_coarse(self, target: Target, counter: bool) -> Left {
        let Self { mut samples, mut five_minutes, mut hour, odd } = self;
        samples.put_in_order();
        five_minutes.even_out(!odd);
        hour.even_out(!odd);
        let has_hours = !hour.is_empty() || target == Target::Coarse(Resolution::Hour);
        let coarse = has_hours || !five_minutes.is_empty() || target != Target::Samples;
        if !coarse {
            return Left::Samples(samples);
        }
        let late = Cells::of_samples(samples).fold(Resolution::FiveMinutes, counter);
        five_minutes.add_missing(&late, Resolution::FiveMinutes);
        if !has_hours {
            return Left::Coarse(Resolution::FiveMinutes, five_minutes);
        }
        hour.add_missing(&five_minutes.fold(Resolution::Hour, counter), Resolution::Hour);
        Left::Coarse(Resolution::Hour, hour)
    }
}

fn append(chunk: &mut Chunk, other: &mut Chunk) {
    chunk.times.append(&mut other.times);
    chunk.values.append(&mut other.values);
    chunk.histograms.append(&mut other.histograms);
}

/// A part in the making, one way or the other.
pub(super) enum Work {
    Merge(Box<Merger>),
    Fold(Box<Folder>),
}

impl Work {
    pub(super) fn step(&mut self, rows: usize) -> Result<bool, StoreError> {
        match self {
            Self::Merge(merger) => merger.step(rows),
            Self::Fold(folder) => folder.step(rows),
        }
    }

    pub(super) fn finish(self) -> Result<Option<Arc<Part>>, StoreError> {
        let part = match self {
            Self::Merge(merger) => merger.finish(),
            Self::Fold(folder) => folder.finish(),
        };
        Ok(part?.map(Arc::new))
    }
}
