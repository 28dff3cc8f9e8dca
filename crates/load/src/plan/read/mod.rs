//! Plans that people write: YAML in which every mistake is marked.

mod request;
mod scenario;
mod step;
mod values;

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
};

pub(crate) use request::any_as_json;
use settings::{Document, Field, Fields, Mistake, Mistakes, Node, Reader, read_text};
use url::Url;

use super::{DRAIN, IN_FLIGHT, IN_FLIGHT_MAX, Limits, Plan, Scenario, TIMEOUT, Threshold, Trust};
use crate::{
    journey::{Feed, Order, Scope},
    plan::read::values::{DRAINS, LENGTHS},
    target::{Allowed, Origin},
};

/// Most scenarios, journeys of one, and steps of one: each step has histograms of its own in every worker.
pub(super) const PARTS_MAX: usize = 200;

/// A plan while it is read.
struct Reading<'r, 'd> {
    reader: &'r Reader<'d>,
    folder: PathBuf,
    seed: u64,
    base: Option<Base>,
    origins: RefCell<Vec<Origin>>,
    feeds: Vec<Feed>,
    /// The columns of feeds and the variables; extractions come on top, journey by journey.
    scope: Scope,
    first_slots: Vec<usize>,
    slots: Cell<usize>,
    steps: Cell<usize>,
    files: RefCell<Vec<PathBuf>>,
}

/// Where paths without a host lead.
struct Base {
    origin: usize,
    prefix: String,
}

impl Plan {
    /// Reads a plan from a file; files that it names are sought beside it.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let text = read_text(path).map_err(|error| {
            let name = path.display();
            Mistakes::from(Mistake::somewhere(format!("cannot read {name}: {error}")))
        })?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&path.display().to_string(), &text, &folder)
    }

    /// Reads a plan from a text; files that it names are sought in a folder.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<Self, Mistakes> {
        let document = Document::parse(name, text)?;
        let reader = Reader::new(&document);
        let plan = read(&reader, folder);
        reader.finish()?;
        plan.ok_or_else(|| Mistake::somewhere("the plan cannot be read").into())
    }
}

fn read(reader: &Reader<'_>, folder: &Path) -> Option<Plan> {
    let fields = reader.fields(reader.root(), "a plan")?;
    let name = fields.need("name").and_then(|field| reader.text(field.node)).unwrap_or_default();
    let mut values = Vec::new();
    let mut reading = Reading {
        reader,
        folder: folder.to_path_buf(),
        seed: 1,
        base: None,
        origins: RefCell::new(Vec::new()),
        feeds: Vec::new(),
        scope: Scope::default(),
        first_slots: Vec::new(),
        slots: Cell::new(0),
        steps: Cell::new(0),
        files: RefCell::default(),
    };
    reading.base = fields.take("target").and_then(|field| reading.base(field));
    for entry in fields.take("variables").map_or_else(Vec::new, |field| reader.entries(field.node))
    {
        reading.scope.define(entry.key);
        values.push(entry.node.scalar().unwrap_or_default().to_owned());
    }
    let mut feed_nodes = Vec::new();
    for entry in fields.take("feeds").map_or_else(Vec::new, |field| reader.entries(field.node)) {
        if let Some(feed) = reading.feed(entry.key, entry.node) {
            feed_nodes.push(entry.node);
            reading.first_slots.push(reading.scope.len());
            for column in feed.columns() {
                reading.scope.define(&format!("{}.{column}", feed.name));
                values.push(String::new());
            }
            reading.feeds.push(feed);
        } else {
            reading.scope.leave_open(entry.key);
        }
    }
    let limits = fields.take("limits").map_or_else(Limits::default, |field| reading.limits(field));
    let seed = fields.take("seed").and_then(|field| reader.whole(field.node, 0..=u64::MAX));
    reading.seed = seed.unwrap_or(1);
    let allowed = reading.allowed(fields.take("allow"));
    let trust = fields.take("tls").map_or_else(Trust::default, |field| reading.trust(field));
    let scenarios = reading.scenarios(&fields);
    reading.check_feeds(&feed_nodes, &scenarios);
    let thresholds = reading.rules(fields.take("thresholds"), &scenarios);
    let aborts = reading.rules(fields.take("abort"), &scenarios);
    fields.finish();
    values.resize(values.len().max(reading.slots.get()), String::new());
    Some(Plan {
        name: name.to_owned(),
        seed: reading.seed,
        origins: reading.origins.into_inner(),
        allowed,
        trust,
        scenarios,
        feeds: reading.feeds,
        values,
        thresholds,
        aborts,
        limits,
        profile: None,
        files: reading.files.into_inner(),
    })
}

impl<'d> Reading<'_, 'd> {
    fn base(&self, field: Field<'d>) -> Option<Base> {
        let text = self.reader.web_address(field.node)?;
        let url = Url::parse(&text).ok();
        let Some((url, origin)) = url.and_then(|url| Origin::of(&url).map(|origin| (url, origin)))
        else {
            self.reader.wrong(field.node, &format!("`{text}` is not a web address"), "");
            return None;
        };
        let prefix = url.path().trim_end_matches('/').to_owned();
        Some(Base { origin: self.origin(origin), prefix })
    }

    /// The place of an origin among those of the plan.
    fn origin(&self, origin: Origin) -> usize {
        let mut origins = self.origins.borrow_mut();
        origins.iter().position(|own| *own == origin).unwrap_or_else(|| {
            origins.push(origin);
            origins.len() - 1
        })
    }

    fn feed(&self, name: &str, node: Node<'d>) -> Option<Feed> {
        let reader = self.reader;
        let fields = reader.fields(node, "a feed")?;
        let file = fields.need("file").and_then(|field| reader.placed(field.node));
        let orders = [("in_turn", Order::InTurn), ("random", Order::Random), ("once", Order::Once)];
        let order = fields.take("order").and_then(|field| reader.word(field.node, &orders));
        fields.finish();
        let file = file?;
        self.files.borrow_mut().push(PathBuf::from(&file.value));
        match Feed::read(name, &self.folder.join(&file.value), order.unwrap_or(Order::InTurn)) {
            Ok(feed) => Some(feed),
            Err(error) => {
                let mistake = Mistake::at(file.place, error.to_string());
                let source = std::error::Error::source(&error);
                reader.report(match source {
                    Some(source) => mistake.label(source.to_string()),
                    None => mistake,
                });
                None
            }
        }
    }

    /// Rows follow from the numbers of arrivals, which each scenario counts for itself.
    fn check_feeds(&self, nodes: &[Node<'d>], scenarios: &[Scenario]) {
        for (at, (feed, node)) in self.feeds.iter().zip(nodes).enumerate() {
            let draws = |own: &&Scenario| {
                own.journeys.iter().any(|journey| journey.feeds.iter().any(|(feed, _)| *feed == at))
            };
            let drawing = scenarios.iter().filter(draws).count();
            if feed.order == Order::Once && drawing > 1 {
                let text = format!(
                    "`{}` gives each row once, and {drawing} scenarios would draw the same rows",
                    feed.name
                );
                self.reader.wrong(*node, &text, "give each scenario a feed of its own");
            }
        }
    }

    fn limits(&self, field: Field<'d>) -> Limits {
        let reader = self.reader;
        let Some(fields) = reader.fields(field.node, "`limits`") else { return Limits::default() };
        let whole =
            |key, most: u64| fields.take(key).and_then(|field| reader.whole(field.node, 1..=most));
        let in_flight = whole("in_flight", u64::from(IN_FLIGHT_MAX));
        let workers = whole("workers", 256).and_then(|workers| usize::try_from(workers).ok());
        let timeout = fields.take("timeout").and_then(|field| reader.duration(field.node, LENGTHS));
        let drain = fields.take("drain").and_then(|field| reader.duration(field.node, DRAINS));
        fields.finish();
        Limits {
            in_flight: in_flight.and_then(|count| u32::try_from(count).ok()).unwrap_or(IN_FLIGHT),
            timeout: timeout.map_or(TIMEOUT, model::Span::to_duration),
            drain: drain.map_or(DRAIN, model::Span::to_duration),
            workers,
        }
    }

    fn trust(&self, field: Field<'d>) -> Trust {
        let reader = self.reader;
        let Some(fields) = reader.fields(field.node, "`tls`") else { return Trust::default() };
        let authorities = fields.take("authorities").and_then(|field| reader.text(field.node));
        let skip = fields.take("insecure_skip_verify").and_then(|field| reader.truth(field.node));
        fields.finish();
        self.files.borrow_mut().extend(authorities.map(PathBuf::from));
        Trust {
            authorities: authorities.map(|file| self.folder.join(file)),
            insecure_skip_verify: skip.unwrap_or(false),
        }
    }

    fn allowed(&self, field: Option<Field<'d>>) -> Vec<Allowed> {
        let mut allowed = Vec::new();
        for node in field.map_or_else(Vec::new, |field| self.reader.items(field.node)) {
            match self.reader.text(node).map(str::parse) {
                Some(Ok(rule)) => allowed.push(rule),
                Some(Err(error)) => {
                    let error: crate::target::AllowedError = error;
                    self.reader.wrong(node, &error.to_string(), "");
                }
                None => {}
            }
        }
        allowed
    }

    fn rules(&self, field: Option<Field<'d>>, scenarios: &[Scenario]) -> Vec<Threshold> {
        let mut rules = Vec::new();
        for node in field.map_or_else(Vec::new, |field| self.reader.items(field.node)) {
            let Some(text) = self.reader.text(node) else { continue };
            match text.parse::<Threshold>() {
                Ok(rule) => {
                    self.check_step(node, &rule, scenarios);
                    rules.push(rule);
                }
                Err(error) => {
                    let help =
                        "write it as in `response p99 < 500ms` or `errors < 1% in every 10s`";
                    self.reader.wrong(node, &error.to_string(), help);
                }
            }
        }
        rules
    }

    fn check_step(&self, node: Node<'d>, rule: &Threshold, scenarios: &[Scenario]) {
        let Some(name) = &rule.step else { return };
        let journeys = scenarios.iter().flat_map(|scenario| &scenario.journeys);
        let mut steps = journeys.flat_map(|journey| &journey.steps);
        if !steps.any(|step| step.name == *name) {
            self.reader.wrong(node, &format!("no step is named `{name}`"), "");
        }
    }

    fn scenarios(&self, fields: &Fields<'_, 'd>) -> Vec<Scenario> {
        let Some(field) = fields.need("scenarios") else { return Vec::new() };
        let items = self.reader.items(field.node);
        if items.is_empty() || items.len() > PARTS_MAX {
            let message =
                format!("a plan has 1 to {PARTS_MAX} scenarios, and here are {}", items.len());
            self.reader.wrong(field.node, &message, "");
        }
        items.into_iter().take(PARTS_MAX).filter_map(|node| self.scenario(node)).collect()
    }
}

#[cfg(test)]
mod tests;
