//! The limits of a service, and the steps that move them.

use model::{Indicator, Objective, Relation, Resource, ServiceLimit, Share, Step, Test, Unit};

use super::super::name;
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table, set},
};

/// What is meant to be used of a limit.
const TARGET: f64 = 0.8;

/// A limit while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct LimitDraft {
    pub(super) name: Option<Placed<String>>,
    title: Option<String>,
    resource: Option<Placed<String>>,
    objective: Option<Placed<String>>,
    used: Option<Placed<String>>,
    limit: Option<Placed<String>>,
    unit: Option<Unit>,
    target: Option<Share>,
    relation: Option<Relation>,
    each_replica: bool,
    copies: Option<Placed<String>>,
    steps: Vec<StepDraft>,
}

/// A step while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct StepDraft {
    title: Option<String>,
    times: Option<f64>,
    cost_month: f64,
}

pub(in crate::settings) static LIMIT_TABLE: Table<LimitDraft> = Table {
    what: "a limit of a service",
    keys: &[
        Key {
            name: "name",
            form: "name",
            otherwise: Otherwise::Needed,
            about: "Its name, unique within the service.",
            read: |reader, field, into| into.name = name(reader, field),
        },
        Key {
            name: "title",
            form: "text",
            otherwise: Otherwise::Said("the name"),
            about: "What people call it.",
            read: |reader, field, into| into.title = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "resource",
            form: "name",
            otherwise: Otherwise::Nothing,
            about: "A declared resource with one reading, whose `used`, `limit`, `unit` and alert line hold where they are not written here.",
            read: |reader, field, into| into.resource = reader.placed(field.node),
        },
        Key {
            name: "objective",
            form: "name",
            otherwise: Otherwise::Nothing,
            about: "A promise that is kept as long as a value stays below a line, such as a latency, declared under `objectives` or shipped: its expression, line and unit hold where they are not written here, all of the line is meant to be used, and it follows load as a `latency`.",
            read: |reader, field, into| into.objective = reader.placed(field.node),
        },
        Key {
            name: "used",
            form: "PromQL",
            otherwise: Otherwise::Said("the resource's"),
            about: "How much is in use, as one series.",
            read: |reader, field, into| into.used = reader.placed(field.node),
        },
        Key {
            name: "limit",
            form: "PromQL",
            otherwise: Otherwise::Said("the resource's"),
            about: "How much there is, in the same unit: `200`, or an expression.",
            read: |reader, field, into| into.limit = reader.placed(field.node),
        },
        Key {
            name: "unit",
            form: "word",
            otherwise: Otherwise::Said("the resource's, else `count`"),
            about: "What both count.",
            read: |reader, field, into| into.unit = reader.word(field.node, &Unit::WORDS),
        },
        Key {
            name: "target",
            form: "share",
            otherwise: Otherwise::Said("the resource's alert line, else 80 %"),
            about: "The share of the limit that is meant to be used and not exceeded.",
            read: |reader, field, into| into.target = reader.share(field.node),
        },
        Key {
            name: "relation",
            form: "word",
            otherwise: Otherwise::Is("unknown"),
            about: "How use follows load: `work`, `held`, `cached`, `piled`, `latency`, `together` or `unknown`. See [drivers](../concepts/drivers.md).",
            read: |reader, field, into| {
                into.relation = reader.word(field.node, &Relation::WORDS);
            },
        },
        Key {
            name: "each_replica",
            form: "truth",
            otherwise: Otherwise::Is("false"),
            about: "Whether each instance has one of its own, so that fewer instances carry less.",
            read: |reader, field, into| set(&mut into.each_replica, reader.truth(field.node)),
        },
        Key {
            name: "copies",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "How many copies share it, such as replicas of a database that are all read from; with it, the line is told for one copy less.",
            read: |reader, field, into| into.copies = reader.placed(field.node),
        },
        Key {
            name: "steps",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "How to get more of it.",
            read: |reader, field, into| into.steps = STEP_TABLE.each(reader, field.node),
        },
    ],
    refused: &[],
};

pub(in crate::settings) static STEP_TABLE: Table<StepDraft> = Table {
    what: "a step",
    keys: &[
        Key {
            name: "title",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "What is done: `pool 200 → 300`.",
            read: |reader, field, into| into.title = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "times",
            form: "number",
            otherwise: Otherwise::Needed,
            about: "How many times as much there is afterwards, more than 1.",
            read: |reader, field, into| {
                into.times = number(reader, field, (1.0 + 1e-9, 1e6), "more than 1");
            },
        },
        Key {
            name: "cost_month",
            form: "number",
            otherwise: Otherwise::Is("0"),
            about: "What it costs a month more.",
            read: |reader, field, into| {
                let cost = number(reader, field, (-1e12, 1e12), "an amount of money");
                set(&mut into.cost_month, cost);
            },
        },
    ],
    refused: &[],
};

fn number(
    reader: &Reader<'_>,
    field: Field<'_>,
    (least, most): (f64, f64),
    what: &str,
) -> Option<f64> {
    let text = reader.text(field.node)?;
    let number = text.parse::<f64>().ok().filter(|own| (least..=most).contains(own));
    if number.is_none() {
        reader.wrong(field.node, &format!("`{text}` is not {what}"), "");
    }
    number
}

impl LimitDraft {
    pub(super) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
        (resources, objectives): (&[Resource], &[Objective]),
    ) -> Option<ServiceLimit> {
        for (key, expression) in
            [("used", &self.used), ("limit", &self.limit), ("copies", &self.copies)]
        {
            checked(reader, check, key, expression.as_ref());
        }
        let name = self.name?;
        let known = self.resource.as_ref().and_then(|wanted| {
            let found = resources.iter().find(|own| own.name == wanted.value);
            if found.is_none() {
                let message = format!("there is no resource `{}`", wanted.value);
                let help = "declare it under `resources`, or write `used` and `limit` here";
                reader.report(Mistake::at(wanted.place, message).help(help));
            }
            found
        });
        let promised = self.objective.as_ref().and_then(|own| promised(reader, own, objectives));
        let known_used = known.map(|known| known.used.clone());
        let known_limit = known.map(|known| known.limit.clone());
        let own = |written: Option<Placed<String>>, known: Option<String>| {
            written.map(|own| own.value.trim().to_owned()).or(known)
        };
        let expr = promised.as_ref().map(|own| own.expr.clone());
        let line = promised.as_ref().map(|own| own.line.to_string());
        let used = own(self.used, known_used.or(expr));
        let limit = own(self.limit, known_limit.or(line));
        if self.resource.is_some() && self.objective.is_some() {
            let message = format!("`{}` is both a resource and an objective", name.value);
            reader.report(Mistake::at(name.place, message).help("keep one of them"));
        }
        let unknown = self.resource.is_none() && self.objective.is_none();
        if unknown && (used.is_none() || limit.is_none()) {
            let message =
                format!("`{}` says nothing of what is used or how much there is", name.value);
            reader.report(
                Mistake::at(name.place, message)
                    .help("write `resource` or `objective`, or `used` and `limit`"),
            );
        }
        let whole = promised.as_ref().and_then(|_| Share::new(1.0));
        let target = self.target.or_else(|| known.map(|known| known.thresholds.alert())).or(whole);
        let unit = known.map(|known| known.unit).or_else(|| promised.as_ref().map(|own| own.unit));
        let follows = if promised.is_some() { Relation::Latency } else { Relation::Unknown };
        let steps = self.steps.into_iter().filter_map(|draft| {
            Some(Step { title: draft.title?, times: draft.times?, cost_month: draft.cost_month })
        });
        Some(ServiceLimit {
            title: self.title.unwrap_or_else(|| name.value.clone()),
            name: name.value,
            used: used?,
            limit: limit?,
            unit: self.unit.or(unit).unwrap_or(Unit::Count),
            target: target.or_else(|| Share::new(TARGET))?,
            relation: self.relation.unwrap_or(follows),
            each_replica: self.each_replica,
            copies: self.copies.map(|own| own.value.trim().to_owned()),
            steps: steps.collect(),
        })
    }
}

/// A value that is promised to stay below a line.
struct Promised {
    expr: String,
    line: f64,
    unit: Unit,
}

/// What an objective promises, where that is a line for a value.
fn promised(
    reader: &Reader<'_>,
    wanted: &Placed<String>,
    objectives: &[Objective],
) -> Option<Promised> {
    let Some(found) = objectives.iter().find(|own| own.name == wanted.value) else {
        let message = format!("there is no objective `{}`", wanted.value);
        let help = "declare it under `objectives`, or write `used` and `limit` here";
        reader.report(Mistake::at(wanted.place, message).help(help));
        return None;
    };
    match &found.indicator {
        Indicator::Value { expr, test: Test::Below | Test::AtMost, line, unit } if *line > 0.0 => {
            Some(Promised { expr: expr.clone(), line: *line, unit: *unit })
        }
        _ => {
            let message = format!("`{}` has no value that is to stay below a line", wanted.value);
            let help = "write `used`, such as a quantile of the latency, and `limit` here";
            reader.report(Mistake::at(wanted.place, message).help(help));
            None
        }
    }
}

/// Marks an expression that is none.
pub(in crate::settings) fn checked(
    reader: &Reader<'_>,
    check: ExpressionCheck<'_>,
    key: &str,
    expression: Option<&Placed<String>>,
) {
    let Some(expression) = expression else { return };
    if let Err(why) = check(&expression.value) {
        let message = format!("`{key}` is not a valid PromQL expression");
        reader.report(Mistake::at(expression.place, message).label(why));
    }
}
