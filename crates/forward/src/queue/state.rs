//! The segments of a queue, and what is done to them under its lock.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use model::{Span, Time};

use super::{
    Position, QueueOptions, QueueStats,
    position::PositionFile,
    record::Packed,
    segment::{START, Segment},
};
use crate::{
    Dropped, Figures, QueueError,
    error::{failed, told},
};

/// Bytes of a segment, past which the next one begins: what goes at once when a queue is full.
const SEGMENT_BYTES: u64 = 16 << 20;
/// A queue has at least so many segments when it is full, and a segment is filled for at most this part of the age.
const SEGMENTS_MIN: u8 = 8;
/// Trouble of one kind is told this often.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// The segments of a queue.
#[derive(Debug)]
pub(super) struct State {
    name: String,
    dir: PathBuf,
    options: QueueOptions,
    figures: Arc<Figures>,
    /// Rising by number; the last is written to while there is a writer.
    segments: VecDeque<Segment>,
    pub(super) writer: Option<Arc<File>>,
    /// Files with something in them that may not be on the disk yet.
    unsynced: Vec<Arc<File>>,
    number_next: u64,
    position: Position,
    position_file: PositionFile,
    saved: Position,
    drops: Trouble,
    failures: Trouble,
}

/// How often something goes wrong, for those who read the log.
#[derive(Debug, Default)]
struct Trouble {
    told: Option<Duration>,
    samples: u64,
}

impl Trouble {
    /// Adds to what is to be told; gives all of it when it is time to tell.
    fn add(&mut self, samples: u64, elapsed: Duration) -> Option<u64> {
        self.samples += samples;
        if self.told.is_some_and(|told| elapsed.saturating_sub(told) < TELL_EVERY) {
            return None;
        }
        self.told = Some(elapsed);
        Some(std::mem::take(&mut self.samples))
    }
}

impl State {
    pub(super) fn open(
        name: &str,
        dir: &Path,
        options: QueueOptions,
        figures: Arc<Figures>,
    ) -> Result<Self, QueueError> {
        let (position_file, saved) = PositionFile::open(dir)?;
        let numbers = Segment::list(dir)?;
        let last = numbers.last().copied();
        let mut segments = VecDeque::new();
        for number in &numbers {
            let torn = Some(*number) == last;
            let (segment, beyond) = Segment::scan(dir, *number, torn)?;
            if beyond > 0 && *number >= saved.segment {
                // How many samples that were cannot be known; one stands for them.
                figures.drop_samples(Dropped::Damaged, 1);
                let path = segment.path.display();
                tracing::warn!(receiver = %name, %path, bytes = beyond, "the end of a segment of the queue is not whole, and left out");
            }
            if *number < saved.segment || segment.samples == 0 {
                if let Err(error) = segment.remove() {
                    tracing::error!(receiver = %name, error = %told(&error), "cannot remove a segment of the queue");
                }
                continue;
            }
            // Nothing is appended to it any more, so that half a record at its end is only met again.
            if torn && let Err(error) = segment.cut() {
                tracing::warn!(receiver = %name, error = %told(&error), "half a record stays");
            }
            segments.push_back(segment);
        }
        let number_next = last.map_or(0, |own| own + 1).max(saved.segment + 1);
        let first = segments.front().map_or(number_next, |own| own.number);
        let mut position = Position::start_of(first);
        if let Some(segment) = segments.front().filter(|own| own.number == saved.segment) {
            let (offset, samples) = segment.place(saved.offset)?;
            position = Position { offset, samples, ..position };
        }
        Ok(Self {
            name: name.to_owned(),
            dir: dir.to_owned(),
            options,
            figures,
            segments,
            writer: None,
            unsynced: Vec::new(),
            number_next,
            position,
            position_file,
            saved,
            drops: Trouble::default(),
            failures: Trouble::default(),
        })
    }

    pub(super) fn append(&mut self, records: &[Packed], now: Time, elapsed: Duration) {
        let samples: u64 = records.iter().map(|own| u64::from(own.samples)).sum();
        let bytes: u64 = records.iter().map(|own| own.body.len() as u64 + 64).sum();
        if START + bytes > self.options.bytes_max {
            self.drop_samples(Dropped::Full, samples, elapsed);
            return;
        }
        let kept = self.write(records, bytes, now, elapsed);
        match kept {
            Ok(kept) if kept == samples => {}
            Ok(kept) => self.fail(samples - kept, elapsed, "a record is too long"),
            Err(error) => {
                // Whatever half of a record is there must be the last thing in its file.
                self.writer = None;
                if let Some(segment) = self.segments.back()
                    && let Err(error) = segment.cut()
                {
                    tracing::debug!(receiver = %self.name, %error, "half a record stays");
                }
                self.fail(samples, elapsed, &error.to_string());
            }
        }
    }

    fn write(
        &mut self,
        records: &[Packed],
        bytes: u64,
        now: Time,
        elapsed: Duration,
    ) -> Result<u64, QueueError> {
        let segment_bytes = SEGMENT_BYTES.min(self.options.bytes_max / u64::from(SEGMENTS_MIN));
        if self
            .segments
            .back()
            .is_some_and(|own| own.samples > 0 && own.bytes + bytes > segment_bytes)
        {
            self.writer = None;
        }
        while self.bytes() + START + bytes > self.options.bytes_max && !self.segments.is_empty() {
            self.drop_oldest(Dropped::Full, elapsed);
        }
        let file = match &self.writer {
            Some(file) => Arc::clone(file),
            None => self.begin()?,
        };
        let Some(segment) = self.segments.back_mut() else { return Ok(0) };
        let kept = segment.append(&file, records, now)?;
        if !self.unsynced.iter().any(|own| Arc::ptr_eq(own, &file)) {
            self.unsynced.push(file);
        }
        Ok(kept)
    }

    fn begin(&mut self) -> Result<Arc<File>, QueueError> {
        let (file, segment) = Segment::begin(&self.dir, self.number_next)?;
        self.number_next += 1;
        self.segments.push_back(segment);
        self.writer = Some(Arc::clone(&file));
        // Names are forced to the disk by whoever syncs, and not under the lock.
        let dir = File::open(&self.dir).map_err(failed("open", &self.dir))?;
        self.unsynced.push(Arc::new(dir));
        Ok(file)
    }

    /// What is to be synced; the caller does it without the lock.
    pub(super) fn take_unsynced(&mut self) -> Vec<Arc<File>> {
        std::mem::take(&mut self.unsynced)
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn samples_after(&self, from: Position) -> u64 {
        let own = self.segments.iter().filter(|own| own.number >= from.segment);
        let all: u64 = own.map(|own| own.samples).sum();
        let here = self.segments.iter().any(|own| own.number == from.segment);
        if here { all.saturating_sub(from.samples) } else { all }
    }

    /// The segment that has the next record from a place on, and the place in it.
    pub(super) fn segment_at(&self, from: Position) -> Option<(Segment, Position)> {
        let segment = self.segments.iter().find(|own| {
            own.number > from.segment && own.bytes > START
                || own.number == from.segment && own.bytes > from.offset
        })?;
        let at =
            if segment.number == from.segment { from } else { Position::start_of(segment.number) };
        Some((segment.clone(), at))
    }

    pub(super) fn has_dropped(&self, number: u64) -> bool {
        !self.segments.iter().any(|own| own.number == number)
    }

    /// Nothing of a segment can be read from this place on, for what it holds or for what the system says.
    pub(super) fn give_up_rest(&mut self, from: Position, error: Option<&io::Error>) {
        if self.segments.back().is_some_and(|own| own.number == from.segment) {
            self.writer = None;
        }
        let Some(segment) = self.segments.iter_mut().find(|own| own.number == from.segment) else {
            return;
        };
        let lost = segment.samples.saturating_sub(from.samples);
        (segment.bytes, segment.samples) = (from.offset, from.samples);
        self.figures.drop_samples(Dropped::Damaged, lost);
        let path = segment.path.display();
        let why = error.map_or_else(|| "not what was written".to_owned(), ToString::to_string);
        tracing::error!(receiver = %self.name, %path, lost, why, "a segment of the queue is damaged");
    }

    pub(super) fn confirm(&mut self, to: Position) {
        if to <= self.position {
            return;
        }
        self.position = to;
        if let Err(error) = self.save() {
            // It is tried again when the queue is tended, which tells.
            tracing::debug!(receiver = %self.name, %error, "cannot take down how far delivery has come");
        }
        while let Some(segment) = self.segments.front()
            && segment.number < to.segment
        {
            self.remove_front();
        }
    }

    fn remove_front(&mut self) {
        let Some(segment) = self.segments.pop_front() else { return };
        if self.segments.is_empty() {
            self.writer = None;
        }
        if let Err(error) = segment.remove() {
            tracing::error!(receiver = %self.name, %error, "cannot remove a segment of the queue");
        }
    }

    /// Drops what has waited too long.
    pub(super) fn drop_old(&mut self, now: Time, elapsed: Duration) {
        let age_max = self.options.age_max;
        let part = Span::millis(age_max.as_millis() / i64::from(SEGMENTS_MIN));
        let first = self.segments.back().and_then(|own| own.times).map(|(first, _)| first);
        if first.is_some_and(|first| now.since(first) > part) {
            self.writer = None;
        }
        while let Some(segment) = self.segments.front()
            && (self.segments.len() > 1 || self.writer.is_none())
            && segment.times.is_none_or(|(_, last)| now.since(last) > age_max)
        {
            self.drop_oldest(Dropped::Old, elapsed);
        }
    }

    fn drop_oldest(&mut self, why: Dropped, elapsed: Duration) {
        let Some(segment) = self.segments.front() else { return };
        let (number, samples) = (segment.number, segment.samples);
        let lost = match number.cmp(&self.position.segment) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => samples.saturating_sub(self.position.samples),
            std::cmp::Ordering::Greater => samples,
        };
        self.remove_front();
        self.position = self.position.max(Position::start_of(number + 1));
        if lost > 0 {
            self.drop_samples(why, lost, elapsed);
        }
    }

    fn drop_samples(&mut self, why: Dropped, samples: u64, elapsed: Duration) {
        self.figures.drop_samples(why, samples);
        if let Some(samples) = self.drops.add(samples, elapsed) {
            let why = why.word();
            tracing::error!(receiver = %self.name, samples, why, "samples dropped from the queue");
        }
    }

    fn fail(&mut self, samples: u64, elapsed: Duration, error: &str) {
        self.figures.drop_samples(Dropped::Unwritten, samples);
        if let Some(samples) = self.failures.add(samples, elapsed) {
            tracing::error!(receiver = %self.name, samples, error, "samples not written to the queue");
        }
    }

    /// Takes down how far delivery has come, if it has come further.
    pub(super) fn save(&mut self) -> Result<(), QueueError> {
        if self.position != self.saved {
            self.position_file.save(self.position)?;
            self.saved = self.position;
        }
        Ok(())
    }

    pub(super) fn stats(&self) -> QueueStats {
        QueueStats {
            samples: self.samples_after(self.position),
            bytes: self.bytes(),
            segments: self.segments.len(),
        }
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|own| own.bytes).sum()
    }
}
