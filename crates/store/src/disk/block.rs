//! Rows of one series as bytes and back, bit for bit: a column of values, a column of times.

mod bits;
mod bytes;
mod frames;
pub(crate) mod native;
mod scale;
mod spikes;
#[cfg(test)]
mod tests;
mod times;
mod values;
mod whole;
mod xor;

use model::{Columns, HistogramSample};

pub(crate) use bytes::{Reader, write_text, write_varint, write_zigzag};

/// Rows in a block at most: half a day of a series scraped every 10 s, and the least that is read of it.
pub(crate) const BLOCK_ROWS: usize = 4096;

/// A column of times that rise strictly, and the values at them; native histograms beside, whose times rise too.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
    pub(crate) histograms: Vec<HistogramSample>,
}

impl Chunk {
    /// The rows within these times, both included.
    pub(crate) fn cut(mut self, from: i64, to: i64) -> Self {
        let start = self.times.partition_point(|time| *time < from);
        let end = self.times.partition_point(|time| *time <= to);
        if end < self.times.len() {
            self.times.truncate(end);
            self.values.truncate(end);
        }
        if start > 0 {
            self.times.drain(..start.min(self.times.len()));
            self.values.drain(..start.min(self.values.len()));
        }
        self.histograms.retain(|own| (from..=to).contains(&own.time.millis()));
        self
    }

    /// Appends the rows within these times, both included, to columns; gives how many.
    pub(crate) fn append_within(&self, from: i64, to: i64, columns: &mut Columns) -> usize {
        let start = self.times.partition_point(|time| *time < from);
        let end = self.times.partition_point(|time| *time <= to).max(start);
        columns.times.extend_from_slice(&self.times[start..end]);
        columns.values.extend_from_slice(&self.values[start..end]);
        let before = columns.histograms.len();
        let within = |own: &&HistogramSample| (from..=to).contains(&own.time.millis());
        columns.histograms.extend(self.histograms.iter().filter(within).cloned());
        end - start + columns.histograms.len() - before
    }

    /// Forgets all rows, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
        self.histograms.clear();
    }

    /// Puts rows in the order they came in order of time; of one time the last that came stays.
    pub(crate) fn put_in_order(&mut self) {
        if !self.times.windows(2).all(|pair| pair[0] < pair[1]) {
            let mut rows: Vec<(i64, f64)> =
                self.times.drain(..).zip(self.values.drain(..)).collect();
            rows.sort_by_key(|(time, _)| *time);
            for (time, value) in rows {
                if self.times.last() == Some(&time) {
                    self.values.pop();
                } else {
                    self.times.push(time);
                }
                self.values.push(value);
            }
        }
        sort_histograms(&mut self.histograms);
    }

    /// Whether there are no rows of either kind.
    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty() && self.histograms.is_empty()
    }

    /// How many rows of either kind.
    pub(crate) fn rows(&self) -> usize {
        self.times.len() + self.histograms.len()
    }
}

/// Where a block is in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its first byte.
    pub(crate) start: usize,
    /// Its bytes.
    pub(crate) bytes: usize,
    /// The time of its first row.
    pub(crate) first: i64,
    /// Its rows.
    pub(crate) rows: usize,
}

/// Writes blocks, one after the other, into groups; a block may stand on the one before it in its
/// group, if both have the same times (the buckets of a histogram, say).
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    values: values::ValueEncoder,
    room: whole::Room,
    last_times: Vec<i64>,
}

impl Encoder {
    /// The next block stands alone: it starts a group.
    pub(crate) fn start_group(&mut self) {
        self.values.forget();
        self.last_times.clear();
    }

    /// Appends a block to a group. Times rise strictly; there is at least one.
    pub(crate) fn encode(&mut self, times: &[i64], values: &[f64], group: &mut Vec<u8>) {
        let same_times = self.last_times == times;
        self.values.encode(values, same_times, group);
        times::encode(times, &mut self.room, group);
        if !same_times {
            self.last_times.clear();
            self.last_times.extend_from_slice(times);
        }
    }
}

/// Tells groups apart: a file's number, and where in it the group is.
pub(crate) type GroupId = (u64, u64);

/// A number whose upper bits depend on all of a piece's place: Fibonacci hashing (Knuth, The Art of Computer Programming,
/// 6.4), 2^64 divided by the golden ratio.
pub(crate) fn mixed((file, offset): GroupId) -> u64 {
    (offset ^ file.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Reads blocks.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    values: values::ValueDecoder,
}

impl Decoder {
    /// Says which group the next block is of, so that blocks that stand on each other are read once. Without that, a
    /// block is read with all that it stands on.
    pub(crate) fn enter(&mut self, group: GroupId) {
        self.values.enter(group);
    }

    /// Reads a block of a group into a chunk; `None` if it is not one.
    pub(crate) fn decode(&mut self, group: &[u8], place: Place, into: &mut Chunk) -> Option<()> {
        if place.rows == 0 || place.rows > BLOCK_ROWS {
            return None;
        }
        let group = group.get(..place.start.checked_add(place.bytes)?)?;
        let mut rest = self.values.decode(group, place.start, place.rows, &mut into.values)?;
        times::decode(&mut rest, place.first, place.rows, &mut into.times)?;
        rest.is_empty().then_some(())
    }
}

/// Puts histograms in the order they came in order of time; of one time the last that came stays.
pub(crate) fn sort_histograms(rows: &mut Vec<HistogramSample>) {
    if rows.windows(2).all(|pair| pair[0].time < pair[1].time) {
        return;
    }
    rows.sort_by_key(|own| own.time);
    rows.dedup_by(|after, before| {
        let same = after.time == before.time;
        if same {
            std::mem::swap(after, before);
        }
        same
    });
}
