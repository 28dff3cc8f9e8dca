//! How the data of a service are read, written and kept.

use model::{DataExpressions, ServiceLimit};

use super::limit::checked;
use crate::{
    mistake::Mistake,
    reader::{Placed, Reader},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table},
};

/// The section while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct DataDraft {
    primary: Option<Placed<String>>,
    reads: Option<Placed<String>>,
    writes: Option<Placed<String>>,
    largest_table: Option<Placed<String>>,
    memory: Option<Placed<String>>,
    cache_hits: Option<Placed<String>>,
    cache_misses: Option<Placed<String>>,
    cache_evictions: Option<Placed<String>>,
}

pub(in crate::settings) static TABLE: Table<DataDraft> = Table {
    what: "a service's `data`",
    keys: &[
        Key {
            name: "primary",
            form: "name",
            otherwise: Otherwise::Nothing,
            about: "Which of the service's limits its primary database is.",
            read: |reader, field, into| into.primary = reader.placed(field.node),
        },
        Key {
            name: "reads",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Reads a second.",
            read: |reader, field, into| into.reads = reader.placed(field.node),
        },
        Key {
            name: "writes",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Writes a second.",
            read: |reader, field, into| into.writes = reader.placed(field.node),
        },
        Key {
            name: "largest_table",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Bytes of the largest table with its indexes.",
            read: |reader, field, into| into.largest_table = reader.placed(field.node),
        },
        Key {
            name: "memory",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Bytes of memory that the database may use for data.",
            read: |reader, field, into| into.memory = reader.placed(field.node),
        },
        Key {
            name: "cache_hits",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Reads a second that a cache answered.",
            read: |reader, field, into| into.cache_hits = reader.placed(field.node),
        },
        Key {
            name: "cache_misses",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Reads a second that it could not answer.",
            read: |reader, field, into| into.cache_misses = reader.placed(field.node),
        },
        Key {
            name: "cache_evictions",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "What it throws out a second for want of room.",
            read: |reader, field, into| into.cache_evictions = reader.placed(field.node),
        },
    ],
    refused: &[],
};

impl DataDraft {
    /// The expressions; a primary that is no limit of the service is marked.
    pub(super) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
        limits: &[ServiceLimit],
    ) -> DataExpressions {
        if let Some(primary) = &self.primary
            && !limits.iter().any(|own| own.name == primary.value)
        {
            let message = format!("the service has no limit `{}`", primary.value);
            reader.report(Mistake::at(primary.place, message).help("name one of its `limits`"));
        }
        let text = |key: &str, own: Option<Placed<String>>| {
            checked(reader, check, key, own.as_ref());
            own.map(|own| own.value.trim().to_owned())
        };
        DataExpressions {
            primary: self.primary.map(|own| own.value),
            reads: text("reads", self.reads),
            writes: text("writes", self.writes),
            largest_table: text("largest_table", self.largest_table),
            memory: text("memory", self.memory),
            cache_hits: text("cache_hits", self.cache_hits),
            cache_misses: text("cache_misses", self.cache_misses),
            cache_evictions: text("cache_evictions", self.cache_evictions),
        }
    }
}
