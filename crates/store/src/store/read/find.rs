//! Finding series: by the indexes of the days in range, and by the table of series that have rows in memory.

use std::sync::{Arc, atomic::AtomicU32};

use hashbrown::{HashMap, HashSet, hash_map::Entry};
use model::{Labels, Selection, SourceError};
use parking_lot::Mutex;

use super::{
    super::{
        Store,
        catalog::{Catalog, Day},
    },
    Stop,
    set::{Found, FoundPage, Member, Spot, lost},
};
use crate::{
    StoreError,
    disk::block::Chunk,
    disk::coarse::Resolution,
    disk::index::Index,
    disk::part::{Part, PartReader, day_of},
    intake::{Intake, hash},
    key::Key,
};

/// A series that has rows in memory within the range.
pub(super) struct InMemory {
    pub(super) key: Key,
    pub(super) labels: Labels,
    buffered: Option<Chunk>,
}

/// The first and last time that is asked for.
pub(super) fn ends(selection: &Selection<'_>) -> (i64, i64) {
    (selection.range.from.millis(), selection.range.to.millis())
}

fn days_in<'c>(catalog: &'c Catalog, selection: &Selection<'_>) -> impl Iterator<Item = &'c Day> {
    let (from, to) = ends(selection);
    let days = (from <= to).then(|| catalog.days.range(day_of(from)..=day_of(to)));
    days.into_iter().flatten().map(|(_, day)| day)
}

/// The indexes of days that have rows within the range.
pub(super) fn indexes_in<'c>(
    catalog: &'c Catalog,
    selection: &Selection<'_>,
) -> impl Iterator<Item = &'c Arc<Index>> {
    let (from, to) = ends(selection);
    days_in(catalog, selection)
        .filter(move |day| day.parts.iter().any(|part| part.overlaps(from, to)))
        .flat_map(|day| &day.indexes)
}

/// How coarse any rows may be of the days in range and of the hour before.
fn coarsest_in(catalog: &Catalog, selection: &Selection<'_>) -> Option<Resolution> {
    let (from, to) = ends(selection);
    let from = from.saturating_sub(Resolution::STEP_MAX.as_millis());
    if from > to {
        return None;
    }
    let days = catalog.days.range(day_of(from)..=day_of(to)).map(|(_, day)| day);
    days.flat_map(|day| &day.parts).filter_map(|part| part.meta.origin.coarse?.coarsest).max()
}

/// Who is known so far: by number, with where its labels are to be found.
#[derive(Default)]
struct Gathering {
    by_id: HashMap<u64, u32>,
    keys: Vec<Key>,
    labels: Vec<Option<Labels>>,
    /// For series without labels: the index and the place there.
    homes: Vec<Option<(Arc<Index>, u32)>>,
    buffered: Vec<Option<Chunk>>,
    in_memory: Vec<bool>,
    pages: Vec<FoundPage>,
    spots: Vec<Spot>,
    /// What could not be read.
    lost: Vec<String>,
}

impl Gathering {
    fn add(&mut self, key: Key) -> u32 {
        match self.by_id.entry(key.id) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
                entry.insert(number);
                self.keys.push(key);
                self.labels.push(None);
                self.homes.push(None);
                self.buffered.push(None);
                self.in_memory.push(false);
                number
            }
        }
    }
}

impl Store {
    /// The series with rows in memory within the range, and all parts at that same moment.
    pub(super) fn in_memory(&self, selection: &Selection<'_>) -> (Vec<InMemory>, Arc<Catalog>) {
        let (from, to) = ends(selection);
        let mut intake = self.intake.lock();
        let catalog = self.catalog();
        let mut found = Vec::new();
        let near = |(min, max): (i64, i64)| min <= to && max >= from;
        let buffered = intake.buffer.span().is_some_and(near);
        let runs: Vec<_> = catalog.runs.iter().filter(|run| near(run.span)).collect();
        if buffered || !runs.is_empty() {
            let Intake { table, buffer, .. } = &mut *intake;
            table.matching(selection.matchers, |number, slot| {
                let chunk = Some(buffer.rows((number, slot), from, to));
                let chunk = chunk.filter(|chunk| !chunk.is_empty());
                let in_run = || runs.iter().any(|run| run.has(slot.key, from, to));
                if chunk.is_some() || in_run() {
                    let labels = slot.labels.clone();
                    found.push(InMemory { key: slot.key, labels, buffered: chunk });
                }
            });
        }
        drop(intake);
        found.sort_unstable_by_key(|own| own.key);
        (found, catalog)
    }

    /// Finds the series of a selection that have rows near its range.
    pub(super) fn found<'s>(&'s self, selection: &Selection<'s>) -> Result<Found<'s>, SourceError> {
        let (memory, catalog) = self.in_memory(selection);
        let mut gathering = Gathering::default();
        for own in memory {
            let number = gathering.add(own.key) as usize;
            gathering.labels[number] = Some(own.labels);
            gathering.buffered[number] = own.buffered;
            gathering.in_memory[number] = true;
        }
        for day in days_in(&catalog, selection) {
            self.find_in_day(day, selection, &mut gathering)?;
        }
        self.resolve(&mut gathering)?;
        let (from, to) = ends(selection);
        let runs = catalog.runs.iter().filter(|run| run.overlaps(from, to)).cloned().collect();
        let found = self.assemble(gathering, runs, selection);
        Ok(Found { coarsest: coarsest_in(&catalog, selection), ..found })
    }

    fn find_in_day(
        &self,
        day: &Day,
        selection: &Selection<'_>,
        gathering: &mut Gathering,
    ) -> Result<(), SourceError> {
        let (from, to) = ends(selection);
        let parts: Vec<&Arc<Part>> =
            day.parts.iter().filter(|part| part.overlaps(from, to)).collect();
        if parts.is_empty() {
            return Ok(());
        }
        let mut keys: Vec<(Key, u32)> = Vec::new();
        for (number, index) in day.indexes.iter().enumerate() {
            selection.budget.charge(0)?;
            match self.find_in_index(index, selection, gathering, &mut keys) {
                Ok(()) => {}
                Err(Stop::Store(error @ StoreError::Damaged { .. })) => {
                    gathering.lost.push(lost(&error));
                    self.set_index_aside(index, &error);
                }
                Err(stop) => return Err(stop.into()),
            }
            if number > 0 {
                keys.sort_unstable();
            }
        }
        for part in parts {
            selection.budget.charge(0)?;
            let spots = gathering.spots.len();
            match self.find_in_part(part, selection, &keys, gathering) {
                Ok(()) => {}
                Err(Stop::Store(error @ StoreError::Damaged { .. })) => {
                    gathering.spots.truncate(spots);
                    gathering.lost.push(lost(&error));
                    // What could be kept of it is looked through instead.
                    if let Some(salvaged) = self.set_aside(part, &error) {
                        self.find_in_part(&salvaged, selection, &keys, gathering)
                            .map_err(SourceError::from)?;
                    }
                }
                Err(stop) => return Err(stop.into()),
            }
        }
        Ok(())
    }

    fn find_in_index(
        &self,
        index: &Arc<Index>,
        selection: &Selection<'_>,
        gathering: &mut Gathering,
        found: &mut Vec<(Key, u32)>,
    ) -> Result<(), Stop> {
        let places = index.find(&self.cache, selection.matchers)?;
        if places.is_empty() {
            return Ok(());
        }
        let keys = index.keys(&self.cache)?;
        for (count, place) in places.iter().enumerate() {
            if count % 4096 == 0 {
                selection.budget.charge(0)?;
            }
            let Some(key) = keys.get(place) else { continue };
            let number = gathering.add(key);
            let home = &mut gathering.homes[number as usize];
            if home.is_none() && gathering.labels[number as usize].is_none() {
                *home = Some((Arc::clone(index), place));
            }
            found.push((key, number));
        }
        Ok(())
    }

    fn find_in_part(
        &self,
        part: &Arc<Part>,
        selection: &Selection<'_>,
        keys: &[(Key, u32)],
        gathering: &mut Gathering,
    ) -> Result<(), Stop> {
        let (from, to) = ends(selection);
        let within = part.meta.min_time >= from && part.meta.max_time <= to;
        let mut reader = PartReader::new(part, &self.cache);
        let mut page: Option<(usize, u32)> = None;
        for (count, (key, series)) in keys.iter().enumerate() {
            if count % 4096 == 0 {
                selection.budget.charge(0)?;
            }
            let Some((number, at)) = reader.locate(*key)? else { continue };
            let Some(own) = reader.page() else { continue };
            if !within && !own.overlaps(at, from, to) {
                continue;
            }
            let page = match page {
                Some((same, page)) if same == number => page,
                _ => {
                    let next = u32::try_from(gathering.pages.len()).unwrap_or(u32::MAX);
                    gathering.pages.push(FoundPage { part: Arc::clone(part), page: own.clone() });
                    page = Some((number, next));
                    next
                }
            };
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            gathering.spots.push(Spot { series: *series, page, at });
        }
        Ok(())
    }

    /// Finds the labels of all series that have rows: of those written to lately in the table, of others in the index.
    fn resolve(&self, gathering: &mut Gathering) -> Result<(), SourceError> {
        let mut wanted: Vec<bool> = gathering.in_memory.clone();
        for spot in &gathering.spots {
            wanted[spot.series as usize] = true;
        }
        {
            let intake = self.intake.lock();
            for (number, labels) in gathering.labels.iter_mut().enumerate() {
                if labels.is_none() && wanted[number] {
                    let slot = intake.table.by_id(gathering.keys[number].id);
                    *labels = slot.map(|slot| slot.labels.clone());
                }
            }
        }
        for (number, labels) in gathering.labels.iter_mut().enumerate() {
            let (None, true) = (&labels, wanted[number]) else { continue };
            let Some((index, place)) = &gathering.homes[number] else { continue };
            match index.labels(&self.cache, *place) {
                Ok(own) => *labels = Some(own),
                Err(error @ StoreError::Damaged { .. }) => self.set_index_aside(index, &error),
                Err(error) => return Err(Stop::Store(error).into()),
            }
        }
        Ok(())
    }

    /// Puts together what belongs to one series: of several numbers with the same labels, too.
    fn assemble<'s>(
        &'s self,
        gathering: Gathering,
        runs: Vec<Arc<crate::intake::Run>>,
        selection: &Selection<'s>,
    ) -> Found<'s> {
        let Gathering { keys, labels, mut buffered, in_memory, pages, mut spots, lost, .. } =
            gathering;
        // Which member a number belongs to: those whose labels are unknown belong to none.
        let mut member_of: Vec<Option<u32>> = vec![None; keys.len()];
        let mut members: Vec<Member> = Vec::with_capacity(keys.len());
        let mut has_spots = in_memory;
        for spot in &spots {
            has_spots[spot.series as usize] = true;
        }
        let twice = Twice::among(&labels);
        let mut first_of: HashMap<Labels, u32> = HashMap::new();
        for (number, own) in labels.into_iter().enumerate() {
            let Some(labels) = own.filter(|_| has_spots[number]) else { continue };
            let next = u32::try_from(members.len()).unwrap_or(u32::MAX);
            let member = if twice.may_have(&labels) {
                *first_of.entry(labels.clone()).or_insert(next)
            } else {
                next
            };
            member_of[number] = Some(member);
            if member == next {
                let keys = Vec::with_capacity(1);
                members.push(Member { labels, keys, spots: 0..0, buffered: None });
            }
            let member = &mut members[member as usize];
            member.keys.push(keys[number]);
            match (&mut member.buffered, buffered[number].take()) {
                (Some(before), Some(mut after)) => {
                    before.times.append(&mut after.times);
                    before.values.append(&mut after.values);
                    before.histograms.append(&mut after.histograms);
                }
                (none, after) => *none = none.take().or(after),
            }
        }
        spots.retain_mut(|spot| {
            member_of[spot.series as usize].map(|member| spot.series = member).is_some()
        });
        // Stable: of one series the order in which they were written stays.
        spots.sort_by_key(|spot| spot.series);
        let mut start = 0;
        for (number, member) in members.iter_mut().enumerate() {
            let own = spots[start..].iter().take_while(|spot| spot.series as usize == number);
            let end = start + own.count();
            member.spots = start..end;
            start = end;
        }
        let (coarsest, seen) = (None, AtomicU32::new(0));
        let lost = Mutex::new(lost.into_iter().collect());
        Found {
            store: self,
            selection: *selection,
            members,
            pages,
            spots,
            runs,
            coarsest,
            seen,
            lost,
        }
    }
}

/// Which labels came more than once: hardly ever any.
struct Twice(HashSet<u128>);

impl Twice {
    fn among(labels: &[Option<Labels>]) -> Self {
        let mut seen = HashSet::with_capacity(labels.len());
        let mut twice = HashSet::new();
        for own in labels.iter().flatten() {
            let hash = hash(own.as_ref());
            if !seen.insert(hash) {
                twice.insert(hash);
            }
        }
        Self(twice)
    }

    fn may_have(&self, labels: &Labels) -> bool {
        !self.0.is_empty() && self.0.contains(&hash(labels.as_ref()))
    }
}
