//! The `receive` section: what others may send here.

use crate::table::{Key, Otherwise, Table, set};

/// Bounds of what comes by remote write.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiveSettings {
    /// Whether `/api/v1/write` takes samples.
    pub enabled: bool,
    /// Largest body as it comes, compressed, in bytes.
    pub body_bytes_max: u64,
    /// Largest body once unpacked, in bytes.
    pub unpacked_bytes_max: u64,
    /// Most samples of one request.
    pub samples_max: u64,
    /// Bytes of bodies, packed and unpacked, on their way at once over all senders.
    pub in_flight_bytes_max: u64,
}

impl Default for ReceiveSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            body_bytes_max: 16 << 20,
            unpacked_bytes_max: 64 << 20,
            samples_max: 500_000,
            in_flight_bytes_max: 128 << 20,
        }
    }
}

pub(super) static TABLE: Table<ReceiveSettings> = Table {
    what: "the `receive` section",
    keys: &[
        Key {
            name: "remote_write",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether a Prometheus may send samples to `/api/v1/write`.",
            read: |reader, field, into| set(&mut into.enabled, reader.truth(field.node)),
        },
        Key {
            name: "body_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("16MiB"),
            about: "Largest body as it comes, compressed.",
            read: |reader, field, into| {
                set(&mut into.body_bytes_max, reader.size(field.node, 1024..=1 << 30));
            },
        },
        Key {
            name: "unpacked_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("64MiB"),
            about: "Largest body once unpacked.",
            read: |reader, field, into| {
                set(&mut into.unpacked_bytes_max, reader.size(field.node, 1024..=1 << 30));
            },
        },
        Key {
            name: "samples_max",
            form: "number",
            otherwise: Otherwise::Is("500_000"),
            about: "Most samples of one request.",
            read: |reader, field, into| {
                set(&mut into.samples_max, reader.whole(field.node, 100..=10_000_000));
            },
        },
        Key {
            name: "in_flight_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("128MiB"),
            about: "Bytes of bodies on their way at once, over all senders; whoever comes beyond is told to come back (429).",
            read: |reader, field, into| {
                set(&mut into.in_flight_bytes_max, reader.size(field.node, 1 << 20..=64 << 30));
            },
        },
    ],
    refused: &[],
};
