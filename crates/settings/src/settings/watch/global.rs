//! The `global` section: what holds for all jobs and rules.

use std::ops::RangeInclusive;

use model::{Labels, Span};

use super::scrape::{INTERVALS, TIMEOUTS, check_timeout};
use crate::{
    reader::{Placed, Reader},
    table::{Key, Otherwise, Table},
};

/// Intervals that make sense for judging rules and resources.
const EVALUATIONS: RangeInclusive<Span> = Span::secs(1)..=Span::days(1);

/// The `global` section while it is read, as Prometheus has it.
#[derive(Debug, Default)]
pub(in crate::settings) struct Global {
    pub(in crate::settings) scrape_interval: Option<Placed<Span>>,
    pub(in crate::settings) scrape_timeout: Option<Placed<Span>>,
    pub(in crate::settings) evaluation_interval: Option<Span>,
    pub(in crate::settings) external_labels: Labels,
}

pub(in crate::settings) static TABLE: Table<Global> = Table {
    what: "the `global` section",
    keys: &[
        Key {
            name: "scrape_interval",
            form: "duration",
            otherwise: Otherwise::Is("15s"),
            about: "How often targets are scraped.",
            read: |reader, field, into| {
                let value = reader.duration(field.node, INTERVALS);
                into.scrape_interval =
                    value.map(|value| Placed { value, place: field.node.place() });
            },
        },
        Key {
            name: "scrape_timeout",
            form: "duration",
            otherwise: Otherwise::Is("10s"),
            about: "How long one scrape may take.",
            read: |reader, field, into| {
                let value = reader.duration(field.node, TIMEOUTS);
                into.scrape_timeout =
                    value.map(|value| Placed { value, place: field.node.place() });
            },
        },
        Key {
            name: "evaluation_interval",
            form: "duration",
            otherwise: Otherwise::Is("15s"),
            about: "How often rules and resources are judged.",
            read: |reader, field, into| {
                into.evaluation_interval = reader.duration(field.node, EVALUATIONS);
            },
        },
        Key {
            name: "external_labels",
            form: "map of labels",
            otherwise: Otherwise::Nothing,
            about: "Labels that name this server to others; alerts carry them, and samples that are sent on.",
            read: |reader, field, into| into.external_labels = reader.labels(field.node),
        },
    ],
    refused: &[
        ("query_log_file", "slow queries stand in the log; remove the key"),
        (
            "scrape_failure_log_file",
            "failures stand on the targets page and in the log; remove the key",
        ),
        ("rule_query_offset", "write `query_offset` in the rule group"),
        ("body_size_limit", "write the limit in the job"),
        ("sample_limit", "write the limit in the job"),
        ("label_limit", "write the limit in the job"),
        ("label_name_length_limit", "write the limit in the job"),
        ("label_value_length_limit", "write the limit in the job"),
        ("target_limit", "there is no limit on targets; remove the key"),
        ("keep_dropped_targets", "dropped targets are not kept; remove the key"),
        ("scrape_protocols", "OpenMetrics and Prometheus text are both read; remove the key"),
        ("metric_name_validation_scheme", "any UTF-8 name is taken; remove the key"),
        ("metric_name_escaping_scheme", "any UTF-8 name is taken; remove the key"),
        ("always_scrape_classic_histograms", "classic histograms are always kept; remove the key"),
        ("convert_classic_histograms_to_nhcb", "histograms are kept as they come; remove the key"),
        ("scrape_native_histograms", "native histograms are not kept; remove the key"),
    ],
};

impl Global {
    /// The interval of jobs that say nothing themselves; checks the time-out against it.
    pub(in crate::settings) fn interval(&self, reader: &Reader<'_>) -> Span {
        let interval = self.scrape_interval.as_ref().map_or(Span::secs(15), |span| span.value);
        if let Some(timeout) = &self.scrape_timeout {
            let place = self.scrape_interval.as_ref().map(|span| span.place);
            check_timeout(reader, timeout, interval, place);
        }
        interval
    }
}
