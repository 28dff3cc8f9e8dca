//! Block devices: what was read and written, and for how long they were busy.

use regex::Regex;

use super::{
    Part,
    files::{Files, PartError},
    sheet::Sheet,
};

/// The kernel counts sectors of this size, whatever the device has.
const SECTOR_BYTES: f64 = 512.0;

/// A field's metric and what one of it is worth. The order is that of `Documentation/admin-guide/iostats.rst`.
const FIELDS: [(&str, f64); 17] = [
    ("node_disk_reads_completed_total", 1.0),
    ("node_disk_reads_merged_total", 1.0),
    ("node_disk_read_bytes_total", SECTOR_BYTES),
    ("node_disk_read_time_seconds_total", 1e-3),
    ("node_disk_writes_completed_total", 1.0),
    ("node_disk_writes_merged_total", 1.0),
    ("node_disk_written_bytes_total", SECTOR_BYTES),
    ("node_disk_write_time_seconds_total", 1e-3),
    ("node_disk_io_now", 1.0),
    ("node_disk_io_time_seconds_total", 1e-3),
    ("node_disk_io_time_weighted_seconds_total", 1e-3),
    ("node_disk_discards_completed_total", 1.0),
    ("node_disk_discards_merged_total", 1.0),
    ("node_disk_discarded_sectors_total", 1.0),
    ("node_disk_discard_time_seconds_total", 1e-3),
    ("node_disk_flush_requests_total", 1.0),
    ("node_disk_flush_requests_time_seconds_total", 1e-3),
];

/// `/proc/diskstats`
#[derive(Debug)]
pub(super) struct Disks {
    /// Devices left out.
    pub(super) exclude: Regex,
}

impl Part for Disks {
    fn name(&self) -> &'static str {
        "diskstats"
    }

    fn read(&mut self, files: &mut Files, sheet: &mut Sheet) -> Result<(), PartError> {
        let text = files.text("proc/diskstats")?;
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace().skip(2);
            let Some(device) = words.next() else {
                return Err(PartError::sense("proc/diskstats", "a line names no device"));
            };
            if self.exclude.is_match(device) {
                continue;
            }
            for ((metric, worth), word) in FIELDS.iter().zip(words) {
                let number: f64 = word.parse().map_err(|_not_a_number| {
                    PartError::sense("proc/diskstats", format!("{word:?} is not a number"))
                })?;
                sheet.put(metric, &[("device", device)], number * worth);
            }
        }
        Ok(())
    }
}
