//! Rows of one series as bytes and back, bit for bit: a column of times, a column of values.

mod bits;
mod bytes;
#[cfg(test)]
mod tests;
mod times;
mod values;

pub(crate) use bytes::{Reader, write_text, write_varint, write_zigzag};

/// Rows in a block at most: half a day of a series scraped every 10 s, and the least that is read of it.
pub(crate) const BLOCK_ROWS: usize = 4096;

/// A column of times that rise strictly, and the values at them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) times: Vec<i64>,
    pub(crate) values: Vec<f64>,
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
        self
    }
}

/// Appends a block to a group. Times rise strictly; there is at least one.
pub(crate) fn encode(times: &[i64], values: &[f64], into: &mut Vec<u8>) {
    times::encode(times, into);
    values::encode(values, into);
}

/// Reads a block of so many rows whose first time is known; `None` if it is not one.
pub(crate) fn decode(bytes: &[u8], first: i64, rows: usize) -> Option<Chunk> {
    if rows == 0 || rows > BLOCK_ROWS {
        return None;
    }
    let mut reader = Reader::new(bytes);
    let times = times::decode(&mut reader, first, rows)?;
    let values = values::decode(&mut reader, rows)?;
    reader.is_empty().then_some(Chunk { times, values })
}
