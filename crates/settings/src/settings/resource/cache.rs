//! How a cache's want of room is seen.

use model::CacheExpressions;

use super::service::checked;
use crate::{
    reader::{Placed, Reader},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table},
};

/// The section while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct CacheDraft {
    hits: Option<Placed<String>>,
    evictions: Option<Placed<String>>,
}

pub(in crate::settings) static TABLE: Table<CacheDraft> = Table {
    what: "a resource's `cache`",
    keys: &[
        Key {
            name: "hits",
            form: "PromQL",
            otherwise: Otherwise::Needed,
            about: "The share of what is asked that it finds, from 0 to 1, for each reading by its labels.",
            read: |reader, field, into| into.hits = reader.placed(field.node),
        },
        Key {
            name: "evictions",
            form: "PromQL",
            otherwise: Otherwise::Needed,
            about: "What it throws out a second for want of room, for each reading by its labels.",
            read: |reader, field, into| into.evictions = reader.placed(field.node),
        },
    ],
    refused: &[],
};

impl CacheDraft {
    /// The expressions, if both could be read.
    pub(super) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
    ) -> Option<CacheExpressions> {
        checked(reader, check, "hits", self.hits.as_ref());
        checked(reader, check, "evictions", self.evictions.as_ref());
        let text = |own: Option<Placed<String>>| own.map(|own| own.value.trim().to_owned());
        Some(CacheExpressions { hits: text(self.hits)?, evictions: text(self.evictions)? })
    }
}
