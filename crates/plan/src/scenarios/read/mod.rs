//! Scenario files: YAML in which every mistake and every contradiction is marked.

mod amounts;
mod resource;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use model::{Share, Time};
use settings::{Document, Field, Fields, Mistake, Mistakes, Node, Place, Reader, parse_date};

use self::{
    amounts::{amount, part, range, triangle},
    resource::resource,
};
use super::{CELLS_MAX, DRAWS, Effect, Event, Scenario, ScenarioDriver, Triangle, months_between};

/// More months ahead nobody can plan.
const MONTHS_MAX: u64 = 120;
const DRAWS_MAX: u64 = 1_000_000;
/// More of anything in one scenario is a slip.
const PARTS_MAX: usize = 200;
/// How alike the fates of deals are, as a correlation, unless the file says otherwise. An assumption: deals depend on one
/// market a little, and nobody has measured here how much.
const ALIKE: f64 = 0.3;
/// By what part money of a year ahead is worth less, unless the file says otherwise.
const DISCOUNT: f64 = 0.08;
/// No growth is steeper by the month.
const GROWTH_MAX: f64 = 10.0;

impl Scenario {
    /// Reads a scenario from a text; `name` stands in messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, Mistakes> {
        let document = Document::parse(name, text)?;
        let reader = Reader::new(&document);
        let scenario = scenario(&reader);
        reader.finish()?;
        scenario.ok_or_else(|| Mistake::somewhere("the scenario cannot be read").into())
    }
}

/// What events may speak of.
struct Stage<'r, 'd> {
    reader: &'r Reader<'d>,
    start: Time,
    months: usize,
    drivers: Vec<ScenarioDriver>,
    /// The names of all drivers that are written, those included that cannot be read.
    written: RefCell<BTreeSet<String>>,
}

fn scenario(reader: &Reader<'_>) -> Option<Scenario> {
    let fields = reader.fields(reader.root(), "a scenario")?;
    let name = fields.need("name").and_then(|field| reader.text(field.node));
    let start = fields.need("start").and_then(|field| reader.date(field.node));
    let months =
        fields.take("months").map_or(Some(12), |own| reader.whole(own.node, 1..=MONTHS_MAX));
    let draws = fields
        .take("draws")
        .map_or(Some(DRAWS as u64), |own| reader.whole(own.node, 100..=DRAWS_MAX));
    let seed = fields.take("seed").map_or(Some(1), |own| reader.whole(own.node, 0..=u64::MAX));
    let money = fields.take("money").and_then(|own| reader.text(own.node)).unwrap_or_default();
    let service = fields.take("service").and_then(|own| reader.text(own.node));
    let share_or = |key: &'static str, otherwise: f64| {
        fields.take(key).map_or(Some(otherwise), |own| reader.share(own.node).map(Share::value))
    };
    let (alike, discount) = (share_or("alike", ALIKE), share_or("discount", DISCOUNT));
    let mut stage = Stage {
        reader,
        start: start.unwrap_or_default(),
        months: months.and_then(|own| usize::try_from(own).ok()).unwrap_or(12),
        drivers: Vec::new(),
        written: RefCell::default(),
    };
    let drivers = each(reader, &fields, "drivers", |node| driver(&stage, node));
    stage.drivers = drivers;
    let resources_place = fields.need("resources").map(|field| field.key);
    let resources = each(reader, &fields, "resources", |node| resource(&stage, node));
    let mut events = each(reader, &fields, "launches", |node| event(&stage, node, false));
    events.extend(each(reader, &fields, "deals", |node| event(&stage, node, true)));
    fields.finish();
    let draws = usize::try_from(draws?).ok()?;
    if draws * stage.months * resources.len().max(1) > CELLS_MAX {
        let message = "there are too many draws, months and resources together";
        let mistake = resources_place
            .map_or_else(|| Mistake::somewhere(message), |at| Mistake::at(at, message));
        reader.report(mistake.help(format!("their product may be {CELLS_MAX} at most")));
    }
    Some(Scenario {
        name: name?.to_owned(),
        start: start?,
        months: stage.months,
        draws,
        seed: seed?,
        money: money.to_owned(),
        alike: alike?,
        discount: discount?,
        service: service.map(str::to_owned),
        drivers: stage.drivers,
        resources,
        events,
    })
}

/// The things of a list, whose names must differ.
fn each<'d, T>(
    reader: &Reader<'d>,
    fields: &Fields<'_, 'd>,
    key: &'static str,
    read: impl Fn(Node<'d>) -> Option<(T, String, Place)>,
) -> Vec<T> {
    let Some(field) = fields.take(key) else { return Vec::new() };
    let items = reader.items(field.node);
    if items.len() > PARTS_MAX {
        reader.wrong(field.node, &format!("there are more than {PARTS_MAX} {key}"), "");
    }
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut found = Vec::new();
    for item in items.into_iter().take(PARTS_MAX) {
        let Some((thing, name, place)) = read(item) else { continue };
        if let Some(first) = names.insert(name.clone(), place) {
            let message = format!("`{name}` comes twice among the {key}");
            reader.report(Mistake::at(place, message).also(first, "first here"));
        }
        found.push(thing);
    }
    found
}

fn driver(stage: &Stage<'_, '_>, node: Node<'_>) -> Option<(ScenarioDriver, String, Place)> {
    let reader = stage.reader;
    let fields = reader.fields(node, "a driver")?;
    let name = fields.need("name").and_then(|field| reader.placed(field.node));
    stage.written.borrow_mut().extend(name.as_ref().map(|name| name.value.clone()));
    let now = fields.need("now").and_then(|field| amount(reader, field.node));
    let growth = fields.take("growth");
    let target = fields.take("target");
    let noise = fields
        .take("noise")
        .map_or(Some(0.0), |own| part(reader, own.node, 0.0, 1.0).map(|own| own.mode));
    if let (Some(growth), Some(target)) = (&growth, &target) {
        let message = "`growth` and `target` both say how it grows";
        reader.report(
            Mistake::at(target.key, message)
                .also(growth.key, "said here already")
                .help("keep one of them"),
        );
    }
    let growth = match (growth, target) {
        (Some(growth), _) => part(reader, growth.node, -0.99, GROWTH_MAX),
        (None, Some(target)) => now.and_then(|now| aimed(stage, target, now)),
        (None, None) => Some(Triangle { low: 0.0, mode: 0.0, high: 0.0 }),
    };
    let measured = measured(reader, &fields);
    fields.finish();
    let name = name?;
    let driver = ScenarioDriver {
        name: name.value.clone(),
        now: now?,
        growth: growth?,
        noise: noise?,
        measured,
    };
    Some((driver, name.value, name.place))
}

/// The expression by which a frozen plan is followed.
fn measured<'d>(reader: &Reader<'d>, fields: &Fields<'_, 'd>) -> Option<String> {
    fields.take("measured").and_then(|own| reader.text(own.node)).map(|own| own.trim().to_owned())
}

/// The growth that leads to a value on a date.
fn aimed(stage: &Stage<'_, '_>, field: Field<'_>, now: f64) -> Option<Triangle> {
    let reader = stage.reader;
    let fields = reader.fields(field.node, "a target")?;
    let value = fields.need("value").and_then(|own| range(reader, own.node));
    let date = fields.need("date");
    let month = date.and_then(|own| Some((own, months(stage, reader.date(own.node)?))));
    fields.finish();
    let (own, month) = month?;
    if month <= 0.0 {
        reader.wrong(own.node, "the target's date is not after the start", "");
        return None;
    }
    let value = value?;
    let growth = |value: f64| (value / now).powf(1.0 / month) - 1.0;
    if growth(value.high) > GROWTH_MAX {
        let message = "to be there by then it would have to grow by more than 1,000 % a month";
        reader.wrong(own.node, message, "mend the date, the value or `now`");
        return None;
    }
    Some(Triangle { low: growth(value.low), mode: growth(value.mode), high: growth(value.high) })
}

fn event(stage: &Stage<'_, '_>, node: Node<'_>, deal: bool) -> Option<(Event, String, Place)> {
    let reader = stage.reader;
    let fields = reader.fields(node, if deal { "a deal" } else { "a launch" })?;
    let name = fields.need("name").and_then(|field| reader.placed(field.node));
    let probability =
        fields.take("probability").map_or_else(|| Share::new(1.0), |own| reader.share(own.node));
    let month = fields.need("date").and_then(|field| dates(stage, field.node));
    let ramp =
        fields.take("ramp_months").map_or(Some(0), |own| reader.whole(own.node, 0..=MONTHS_MAX));
    let (mut effects, mut written) = (Vec::new(), 0);
    for (key, is_part) in [("raises", true), ("adds", false)] {
        for entry in fields.take(key).map_or_else(Vec::new, |field| reader.entries(field.node)) {
            written += 1;
            let driver = find_driver(stage, entry.key, entry.place);
            let size = if is_part {
                part(reader, entry.node, -1.0, 1e6)
            } else {
                range(reader, entry.node)
            };
            effects.extend(driver.zip(size).map(|(driver, size)| Effect {
                driver,
                size,
                part: is_part,
            }));
        }
    }
    if written == 0 {
        let message = "it changes nothing";
        reader.report(
            Mistake::at(node.place(), message)
                .help("write `raises: {DRIVER: 20%}` or `adds: {DRIVER: 400}`"),
        );
    }
    fields.finish();
    let name = name?;
    let event = Event {
        name: name.value.clone(),
        deal,
        probability: probability?,
        month: month?,
        ramp: ramp? as f64,
        effects,
    };
    Some((event, name.value, name.place))
}

fn known_driver(stage: &Stage<'_, '_>, node: Node<'_>) -> Option<usize> {
    find_driver(stage, stage.reader.text(node)?, node.place())
}

/// The driver of a name. What is wrong with one that is written is told where it stands, not wherever it is named.
fn find_driver(stage: &Stage<'_, '_>, name: &str, place: Place) -> Option<usize> {
    let found = stage.drivers.iter().position(|own| own.name == name);
    if found.is_none() && !stage.written.borrow().contains(name) {
        let names: Vec<String> = stage.written.borrow().iter().cloned().collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let mistake = Mistake::at(place, format!("there is no driver `{name}`"));
        stage.reader.report(mistake.help(format!("drivers are {known}")));
    }
    found
}

/// A date, or the earliest and the latest, as months from the start; outside of the scenario it would change nothing.
fn dates(stage: &Stage<'_, '_>, node: Node<'_>) -> Option<Triangle> {
    let reader = stage.reader;
    let text = reader.text(node)?;
    let parts: Option<Vec<Time>> = text.split("..").map(|part| parse_date(part.trim())).collect();
    let Some(parts) = parts.filter(|parts| parts.len() <= 3) else {
        let help = "write 2026-12-15, or the earliest and the latest: 2026-12-15..2027-02-01";
        reader.wrong(node, &format!("`{text}` is no date"), help);
        return None;
    };
    let found = triangle(&parts.iter().map(|time| months(stage, *time)).collect::<Vec<_>>())?;
    if !(found.low <= found.mode && found.mode <= found.high) {
        reader.wrong(node, "the latest date comes before the earliest", "");
        return None;
    }
    if found.high < 0.0 || found.low >= stage.months as f64 {
        let message = "it lies outside of the scenario's months, so it changes nothing";
        reader.wrong(node, message, "mend the date, `start` or `months`");
        return None;
    }
    Some(found)
}

fn months(stage: &Stage<'_, '_>, time: Time) -> f64 {
    months_between(stage.start, time)
}
