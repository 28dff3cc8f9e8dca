//! The `baselines` section: of which series the normal band is kept.

use jiff::{Timestamp, tz::TimeZone};
use model::Time;

use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader, is_label_name},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table, set},
};

/// Series that one entry may have unless it says otherwise.
const SERIES_MAX: u64 = 1000;
/// Series that all entries together may have; one takes about four kilobytes.
const TOTAL_MAX: u64 = 100_000;
/// Bands narrower than a quarter of what is usual, or wider than ten times it, say nothing.
const WIDTHS: (f64, f64) = (0.25, 10.0);

/// Of which series the normal band is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineSettings {
    /// The IANA time zone whose hours and days count, unless an entry names another.
    pub zone: String,
    /// How wide bands are, as a factor, unless an entry says otherwise.
    pub width: f64,
    /// Whether the readings of all resources have one.
    pub resources: bool,
    /// How many series all together may have.
    pub series_max: u64,
    /// The series.
    pub watch: Vec<WatchedBaseline>,
}

impl BaselineSettings {
    /// Year, month and day in its zone; in UTC where the system does not know it.
    pub fn date(&self, time: Time) -> (i64, u8, u8) {
        let zone = TimeZone::get(&self.zone).ok();
        let moment = Timestamp::from_millisecond(time.millis()).ok();
        zone.zip(moment).map_or_else(
            || time.date(),
            |(zone, moment)| {
                let day = moment.to_zoned(zone).date();
                let small = |value: i8| u8::try_from(value).unwrap_or(1);
                (i64::from(day.year()), small(day.month()), small(day.day()))
            },
        )
    }
}

/// Series of which the normal band is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedBaseline {
    /// Its name, unique among baselines.
    pub name: String,
    /// The expression whose series they are.
    pub expr: String,
    /// The labels that the band keeps; all if there are none.
    pub labels: Vec<String>,
    /// The IANA time zone.
    pub zone: String,
    /// How wide the band is, as a factor.
    pub width: f64,
    /// How many series it may have.
    pub series_max: u64,
}

impl Default for BaselineSettings {
    fn default() -> Self {
        Self {
            zone: "UTC".to_owned(),
            width: 1.0,
            resources: true,
            series_max: TOTAL_MAX,
            watch: Vec::new(),
        }
    }
}

/// An entry, and its name where it is written.
type Named = (WatchedBaseline, Option<Placed<String>>);

/// The section while it is read.
#[derive(Debug, Default)]
pub(crate) struct BaselinesDraft {
    own: BaselineSettings,
    watch: Vec<WatchDraft>,
}

/// An entry while it is read.
#[derive(Debug, Default)]
pub(crate) struct WatchDraft {
    name: Option<Placed<String>>,
    expr: Option<Placed<String>>,
    labels: Vec<String>,
    zone: Option<String>,
    width: Option<f64>,
    series_max: Option<u64>,
}

pub(crate) static TABLE: Table<BaselinesDraft> = Table {
    what: "the `baselines` section",
    keys: &[
        Key {
            name: "zone",
            form: "time zone",
            otherwise: Otherwise::Is("UTC"),
            about: "The IANA time zone whose hours and days of the week count, as in `Europe/Berlin`. Summer time moves with it.",
            read: |reader, field, into| set(&mut into.own.zone, zone(reader, field)),
        },
        Key {
            name: "width",
            form: "number",
            otherwise: Otherwise::Is("1"),
            about: "How wide bands are: 1 holds about 98 of 100 ordinary readings, 2 is twice as wide.",
            read: |reader, field, into| set(&mut into.own.width, width(reader, field)),
        },
        Key {
            name: "resources",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether the readings of every resource have a band.",
            read: |reader, field, into| set(&mut into.own.resources, reader.truth(field.node)),
        },
        Key {
            name: "series_max",
            form: "number",
            otherwise: Otherwise::Is("100_000"),
            about: "How many series may have a band, all entries and resources together; those beyond are left out, and said to be.",
            read: |reader, field, into| {
                set(&mut into.own.series_max, reader.whole(field.node, 1..=10_000_000));
            },
        },
        Key {
            name: "watch",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "What else has a band.",
            read: |reader, field, into| into.watch = WATCH_TABLE.each(reader, field.node),
        },
    ],
    refused: &[("expr", "write it below `watch`, with a name: `watch: [{name: …, expr: …}]`")],
};

pub(crate) static WATCH_TABLE: Table<WatchDraft> = Table {
    what: "a baseline",
    keys: &[
        Key {
            name: "name",
            form: "name",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among baselines; the label `baseline` of the recorded band.",
            read: |reader, field, into| into.name = name(reader, field),
        },
        Key {
            name: "expr",
            form: "PromQL",
            otherwise: Otherwise::Needed,
            about: "What is watched; each series of its answer has a band of its own.",
            read: |reader, field, into| into.expr = reader.placed(field.node),
        },
        Key {
            name: "labels",
            form: "list of labels",
            otherwise: Otherwise::Said("all"),
            about: "The labels that the band keeps; they must still tell the series apart.",
            read: |reader, field, into| into.labels = labels(reader, field),
        },
        Key {
            name: "zone",
            form: "time zone",
            otherwise: Otherwise::Said("that of the section"),
            about: "Its own IANA time zone.",
            read: |reader, field, into| into.zone = zone(reader, field),
        },
        Key {
            name: "width",
            form: "number",
            otherwise: Otherwise::Said("that of the section"),
            about: "How wide its band is.",
            read: |reader, field, into| into.width = width(reader, field),
        },
        Key {
            name: "series_max",
            form: "number",
            otherwise: Otherwise::Is("1000"),
            about: "How many series it may have; those beyond are left out, and said to be.",
            read: |reader, field, into| {
                into.series_max = reader.whole(field.node, 1..=1_000_000);
            },
        },
    ],
    refused: &[
        ("query", "write the expression as `expr`"),
        ("for", "a band has no `for`; the rule that uses it has"),
    ],
};

impl BaselinesDraft {
    /// The zone that holds where none is written.
    pub(crate) fn zone(&self) -> &str {
        &self.own.zone
    }

    /// The settings as far as they could be read; names with their places.
    pub(crate) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
    ) -> (BaselineSettings, Vec<Named>) {
        let mut watch = Vec::new();
        for draft in self.watch {
            if let Some(expr) = &draft.expr
                && let Err(why) = check(&expr.value)
            {
                let message = "`expr` is not a valid PromQL expression";
                reader.report(Mistake::at(expr.place, message).label(why));
            }
            let (Some(name), Some(expr)) = (draft.name, draft.expr) else { continue };
            let watched = WatchedBaseline {
                name: name.value.clone(),
                expr: expr.value.trim().to_owned(),
                labels: draft.labels,
                zone: draft.zone.unwrap_or_else(|| self.own.zone.clone()),
                width: draft.width.unwrap_or(self.own.width),
                series_max: draft.series_max.unwrap_or(SERIES_MAX),
            };
            watch.push((watched, Some(name)));
        }
        (self.own, watch)
    }
}

/// A time zone that is known here, by its name.
pub(in crate::settings) fn zone<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<String> {
    let text = reader.text(field.node)?;
    if let Err(why) = TimeZone::get(text) {
        let mistake = Mistake::at(field.node.place(), format!("`{text}` is no known time zone"));
        let help = "write a name of the IANA data base, as in `Europe/Berlin`; UTC is always known";
        reader.report(mistake.label(why.to_string()).help(help));
        return None;
    }
    Some(text.to_owned())
}

fn width<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<f64> {
    let text = reader.text(field.node)?;
    let (least, most) = WIDTHS;
    let found = text.parse::<f64>().ok().filter(|width| (least..=most).contains(width));
    if found.is_none() {
        let help = format!("write a number from {least} to {most}; 1 is usual");
        reader.wrong(field.node, &format!("`{text}` cannot be a width"), &help);
    }
    found
}

fn labels<'d>(reader: &Reader<'d>, field: Field<'d>) -> Vec<String> {
    let mut labels = reader.texts(field.node);
    labels.retain(|label| {
        let fits = is_label_name(label);
        if !fits {
            let help = "letters, digits and `_` make a label's name; the first is no digit";
            reader.wrong(field.node, &format!("`{label}` cannot be a label's name"), help);
        }
        fits
    });
    labels
}

fn name<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<String>> {
    let name = reader.placed(field.node)?;
    let letter = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '-')
    };
    let problem = if !name.value.chars().all(letter) || name.value.len() > 63 {
        "write lower-case letters, digits, `_` and `-`, at most 63"
    } else if name.value == "resources" {
        "that is the band of the readings of resources; choose another"
    } else {
        return Some(name);
    };
    reader.wrong(field.node, &format!("`{}` cannot be a baseline's name", name.value), problem);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_where_people_are() {
        let of = |zone: &str, millis: i64| {
            let zone = zone.to_owned();
            BaselineSettings { zone, ..BaselineSettings::default() }.date(Time(millis))
        };
        // 31 October 2026, 23:30 in UTC.
        assert_eq!(of("UTC", 1_793_489_400_000), (2026, 10, 31));
        assert_eq!(of("Europe/Berlin", 1_793_489_400_000), (2026, 11, 1));
        assert_eq!(of("Nowhere/At all", 1_793_489_400_000), (2026, 10, 31));
    }
}
