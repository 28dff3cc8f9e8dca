//! The `services` section: what users depend on, the load it carries, and what can limit that.

use model::{Launch, Relation, Resource, Service, ServiceLimit, Share, Step, Time, Unit};

use super::name;
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table, set},
};

/// What is meant to be used of a limit.
const TARGET: f64 = 0.8;
/// More is a slip of the pen.
const RAISES_MAX: f64 = 100.0;

/// A service while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct ServiceDraft {
    name: Option<Placed<String>>,
    title: Option<String>,
    load: Option<Placed<String>>,
    load_unit: Option<Unit>,
    replicas: Option<Placed<String>>,
    owner: Option<String>,
    limits: Vec<LimitDraft>,
    launches: Vec<LaunchDraft>,
}

/// A limit while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct LimitDraft {
    name: Option<Placed<String>>,
    title: Option<String>,
    resource: Option<Placed<String>>,
    used: Option<Placed<String>>,
    limit: Option<Placed<String>>,
    unit: Option<Unit>,
    target: Option<Share>,
    relation: Option<Relation>,
    each_replica: bool,
    steps: Vec<StepDraft>,
}

/// A step while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct StepDraft {
    title: Option<String>,
    times: Option<f64>,
    cost_month: f64,
}

/// A launch while it is read.
#[derive(Debug, Default)]
pub(in crate::settings) struct LaunchDraft {
    name: Option<String>,
    date: Option<Time>,
    raises: Option<f64>,
}

pub(in crate::settings) static TABLE: Table<ServiceDraft> = Table {
    what: "a service",
    keys: &[
        Key {
            name: "name",
            form: "name",
            otherwise: Otherwise::Needed,
            about: "Its name, unique among services: lower-case letters, digits and `_`.",
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
            name: "load",
            form: "PromQL",
            otherwise: Otherwise::Needed,
            about: "The load it carries, as one series: `sum(rate(http_requests_total{job=\"shop\"}[5m]))`.",
            read: |reader, field, into| into.load = reader.placed(field.node),
        },
        Key {
            name: "load_unit",
            form: "word",
            otherwise: Otherwise::Is("per_second"),
            about: "What the load counts; the words are those of a resource's `unit`.",
            read: |reader, field, into| into.load_unit = reader.word(field.node, &Unit::WORDS),
        },
        Key {
            name: "replicas",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "How many instances carry it; with it, the line is told for one less, too.",
            read: |reader, field, into| into.replicas = reader.placed(field.node),
        },
        Key {
            name: "owner",
            form: "text",
            otherwise: Otherwise::Is("nobody yet"),
            about: "Who looks after it.",
            read: |reader, field, into| into.owner = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "limits",
            form: "list",
            otherwise: Otherwise::Needed,
            about: "What can limit it.",
            read: |reader, field, into| into.limits = LIMIT_TABLE.each(reader, field.node),
        },
        Key {
            name: "launches",
            form: "list",
            otherwise: Otherwise::Nothing,
            about: "What may raise its load from some day on; each has a date of its own beside the one without it.",
            read: |reader, field, into| into.launches = LAUNCH_TABLE.each(reader, field.node),
        },
    ],
    refused: &[],
};

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

pub(in crate::settings) static LAUNCH_TABLE: Table<LaunchDraft> = Table {
    what: "a launch",
    keys: &[
        Key {
            name: "name",
            form: "text",
            otherwise: Otherwise::Needed,
            about: "What people call it.",
            read: |reader, field, into| into.name = reader.text(field.node).map(str::to_owned),
        },
        Key {
            name: "date",
            form: "date",
            otherwise: Otherwise::Needed,
            about: "From when on: `2026-12-15`, in UTC.",
            read: |reader, field, into| into.date = reader.date(field.node),
        },
        Key {
            name: "raises",
            form: "part",
            otherwise: Otherwise::Needed,
            about: "By what part of itself the load rises: `20 %` or `0.2`.",
            read: |reader, field, into| into.raises = part(reader, field),
        },
    ],
    refused: &[],
};

/// A part of the load: `20 %` or `0.2`.
pub(super) fn part(reader: &Reader<'_>, field: Field<'_>) -> Option<f64> {
    let text = reader.text(field.node);
    let part = text.and_then(|text| match text.strip_suffix('%') {
        Some(percent) => Some(percent.trim().parse::<f64>().ok()? / 100.0),
        None => text.parse().ok(),
    });
    let part = part.filter(|part| (-1.0..=RAISES_MAX).contains(part));
    if part.is_none() {
        reader.wrong(field.node, "a part of the load is expected here", "write 20 % or 0.2");
    }
    part
}

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

impl ServiceDraft {
    /// The service, if enough of it could be read; and its name with its place.
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
        resources: &[Resource],
    ) -> Option<(Service, Option<Placed<String>>)> {
        for (key, expression) in [("load", &self.load), ("replicas", &self.replicas)] {
            checked(reader, check, key, expression.as_ref());
        }
        let name = self.name?;
        let mut limits: Vec<ServiceLimit> = Vec::new();
        if self.limits.is_empty() {
            reader.report(
                Mistake::at(name.place, format!("`{}` has no limits", name.value))
                    .help("without a limit there is no line: name one under `limits`"),
            );
        }
        for draft in self.limits {
            let place = draft.name.as_ref().map(|name| name.place);
            let Some(limit) = draft.finish(reader, check, resources) else { continue };
            if let (Some(place), true) = (place, limits.iter().any(|own| own.name == limit.name)) {
                reader.report(Mistake::at(place, format!("there are two limits `{}`", limit.name)));
            }
            limits.push(limit);
        }
        let launches = self.launches.into_iter().filter_map(|draft| {
            Some(Launch { name: draft.name?, at: draft.date?, raises: draft.raises? })
        });
        let service = Service {
            title: self.title.unwrap_or_else(|| name.value.clone()),
            name: name.value.clone(),
            load: self.load?.value.trim().to_owned(),
            load_unit: self.load_unit.unwrap_or(Unit::PerSecond),
            replicas: self.replicas.map(|own| own.value.trim().to_owned()),
            owner: self.owner.unwrap_or_else(|| "nobody yet".to_owned()),
            limits,
            launches: launches.collect(),
        };
        Some((service, Some(name)))
    }
}

impl LimitDraft {
    fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
        resources: &[Resource],
    ) -> Option<ServiceLimit> {
        for (key, expression) in [("used", &self.used), ("limit", &self.limit)] {
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
        let own = |written: Option<Placed<String>>, known: Option<&String>| {
            written.map(|own| own.value.trim().to_owned()).or_else(|| known.cloned())
        };
        let used = own(self.used, known.map(|known| &known.used));
        let limit = own(self.limit, known.map(|known| &known.limit));
        if self.resource.is_none() && (used.is_none() || limit.is_none()) {
            let message =
                format!("`{}` says nothing of what is used or how much there is", name.value);
            reader.report(
                Mistake::at(name.place, message).help("write `resource`, or `used` and `limit`"),
            );
        }
        let target = self.target.or_else(|| known.map(|known| known.thresholds.alert()));
        let steps = self.steps.into_iter().filter_map(|draft| {
            Some(Step { title: draft.title?, times: draft.times?, cost_month: draft.cost_month })
        });
        Some(ServiceLimit {
            title: self.title.unwrap_or_else(|| name.value.clone()),
            name: name.value,
            used: used?,
            limit: limit?,
            unit: self.unit.or_else(|| known.map(|known| known.unit)).unwrap_or(Unit::Count),
            target: target.or_else(|| Share::new(TARGET))?,
            relation: self.relation.unwrap_or(Relation::Unknown),
            each_replica: self.each_replica,
            steps: steps.collect(),
        })
    }
}

fn checked(
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

#[cfg(test)]
mod tests {
    use crate::Settings;

    fn wrong(text: &str) -> String {
        Settings::parse("a.yaml", text, &|_| Ok(())).unwrap_err().to_string()
    }

    #[test]
    fn a_limit_takes_over_what_its_resource_says() {
        let text = "resources: [{name: pool, used: a, limit: b, unit: bytes, thresholds: {alert: 85 %}}]\n\
                    services: [{name: shop, load: c, limits: [{name: d, resource: pool, limit: '7'}]}]\n";
        let settings = Settings::parse("a.yaml", text, &|_| Ok(())).unwrap();
        let limit = &settings.services[0].limits[0];
        assert_eq!((limit.used.as_str(), limit.limit.as_str()), ("a", "7"));
        assert_eq!((limit.unit.word(), limit.target.percent()), ("bytes", 85.0));
    }

    #[test]
    fn what_cannot_be_a_service_is_marked() {
        assert!(wrong("services: [{name: shop, load: a, limits: []}]").contains("has no limits"));
        let limit = |text: &str| {
            wrong(&format!("services: [{{name: a, load: b, limits: [{{name: c, {text}}}]}}]"))
        };
        assert!(limit("used: d").contains("says nothing of what is used"));
        assert!(limit("resource: nowhere").contains("there is no resource `nowhere`"));
        assert!(
            limit("used: d, limit: e, steps: [{title: f, times: 0.5}]")
                .contains("is not more than 1")
        );
        let launch = |text: &str| {
            wrong(&format!(
                "services: [{{name: a, load: b, limits: [{{name: c, used: d, limit: e}}], launches: [{{name: f, {text}}}]}}]"
            ))
        };
        assert!(launch("date: 2026-02-30, raises: 1 %").contains("is no date"));
        assert!(launch("date: 2026-02-03, raises: much").contains("a part of the load"));
    }
}
