//! Answering: what the buffer, the runs and the parts hold of a series becomes one column.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{BudgetSpent, Columns, Labels, Selection, SeriesSource, SourceError};

use super::{Store, catalog::Catalog};
use crate::{
    StoreError,
    block::Chunk,
    intake::sort,
    part::{BlockHeader, PartReader, day_of},
};

/// Why reading stopped.
enum Stop {
    Budget(BudgetSpent),
    Store(StoreError),
}

impl From<BudgetSpent> for Stop {
    fn from(spent: BudgetSpent) -> Self {
        Self::Budget(spent)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for SourceError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Budget(spent) => Self::Budget(spent),
            Stop::Store(error) => Self::Failed(Box::new(error)),
        }
    }
}

/// What was found of each series, later writes last.
type Gathered = BTreeMap<Labels, Vec<Chunk>>;

impl Store {
    /// What the buffer has, and all parts at that same moment.
    fn snapshot(&self, selection: &Selection<'_>) -> (Vec<(Labels, Chunk)>, Arc<Catalog>) {
        let (from, to) = ends(selection);
        let intake = self.intake.lock();
        let rows = intake.buffer.select(&intake.table, selection.matchers, from, to);
        (rows, self.catalog())
    }

    /// Reads each part that may have rows in range; a damaged one is set aside and left out.
    fn each_part<T>(
        &self,
        catalog: &Catalog,
        selection: &Selection<'_>,
        mut read: impl FnMut(&mut PartReader) -> Result<T, Stop>,
        mut keep: impl FnMut(T),
    ) -> Result<(), SourceError> {
        let (from, to) = ends(selection);
        if from > to {
            return Ok(());
        }
        let days = catalog.days.range(day_of(from)..=day_of(to));
        for part in days.flat_map(|(_, parts)| parts).filter(|part| part.overlaps(from, to)) {
            selection.budget.charge(0)?;
            let outcome = PartReader::open(part, &self.cache)
                .map_err(Stop::from)
                .and_then(|mut own| read(&mut own));
            match outcome {
                Ok(found) => keep(found),
                Err(Stop::Store(error @ StoreError::Damaged { .. })) => {
                    self.set_aside(part, &error);
                }
                Err(stop) => return Err(stop.into()),
            }
        }
        Ok(())
    }

    fn gather(&self, selection: &Selection<'_>) -> Result<Gathered, SourceError> {
        let (from, to) = ends(selection);
        let (buffered, catalog) = self.snapshot(selection);
        let mut gathered = Gathered::new();
        self.each_part(
            &catalog,
            selection,
            |reader| read_rows(reader, selection),
            |found| {
                for (labels, mut chunks) in found {
                    gathered.entry(labels).or_default().append(&mut chunks);
                }
            },
        )?;
        for run in catalog.runs.iter().filter(|run| run.overlaps(from, to)) {
            run.matching(selection.matchers, (from, to), |labels, times, values| {
                selection.budget.charge(times.len())?;
                let chunk = Chunk { times: times.to_vec(), values: values.to_vec() };
                gathered.entry(labels.clone()).or_default().push(chunk);
                Ok::<(), BudgetSpent>(())
            })?;
        }
        for (labels, chunk) in buffered {
            selection.budget.charge(chunk.times.len())?;
            gathered.entry(labels).or_default().push(chunk);
        }
        Ok(gathered)
    }

    fn labels(&self, selection: &Selection<'_>) -> Result<BTreeSet<Labels>, SourceError> {
        let (from, to) = ends(selection);
        let (buffered, catalog) = self.snapshot(selection);
        let mut found: BTreeSet<Labels> = buffered.into_iter().map(|(labels, _)| labels).collect();
        for run in catalog.runs.iter().filter(|run| run.overlaps(from, to)) {
            run.matching(selection.matchers, (from, to), |labels, _, _| {
                selection.budget.charge(0)?;
                if !found.contains(labels) {
                    found.insert(labels.clone());
                }
                Ok::<(), BudgetSpent>(())
            })?;
        }
        self.each_part(
            &catalog,
            selection,
            |reader| {
                let mut own = Vec::new();
                for number in reader.find(selection.matchers)? {
                    selection.budget.charge(0)?;
                    let (series, _) = reader.series(number)?;
                    if series.blocks.iter().any(|own| own.min_time <= to && own.max_time >= from) {
                        own.push(series.labels);
                    }
                }
                Ok(own)
            },
            |own| found.extend(own),
        )?;
        Ok(found)
    }

    /// Collects texts from everything that overlaps the range, without looking at single series.
    fn texts(
        &self,
        selection: &Selection<'_>,
        mut from_labels: impl FnMut(&Labels, &mut BTreeSet<String>),
        from_part: impl Fn(&PartReader, &mut BTreeSet<String>) -> Result<(), StoreError>,
    ) -> Result<Vec<String>, SourceError> {
        let mut found = BTreeSet::new();
        let (buffered, catalog) = self.snapshot(selection);
        for (labels, _) in &buffered {
            from_labels(labels, &mut found);
        }
        for run in &catalog.runs {
            run.matching(&[], ends(selection), |labels, _, _| {
                from_labels(labels, &mut found);
                Ok::<(), BudgetSpent>(())
            })?;
        }
        self.each_part(
            &catalog,
            selection,
            |reader| {
                let mut own = BTreeSet::new();
                from_part(reader, &mut own)?;
                Ok(own)
            },
            |mut own| found.append(&mut own),
        )?;
        Ok(found.into_iter().collect())
    }
}

impl SeriesSource for Store {
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError> {
        let gathered = self.gather(selection)?;
        let mut answer = Vec::with_capacity(gathered.len());
        for (labels, chunks) in gathered {
            let Chunk { times, values } = combine(chunks);
            answer.push(Columns::new(labels, times, values));
        }
        Ok(answer)
    }

    fn series(&self, selection: &Selection<'_>) -> Result<Vec<Labels>, SourceError> {
        Ok(self.labels(selection)?.into_iter().collect())
    }

    fn label_names(&self, selection: &Selection<'_>) -> Result<Vec<String>, SourceError> {
        let names = |labels: &Labels, found: &mut BTreeSet<String>| {
            for (name, _) in labels.iter() {
                if !found.contains(name) {
                    found.insert(name.to_owned());
                }
            }
        };
        if selection.matchers.is_empty() {
            return self.texts(selection, names, PartReader::add_names);
        }
        let mut found = BTreeSet::new();
        for labels in self.labels(selection)? {
            names(&labels, &mut found);
        }
        Ok(found.into_iter().collect())
    }

    fn label_values(
        &self,
        label: &str,
        selection: &Selection<'_>,
    ) -> Result<Vec<String>, SourceError> {
        let values = |labels: &Labels, found: &mut BTreeSet<String>| {
            if let Some(value) = labels.get(label)
                && !found.contains(value)
            {
                found.insert(value.to_owned());
            }
        };
        if selection.matchers.is_empty() {
            return self.texts(selection, values, |reader, found| reader.add_values(label, found));
        }
        let mut found = BTreeSet::new();
        for labels in self.labels(selection)? {
            values(&labels, &mut found);
        }
        Ok(found.into_iter().collect())
    }
}

fn ends(selection: &Selection<'_>) -> (i64, i64) {
    (selection.range.from.millis(), selection.range.to.millis())
}

/// The rows of a part that are asked for; blocks out of range are not touched.
///
/// Blocks wholly in range are charged by their headers before any row of their series is read. One
/// that sticks out is charged for the rows in range, which only its rows tell, and costs no more
/// than itself: the answer to a narrow question must not depend on how rows lie in blocks.
fn read_rows(
    reader: &mut PartReader,
    selection: &Selection<'_>,
) -> Result<Vec<(Labels, Vec<Chunk>)>, Stop> {
    let (from, to) = ends(selection);
    let mut found = Vec::new();
    for number in reader.find(selection.matchers)? {
        let (series, groups) = reader.series(number)?;
        let inside = |own: &&BlockHeader| own.min_time >= from && own.max_time <= to;
        let whole = series.blocks.iter().filter(inside).map(|own| own.rows as usize);
        selection.budget.charge(whole.sum())?;
        let mut chunks = Vec::new();
        for header in &series.blocks {
            if header.min_time > to || header.max_time < from {
                continue;
            }
            let chunk = reader.block(header, &groups)?.cut(from, to);
            if !inside(&header) {
                selection.budget.charge(chunk.times.len())?;
            }
            if !chunk.times.is_empty() {
                chunks.push(chunk);
            }
        }
        if !chunks.is_empty() {
            found.push((series.labels, chunks));
        }
    }
    Ok(found)
}

/// Joins chunks, later writes last, into one in order of time; of one time the last write stays.
fn combine(mut chunks: Vec<Chunk>) -> Chunk {
    if chunks.len() == 1 {
        return chunks.pop().unwrap_or_default();
    }
    let rows = chunks.iter().map(|chunk| chunk.times.len()).sum();
    let in_order = chunks.windows(2).all(|pair| pair[0].times.last() < pair[1].times.first());
    let mut all = Chunk { times: Vec::with_capacity(rows), values: Vec::with_capacity(rows) };
    for mut chunk in chunks {
        all.times.append(&mut chunk.times);
        all.values.append(&mut chunk.values);
    }
    if in_order { all } else { sort(&all) }
}
