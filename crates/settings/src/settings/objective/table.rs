//! The keys of an objective, and how their values are read.

use model::{CalendarUnit, Loudness, Period, Share, Test, Unit};

use super::{ObjectiveDraft, PERIODS, Parameters};
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader, parse_duration},
    table::{Key, Otherwise, Table},
};

pub(in crate::settings) static TABLE: Table<ObjectiveDraft> = Table {
    what: "an objective",
    keys: &[
        Key {
            name: "name",
            form: "name",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among objectives: lower-case letters, digits, `_` and `-`. An objective of the default policy with the same name gives way.",
            read: |reader, field, into| {
                into.place = field.key;
                into.name = name(reader, field);
            },
        },
        Key {
            name: "like",
            form: "name",
            otherwise: Otherwise::Nothing,
            about: "An objective of the default policy, of which everything is taken that is not written here.",
            read: |reader, field, into| into.like = reader.placed(field.node),
        },
        Key {
            name: "parameters",
            form: "map of texts",
            otherwise: Otherwise::Nothing,
            about: "What stands for `${name}` in its expressions, before what `objective_parameters` says.",
            read: |reader, field, into| into.parameters = parameters(reader, field),
        },
        Key {
            name: "title",
            form: "text",
            otherwise: Otherwise::Said("the name"),
            about: "What people call it.",
            read: |reader, field, into| into.title = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "service",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "The service it speaks of; a label of its alerts.",
            read: |reader, field, into| into.service = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "owner",
            form: "text",
            otherwise: Otherwise::Is("nobody yet"),
            about: "Who keeps the promise; a label of its alerts.",
            read: |reader, field, into| into.owner = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "reason",
            form: "text",
            otherwise: Otherwise::Nothing,
            about: "What it means for the business, in a sentence or two.",
            read: |reader, field, into| {
                into.reason = reader.text(field.node).map(|text| text.trim_end().to_owned());
            },
        },
        Key {
            name: "total",
            form: "PromQL",
            otherwise: Otherwise::Said("with `good` or `bad` it must be written"),
            about: "Counters of all events, such as `http_requests_total{job=\"api\"}`: selectors, `sum`, `rate` and `increase` of them, sums and differences.",
            read: |reader, field, into| into.total = reader.placed(field.node),
        },
        Key {
            name: "good",
            form: "PromQL",
            otherwise: Otherwise::Said("one of `good`, `bad` and `value` is written"),
            about: "Counters of the events that went well.",
            read: |reader, field, into| into.good = reader.placed(field.node),
        },
        Key {
            name: "bad",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Counters of the events that went wrong.",
            read: |reader, field, into| into.bad = reader.placed(field.node),
        },
        Key {
            name: "value",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Instead of counters: an expression that is asked each minute. Each minute of each element counts as an event, good while the value keeps to the line.",
            read: |reader, field, into| into.value = reader.placed(field.node),
        },
        Key {
            name: "below",
            form: "number",
            otherwise: Otherwise::Nothing,
            about: "The line of `value`: below it is good. Or write `at_most`, `at_least`, `above`.",
            read: |reader, field, into| line(reader, field, Test::Below, into),
        },
        Key {
            name: "at_most",
            form: "number",
            otherwise: Otherwise::Nothing,
            about: "The line of `value`: not above it is good.",
            read: |reader, field, into| line(reader, field, Test::AtMost, into),
        },
        Key {
            name: "at_least",
            form: "number",
            otherwise: Otherwise::Nothing,
            about: "The line of `value`: not below it is good.",
            read: |reader, field, into| line(reader, field, Test::AtLeast, into),
        },
        Key {
            name: "above",
            form: "number",
            otherwise: Otherwise::Nothing,
            about: "The line of `value`: above it is good.",
            read: |reader, field, into| line(reader, field, Test::Above, into),
        },
        Key {
            name: "unit",
            form: "word",
            otherwise: Otherwise::Is("count"),
            about: "What `value` counts: `bytes`, `bytes_per_second`, `seconds`, `cores`, `share`, `count` or `per_second`.",
            read: |reader, field, into| into.unit = reader.word(field.node, &Unit::WORDS),
        },
        Key {
            name: "target",
            form: "share",
            otherwise: Otherwise::Said("**must be written**, unless `like` has it"),
            about: "The share of events that must be good: `99.9 %`. What is missing to 100 % is the error budget.",
            read: |reader, field, into| into.target = target(reader, field),
        },
        Key {
            name: "period",
            form: "duration or word",
            otherwise: Otherwise::Is("30d"),
            about: "Over which time: the last days, always (`7d` to `365d`), or `week`, `month`, `quarter`, `year` of the calendar.",
            read: |reader, field, into| into.period = period(reader, field),
        },
        Key {
            name: "zone",
            form: "time zone",
            otherwise: Otherwise::Is("UTC"),
            about: "The zone in which a calendar period begins: `Europe/Berlin`.",
            read: |reader, field, into| into.zone = reader.placed(field.node),
        },
        Key {
            name: "alerts",
            form: "word",
            otherwise: Otherwise::Is("page"),
            about: "How urgent its alerts may be: `page`, `ticket`, or `none`.",
            read: |reader, field, into| {
                into.alerts = reader.word(field.node, &Loudness::WORDS);
            },
        },
        Key {
            name: "needed",
            form: "true or false",
            otherwise: Otherwise::Is("true"),
            about: "Whether it is an alert that there has never been any data for it. That data stop is one in any case.",
            read: |reader, field, into| into.needed = reader.truth(field.node),
        },
    ],
    refused: &[
        ("objective", "write the share that must be good as `target`"),
        ("window", "write `period`"),
        ("threshold", "write the line as `below`, `at_most`, `at_least` or `above`"),
        ("expr", "write counters as `good` or `bad` and `total`, or an expression as `value`"),
    ],
};

fn name<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<String>> {
    let name = reader.placed(field.node)?;
    if !is_name(&name.value) {
        let help = "write lower-case letters, digits, `_` and `-`, at most 63; the title may hold anything";
        reader.wrong(field.node, &format!("`{}` cannot be an objective's name", name.value), help);
        return None;
    }
    Some(name)
}

fn is_name(text: &str) -> bool {
    let letter = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_' || letter == '-'
    };
    !text.is_empty() && text.len() <= 63 && text.chars().all(letter)
}

pub(super) fn parameters<'d>(reader: &Reader<'d>, field: Field<'d>) -> Parameters {
    let mut found = Parameters::new();
    for entry in reader.entries(field.node) {
        match entry.node.scalar() {
            Some(text) => drop(found.insert(entry.key.to_owned(), text.to_owned())),
            None => reader.wrong(entry.node, "a parameter is a text", ""),
        }
    }
    found
}

fn target<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Placed<Share>> {
    let value = reader.share(field.node)?;
    if value.value() <= 0.0 || value.value() >= 1.0 {
        let help = "write what can be kept, such as `99.9 %`: what is missing to 100 % is the error budget";
        reader.wrong(field.node, "a target lies between 0 % and 100 %, without both", help);
        return None;
    }
    Some(Placed { value, place: field.node.place() })
}

fn period<'d>(reader: &Reader<'d>, field: Field<'d>) -> Option<Period> {
    let text = reader.text(field.node)?;
    let unit = CalendarUnit::WORDS.iter().find(|(word, _)| *word == text);
    if let Some((_, unit)) = unit {
        return Some(Period::Calendar { unit: *unit, zone: "UTC".to_owned() });
    }
    if parse_duration(text).is_none() {
        let help = "write days, as in `30d`, or `week`, `month`, `quarter`, `year`";
        reader.wrong(field.node, &format!("`{text}` is no period"), help);
        return None;
    }
    reader.duration(field.node, PERIODS).map(Period::Rolling)
}

fn line<'d>(reader: &Reader<'d>, field: Field<'d>, test: Test, into: &mut ObjectiveDraft) {
    let Some(text) = reader.text(field.node) else { return };
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    let Some(number) = number else {
        let help = "write it in the unit of `value`, as in `0.5`";
        reader.wrong(field.node, &format!("`{text}` is not a number"), help);
        return;
    };
    if let Some((other, _, place)) = into.line {
        let message = format!("there is a line already: `{}`", other.word());
        reader.report(Mistake::at(field.key, message).also(place, "here"));
        return;
    }
    into.line = Some((test, number, field.key));
}
