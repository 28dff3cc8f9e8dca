//! The `services` section: what users depend on, the load it carries, and what can limit that.

use model::{DataExpressions, Launch, Objective, Resource, Service, ServiceLimit, Time, Unit};

mod data;
mod limit;

use self::limit::LimitDraft;
pub(in crate::settings) use self::{
    data::TABLE as DATA_TABLE,
    limit::{LIMIT_TABLE, STEP_TABLE, checked},
};
use super::name;
use crate::{
    mistake::Mistake,
    reader::{Field, Placed, Reader},
    settings::ExpressionCheck,
    table::{Key, Otherwise, Table},
};

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
    zones: Option<Placed<String>>,
    data: data::DataDraft,
    owner: Option<String>,
    limits: Vec<LimitDraft>,
    launches: Vec<LaunchDraft>,
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
            name: "zones",
            form: "PromQL",
            otherwise: Otherwise::Nothing,
            about: "Over how many zones the instances are spread; with it, the line is told for one zone less, too.",
            read: |reader, field, into| into.zones = reader.placed(field.node),
        },
        Key {
            name: "data",
            form: "section",
            otherwise: Otherwise::Nothing,
            about: "How its data are read, written and kept; with it, it is told when replicas, partitions, shards or caches are due.",
            read: |reader, field, into| DATA_TABLE.read(reader, field.node, &mut into.data),
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

impl ServiceDraft {
    /// The service, if enough of it could be read; and its name with its place.
    pub(in crate::settings) fn finish(
        self,
        reader: &Reader<'_>,
        check: ExpressionCheck<'_>,
        declared: (&[Resource], &[Objective]),
    ) -> Option<(Service, Option<Placed<String>>)> {
        let own = [("load", &self.load), ("replicas", &self.replicas), ("zones", &self.zones)];
        for (key, expression) in own {
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
            let Some(limit) = draft.finish(reader, check, declared) else { continue };
            if let (Some(place), true) = (place, limits.iter().any(|own| own.name == limit.name)) {
                reader.report(Mistake::at(place, format!("there are two limits `{}`", limit.name)));
            }
            limits.push(limit);
        }
        let data: DataExpressions = self.data.finish(reader, check, &limits);
        let launches = self.launches.into_iter().filter_map(|draft| {
            Some(Launch { name: draft.name?, at: draft.date?, raises: draft.raises? })
        });
        let service = Service {
            title: self.title.unwrap_or_else(|| name.value.clone()),
            name: name.value.clone(),
            load: self.load?.value.trim().to_owned(),
            load_unit: self.load_unit.unwrap_or(Unit::PerSecond),
            replicas: self.replicas.map(|own| own.value.trim().to_owned()),
            zones: self.zones.map(|own| own.value.trim().to_owned()),
            data,
            owner: self.owner.unwrap_or_else(|| "nobody yet".to_owned()),
            limits,
            launches: launches.collect(),
        };
        Some((service, Some(name)))
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
    fn a_promised_latency_is_a_limit_all_of_which_is_meant_to_be_used() {
        let text = "objectives: [{name: fast, value: q, below: 0.3, unit: seconds, target: 99 %}]\n\
                    services: [{name: shop, load: c, limits: [{name: d, objective: fast}]}]\n";
        let settings = Settings::parse("a.yaml", text, &|_| Ok(())).unwrap();
        let limit = &settings.services[0].limits[0];
        assert_eq!((limit.used.as_str(), limit.limit.as_str()), ("q", "0.3"));
        assert_eq!((limit.unit.word(), limit.target.percent()), ("seconds", 100.0));
        assert_eq!(limit.relation, model::Relation::Latency);
    }

    #[test]
    fn what_cannot_be_a_service_is_marked() {
        assert!(wrong("services: [{name: shop, load: a, limits: []}]").contains("has no limits"));
        let limit = |text: &str| {
            wrong(&format!("services: [{{name: a, load: b, limits: [{{name: c, {text}}}]}}]"))
        };
        assert!(limit("used: d").contains("says nothing of what is used"));
        assert!(limit("resource: nowhere").contains("there is no resource `nowhere`"));
        assert!(limit("objective: never").contains("there is no objective `never`"));
        let counted = wrong(
            "objectives: [{name: up, good: g, total: t, target: 99 %}]\nservices: [{name: a, load: b, limits: [{name: c, objective: up}]}]",
        );
        assert!(counted.contains("no value that is to stay below a line"), "{counted}");
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
