//! The series written to lately, and a number for each. Nothing of their rows is here.

use std::time::Duration;

use hashbrown::{HashMap, HashTable};
use model::{Labels, LabelsRef, METRIC_NAME, MatchOp, Matcher};

/// Bytes of a slot and its places in the tables, about.
const SERIES_OVERHEAD: usize = 96;

/// Which series have which metric name, since nearly every selector gives one.
#[derive(Debug, Default)]
pub(crate) struct NameIndex(HashMap<Box<str>, Vec<u32>>);

impl NameIndex {
    pub(super) fn add(&mut self, labels: &Labels, number: u32) {
        let name = labels.metric_name().unwrap_or_default();
        match self.0.get_mut(name) {
            Some(numbers) => numbers.push(number),
            None => {
                self.0.insert(name.into(), vec![number]);
            }
        }
    }

    fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        self.0.retain(|_, numbers| {
            numbers.retain(|number| keep(*number));
            !numbers.is_empty()
        });
    }

    /// The only series that may pass, if the metric's name is given; `None` means: all may.
    pub(super) fn candidates(&self, matchers: &[Matcher]) -> Option<&[u32]> {
        let by_name =
            |matcher: &&Matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
        let matcher = matchers.iter().find(by_name)?;
        Some(self.0.get(matcher.value()).map_or(&[], Vec::as_slice))
    }
}

/// Whether labels pass all matchers.
pub(crate) fn passes(labels: &Labels, matchers: &[Matcher]) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels.get(matcher.name()).unwrap_or_default()))
}

/// A number for labels: equal labels have equal numbers, and hardly any others do.
pub(crate) fn hash(labels: LabelsRef<'_>) -> u64 {
    xxhash_rust::xxh3::xxh3_64(labels.packed().as_bytes())
}

/// A series written to lately.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) labels: Labels,
    hash: u64,
    /// The log segment that knows its number.
    segment: u64,
    /// Its last row in the buffer, if the buffer has this generation.
    pub(super) head: u32,
    pub(super) generation: u32,
    seen: Duration,
}

/// The series written to lately.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    numbers: HashTable<u32>,
    names: NameIndex,
    bytes: usize,
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

    pub(super) fn slot(&self, number: u32) -> Option<&Slot> {
        self.slots.get(number as usize)?.as_ref()
    }

    pub(super) fn slot_mut(&mut self, number: u32) -> Option<&mut Slot> {
        self.slots.get_mut(number as usize)?.as_mut()
    }

    /// The number of a series, if it has one.
    pub(super) fn find(&self, labels: LabelsRef<'_>, hash: u64) -> Option<u32> {
        let same = |number: &u32| {
            self.slot(*number)
                .is_some_and(|slot| slot.hash == hash && slot.labels.as_ref() == labels)
        };
        self.numbers.find(hash, same).copied()
    }

    /// The number of a series, which is seen now; a new series gets one.
    pub(crate) fn number(&mut self, labels: LabelsRef<'_>, hash: u64, now: Duration) -> u32 {
        if let Some(number) = self.find(labels, hash) {
            if let Some(slot) = self.slot_mut(number) {
                slot.seen = now;
            }
            return number;
        }
        let labels = &labels.to_labels();
        let slot =
            Slot { labels: labels.clone(), hash, segment: 0, head: 0, generation: 0, seen: now };
        self.bytes += slot_bytes(labels);
        let number = if let Some(number) = self.free.pop() {
            self.slots[number as usize] = Some(slot);
            number
        } else {
            self.slots.push(Some(slot));
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        };
        let slots = &self.slots;
        self.numbers.insert_unique(hash, number, |own| {
            slots.get(*own as usize).and_then(Option::as_ref).map_or(0, |slot| slot.hash)
        });
        self.names.add(labels, number);
        number
    }

    /// Says that a log segment knows a series' number; true if it did not before.
    pub(super) fn define(&mut self, number: u32, segment: u64) -> bool {
        self.slot_mut(number)
            .is_some_and(|slot| std::mem::replace(&mut slot.segment, segment) != segment)
    }

    /// Takes back what a batch brought whose record was taken back: a series that never had a row is
    /// forgotten, any other is defined again by its next record.
    pub(super) fn withdraw(&mut self, numbers: &[u32]) {
        let mut fresh = Vec::new();
        for number in numbers {
            let Some(slot) = self.slot_mut(*number) else { continue };
            slot.segment = 0;
            if slot.generation == 0 {
                fresh.push(*number);
            }
        }
        let gone = |number: &u32| Some((self.slots.get_mut(*number as usize)?.take()?, *number));
        let gone = fresh.iter().filter_map(gone).collect();
        self.forget(gone);
    }

    /// Calls with the number of each series that passes.
    pub(super) fn matching(&self, matchers: &[Matcher], mut each: impl FnMut(u32, &Slot)) {
        let mut test = |number: u32| {
            if let Some(slot) = self.slot(number)
                && passes(&slot.labels, matchers)
            {
                each(number, slot);
            }
        };
        match self.names.candidates(matchers) {
            Some(candidates) => candidates.iter().copied().for_each(&mut test),
            None => (0..u32::try_from(self.slots.len()).unwrap_or(u32::MAX)).for_each(test),
        }
    }

    /// Forgets series not seen since a moment, unless the buffer of this generation has rows of them.
    pub(crate) fn forget_before(&mut self, moment: Duration, generation: u32) {
        let mut gone = Vec::new();
        for (number, slot) in self.slots.iter_mut().enumerate() {
            let old = |slot: &mut Slot| slot.seen < moment && slot.generation != generation;
            if let Some(slot) = slot.take_if(old) {
                gone.push((slot, u32::try_from(number).unwrap_or(u32::MAX)));
            }
        }
        self.forget(gone);
    }

    /// Forgets series whose slots were emptied.
    fn forget(&mut self, gone: Vec<(Slot, u32)>) {
        let any = !gone.is_empty();
        for (slot, number) in gone {
            self.bytes -= slot_bytes(&slot.labels);
            if let Ok(entry) = self.numbers.find_entry(slot.hash, |own| *own == number) {
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

fn slot_bytes(labels: &Labels) -> usize {
    labels.heap_bytes() + SERIES_OVERHEAD
}
