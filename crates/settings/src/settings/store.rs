//! The `store` section: how long samples are kept, how safely, and how many series there may be.

use model::Span;

use super::ExpressionCheck;
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader},
    table::{Key, Otherwise, Table, set},
};

/// When what was acknowledged reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Together, at most this long after it came.
    Interval(Span),
    /// Before it is acknowledged.
    Always,
}

/// How samples of some series are down-sampled as they grow old.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Downsample {
    /// Which series, as a selector; all of them if there is none.
    pub selector: Option<String>,
    /// Up to which age samples stay as they came.
    pub raw: Span,
    /// Up to which age one for five minutes is kept.
    pub m5: Option<Span>,
    /// Up to which age one for an hour is kept.
    pub h1: Option<Span>,
}

/// How the embedded store keeps samples.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreSettings {
    /// Samples older than this are dropped.
    pub retention: Span,
    /// Most bytes of samples and labels on disk, if there is such a bound; past it the oldest days are dropped.
    pub retention_size: Option<u64>,
    /// What becomes of samples that grow old, the first rule that matches a series first.
    pub downsample: Vec<Downsample>,
    /// When the log is written through to the disk.
    pub sync: Sync,
    /// Most series kept at a time; samples of further ones are refused and counted.
    pub series_max: u64,
    /// Most bytes of memory that these series take.
    pub series_memory: u64,
    /// Most new series that one source may bring within an hour, if there is such a bound.
    pub new_series_per_source: Option<u64>,
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
            downsample: Vec::new(),
            sync: Sync::Interval(Span::millis(100)),
            series_max: 2_000_000,
            series_memory: 1 << 30,
            new_series_per_source: None,
            labels_per_series_max: 64,
            label_bytes_max: 2048,
        }
    }
}

/// The section while it is read.
#[derive(Debug, Default)]
pub(super) struct StoreDraft {
    settings: StoreSettings,
    rules: Vec<DownsampleDraft>,
}

/// A rule while it is read.
#[derive(Debug, Default)]
pub(super) struct DownsampleDraft {
    selector: Option<Placed<String>>,
    raw: Option<Placed<Span>>,
    m5: Option<Placed<Span>>,
    h1: Option<Placed<Span>>,
}

impl StoreDraft {
    /// The settings; what is wrong with rules is reported.
    pub(super) fn finish(self, reader: &Reader<'_>, check: ExpressionCheck<'_>) -> StoreSettings {
        let retention = self.settings.retention;
        let rules = self.rules.into_iter().map(|rule| rule.finish(reader, retention, check));
        StoreSettings { downsample: rules.collect(), ..self.settings }
    }
}

impl DownsampleDraft {
    fn finish(
        self,
        reader: &Reader<'_>,
        retention: Span,
        check: ExpressionCheck<'_>,
    ) -> Downsample {
        if let Some(selector) = &self.selector {
            // Nothing but a selector can be given a range.
            let text = selector.value.trim();
            let outcome = check(text).and_then(|()| check(&format!("last_over_time({text}[1m])")));
            if let Err(why) = outcome {
                let mistake =
                    Mistake::at(selector.place, "`match` is not a series selector").label(why);
                reader.report(mistake.help("write a name, labels or both: `up{job=\"node\"}`"));
            }
        }
        let ages = [("raw", &self.raw), ("m5", &self.m5), ("h1", &self.h1)];
        let written = ages.into_iter().filter_map(|(name, age)| Some((name, age.as_ref()?)));
        let mut before: Option<(&str, Span)> = None;
        for (name, age) in written {
            if let Some((other, least)) = before.filter(|(_, least)| age.value <= *least) {
                let message = format!("`{name}` is over when `{other}` is");
                let help = format!("coarser samples are kept longer: more than {least}");
                reader.report(Mistake::at(age.place, message).help(&help));
            }
            if age.value > retention {
                let message = format!("samples are kept for {retention} only");
                let help = format!("write `retention: {}`, or less here", age.value);
                reader.report(Mistake::at(age.place, message).help(&help));
            }
            before = Some((name, age.value));
        }
        let span = |age: Option<Placed<Span>>| age.map(|age| age.value);
        Downsample {
            selector: self.selector.map(|selector| selector.value.trim().to_owned()),
            raw: span(self.raw).unwrap_or_default(),
            m5: span(self.m5),
            h1: span(self.h1),
        }
    }
}

/// Ages of samples: days are down-sampled whole, and not while late samples may come.
fn age<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<Span>> {
    let value = reader.duration(field.node, Span::days(1)..=Span::days(36_500))?;
    Some(Placed { value, place: field.node.place() })
}

pub(super) static TABLE: Table<StoreDraft> = Table {
    what: "the `store` section",
    keys: &[
        Key {
            name: "retention",
            form: "duration",
            otherwise: Otherwise::Is("400d"),
            about: "How long samples are kept. A year and a month is a good length: it shows the same season of last year.",
            read: |reader, field, into| {
                let range = Span::hours(1)..=Span::days(36_500);
                set(&mut into.settings.retention, reader.duration(field.node, range));
            },
        },
        Key {
            name: "retention_size",
            form: "size",
            otherwise: Otherwise::Nothing,
            about: "How much room samples and their labels may take on disk. Past it the oldest days are dropped, whatever `retention` says; the newest day stays.",
            read: |reader, field, into| {
                let range = 64 << 20..=1 << 50;
                set(&mut into.settings.retention_size, reader.size(field.node, range).map(Some));
            },
        },
        Key {
            name: "downsample",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "What becomes of samples that grow old. Of the rules that match a series the first one counts; series that none matches stay as they came. See [Down-sampling](../concepts/store.md#down-sampling).",
            read: |reader, field, into| {
                into.rules = DOWNSAMPLE_TABLE.each(reader, field.node);
            },
        },
        Key {
            name: "sync",
            form: "duration or `always`",
            otherwise: Otherwise::Is("100ms"),
            about: "How long after they came samples may wait for the disk. With `always` nothing is acknowledged before it is on the disk.",
            read: |reader, field, into| {
                if field.node.scalar() == Some("always") {
                    into.settings.sync = Sync::Always;
                    return;
                }
                let range = Span::millis(1)..=Span::minutes(1);
                set(
                    &mut into.settings.sync,
                    reader.duration(field.node, range).map(Sync::Interval),
                );
            },
        },
        Key {
            name: "series_max",
            form: "number",
            otherwise: Otherwise::Is("2_000_000"),
            about: "Most series written to within an hour. Further new series are left out, counted and named; known ones go on. Past half of it series that rest for ten minutes are forgotten, which costs nothing but that they count as new when they come again.",
            read: |reader, field, into| {
                set(&mut into.settings.series_max, reader.whole(field.node, 100..=100_000_000));
            },
        },
        Key {
            name: "series_memory",
            form: "size",
            otherwise: Otherwise::Is("1GiB"),
            about: "Most memory that these series may take, some 200 bytes and their labels each. The same goes for it as for `series_max`.",
            read: |reader, field, into| {
                set(&mut into.settings.series_memory, reader.size(field.node, 1 << 20..=1 << 40));
            },
        },
        Key {
            name: "new_series_per_source",
            form: "number",
            otherwise: Otherwise::Nothing,
            about: "Most new series that one source may bring within an hour: a scrape job, or a sender by its `X-Scope-OrgID` or address. Further ones are left out, counted and named with their metric and the label that has the most values; its known series and other sources go on.",
            read: |reader, field, into| {
                let most = reader.whole(field.node, 1..=100_000_000);
                set(&mut into.settings.new_series_per_source, most.map(Some));
            },
        },
        Key {
            name: "labels_per_series_max",
            form: "number",
            otherwise: Otherwise::Is("64"),
            about: "Most labels of one series.",
            read: |reader, field, into| {
                set(&mut into.settings.labels_per_series_max, reader.whole(field.node, 4..=1024));
            },
        },
        Key {
            name: "label_bytes_max",
            form: "size",
            otherwise: Otherwise::Is("2KiB"),
            about: "Longest name or value of a label.",
            read: |reader, field, into| {
                set(&mut into.settings.label_bytes_max, reader.size(field.node, 64..=65_536));
            },
        },
    ],
    refused: &[
        ("path", "give the folder as `--data DIR` or `PLIMSOLL_DATA`"),
        ("data", "give the folder as `--data DIR` or `PLIMSOLL_DATA`"),
    ],
};

pub(super) static DOWNSAMPLE_TABLE: Table<DownsampleDraft> = Table {
    what: "a rule for down-sampling",
    keys: &[
        Key {
            name: "match",
            form: "selector",
            otherwise: Otherwise::Said("all series"),
            about: "Which series: `{job=\"node\"}`.",
            read: |reader, field, into| into.selector = reader.placed(field.node),
        },
        Key {
            name: "raw",
            form: "duration",
            otherwise: Otherwise::Needed,
            about: "Up to which age samples stay as they came.",
            read: |reader, field, into| into.raw = age(reader, field),
        },
        Key {
            name: "m5",
            form: "duration",
            otherwise: Otherwise::Nothing,
            about: "Up to which age least, greatest, sum, count and last of each five minutes are kept.",
            read: |reader, field, into| into.m5 = age(reader, field),
        },
        Key {
            name: "h1",
            form: "duration",
            otherwise: Otherwise::Nothing,
            about: "Up to which age the same is kept for each hour. What is older than all ages of a rule is dropped.",
            read: |reader, field, into| into.h1 = age(reader, field),
        },
    ],
    refused: &[
        ("selector", "write which series are meant as `match`"),
        ("5m", "write `m5`"),
        ("1h", "write `h1`"),
    ],
};
