//! Scenarios: how much load, and which journeys.

use std::time::Duration;

use settings::{Fields, Mistake, Node};

use super::{
    PARTS_MAX, Reading,
    values::{DRAINS, LENGTHS, rate},
};
use crate::{
    journey::{Journey, Step},
    plan::{Connections, IN_FLIGHT_MAX, Load, Protocol, Scenario},
    schedule::{Phase, Rate, Spacing},
};

impl<'d> Reading<'_, 'd> {
    pub(super) fn scenario(&self, node: Node<'d>) -> Option<Scenario> {
        let reader = self.reader;
        let fields = reader.fields(node, "a scenario")?;
        let name = fields.need("name").and_then(|field| reader.text(field.node));
        let connections = [
            ("shared", Connections::Shared),
            ("per_user", Connections::PerUser),
            ("new", Connections::New),
        ];
        let connections =
            fields.take("connections").and_then(|field| reader.word(field.node, &connections));
        let versions = [("1.1", Protocol::Http1), ("2", Protocol::Http2)];
        let protocol = fields.take("http").and_then(|field| reader.word(field.node, &versions));
        let cookies = fields.take("cookies").and_then(|field| reader.truth(field.node));
        let load = self.load(&fields);
        let journeys = self.journeys(&fields);
        fields.finish();
        Some(Scenario {
            name: name?.to_owned(),
            load: load?,
            connections: connections.unwrap_or_default(),
            protocol: protocol.unwrap_or_default(),
            cookies: cookies.unwrap_or(true),
            journeys,
        })
    }

    /// `rate`, `stages` or `users`: exactly one of them.
    fn load(&self, fields: &Fields<'_, 'd>) -> Option<Load> {
        let reader = self.reader;
        let (rate_field, stages, users) =
            (fields.take("rate"), fields.take("stages"), fields.take("users"));
        let given = [rate_field, stages, users].iter().flatten().count();
        let length = fields.take("for").and_then(|field| reader.duration(field.node, LENGTHS));
        let ramp = fields.take("ramp").and_then(|field| reader.duration(field.node, DRAINS));
        let poisson = fields.take("poisson").and_then(|field| reader.truth(field.node));
        if given != 1 {
            let mistake = Mistake::at(
                fields.node().place(),
                "a scenario has exactly one of `rate`, `stages` and `users`",
            );
            reader.report(mistake.help("`rate: 50` and `for: 1m` send 50 a second for a minute"));
            return None;
        }
        if stages.is_none() && length.is_none() {
            let mistake = Mistake::at(fields.node().place(), "a scenario needs `for`");
            reader.report(mistake.help("say how long it goes on, as in `for: 1m`"));
            return None;
        }
        let length = length.map_or(Duration::ZERO, model::Span::to_duration);
        let ramp = ramp.map_or(Duration::ZERO, model::Span::to_duration);
        if let Some(field) = users {
            let users = reader.whole(field.node, 1..=u64::from(IN_FLIGHT_MAX))?;
            let users = u32::try_from(users).ok()?;
            return Some(Load::Closed { users, length, ramp: ramp.min(length) });
        }
        let phases = match (rate_field, stages) {
            (Some(field), _) => {
                let rate = rate(reader, field.node)?;
                vec![
                    Phase { length: ramp, from: 0.0, to: rate },
                    Phase { length, from: rate, to: rate },
                ]
            }
            (None, Some(field)) => self.stages(field.node)?,
            (None, None) => return None,
        };
        let rate = Rate::new(&phases);
        if rate.expected() <= 0.0 {
            let mistake = Mistake::at(fields.node().place(), "nothing would be sent");
            reader.report(mistake.help("rate and length must be above nought"));
            return None;
        }
        let seed = self.seed.wrapping_add(self.steps.get() as u64);
        let spacing = if poisson == Some(true) { Spacing::Poisson { seed } } else { Spacing::Even };
        Some(Load::Open { rate, spacing })
    }

    fn stages(&self, node: Node<'d>) -> Option<Vec<Phase>> {
        let reader = self.reader;
        let mut phases = Vec::new();
        let mut last = 0.0;
        for item in reader.items(node).into_iter().take(PARTS_MAX) {
            let fields = reader.fields(item, "a stage")?;
            let given = |key| fields.take(key).map(|field| rate(reader, field.node));
            let (level, from, to) = (given("rate"), given("from"), given("to"));
            let length = fields.need("for").and_then(|field| reader.duration(field.node, LENGTHS));
            fields.finish();
            let (from, to) = match (level, from, to) {
                (Some(level), None, None) => (level?, level?),
                // Without a beginning it goes on from where the stage before it ended.
                (None, None, Some(to)) => (last, to?),
                (None, Some(from), Some(to)) => (from?, to?),
                _ => {
                    let mistake = Mistake::at(
                        item.place(),
                        "a stage has `rate`, or `to` with or without `from`",
                    );
                    reader.report(mistake.help("`{rate: 50, for: 1m}` or `{to: 100, for: 30s}`"));
                    return None;
                }
            };
            last = to;
            phases.push(Phase { length: length?.to_duration(), from, to });
        }
        Some(phases)
    }

    /// `journeys`, or `steps` of the only one.
    fn journeys(&self, fields: &Fields<'_, 'd>) -> Vec<Journey> {
        let reader = self.reader;
        let (journeys, steps) = (fields.take("journeys"), fields.take("steps"));
        match (journeys, steps) {
            (Some(field), None) => {
                let items = reader.items(field.node);
                items.into_iter().take(PARTS_MAX).filter_map(|node| self.journey(node)).collect()
            }
            (None, Some(field)) => vec![self.journey_of("all".to_owned(), 1, field.node)],
            _ => {
                let place = fields.node().place();
                let mistake = Mistake::at(place, "a scenario has either `steps` or `journeys`");
                reader.report(mistake);
                Vec::new()
            }
        }
    }

    fn journey(&self, node: Node<'d>) -> Option<Journey> {
        let reader = self.reader;
        let fields = reader.fields(node, "a journey")?;
        let name = fields.need("name").and_then(|field| reader.text(field.node));
        let weight = fields.take("weight").and_then(|field| reader.whole(field.node, 1..=10_000));
        let steps = fields.need("steps");
        fields.finish();
        let weight = u32::try_from(weight.unwrap_or(1)).unwrap_or(1);
        Some(self.journey_of(name?.to_owned(), weight, steps?.node))
    }

    fn journey_of(&self, name: String, weight: u32, steps: Node<'d>) -> Journey {
        let items = self.reader.items(steps);
        if items.is_empty() || items.len() > PARTS_MAX {
            let message =
                format!("a journey has 1 to {PARTS_MAX} steps, and here are {}", items.len());
            self.reader.wrong(steps, &message, "");
        }
        let mut scope = self.scope.clone();
        let steps = items.into_iter().take(PARTS_MAX);
        let steps: Vec<Step> = steps.filter_map(|node| self.step(node, &mut scope)).collect();
        self.slots.set(self.slots.get().max(scope.len()));
        let feeds = self.first_slots.iter().copied().enumerate().filter(|(feed, first)| {
            let columns = self.feeds.get(*feed).map_or(0, |feed| feed.columns().len());
            steps.iter().any(|step| step.request.uses(&(*first..first + columns)))
        });
        Journey { name, weight, feeds: feeds.collect(), steps }
    }
}
