//! A scrape job's keys, and what they say together.

use std::ops::RangeInclusive;

use model::Span;

use super::{
    Scheme, ScrapeJob,
    identity::{IdentityDraft, headers},
    parts::{FILE_TABLE, STATIC_TABLE, TLS_TABLE},
    relabel,
};
use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Placed, Reader},
    table::{Key, Otherwise, Table, set},
    yaml::Node,
};

/// Intervals that make sense for a scrape.
pub(crate) const INTERVALS: RangeInclusive<Span> = Span::secs(1)..=Span::days(1);

/// Time-outs that make sense for a scrape.
pub(crate) const TIMEOUTS: RangeInclusive<Span> = Span::millis(10)..=Span::days(1);

/// A scrape job while it is read.
#[derive(Debug, Default)]
pub(crate) struct JobDraft {
    job: ScrapeJob,
    name: Option<Placed<String>>,
    interval: Option<Placed<Span>>,
    timeout: Option<Placed<Span>>,
    identity: IdentityDraft,
}

impl JobDraft {
    /// The job, with what `global` says where it says nothing itself; and its name with its place.
    pub(crate) fn finish(
        mut self,
        reader: &Reader<'_>,
        interval: Span,
        timeout: Span,
    ) -> (ScrapeJob, Option<Placed<String>>) {
        self.job.authorization = self.identity.finish(reader);
        let place = self.interval.as_ref().map(|interval| interval.place);
        self.job.interval = self.interval.map_or(interval, |interval| interval.value);
        self.job.timeout = match self.timeout {
            Some(timeout) => {
                check_timeout(reader, &timeout, self.job.interval, place);
                timeout.value
            }
            None => timeout.min(self.job.interval),
        };
        let name = self.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
        (ScrapeJob { name, ..self.job }, self.name)
    }
}

/// A scrape that may take longer than the next one waits would never end.
pub(crate) fn check_timeout(
    reader: &Reader<'_>,
    timeout: &Placed<Span>,
    interval: Span,
    interval_place: Option<Place>,
) {
    if timeout.value <= interval {
        return;
    }
    let mistake = Mistake::at(timeout.place, "the time-out is longer than the interval")
        .label(format!("{} is more than {interval}", timeout.value))
        .help(format!("write at most `scrape_timeout: {interval}`, or scrape less often"));
    reader.report(match interval_place {
        Some(place) => mistake.also(place, "the interval"),
        None => mistake,
    });
}

fn placed<'d>(
    reader: &Reader<'d>,
    node: Node<'d>,
    range: RangeInclusive<Span>,
) -> Option<Placed<Span>> {
    Some(Placed { value: reader.duration(node, range)?, place: node.place() })
}

/// A bound; 0 keeps ours, since nothing here grows without bound.
fn limit<'d>(reader: &Reader<'d>, field: Field<'d>, slot: &mut u64) {
    if field.node.scalar() != Some("0") {
        set(slot, reader.whole(field.node, 1..=100_000_000));
    }
}

fn parameters<'d>(reader: &Reader<'d>, node: Node<'d>) -> Vec<(String, Vec<String>)> {
    let read = |entry: crate::yaml::Entry<'d>| (entry.key.to_owned(), reader.texts(entry.node));
    reader.entries(node).into_iter().map(read).collect()
}

pub(crate) static TABLE: Table<JobDraft> = Table {
    what: "a scrape job",
    keys: &[
        Key {
            name: "job_name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "The `job` label of everything scraped; unique among jobs.",
            read: |reader, field, into| into.name = reader.placed(field.node),
        },
        Key {
            name: "scrape_interval",
            form: "duration",
            otherwise: Otherwise::Said("that of `global`"),
            about: "How often each target is scraped.",
            read: |reader, field, into| into.interval = placed(reader, field.node, INTERVALS),
        },
        Key {
            name: "scrape_timeout",
            form: "duration",
            otherwise: Otherwise::Said("that of `global`, at most the interval"),
            about: "How long one scrape may take.",
            read: |reader, field, into| into.timeout = placed(reader, field.node, TIMEOUTS),
        },
        Key {
            name: "metrics_path",
            form: "path",
            otherwise: Otherwise::Is("/metrics"),
            about: "The path of the metrics.",
            read: |reader, field, into| {
                let text = reader.text(field.node);
                if text.is_some_and(|text| !text.starts_with('/')) {
                    reader.wrong(field.node, "a path begins with `/`", "write `/metrics`");
                }
                set(&mut into.job.metrics_path, text.map(str::to_owned));
            },
        },
        Key {
            name: "scheme",
            form: "word",
            otherwise: Otherwise::Is("http"),
            about: "`http` or `https`.",
            read: |reader, field, into| {
                set(
                    &mut into.job.scheme,
                    reader.word(field.node, &[("http", Scheme::Http), ("https", Scheme::Https)]),
                );
            },
        },
        Key {
            name: "params",
            form: "map of lists",
            otherwise: Otherwise::Nothing,
            about: "What is sent in the query string.",
            read: |reader, field, into| into.job.params = parameters(reader, field.node),
        },
        Key {
            name: "honor_labels",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether a target's own `job` and `instance` labels win over ours.",
            read: |reader, field, into| set(&mut into.job.honor_labels, reader.truth(field.node)),
        },
        Key {
            name: "honor_timestamps",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether a target's own time stamps are kept.",
            read: |reader, field, into| {
                set(&mut into.job.honor_timestamps, reader.truth(field.node));
            },
        },
        Key {
            name: "follow_redirects",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether redirections are followed. Credentials and `http_headers` go to the target's own scheme, host and port alone.",
            read: |reader, field, into| {
                set(&mut into.job.follow_redirects, reader.truth(field.node));
            },
        },
        Key {
            name: "sample_limit",
            form: "number",
            otherwise: Otherwise::Is("500_000"),
            about: "Most samples of one scrape after relabelling; a scrape that brings more fails. 0 means the default.",
            read: |reader, field, into| limit(reader, field, &mut into.job.limits.samples_max),
        },
        Key {
            name: "label_limit",
            form: "number",
            otherwise: Otherwise::Is("64"),
            about: "Most labels of one sample. 0 means the default.",
            read: |reader, field, into| limit(reader, field, &mut into.job.limits.labels_max),
        },
        Key {
            name: "label_name_length_limit",
            form: "number",
            otherwise: Otherwise::Is("512"),
            about: "Longest name of a label, in bytes. 0 means the default.",
            read: |reader, field, into| {
                limit(reader, field, &mut into.job.limits.label_name_bytes_max);
            },
        },
        Key {
            name: "label_value_length_limit",
            form: "number",
            otherwise: Otherwise::Is("2048"),
            about: "Longest value of a label, in bytes. 0 means the default.",
            read: |reader, field, into| {
                limit(reader, field, &mut into.job.limits.label_value_bytes_max);
            },
        },
        Key {
            name: "body_size_limit",
            form: "size",
            otherwise: Otherwise::Is("64MiB"),
            about: "Largest body of one scrape, unpacked. 0 means the default.",
            read: |reader, field, into| {
                if field.node.scalar() != Some("0") {
                    set(
                        &mut into.job.limits.body_bytes_max,
                        reader.size(field.node, 1024..=1 << 30),
                    );
                }
            },
        },
        Key {
            name: "basic_auth",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "Name and password.",
            read: |reader, field, into| into.identity.basic(reader, field),
        },
        Key {
            name: "authorization",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "A token in the `Authorization` header.",
            read: |reader, field, into| into.identity.authorization(reader, field),
        },
        Key {
            name: "bearer_token_file",
            form: "file",
            otherwise: Otherwise::Nothing,
            about: "A file that holds a bearer token; short for `authorization: {credentials_file: …}`.",
            read: |reader, field, into| into.identity.bearer_file(reader, field),
        },
        Key {
            name: "bearer_token",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The bearer token itself; `bearer_token_file` keeps it out of this file.",
            read: |reader, field, into| into.identity.bearer(reader, field),
        },
        Key {
            name: "http_headers",
            form: "map",
            otherwise: Otherwise::Nothing,
            about: "Further headers, each a text, a list, or `{values: […], secrets: […]}`.",
            read: |reader, field, into| into.job.headers = headers(reader, field.node),
        },
        Key {
            name: "tls_config",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "How a target's certificate is checked.",
            read: |reader, field, into| into.job.tls = TLS_TABLE.one(reader, field.node),
        },
        Key {
            name: "static_configs",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Targets that are written down.",
            read: |reader, field, into| into.job.targets = STATIC_TABLE.each(reader, field.node),
        },
        Key {
            name: "file_sd_configs",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "Files that list targets; read again when they change.",
            read: |reader, field, into| {
                for draft in FILE_TABLE.each(reader, field.node) {
                    into.job.files.extend(draft.files);
                    set(&mut into.job.refresh, draft.refresh);
                }
            },
        },
        Key {
            name: "relabel_configs",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "How targets' labels are rewritten before they are scraped.",
            read: |reader, field, into| into.job.relabel = relabel::steps(reader, field.node),
        },
        Key {
            name: "metric_relabel_configs",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "How samples' labels are rewritten before they are kept.",
            read: |reader, field, into| {
                into.job.metric_relabel = relabel::steps(reader, field.node);
            },
        },
    ],
    refused: super::refused::KEYS,
};
