//! Reading the log after a start: every record up to the first that is not whole.

use std::{
    fs::{self, File},
    io::{BufReader, Read},
    path::Path,
    time::Duration,
};

use hashbrown::HashMap;
use model::{HistogramSample, Labels, LabelsRef};

use super::{
    buffer::Buffer,
    log::{ENDING, MAGIC, Segment},
    record::{self, HEADER_BYTES, RECORD_BYTES_MAX, RecordReader},
    series::SeriesTable,
};
use crate::{StoreError, disk::files::failed, disk::part::day_of};

/// The segments in a directory, oldest first.
pub(crate) fn segments(dir: &Path) -> Result<Vec<Segment>, StoreError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("list", dir))? {
        let entry = entry.map_err(failed("list", dir))?;
        let path = entry.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        let (Some(number), true) = (number, path.extension().is_some_and(|own| own == ENDING))
        else {
            continue;
        };
        let bytes = entry.metadata().map_err(failed("read", &path))?.len();
        found.push(Segment { number, path, bytes, aside: None });
    }
    found.sort_unstable_by_key(|segment| segment.number);
    Ok(found)
}

/// What was in a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    /// Rows brought back.
    pub(crate) rows: u64,
    /// Whether something that is no torn end could not be read.
    pub(crate) damaged: bool,
    /// Bytes from its start on that could be read.
    pub(crate) whole: u64,
}

/// Puts the rows of a segment into the buffer, but for those of days that have them on disk. `lookup` finds the labels of
/// series that the log takes for known.
pub(crate) fn replay(
    segment: &Segment,
    (table, buffer): (&mut SeriesTable, &mut Buffer),
    (through, lookup): (&HashMap<i64, u64>, &mut dyn FnMut(u64) -> Option<Labels>),
    now: Duration,
) -> Result<Replayed, StoreError> {
    let file = File::open(&segment.path).map_err(failed("open", &segment.path))?;
    let mut reader = Records { input: BufReader::new(file), left: segment.bytes };
    let mut replayed = Replayed::default();
    let mut into = Restored {
        table,
        buffer,
        through,
        segment: segment.number,
        now,
        lookup,
        places: HashMap::new(),
        place: 0,
        day: (i64::MIN, false),
        rows: 0,
    };
    let mut magic = [0; MAGIC.len()];
    if !reader.fill(&mut magic, &segment.path)? {
        return Ok(replayed);
    }
    replayed.damaged = magic != *MAGIC;
    while !replayed.damaged {
        replayed.whole = segment.bytes - reader.left;
        match reader.next(&segment.path)? {
            Next::Payload(payload) => {
                replayed.damaged = record::read(&payload, &mut into).is_none();
            }
            Next::End => break,
            Next::Damaged => replayed.damaged = true,
        }
    }
    replayed.rows = into.rows;
    Ok(replayed)
}

struct Records {
    input: BufReader<File>,
    left: u64,
}

enum Next {
    Payload(Vec<u8>),
    /// The end, or a record that was never written to its end.
    End,
    Damaged,
}

impl Records {
    /// Fills bytes; false if there are not so many.
    fn fill(&mut self, bytes: &mut [u8], path: &Path) -> Result<bool, StoreError> {
        if bytes.len() as u64 > self.left {
            return Ok(false);
        }
        self.left -= bytes.len() as u64;
        self.input.read_exact(bytes).map_err(failed("read", path))?;
        Ok(true)
    }

    fn next(&mut self, path: &Path) -> Result<Next, StoreError> {
        let mut header = [0; HEADER_BYTES];
        // Zeros are what a file system leaves when only the length reached the disk.
        if !self.fill(&mut header, path)? || header == [0; HEADER_BYTES] {
            return Ok(Next::End);
        }
        let [a, b, c, d, crc @ ..] = header;
        let length = u32::from_le_bytes([a, b, c, d]);
        if length > RECORD_BYTES_MAX {
            return Ok(Next::Damaged);
        }
        if u64::from(length) > self.left {
            return Ok(Next::End);
        }
        let mut payload = vec![0; length as usize];
        self.fill(&mut payload, path)?;
        if crc32fast::hash(&payload) == u32::from_le_bytes(crc) {
            return Ok(Next::Payload(payload));
        }
        // Nothing after it: it is the torn end. Otherwise bytes changed.
        Ok(if self.left == 0 { Next::End } else { Next::Damaged })
    }
}

/// Takes what records say.
struct Restored<'a> {
    table: &'a mut SeriesTable,
    buffer: &'a mut Buffer,
    through: &'a HashMap<i64, u64>,
    lookup: &'a mut dyn FnMut(u64) -> Option<Labels>,
    segment: u64,
    now: Duration,
    /// By the number that the log has for a series: its place in the table.
    places: HashMap<u64, u32>,
    place: u32,
    /// The day of the row before, and whether its rows are on disk.
    day: (i64, bool),
    rows: u64,
}

impl Restored<'_> {
    /// Whether the rows of this segment for the day of a time are in a part.
    fn on_disk(&mut self, time: i64) -> bool {
        let day = day_of(time);
        if self.day.0 != day {
            self.day = (day, self.through.get(&day).is_some_and(|last| *last >= self.segment));
        }
        self.day.1
    }
}

impl RecordReader for Restored<'_> {
    fn series(&mut self, id: u64, labels: LabelsRef<'_>) {
        let place = self.table.restore(&labels.to_labels(), id, self.now);
        self.places.insert(id, place);
    }

    fn rows_of(&mut self, id: u64) -> Option<()> {
        if let Some(place) = self.places.get(&id) {
            self.place = *place;
            return Some(());
        }
        let place = if let Some(place) = self.table.place_of(id) {
            place
        } else {
            let labels = (self.lookup)(id)?;
            self.table.restore(&labels, id, self.now)
        };
        self.places.insert(id, place);
        self.place = place;
        Some(())
    }

    fn row(&mut self, time: i64, value: f64) {
        if !self.on_disk(time) {
            self.buffer.push(self.table, self.place, time, value);
            self.rows += 1;
        }
    }

    fn histograms(&mut self, rows: Vec<HistogramSample>) {
        for row in rows {
            if !self.on_disk(row.time.millis()) {
                self.buffer.push_histogram(self.table, self.place, row);
                self.rows += 1;
            }
        }
    }
}
