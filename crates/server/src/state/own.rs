//! What the system says of this process.

use std::fs;

/// Figures of this process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnFigures {
    pub(crate) cpu_seconds: f64,
    pub(crate) memory_bytes: u64,
    pub(crate) files_open: usize,
}

/// Figures of this process now; what cannot be read is nought.
pub(crate) fn own_figures() -> OwnFigures {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold blanks, so fields are counted from behind it: proc(5).
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let field = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
    let page_bytes = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    OwnFigures {
        cpu_seconds: (field(11) + field(12)) as f64 / ticks_per_second as f64,
        memory_bytes: field(21) * page_bytes,
        files_open: fs::read_dir("/proc/self/fd").map_or(0, Iterator::count),
    }
}
