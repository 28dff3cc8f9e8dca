//! The sections `receive` and `otlp`: what others may send here, and how OpenTelemetry's metrics are named.

use std::collections::BTreeSet;

use crate::{
    mistake::Mistake,
    reader::Reader,
    table::{Key, Otherwise, Table, set},
    yaml::Node,
};

/// Bounds of what comes by remote write and OTLP.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiveSettings {
    /// Whether `/api/v1/write` takes samples.
    pub enabled: bool,
    /// Whether `/api/v1/otlp/v1/metrics` and `/v1/metrics` take samples.
    pub otlp: bool,
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
            otlp: true,
            body_bytes_max: 16 << 20,
            unpacked_bytes_max: 64 << 20,
            samples_max: 500_000,
            in_flight_bytes_max: 128 << 20,
        }
    }
}

pub(in crate::settings) static TABLE: Table<ReceiveSettings> = Table {
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
            name: "otlp",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether OpenTelemetry may send metrics to `/api/v1/otlp/v1/metrics` and `/v1/metrics`.",
            read: |reader, field, into| set(&mut into.otlp, reader.truth(field.node)),
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

/// How OpenTelemetry's metrics and attributes are named here; keys and meaning are Prometheus'.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtlpSettings {
    /// How names become names of ours.
    pub strategy: TranslationStrategy,
    /// Resource attributes that become labels.
    pub promote: PromotedAttributes,
    /// Whether `target_info` also has what `job` and `instance` are made of.
    pub keep_identifying: bool,
    /// What histograms with given bounds become.
    pub histograms: HistogramForm,
    /// Whether the scope becomes labels.
    pub promote_scope: bool,
}

/// What histograms with given bounds become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistogramForm {
    /// `_bucket`, `_sum` and `_count`.
    #[default]
    Classic,
    /// A native histogram with custom buckets.
    CustomBuckets,
}

/// How names become names of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TranslationStrategy {
    /// Underscores for what is neither letter nor digit; unit and type are added.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// As sent; unit and type are added.
    NoUtf8EscapingWithSuffixes,
    /// Underscores for what is neither letter nor digit.
    UnderscoreEscapingWithoutSuffixes,
    /// As sent.
    NoTranslation,
}

/// Resource attributes that become labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromotedAttributes {
    /// These.
    Only(BTreeSet<String>),
    /// All but these.
    AllBut(BTreeSet<String>),
}

impl Default for PromotedAttributes {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

/// The `otlp` section while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct OtlpDraft {
    settings: OtlpSettings,
    promoted: Vec<String>,
    promote_all: bool,
    ignored: Vec<String>,
}

impl OtlpDraft {
    /// Reads the section.
    pub(in crate::settings) fn read<'d>(&mut self, reader: &Reader<'d>, node: Node<'d>) {
        OTLP_TABLE.read(reader, node, self);
        let wrong = |message: &str, help: &str| {
            reader.report(Mistake::at(node.place(), message).help(help.to_owned()));
        };
        if self.promote_all && !self.promoted.is_empty() {
            wrong(
                "`promote_resource_attributes` means nothing if all are promoted",
                "remove it, or `promote_all_resource_attributes`",
            );
        }
        if !self.promote_all && !self.ignored.is_empty() {
            wrong(
                "`ignore_resource_attributes` means nothing unless all are promoted",
                "write `promote_all_resource_attributes: true`, or remove it",
            );
        }
    }

    /// What was read.
    pub(in crate::settings) fn finish(self) -> OtlpSettings {
        let promote = if self.promote_all {
            PromotedAttributes::AllBut(self.ignored.into_iter().collect())
        } else {
            PromotedAttributes::Only(self.promoted.into_iter().collect())
        };
        OtlpSettings { promote, ..self.settings }
    }
}

pub(in crate::settings) static OTLP_TABLE: Table<OtlpDraft> = Table {
    what: "the `otlp` section",
    keys: &[
        Key {
            name: "translation_strategy",
            form: "word",
            otherwise: Otherwise::Is("UnderscoreEscapingWithSuffixes"),
            about: "How names become names here: `UnderscoreEscapingWithSuffixes`, `UnderscoreEscapingWithoutSuffixes`, `NoUTF8EscapingWithSuffixes` or `NoTranslation`.",
            read: |reader, field, into| {
                use TranslationStrategy as To;
                let words = [
                    ("UnderscoreEscapingWithSuffixes", To::UnderscoreEscapingWithSuffixes),
                    ("UnderscoreEscapingWithoutSuffixes", To::UnderscoreEscapingWithoutSuffixes),
                    ("NoUTF8EscapingWithSuffixes", To::NoUtf8EscapingWithSuffixes),
                    ("NoTranslation", To::NoTranslation),
                ];
                set(&mut into.settings.strategy, reader.word(field.node, &words));
            },
        },
        Key {
            name: "promote_resource_attributes",
            form: "list of names",
            otherwise: Otherwise::Nothing,
            about: "Resource attributes that become labels of every series.",
            read: |reader, field, into| into.promoted = reader.texts(field.node),
        },
        Key {
            name: "promote_all_resource_attributes",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether all resource attributes become labels.",
            read: |reader, field, into| set(&mut into.promote_all, reader.truth(field.node)),
        },
        Key {
            name: "ignore_resource_attributes",
            form: "list of names",
            otherwise: Otherwise::Nothing,
            about: "Resource attributes that do not become labels although all others do.",
            read: |reader, field, into| into.ignored = reader.texts(field.node),
        },
        Key {
            name: "keep_identifying_resource_attributes",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether `target_info` also has `service.name`, `service.namespace` and `service.instance.id`, which `job` and `instance` are made of.",
            read: |reader, field, into| {
                set(&mut into.settings.keep_identifying, reader.truth(field.node));
            },
        },
        Key {
            name: "convert_histograms_to_nhcb",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether histograms become native histograms with custom buckets; else they become `_bucket`, `_sum` and `_count`.",
            read: |reader, field, into| {
                let forms = [HistogramForm::Classic, HistogramForm::CustomBuckets];
                let form = reader.truth(field.node).map(|own| forms[usize::from(own)]);
                set(&mut into.settings.histograms, form);
            },
        },
        Key {
            name: "promote_scope_metadata",
            form: "true or false",
            otherwise: Otherwise::Is("false"),
            about: "Whether the scope's name, version, schema and attributes become labels that begin with `otel_scope_`.",
            read: |reader, field, into| {
                set(&mut into.settings.promote_scope, reader.truth(field.node));
            },
        },
    ],
    refused: &[
        (
            "label_name_underscore_sanitization",
            "label names get `key` before a single underscore, as by default; remove the key",
        ),
        (
            "label_name_preserve_multiple_underscores",
            "underscores are kept, as by default; remove the key",
        ),
    ],
};
