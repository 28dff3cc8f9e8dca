//! Every watched thing with a size, its recorded past walked: what there is, what would do, what that is worth.

use std::{collections::BTreeMap, fs, path::Path, sync::atomic::Ordering, time::SystemTime};

use model::{Budget, Nature, Resource, Span, Time, TimeRange, Unit};
use plan::{
    Benefit, Machine, NoSizing, Part, Prices, Review, SizePolicy, Stake, Walk, review, say_review,
    size_benefit, walked,
};
use query::QueryError;

use super::caches::caches;
use crate::state::{App, Standing, history};

/// Five weeks hold four to walk and one to learn from, and let the forecast of a disk reach the next review.
const PAST: Span = Span::days(35);
/// The past is read in steps of five minutes.
const POINTS: usize = 10_080;
/// No more things are reviewed at once; one takes a tenth of a second and 80 kB for that time.
const ITEMS_MAX: usize = 2_000;
/// A longer price list is none.
const PRICES_BYTES_MAX: u64 = 16 << 20;
/// What is reviewed unless the settings say otherwise, beside their own resources.
const SHIPPED: [&str; 15] = [
    "cpu",
    "memory",
    "disk",
    "cgroup_cpu",
    "cgroup_memory",
    "container_cpu",
    "container_memory",
    "container_memory_request",
    "cadvisor_cpu",
    "cadvisor_memory",
    "postgres_connections",
    "pgbouncer_pool",
    "pool",
    "redis",
    "redis_memory",
];
/// More others of a kind say nothing new.
const FLEET_MAX: usize = 100;
/// How many months what a change brings is counted.
pub(crate) const MONTHS: usize = 12;

/// What there is to say of all sizes.
#[derive(Clone, Debug)]
pub(crate) struct SizeReview {
    pub(crate) at: Time,
    /// What it was made of.
    pub(crate) of: Made,
    /// Whether a price list was read.
    pub(crate) priced: bool,
    /// Why it could not be.
    pub(crate) prices_wrong: Option<String>,
    pub(crate) currency: String,
    pub(crate) items: Vec<SizeItem>,
    /// How many things were left out, being too many.
    pub(crate) left_out: usize,
}

/// What a review is made of, as far as that is seen at a glance: what has a size, which past was filled in, and the price
/// list's length and date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    things: usize,
    past: u64,
    prices: Option<(u64, Option<SystemTime>)>,
}

impl Made {
    /// What one would be made of now.
    pub(crate) fn now(app: &App) -> Self {
        let things = app.board.standings.read().values().filter(|own| has_size(app, own)).count();
        let file = app.settings.planning.prices.as_deref().and_then(|path| fs::metadata(path).ok());
        let prices = file.map(|own| (own.len(), own.modified().ok()));
        Self { things, past: app.past_changes.load(Ordering::Relaxed), prices }
    }
}

/// One thing with a size.
#[derive(Clone, Debug)]
pub(crate) struct SizeItem {
    pub(crate) id: String,
    /// Its resources as they stand.
    pub(crate) standings: Vec<Standing>,
    pub(crate) review: Result<Review, NoSizing>,
    /// What the proposal is worth within a year; nothing without prices.
    pub(crate) benefit: Option<Benefit>,
    /// In one sentence.
    pub(crate) text: String,
}

impl SizeItem {
    pub(crate) fn title(&self) -> String {
        let titles: Vec<&str> = self.standings.iter().map(|own| own.title.as_str()).collect();
        together(&titles)
    }
}

/// Several titles as one: «Cores of web-1» and «Memory of web-1» are «Cores and memory of web-1».
fn together(titles: &[&str]) -> String {
    let parted: Option<Vec<(&str, &str)>> =
        titles.iter().map(|own| own.split_once(" of ")).collect();
    let one = parted.filter(|parts| parts.windows(2).all(|pair| pair[0].1 == pair[1].1));
    let Some((parts, (first, of))) = one.as_ref().and_then(|own| Some((own, *own.first()?))) else {
        return titles.join(", ");
    };
    let mut words = vec![first.to_owned()];
    words.extend(parts.iter().skip(1).map(|(what, _)| lowered(what)));
    let last = words.pop().unwrap_or_default();
    if words.is_empty() {
        return format!("{last} of {of}");
    }
    format!("{} and {last} of {of}", words.join(", "))
}

/// A word as it stands within a sentence: «Memory» is «memory», «CPU» stays.
fn lowered(word: &str) -> String {
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(word.chars().skip(1)).collect()
        }
        _ => word.to_owned(),
    }
}

/// Reviews everything that has a size.
pub(crate) fn look(app: &App, now: Time, budget: &dyn Budget) -> Result<SizeReview, QueryError> {
    let (prices, prices_wrong) = match app.settings.planning.prices.as_deref().map(read_prices) {
        None => (None, None),
        Some(Ok(prices)) => (Some(prices), None),
        Some(Err(why)) => (None, Some(why)),
    };
    let of = Made::now(app);
    let mut standings: Vec<Standing> = app.board.standings.read().values().cloned().collect();
    standings.retain(|own| has_size(app, own));
    let left_out = standings.len().saturating_sub(ITEMS_MAX);
    standings.truncate(ITEMS_MAX);
    let mut pasts: Vec<(Vec<i64>, Vec<f64>)> = Vec::new();
    for own in &standings {
        // Weeks of one thing are what one question may read; of all of them they are more.
        budget.charge(0)?;
        pasts.push(past(app, own, now, &app.own_meter())?);
    }
    let caches = caches(app, &standings, now)?;
    let sure = app.settings.planning.sure.value();
    let walks: Vec<Walk> = standings
        .iter()
        .zip(&pasts)
        .map(|(own, past)| walked(machine(past), policy(own, sure)))
        .collect();
    let mut items = Vec::new();
    for members in groups(&standings, prices.as_ref()) {
        let fleets: Vec<Walk> = members.iter().map(|&at| fleet(&standings, &walks, at)).collect();
        let parts: Vec<Part<'_>> = members
            .iter()
            .zip(&fleets)
            .map(|(&at, fleet)| Part {
                resource: &standings[at].resource.name,
                unit: standings[at].resource.unit,
                nature: standings[at].resource.nature,
                machine: machine(&pasts[at]),
                limit: standings[at].reading.limit,
                line: standings[at].resource.thresholds.alert().value(),
                cache: caches[at],
                fleet,
            })
            .collect();
        let own: Vec<Standing> = members.iter().map(|&at| standings[at].clone()).collect();
        items.push(item(app, own, &parts, prices.as_ref()));
    }
    let currency = prices.as_ref().map_or_else(String::new, |own| own.currency.clone());
    let priced = prices.is_some();
    Ok(SizeReview { at: now, of, priced, prices_wrong, currency, items, left_out })
}

fn item(
    app: &App,
    standings: Vec<Standing>,
    parts: &[Part<'_>],
    prices: Option<&Prices>,
) -> SizeItem {
    let sizing = &app.settings.planning;
    let names: Vec<&str> = standings
        .iter()
        .flat_map(|own| own.reading.id.labels.iter().map(|(_, value)| value))
        .collect();
    let units: Vec<Unit> = parts.iter().map(|part| part.unit).collect();
    let told = review(parts, prices, &names, sizing.sure.value());
    let stake = Stake {
        months: MONTHS,
        discount: sizing.discount.value(),
        over_hour_cost: sizing.over_hour_cost,
        seed: 1,
    };
    SizeItem {
        id: standings.first().map_or_else(String::new, |own| history::key_of(&own.reading.id)),
        benefit: told.as_ref().ok().and_then(|own| size_benefit(own, sizing.change_cost, stake)),
        text: match &told {
            Ok(own) => say_review(own, &units),
            Err(why) => why.to_string(),
        },
        review: told,
        standings,
    }
}

fn has_size(app: &App, own: &Standing) -> bool {
    is_sized(app, &own.resource) && own.reading.limit > 0.0
}

fn is_sized(app: &App, resource: &Resource) -> bool {
    let wanted = &app.settings.planning.resources;
    if !wanted.is_empty() {
        return wanted.contains(&resource.name);
    }
    // What somebody else grants is reviewed as a quota.
    if resource.quota.is_some() {
        return false;
    }
    let counted = matches!(resource.unit, Unit::Cores | Unit::Bytes | Unit::Count);
    // Of what fills, only room is bought by its size.
    let bought = match resource.nature {
        Nature::Flow => counted,
        Nature::Stock => resource.unit == Unit::Bytes,
    };
    SHIPPED.contains(&resource.name.as_str())
        || (bought && !app.settings.is_shipped(&resource.name))
}

fn policy(own: &Standing, sure: f64) -> SizePolicy {
    SizePolicy::of(own.resource.unit, sure)
}

fn machine(past: &(Vec<i64>, Vec<f64>)) -> Machine<'_> {
    Machine { times: &past.0, used: &past.1 }
}

/// Which of them are sold together: what has the same labels, if the list has SKUs of several resources.
fn groups(standings: &[Standing], prices: Option<&Prices>) -> Vec<Vec<usize>> {
    let together = prices.map_or_else(Vec::new, Prices::together);
    let mut grouped: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, own) in standings.iter().enumerate() {
        let id = &own.reading.id;
        let joined = together.contains(&id.resource.as_str());
        let key = if joined { id.labels.to_string() } else { id.to_string() };
        grouped.entry(key).or_default().push(at);
    }
    grouped.into_values().collect()
}

/// How lively others of the same resource are.
fn fleet(standings: &[Standing], walks: &[Walk], at: usize) -> Walk {
    let name = &standings[at].resource.name;
    let others = standings.iter().zip(walks).enumerate();
    let alike = others.filter(|(other, (own, _))| *other != at && own.resource.name == *name);
    Walk::of_all(alike.map(|(_, (_, walk))| walk).take(FLEET_MAX))
}

/// Use every five minutes: the mean, or the most of what breaks when it is exceeded once.
fn past(
    app: &App,
    own: &Standing,
    now: Time,
    budget: &dyn Budget,
) -> Result<(Vec<i64>, Vec<f64>), QueryError> {
    let range = TimeRange { from: now - PAST, to: now };
    let grid = history::Grid::over(range, POINTS);
    let asked = (&own.reading.id, history::RESOURCE_USED);
    let cells = history::read(app.store.as_ref(), asked, &grid, budget)?;
    let hard = policy(own, 1.0).over <= 0.0;
    let (mut times, mut used) = (Vec::new(), Vec::new());
    for (at, cell) in cells.iter().enumerate() {
        let value = if hard { cell.figure(|cell| cell.max) } else { cell.mean() };
        if let Some(value) = value {
            times.push((grid.time(at) + grid.step).millis());
            used.push(value);
        }
    }
    Ok((times, used))
}

/// What money is called by the price list; empty where there is none, or it does not say.
pub(crate) fn currency_of_prices(app: &App) -> String {
    let prices = app.settings.planning.prices.as_deref().map(read_prices);
    prices.and_then(Result::ok).map(|own| own.currency).unwrap_or_default()
}

fn read_prices(path: &Path) -> Result<Prices, String> {
    let name = path.display();
    let size = fs::metadata(path).map_err(|error| format!("cannot read {name}: {error}"))?.len();
    if size > PRICES_BYTES_MAX {
        return Err(format!("{name} has more than {} MiB", PRICES_BYTES_MAX >> 20));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    Prices::parse(&text).map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_resources_of_one_thing_have_one_title() {
        for (titles, said) in [
            (&["Cores of web-1", "Memory of web-1"][..], "Cores and memory of web-1"),
            (&["Memory of a", "CPU of a", "Disk of a"], "Memory, CPU and disk of a"),
            (&["Memory of web of shop"], "Memory of web of shop"),
            (&["Cores of a", "Memory of b"], "Cores of a, Memory of b"),
            (&["Cores", "Memory"], "Cores, Memory"),
            (&[], ""),
        ] {
            assert_eq!(together(titles), said);
        }
    }
}
