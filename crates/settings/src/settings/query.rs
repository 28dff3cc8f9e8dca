//! The `query` section: what one question may cost.

use model::Span;

use super::{RemoteQuery, remote::query as remote};
use crate::table::{Key, Otherwise, Table, set};

/// Bounds of queries.
#[derive(Clone, Debug, PartialEq)]
pub struct QuerySettings {
    /// How long one query may run.
    pub timeout: Span,
    /// How many samples one query may hold at once.
    pub samples_max: u64,
    /// How many queries run at once.
    pub concurrency: u64,
    /// How many more may wait for their turn.
    pub queue_max: u64,
    /// How far back a series' last sample still counts as its present value.
    pub lookback: Span,
    /// How many steps one range query may have.
    pub points_max: u64,
    /// How many bytes all queries together may hold.
    pub memory_max: u64,
    /// How many bytes of answers are kept to be used again; none if 0.
    pub reuse_bytes: u64,
    /// Who answers instead of the store here.
    pub remote: Option<RemoteQuery>,
}

impl Default for QuerySettings {
    fn default() -> Self {
        Self {
            timeout: Span::minutes(2),
            samples_max: 50_000_000,
            concurrency: 20,
            queue_max: 200,
            lookback: Span::minutes(5),
            points_max: 11_000,
            memory_max: 1 << 30,
            reuse_bytes: 32 << 20,
            remote: None,
        }
    }
}

pub(super) static TABLE: Table<QuerySettings> = Table {
    what: "the `query` section",
    keys: &[
        Key {
            name: "timeout",
            form: "duration",
            otherwise: Otherwise::Is("2m"),
            about: "How long one query may run.",
            read: |reader, field, into| {
                let range = Span::millis(100)..=Span::hours(1);
                set(&mut into.timeout, reader.duration(field.node, range));
            },
        },
        Key {
            name: "samples_max",
            form: "number",
            otherwise: Otherwise::Is("50_000_000"),
            about: "How many samples one query may hold at once.",
            read: |reader, field, into| {
                set(&mut into.samples_max, reader.whole(field.node, 1000..=10_000_000_000));
            },
        },
        Key {
            name: "concurrency",
            form: "number",
            otherwise: Otherwise::Is("20"),
            about: "How many queries run at once.",
            read: |reader, field, into| {
                set(&mut into.concurrency, reader.whole(field.node, 1..=1000));
            },
        },
        Key {
            name: "queue_max",
            form: "number",
            otherwise: Otherwise::Is("200"),
            about: "How many more queries may wait for their turn; further ones are told to come back.",
            read: |reader, field, into| {
                set(&mut into.queue_max, reader.whole(field.node, 0..=100_000));
            },
        },
        Key {
            name: "lookback",
            form: "duration",
            otherwise: Otherwise::Is("5m"),
            about: "How far back a series' last sample still counts as its present value.",
            read: |reader, field, into| {
                let range = Span::secs(1)..=Span::days(1);
                set(&mut into.lookback, reader.duration(field.node, range));
            },
        },
        Key {
            name: "points_max",
            form: "number",
            otherwise: Otherwise::Is("11_000"),
            about: "How many steps one range query may have.",
            read: |reader, field, into| {
                set(&mut into.points_max, reader.whole(field.node, 100..=1_000_000));
            },
        },
        Key {
            name: "memory_max",
            form: "size",
            otherwise: Otherwise::Is("1GiB"),
            about: "How much memory all queries together may hold; one of them at most half of it.",
            read: |reader, field, into| {
                set(&mut into.memory_max, reader.size(field.node, 1 << 20..=1 << 40));
            },
        },
        Key {
            name: "reuse_bytes",
            form: "size",
            otherwise: Otherwise::Is("32MiB"),
            about: "How much memory answers may take that are kept, so that of a panel asked again only new steps are computed. With `0` nothing is kept.",
            read: |reader, field, into| {
                set(&mut into.reuse_bytes, reader.size(field.node, 0..=1 << 40));
            },
        },
        Key {
            name: "remote",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "A cluster that answers all questions instead of the store here.",
            read: |reader, field, into| into.remote = remote::read(reader, field.node),
        },
    ],
    refused: &[],
};
