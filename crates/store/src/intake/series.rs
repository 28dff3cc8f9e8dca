//! The series written to lately, and a number for each. Nothing of their rows is here.

use std::time::Duration;

use hashbrown::{HashMap, HashTable};
use model::{Labels, LabelsRef, METRIC_NAME, Matcher, Time};

use super::{
    names::NameIndex,
    sources::{NOBODY, Sources, seconds},
    standing::{self, Standing},
};
use crate::key::Key;

/// How long a series counts as new.
const NEW_SECONDS: u32 = 3600;
/// Bytes of a slot and its places in the tables, about.
const SERIES_OVERHEAD: usize = 192;

/// What identifies labels: equal labels have equal numbers, and no others do, as far as 128 bits of xxh3 can tell.
pub(crate) fn hash(labels: LabelsRef<'_>) -> u128 {
    xxhash_rust::xxh3::xxh3_128(labels.packed().as_bytes())
}

fn short(hash: u128) -> u64 {
    u64::try_from(hash & u128::from(u64::MAX)).unwrap_or_default()
}

/// A series written to lately.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) labels: Labels,
    pub(crate) key: Key,
    hash: u128,
    /// The log segment that says whose number it is.
    segment: u64,
    /// A day whose index on disk does.
    pub(crate) known_day: Option<i64>,
    /// Its last row in the buffer, if the buffer has this generation.
    pub(super) head: u32,
    pub(super) generation: u32,
    /// Who was the first to write to it.
    pub(super) source: u32,
    /// When it was written to last, in seconds.
    seen: u32,
    /// The time of its newest sample, in seconds since 1970: of the last of each batch, which is the newest of most.
    newest: u32,
    /// One second after it came as a new one; zero if it was there at the start.
    born: u32,
}

impl Slot {
    /// Whether the buffer of this generation has rows of it.
    pub(crate) fn is_in(&self, generation: u32) -> bool {
        self.generation == generation
    }

    /// Whether it came within the last hour.
    pub(crate) fn is_new(&self, now: Duration) -> bool {
        self.born > 0 && seconds(now).saturating_sub(self.born - 1) < NEW_SECONDS
    }
}

/// Who writes to a series, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer {
    pub(super) source: u32,
    pub(super) now: Duration,
}

/// The series written to lately.
#[derive(Debug)]
pub(crate) struct SeriesTable {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
    by_id: HashMap<u64, u32>,
    names: NameIndex,
    standing: Standing,
    next_id: u64,
    bytes: usize,
    /// The time of the newest sample of all, in seconds since 1970.
    newest: u32,
    pub(crate) sources: Sources,
}

impl Default for SeriesTable {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            numbers: HashTable::new(),
            by_id: HashMap::new(),
            names: NameIndex::default(),
            standing: Standing::default(),
            next_id: 1,
            bytes: 0,
            newest: 0,
            sources: Sources::default(),
        }
    }
}

impl SeriesTable {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Bytes they take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives no number up to this one any more.
    pub(crate) fn reserve_id(&mut self, id: u64) {
        self.next_id = self.next_id.max(id.saturating_add(1));
    }

    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(number as usize)?.as_ref()
    }

    pub(super) fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.get_mut(number as usize)?.as_mut()
    }

    /// The place of a series by the number it has on disk.
    pub(super) fn place_of(&self, id: u64) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// A series by the number it has on disk.
    pub(crate) fn by_id(&self, id: u64) -> Option<&Slot> {
        self.slot(*self.by_id.get(&id)?)
    }

    /// The place of a series, if it has one.
    pub(super) fn find(&self, hash: u128) -> Option<u32> {
        let same = |number: &u32| self.slot(*number).is_some_and(|slot| slot.hash == hash);
        self.numbers.find(short(hash), same).copied()
    }

    /// Gives a new series a place and a number.
    pub(super) fn number(&mut self, labels: LabelsRef<'_>, hash: u128, writer: Writer) -> u32 {
        let number = self.add(&labels.to_labels(), hash, self.next_id, writer);
        if let Some(slot) = self.slot_mut(number) {
            slot.born = seconds(writer.now).saturating_add(1);
        }
        self.sources.add(writer.source, true, writer.now);
        number
    }

    /// Says that a series is written to now, and the time of the last sample that it gets.
    pub(super) fn seen(&mut self, number: u32, last: Option<Time>, writer: Writer) {
        let last = last.map_or(0, epoch_seconds);
        self.newest = self.newest.max(last);
        if let Some(slot) = self.slot_mut(number) {
            slot.seen = seconds(writer.now);
            slot.newest = slot.newest.max(last);
            if slot.source == NOBODY {
                slot.source = writer.source;
                self.sources.remove(NOBODY);
                self.sources.add(writer.source, false, writer.now);
            }
        }
    }

    /// Brings back a series with the number it has on disk: the last, if it was forgotten and given another. What is
    /// written under a later number stands for what is written under an earlier one.
    pub(crate) fn restore(&mut self, labels: &Labels, id: u64, now: Duration) -> u32 {
        let hash = hash(labels.as_ref());
        if let Some(number) = self.find(hash) {
            self.renumber(number, id);
            return number;
        }
        self.sources.add(NOBODY, false, now);
        self.add(labels, hash, id, Writer { source: NOBODY, now })
    }

    /// Gives a series that is there this number, if it is later than the one it has.
    pub(crate) fn renumber_known(&mut self, labels: &Labels, id: u64) {
        if let Some(number) = self.find(hash(labels.as_ref())) {
            self.renumber(number, id);
        }
    }

    fn renumber(&mut self, number: u32, id: u64) {
        self.reserve_id(id);
        let Some(slot) = self.slot_mut(number).filter(|slot| slot.key.id < id) else { return };
        let before = std::mem::replace(&mut slot.key.id, id);
        // Whoever tells whose number the earlier one is, does not tell of this one.
        (slot.known_day, slot.segment) = (None, 0);
        self.by_id.remove(&before);
        self.by_id.insert(id, number);
    }

    fn add(&mut self, labels: &Labels, hash: u128, id: u64, writer: Writer) -> u32 {
        self.reserve_id(id);
        self.bytes += slot_bytes(labels.heap_bytes());
        let slot = Slot {
            labels: labels.clone(),
            key: Key::new(labels.as_ref(), id),
            hash,
            segment: 0,
            known_day: None,
            head: 0,
            generation: 0,
            source: writer.source,
            seen: seconds(writer.now),
            newest: 0,
            born: 0,
        };
        let number = if let Some(number) = self.free.pop() {
            self.slots[number as usize] = Some(slot);
            number
        } else {
            self.slots.push(Some(slot));
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        };
        let slots = &self.slots;
        self.numbers.insert_unique(short(hash), number, |own| {
            slots.get(*own as usize).and_then(Option::as_ref).map_or(0, |slot| short(slot.hash))
        });
        self.by_id.insert(id, number);
        self.names.add(labels.as_ref(), number);
        number
    }

    /// Says that a log segment tells whose number it is; true if that has to be written first.
    pub(super) fn define(&mut self, number: u32, segment: u64) -> bool {
        self.slot_mut(number).is_some_and(|slot| {
            slot.known_day.is_none() && std::mem::replace(&mut slot.segment, segment) != segment
        })
    }

    /// Says that a day's index on disk tells whose numbers these are.
    pub(crate) fn known(&mut self, day: i64, ids: impl Iterator<Item = u64>) {
        for id in ids {
            let Some(number) = self.by_id.get(&id).copied() else { continue };
            if let Some(slot) = self.slot_mut(number) {
                slot.known_day = Some(slot.known_day.map_or(day, |own| own.max(day)));
            }
        }
    }

    /// Forgets that indexes of days tell whose numbers they are, since these days are gone.
    pub(crate) fn forget_days(&mut self, gone: impl Fn(i64) -> bool) {
        for slot in self.slots.iter_mut().flatten() {
            if slot.known_day.is_some_and(&gone) {
                (slot.known_day, slot.segment) = (None, 0);
            }
        }
    }

    /// Takes back what a batch brought whose record was taken back: a series that never had a row is
    /// forgotten, any other is defined again by its next record.
    pub(super) fn withdraw(&mut self, numbers: &[u32]) {
        let mut fresh = Vec::new();
        for number in numbers {
            let Some(slot) = self.slot_mut(*number) else { continue };
            slot.segment = 0;
            if slot.generation == 0 && slot.known_day.is_none() {
                fresh.push(*number);
            }
        }
        let gone = |number: &u32| Some((self.slots.get_mut(*number as usize)?.take()?, *number));
        let gone: Vec<(Slot, u32)> = fresh.iter().filter_map(gone).collect();
        for (slot, _) in gone.iter().filter(|(slot, _)| slot.born > 0) {
            self.sources.withdraw(slot.source);
        }
        self.forget(gone);
    }

    /// Calls with each series that passes.
    pub(crate) fn matching(&mut self, matchers: &[Matcher], mut each: impl FnMut(u32, &Slot)) {
        let Self { slots, names, standing, .. } = self;
        let others: Vec<&Matcher> =
            matchers.iter().filter(|matcher| matcher.name() != METRIC_NAME).collect();
        let slot = |number: u32| slots.get(number as usize).and_then(Option::as_ref);
        let passes = |labels: &Labels| {
            others.iter().all(|own| own.matches(labels.get(own.name()).unwrap_or_default()))
        };
        let named = names.exactly(matchers).filter(|own| own.numbers.len() >= standing::WORTH);
        if let Some(named) = named.filter(|_| !others.is_empty()) {
            let passes = |number| slot(number).is_some_and(|slot| passes(&slot.labels));
            for number in standing.passing(matchers, named, passes) {
                if let Some(slot) = slot(*number) {
                    each(*number, slot);
                }
            }
            return;
        }
        names.passing(matchers, |numbers| {
            for number in numbers {
                if let Some(slot) = slot(*number).filter(|slot| passes(&slot.labels)) {
                    each(*number, slot);
                }
            }
        });
    }

    /// Forgets series not seen since a moment, unless the buffer of this generation has rows of them.
    pub(crate) fn forget_before(&mut self, moment: Duration, generation: u32) {
        let moment = seconds(moment);
        self.forget_if(|slot| slot.seen < moment && slot.generation != generation);
    }

    /// Forgets so many series at most, those least lately seen first, and only such as `may_go` and rest: not seen for so
    /// long, or that long behind the newest sample of all, as what has ended is when many samples of the past come at once.
    /// Gives how many.
    pub(crate) fn forget_least(
        &mut self,
        count: usize,
        (now, wall, rest): (Duration, Time, Duration),
        may_go: impl Fn(&Slot) -> bool,
    ) -> usize {
        let rest = seconds(rest);
        let moment = seconds(now).saturating_sub(rest);
        // One sample from the future makes nobody rest, and of a series just brought back no time is known.
        let newest = self.newest.min(epoch_seconds(wall)).saturating_sub(rest);
        let behind = |slot: &Slot| slot.newest > 0 && slot.newest < newest;
        let may_go = |slot: &Slot| (slot.seen < moment || behind(slot)) && may_go(slot);
        let mut seen: Vec<u32> =
            self.slots().filter(|own| may_go(own)).map(|own| own.seen).collect();
        let count = count.min(seen.len());
        if count == 0 {
            return 0;
        }
        let (_, last, _) = seen.select_nth_unstable(count - 1);
        let last = *last;
        // Of those seen in the last of these seconds, any.
        let mut of_last = count - seen.iter().filter(|own| **own < last).count();
        self.forget_if(|slot| {
            if slot.seen > last || !may_go(slot) {
                return false;
            }
            if slot.seen == last {
                let goes = of_last > 0;
                of_last -= usize::from(goes);
                return goes;
            }
            true
        });
        count
    }

    fn forget_if(&mut self, mut goes: impl FnMut(&Slot) -> bool) {
        let mut gone = Vec::new();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            if let Some(slot) = slot.take_if(|own| goes(own)) {
                gone.push((slot, u32::try_from(number).unwrap_or(u32::MAX)));
            }
        }
        self.forget(gone);
    }

    /// All series, in no order that means anything.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().flatten()
    }

    /// Those of some places.
    pub(crate) fn slots_at(&self, places: std::ops::Range<usize>) -> Option<&[Option<Slot>]> {
        let end = places.end.min(self.slots.len());
        self.slots.get(places.start..end).filter(|own| !own.is_empty())
    }

    /// Forgets series whose slots were emptied.
    fn forget(&mut self, gone: Vec<(Slot, u32)>) {
        let any = !gone.is_empty();
        for (slot, number) in gone {
            self.bytes -= slot_bytes(slot.labels.heap_bytes());
            self.sources.remove(slot.source);
            self.by_id.remove(&slot.key.id);
            if let Ok(entry) = self.numbers.find_entry(short(slot.hash), |own| *own == number) {
                entry.remove();
            }
            self.free.push(number);
        }
        if any {
            let slots = &self.slots;
            self.names.retain(|number| slots.get(number as usize).is_some_and(Option::is_some));
        }
    }
}

fn epoch_seconds(time: Time) -> u32 {
    u32::try_from(time.millis() / 1000).unwrap_or(0)
}

/// Bytes of a series whose labels take so many, about.
pub(super) fn slot_bytes(labels: usize) -> usize {
    labels + SERIES_OVERHEAD
}
