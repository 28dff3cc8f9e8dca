//! The `resources` section: anything with a limit, declared by two PromQL expressions.

pub(super) mod cache;
pub(super) mod calendar;
pub(super) mod icalendar;
pub(super) mod planning;
pub(super) mod service;

use model::{Nature, Resource, Share, Span, Thresholds, Unit};

use super::ExpressionCheck;
use crate::{
    mistake::{Mistake, Place},
    reader::{Field, Placed, Reader},
    table::{Key, Otherwise, Table, set},
};

/// A resource while it is read.
#[derive(Debug)]
pub(super) struct ResourceDraft {
    name: Option<Placed<String>>,
    title: Option<String>,
    used: Option<Placed<String>>,
    limit: Option<Placed<String>>,
    unit: Option<Unit>,
    nature: Nature,
    lines: Lines,
    hold: Span,
    lead_time: Option<Span>,
    owner: String,
    advice: String,
    quota: Option<String>,
    cache: Option<cache::CacheDraft>,
    alerts: bool,
}

impl Default for ResourceDraft {
    fn default() -> Self {
        Self {
            name: None,
            title: None,
            used: None,
            limit: None,
            unit: None,
            nature: Nature::Flow,
            lines: Lines::default(),
            hold: Span::minutes(5),
            lead_time: None,
            owner: "nobody yet".to_owned(),
            advice: String::new(),
            quota: None,
            cache: None,
            alerts: true,
        }
    }
}

/// The lines while they are read; none written means the default.
#[derive(Debug, Default)]
pub(super) struct Lines {
    notice: Option<Placed<Share>>,
    warning: Option<Placed<Share>>,
    alert: Option<Placed<Share>>,
    critical: Option<Placed<Share>>,
}

/// What holds for lines that are not written, rising: notice, warning, alert, critical.
const LINES: [(&str, f64); 4] =
    [("notice", 0.75), ("warning", 0.75), ("alert", 0.80), ("critical", 0.90)];

pub(super) static TABLE: Table<ResourceDraft> = Table {
    what: "a resource",
    keys: &[
        Key {
            name: "name",
            form: "name",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among resources: lower-case letters, digits and `_`. A resource of the default policy with the same name gives way.",
            read: |reader, field, into| into.name = name(reader, field),
        },
        Key {
            name: "title",
            form: "text",
            otherwise: Otherwise::Said("the name"),
            about: "What people call one reading; `{{label}}` stands for a label's value.",
            read: |reader, field, into| into.title = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "used",
            form: "PromQL",
            otherwise: Otherwise::Needed,
            about: "How much is in use.",
            read: |reader, field, into| into.used = reader.placed(field.node),
        },
        Key {
            name: "limit",
            form: "PromQL",
            otherwise: Otherwise::Needed,
            about: "How much there is, in the same unit. Joined with `used` by the labels both have; a limit without labels serves all.",
            read: |reader, field, into| into.limit = reader.placed(field.node),
        },
        Key {
            name: "unit",
            form: "word",
            otherwise: Otherwise::Needed,
            about: "What both count: `bytes`, `bytes_per_second`, `seconds`, `cores`, `share`, `count` or `per_second`.",
            read: |reader, field, into| into.unit = reader.word(field.node, &Unit::WORDS),
        },
        Key {
            name: "nature",
            form: "word",
            otherwise: Otherwise::Is("flow"),
            about: "`stock` for what piles up until somebody clears it (disk space), `flow` for what comes and goes with load (CPU). Decides how its future is told.",
            read: |reader, field, into| {
                let words = [Nature::Stock, Nature::Flow].map(|nature| (nature.word(), nature));
                set(&mut into.nature, reader.word(field.node, &words));
            },
        },
        Key {
            name: "thresholds",
            form: "section",
            otherwise: Otherwise::Said("75 %, 75 %, 80 %, 90 %"),
            about: "The lines drawn on it.",
            read: |reader, field, into| LINES_TABLE.read(reader, field.node, &mut into.lines),
        },
        Key {
            name: "hold",
            form: "duration",
            otherwise: Otherwise::Is("5m"),
            about: "How long a line must be crossed before it is an alert.",
            read: |reader, field, into| {
                set(&mut into.hold, reader.duration(field.node, Span::ZERO..=Span::days(7)));
            },
        },
        Key {
            name: "lead_time",
            form: "duration",
            otherwise: Otherwise::Said("14d for a stock, 7d for a flow"),
            about: "How long it takes to get more of it; an early warning comes at least this long before.",
            read: |reader, field, into| {
                into.lead_time = reader.duration(field.node, Span::ZERO..=Span::days(3650));
            },
        },
        Key {
            name: "owner",
            form: "text",
            otherwise: Otherwise::Is("nobody yet"),
            about: "Who looks after it.",
            read: |reader, field, into| {
                set(&mut into.owner, reader.text(field.node).map(str::to_owned));
            },
        },
        Key {
            name: "advice",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "Why it matters and what to do, in a sentence or two.",
            read: |reader, field, into| {
                let text = reader.text(field.node);
                set(&mut into.advice, text.map(|text| text.trim_end().to_owned()));
            },
        },
        Key {
            name: "quota",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "That it is a quota, and who grants more of it: `AWS support, L-1216C47A`. Quotas are reviewed every quarter; `lead_time` is how long a grant takes.",
            read: |reader, field, into| into.quota = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "cache",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "That it is the memory of a cache, and how its want of room is seen. A cache that throws out is always full: it is sized by what it finds.",
            read: |reader, field, into| {
                cache::TABLE.read(reader, field.node, into.cache.get_or_insert_default());
            },
        },
        Key {
            name: "alerts",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether its lines mean something. `false` where use may come to the limit and beyond, such as the request of a container: nobody is told and no date is forecast; it is recorded, and sized by the line `alert`.",
            read: |reader, field, into| set(&mut into.alerts, reader.truth(field.node)),
        },
    ],
    refused: &[
        ("expr", "write how much is in use as `used`, and how much there is as `limit`"),
        ("for", "write `hold`"),
        ("severity", "severity follows from `thresholds`"),
    ],
};

pub(super) static LINES_TABLE: Table<Lines> = Table {
    what: "`thresholds`",
    keys: &[
        Key {
            name: "notice",
            form: "share",
            otherwise: Otherwise::Is("75 %"),
            about: "From here on, use is shown as worth a note.",
            read: |reader, field, into| into.notice = line(reader, field),
        },
        Key {
            name: "warning",
            form: "share",
            otherwise: Otherwise::Is("75 %"),
            about: "From here on, it is a warning on the pages.",
            read: |reader, field, into| into.warning = line(reader, field),
        },
        Key {
            name: "alert",
            form: "share",
            otherwise: Otherwise::Is("80 %"),
            about: "From here on, receivers are told.",
            read: |reader, field, into| into.alert = line(reader, field),
        },
        Key {
            name: "critical",
            form: "share",
            otherwise: Otherwise::Is("90 %"),
            about: "From here on, it is critical.",
            read: |reader, field, into| into.critical = line(reader, field),
        },
    ],
    refused: &[],
};

impl ResourceDraft {
    /// The resource, if enough of it could be read; and its name with its place.
    pub(super) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
    ) -> Option<(Resource, Placed<String>)> {
        let thresholds = self.lines.finish(reader);
        for (key, expression) in [("used", &self.used), ("limit", &self.limit)] {
            let Some(expression) = expression else { continue };
            if let Err(why) = check(&expression.value) {
                let message = format!("`{key}` is not a valid PromQL expression");
                reader.report(Mistake::at(expression.place, message).label(why));
            }
        }
        let lead_time = self.lead_time.unwrap_or(match self.nature {
            Nature::Stock => Span::days(14),
            Nature::Flow => Span::days(7),
        });
        let name = self.name?;
        let resource = Resource {
            title: self.title.unwrap_or_else(|| name.value.clone()),
            name: name.value.clone(),
            used: self.used?.value.trim().to_owned(),
            limit: self.limit?.value.trim().to_owned(),
            unit: self.unit?,
            nature: self.nature,
            thresholds: thresholds?,
            hold: self.hold,
            lead_time,
            owner: self.owner,
            advice: self.advice,
            quota: self.quota,
            cache: self.cache.and_then(|own| own.finish(reader, check)),
            alerts: self.alerts,
        };
        Some((resource, name))
    }
}

impl Lines {
    /// The thresholds if they rise; each pair that does not is marked.
    fn finish(self, reader: &Reader<'_>) -> Option<Thresholds> {
        let written = [self.notice, self.warning, self.alert, self.critical];
        let mut lines: Vec<(&str, Share, Option<Place>)> = Vec::new();
        for ((name, otherwise), line) in LINES.into_iter().zip(written) {
            lines.push(match line {
                Some(line) => (name, line.value, Some(line.place)),
                None => (name, Share::new(otherwise)?, None),
            });
        }
        for pair in lines.windows(2) {
            if pair[1].1 < pair[0].1 {
                report_order(reader, pair[0], pair[1]);
            }
        }
        Thresholds::new(lines[0].1, lines[1].1, lines[2].1, lines[3].1).ok()
    }
}

type Line<'n> = (&'n str, Share, Option<Place>);

fn report_order(reader: &Reader<'_>, lower: Line<'_>, upper: Line<'_>) {
    let said = |line: Line<'_>| match line.2 {
        Some(_) => format!("{} is {}", line.0, Unit::Share.say(line.1.value())),
        None => format!("{} is {} unless it is written", line.0, Unit::Share.say(line.1.value())),
    };
    let message = format!("{} must not lie below {}", upper.0, lower.0);
    let order = "the lines rise: notice, warning, alert, critical";
    reader.report(match (upper.2, lower.2) {
        (Some(place), Some(other)) => {
            Mistake::at(place, message).label(said(upper)).also(other, said(lower)).help(order)
        }
        (Some(place), None) => {
            Mistake::at(place, message).label(said(upper)).help(said(lower)).help(order)
        }
        (None, Some(place)) => {
            Mistake::at(place, message).label(said(lower)).help(said(upper)).help(order)
        }
        (None, None) => Mistake::somewhere(message).help(order),
    });
}

fn line<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<Share>> {
    Some(Placed { value: reader.share(field.node)?, place: field.node.place() })
}

pub(super) fn name<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<String>> {
    let name = reader.placed(field.node)?;
    let letter =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !name.value.chars().all(letter) || name.value.len() > 63 {
        let help =
            "write lower-case letters, digits and `_`, at most 63; the title may hold anything";
        reader.wrong(field.node, &format!("`{}` cannot be a name here", name.value), help);
        return None;
    }
    Some(name)
}
