//! Many sorted sources into one part: of two rows of one series at one time the later source's stays.

use super::{Part, PartWriter};
use model::HistogramSample;

use crate::{
    StoreError,
    disk::block::{Chunk, sort_histograms},
    key::Key,
};

/// Series in order of key, each with its rows in order of time.
pub(crate) trait Source: Send {
    /// The series it stands at; `None` at the end.
    fn key(&self) -> Option<Key>;

    /// The next rows of that series; `None` after the last.
    fn chunk(&mut self) -> Result<Option<Chunk>, StoreError>;

    /// Goes to the next series.
    fn advance(&mut self) -> Result<(), StoreError>;
}

/// A merge under way; it can rest between steps.
pub(crate) struct Merger {
    sources: Vec<Box<dyn Source>>,
    writer: PartWriter,
}

impl Merger {
    /// Starts to merge sources, the latest last.
    pub(crate) fn new(sources: Vec<Box<dyn Source>>, writer: PartWriter) -> Self {
        Self { sources, writer }
    }

    /// Goes on for about so many rows; true when all is written but the end.
    pub(crate) fn step(&mut self, rows: usize) -> Result<bool, StoreError> {
        let mut done = 0;
        while done < rows {
            let least = self.sources.iter().filter_map(|source| source.key()).min();
            let Some(key) = least else { return Ok(true) };
            let mut same = self.sources.iter_mut().filter(|source| source.key() == Some(key));
            let (first, second) = (same.next(), same.next());
            done += match (first, second) {
                (Some(alone), None) => copy_series(alone.as_mut(), &mut self.writer)?,
                (first, second) => {
                    let all = first.into_iter().chain(second).chain(same).collect();
                    merge_series(all, &mut self.writer)?
                }
            };
            self.writer.end_series(key)?;
        }
        Ok(false)
    }

    /// Ends the part; `None` if there were no rows.
    pub(crate) fn finish(self) -> Result<Option<Part>, StoreError> {
        self.writer.finish()
    }
}

/// What a source has given of a series and is not yet written.
struct Head<'a> {
    source: &'a mut Box<dyn Source>,
    chunk: Chunk,
    at: usize,
    histograms: Vec<HistogramSample>,
}

impl Head<'_> {
    fn time(&self) -> Option<i64> {
        self.chunk.times.get(self.at).copied()
    }

    /// Makes sure there is a row of floats; false at the end of the series. Histograms are put aside.
    fn fill(&mut self) -> Result<bool, StoreError> {
        while self.at >= self.chunk.times.len() {
            let Some(mut chunk) = self.source.chunk()? else { return Ok(false) };
            self.histograms.append(&mut chunk.histograms);
            (self.chunk, self.at) = (chunk, 0);
        }
        Ok(true)
    }
}

/// Writes all rows of the series that one source alone has, and takes it to the next one.
fn copy_series(source: &mut dyn Source, writer: &mut PartWriter) -> Result<usize, StoreError> {
    let mut rows = 0;
    let mut histograms = Vec::new();
    while let Some(mut chunk) = source.chunk()? {
        rows += chunk.rows();
        writer.push(&chunk.times, &chunk.values)?;
        histograms.append(&mut chunk.histograms);
    }
    writer.push_histograms(&histograms)?;
    source.advance()?;
    Ok(rows)
}

/// Writes all rows of the series that these sources stand at, and takes them to the next one.
fn merge_series(
    sources: Vec<&mut Box<dyn Source>>,
    writer: &mut PartWriter,
) -> Result<usize, StoreError> {
    let mut heads = Vec::with_capacity(sources.len());
    for source in sources {
        heads.push(Head { source, chunk: Chunk::default(), at: 0, histograms: Vec::new() });
    }
    let mut histograms: Vec<(usize, Vec<HistogramSample>)> = Vec::new();
    let mut order: Vec<usize> = (0..heads.len()).collect();
    let mut rows = 0;
    loop {
        let mut at = 0;
        while at < heads.len() {
            if heads[at].fill()? {
                at += 1;
            } else {
                let head = heads.remove(at);
                head.source.advance()?;
                histograms.push((order.remove(at), head.histograms));
            }
        }
        if heads.is_empty() {
            return Ok(rows + merge_histograms(histograms, writer)?);
        }
        rows += write_some(&mut heads, writer)?;
    }
}

/// Writes rows until one of the heads is used up. Each has a row.
fn write_some(heads: &mut [Head<'_>], writer: &mut PartWriter) -> Result<usize, StoreError> {
    // All that comes before any other source's next row goes at once.
    let first = (0..heads.len()).min_by_key(|at| heads[*at].time()).unwrap_or_default();
    let others = heads.iter().enumerate().filter(|(at, _)| *at != first);
    let until = others.filter_map(|(_, head)| head.time()).min();
    let head = &mut heads[first];
    let rest = &head.chunk.times[head.at..];
    let alone = until.map_or(rest.len(), |until| rest.partition_point(|time| *time < until));
    if alone > 0 {
        let end = head.at + alone;
        writer.push(&head.chunk.times[head.at..end], &head.chunk.values[head.at..end])?;
        head.at = end;
        return Ok(alone);
    }
    // Several have a row of this time: the last one's stays.
    let Some(time) = until else { return Ok(0) };
    let mut value = None;
    let mut taken = 0;
    for head in heads.iter_mut().filter(|head| head.time() == Some(time)) {
        value = head.chunk.values.get(head.at).copied();
        head.at += 1;
        taken += 1;
    }
    if let Some(value) = value {
        writer.push(&[time], &[value])?;
    }
    Ok(taken)
}

/// Writes the histograms of a series, each list with its source's place: of one time the last source's stays.
fn merge_histograms(
    mut lists: Vec<(usize, Vec<HistogramSample>)>,
    writer: &mut PartWriter,
) -> Result<usize, StoreError> {
    lists.sort_by_key(|(place, _)| *place);
    let mut rows: Vec<HistogramSample> = lists.into_iter().flat_map(|(_, own)| own).collect();
    let count = rows.len();
    sort_histograms(&mut rows);
    writer.push_histograms(&rows)?;
    Ok(count)
}
