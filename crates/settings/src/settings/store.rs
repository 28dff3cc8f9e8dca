//! The `store` section: how long samples are kept, how safely, and how many series there may be.

use model::Span;

use crate::table::{Key, Otherwise, Table, set};

/// When what was acknowledged reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Together, at most this long after it came.
    Interval(Span),
    /// Before it is acknowledged.
    Always,
}

/// How the embedded store keeps samples.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreSettings {
    /// Samples older than this are dropped.
    pub retention: Span,
    /// Most bytes of samples and labels on disk, if there is such a bound; past it the oldest days are dropped.
    pub retention_size: Option<u64>,
    /// When the log is written through to the disk.
    pub sync: Sync,
    /// Most series kept at a time; samples of further ones are refused and counted.
    pub series_max: u64,
    /// Most labels of one series.
    pub labels_per_series_max: u64,
    /// Longest name or value of a label, in bytes.
    pub label_bytes_max: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            retention: Span::days(400),
            retention_size: None,
            sync: Sync::Interval(Span::millis(100)),
            series_max: 2_000_000,
            labels_per_series_max: 64,
            label_bytes_max: 2048,
        }
    }
}

pub(super) static TABLE: Table<StoreSettings> = Table {
    what: "the `store` section",
    keys: &[
        Key {
            name: "retention",
            form: "duration",
            otherwise: Otherwise::Is("400d"),
            about: "How long samples are kept. A year and a month is a good length: it shows the same season of last year.",
            read: |reader, field, into| {
                let range = Span::hours(1)..=Span::days(36_500);
                set(&mut into.retention, reader.duration(field.node, range));
            },
        },
        Key {
            name: "retention_size",
            form: "size",
            otherwise: Otherwise::Nothing,
            about: "How much room samples and their labels may take on disk. Past it the oldest days are dropped, whatever `retention` says; the newest day stays.",
            read: |reader, field, into| {
                let range = 64 << 20..=1 << 50;
                set(&mut into.retention_size, reader.size(field.node, range).map(Some));
            },
        },
        Key {
            name: "sync",
            form: "duration or `always`",
            otherwise: Otherwise::Is("100ms"),
            about: "How long after they came samples may wait for the disk. With `always` nothing is acknowledged before it is on the disk.",
            read: |reader, field, into| {
                if field.node.scalar() == Some("always") {
                    into.sync = Sync::Always;
                    return;
                }
                let range = Span::millis(1)..=Span::minutes(1);
                set(&mut into.sync, reader.duration(field.node, range).map(Sync::Interval));
            },
        },
        Key {
            name: "series_max",
            form: "number",
            otherwise: Otherwise::Is("2_000_000"),
            about: "Most series kept at a time. Samples of further series are refused and counted.",
            read: |reader, field, into| {
                set(&mut into.series_max, reader.whole(field.node, 100..=100_000_000));
            },
        },
        Key {
            name: "labels_per_series_max",
            form: "number",
            otherwise: Otherwise::Is("64"),
            about: "Most labels of one series.",
            read: |reader, field, into| {
                set(&mut into.labels_per_series_max, reader.whole(field.node, 4..=1024));
            },
        },
        Key {
            name: "label_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("2KiB"),
            about: "Longest name or value of a label.",
            read: |reader, field, into| {
                set(&mut into.label_bytes_max, reader.size(field.node, 64..=65_536));
            },
        },
    ],
    refused: &[
        ("path", "give the folder as `--data DIR` or `PLIMSOLL_DATA`"),
        ("data", "give the folder as `--data DIR` or `PLIMSOLL_DATA`"),
    ],
};
