//! What one write puts in the log: series the segment does not know yet, then rows.
//!
//! A record is its payload's length and CRC-32, four bytes each, then the payload: a count of
//! series that no index on disk knows yet, each with its number and packed labels; then for each series that has rows
//! the difference of its number to the one before, their count (its lowest bit: native histograms come first, as a block with its own count), and each row as the difference to the last time in the record and the value's bits, without zeros at their end.

use model::{BatchSeries, HistogramSample, LabelsRef, TimeRange};

use crate::disk::block::{Reader, native, write_text, write_varint, write_zigzag};

/// Bytes before a payload.
pub(super) const HEADER_BYTES: usize = 8;
/// No record is longer; a length beyond it is not a record.
pub(super) const RECORD_BYTES_MAX: u32 = 1 << 30;
/// Room kept between writes; what a larger batch took is given back.
const KEPT_BYTES: usize = 1 << 20;

/// A record in the making.
#[derive(Debug, Default)]
pub(super) struct RecordBuilder {
    series: Vec<u8>,
    series_count: u64,
    rows: Vec<u8>,
    last_time: i64,
    last_id: u64,
    record: Vec<u8>,
}

impl RecordBuilder {
    /// Names a series.
    pub(super) fn define(&mut self, id: u64, labels: LabelsRef<'_>) {
        self.series_count += 1;
        write_varint(&mut self.series, id);
        write_text(&mut self.series, labels.packed());
    }

    /// Adds rows of a series, those within the window.
    pub(super) fn rows(&mut self, id: u64, series: BatchSeries<'_>, window: TimeRange) {
        let within = || series.samples.iter().filter(|sample| window.contains(sample.time));
        let native: Vec<HistogramSample> =
            (series.histograms.iter()).filter(|own| window.contains(own.time)).cloned().collect();
        write_zigzag(&mut self.rows, id.wrapping_sub(self.last_id).cast_signed());
        self.last_id = id;
        write_varint(
            &mut self.rows,
            (within().count() as u64) << 1 | u64::from(!native.is_empty()),
        );
        if !native.is_empty() {
            let mut bytes = Vec::new();
            native::encode(&native, &mut bytes);
            write_varint(&mut self.rows, native.len() as u64);
            write_varint(&mut self.rows, bytes.len() as u64);
            self.rows.extend_from_slice(&bytes);
        }
        for sample in within() {
            let time = sample.time.millis();
            write_zigzag(&mut self.rows, time.wrapping_sub(self.last_time));
            self.last_time = time;
            // The last bytes of most floats are zeros: turned round, they need not be written.
            write_varint(&mut self.rows, sample.value.to_bits().swap_bytes());
        }
    }

    /// The record's bytes.
    pub(super) fn finish(&mut self) -> &[u8] {
        self.record.clear();
        self.record.extend_from_slice(&[0; HEADER_BYTES]);
        write_varint(&mut self.record, self.series_count);
        self.record.append(&mut self.series);
        self.record.append(&mut self.rows);
        let payload = &self.record[HEADER_BYTES..];
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let crc = crc32fast::hash(payload);
        self.record[..4].copy_from_slice(&length.to_le_bytes());
        self.record[4..HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
        &self.record
    }

    /// Starts the next record.
    pub(super) fn clear(&mut self) {
        (self.series_count, self.last_time, self.last_id) = (0, 0, 0);
        for bytes in [&mut self.series, &mut self.rows, &mut self.record] {
            bytes.clear();
            bytes.shrink_to(KEPT_BYTES);
        }
    }
}

/// Who takes what a record says.
pub(super) trait RecordReader {
    /// The series of this number has these labels.
    fn series(&mut self, id: u64, labels: LabelsRef<'_>);

    /// Rows of this series follow; `None` if nobody knows it.
    fn rows_of(&mut self, id: u64) -> Option<()>;

    /// A row of that series.
    fn row(&mut self, time: i64, value: f64);

    /// Native histograms of that series.
    fn histograms(&mut self, rows: Vec<HistogramSample>);
}

/// Reads a payload; `None` if it is none.
pub(super) fn read(payload: &[u8], into: &mut impl RecordReader) -> Option<()> {
    let mut reader = Reader::new(payload);
    for _ in 0..reader.varint()? {
        let id = reader.varint()?;
        into.series(id, LabelsRef::from_packed(reader.text()?)?);
    }
    let (mut time, mut id) = (0i64, 0u64);
    while !reader.is_empty() {
        id = id.wrapping_add(reader.zigzag()?.cast_unsigned());
        into.rows_of(id)?;
        let count = reader.varint()?;
        if count & 1 == 1 {
            let (rows, bytes) = (reader.size()?, reader.size()?);
            into.histograms(native::decode(reader.take(bytes)?, rows)?);
        }
        for _ in 0..count >> 1 {
            time = time.wrapping_add(reader.zigzag()?);
            into.row(time, f64::from_bits(reader.varint()?.swap_bytes()));
        }
    }
    Some(())
}
