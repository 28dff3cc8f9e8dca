//! What so many tenants need: each driver's value by that of the one all others follow, from what is known beforehand
//! and what was measured.

use std::collections::BTreeMap;

use model::{Anchor, Driver, Relation, Share, Unit};
use stats::{Chance, median};

use super::{
    far::{self, GUESS, OTHER_EVERY, gone_over, over},
    form::Form,
    response::{Following, Range, Response, ranged, respond},
};

/// How many possible systems are drawn.
const DRAWS: usize = 400;
/// Nine of ten lie within so many standard deviations of the middle.
const NINE_OF_TEN: f64 = 1.645;
/// Where one number stands for what is known beforehand, nine of ten systems lie within this many times of it.
const VAGUE: f64 = 1.35;
/// What is this many times more, or less, than such systems have is in another unit.
const UNITS: f64 = 1_000.0;
/// A figure that had the same value for so many of its newest values, and for a quarter of all, and moved before, is no
/// longer measured.
const STILL: usize = 4;

/// Where the knowledge of a driver comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was asked for.
    Asked,
    /// From what is known beforehand.
    Reference,
    /// What is known beforehand, moved to a few measured values.
    Moved,
    /// Measured.
    Measured,
    /// Nothing is known of it.
    Nothing,
}

impl Source {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reference => "reference",
            Self::Moved => "reference, moved to what was measured",
            Self::Measured => "measured",
            Self::Nothing => "nothing known",
        }
    }
}

/// One driver's part of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The driver.
    pub driver: Driver,
    /// Where it comes from.
    pub source: Source,
    /// By which form it follows, where it was measured.
    pub form: Option<&'static str>,
    /// Why what was measured was of no use, if it was not, or what of it was left out.
    pub why_not: Option<String>,
    /// For each value asked for, with nine tenths in between; nothing where nothing is known.
    pub cells: Vec<Option<Range>>,
    /// Which of the cells lie far beyond what is known.
    pub guesses: Vec<bool>,
    /// What to know of those, in a sentence; nothing where there are none.
    pub beyond: Option<String>,
}

/// Recorded values of drivers by their names, all of the same moments.
pub type Recorded = BTreeMap<String, Vec<f64>>;

/// How one driver follows another, as far as it is known.
enum Knowledge {
    Curve(Response),
    Anchors { times: f64 },
    Nothing,
}

/// The table for these values of the driver `root`; drivers stand after those they follow.
///
/// Nine of ten systems like those of the reference lie between `low` and `high` of a cell; what was measured is as sure
/// as its fit.
pub fn table(drivers: &[Driver], recorded: &Recorded, root: &str, values: &[f64]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    // For each driver, for each value asked for, what the drawn systems have.
    let mut drawn: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    let whole = Share::new(0.9);
    for (at, driver) in drivers.iter().enumerate() {
        let (systems, mut column) = if driver.name == root {
            let systems = values.iter().map(|value| vec![*value; DRAWS]).collect();
            (Some(systems), empty(driver, Source::Asked, values.len()))
        } else {
            follow(driver, recorded, &drawn, values.len(), at as u64)
        };
        if let (Some(systems), Some(whole)) = (systems, whole) {
            let ranges =
                systems.iter().map(|own: &Vec<f64>| ranged(own.clone(), median(own), whole));
            column.cells = ranges.map(Some).collect();
            drawn.insert(&driver.name, systems);
        }
        columns.push(column);
    }
    columns
}

fn empty(driver: &Driver, source: Source, count: usize) -> Column {
    Column {
        driver: driver.clone(),
        source,
        form: None,
        why_not: None,
        cells: vec![None; count],
        guesses: vec![false; count],
        beyond: None,
    }
}

fn follow(
    driver: &Driver,
    recorded: &Recorded,
    drawn: &BTreeMap<&str, Vec<Vec<f64>>>,
    count: usize,
    seed: u64,
) -> (Option<Vec<Vec<f64>>>, Column) {
    let behind = driver.follows.as_deref().and_then(|name| Some((name, drawn.get(name)?)));
    let Some((name, behind)) = behind else {
        return (None, empty(driver, Source::Nothing, count));
    };
    let (knowledge, why_not) = learn(driver, recorded, name, seed);
    let mut column = empty(driver, Source::Reference, count);
    column.why_not = why_not;
    let known_to = match &knowledge {
        Knowledge::Curve(response) => {
            column.source = Source::Measured;
            column.form = Some(response.form().word());
            response.seen.1
        }
        Knowledge::Anchors { times } => {
            if (times - 1.0).abs() > f64::EPSILON {
                column.source = Source::Moved;
            }
            driver.anchors.last().map_or(0.0, |last| last.at)
        }
        Knowledge::Nothing => return (None, empty(driver, Source::Nothing, count)),
    };
    let systems: Vec<Vec<f64>> = behind
        .iter()
        .map(|own| {
            // The same systems in each row: one that needs much of something needs it at any size.
            let mut chance = Chance::new(1_000 + seed);
            own.iter()
                .enumerate()
                .map(|(system, &x)| match &knowledge {
                    Knowledge::Curve(response) => response.drawn(&mut chance).at(x),
                    Knowledge::Anchors { times } => {
                        let place = chance.normal() / NINE_OF_TEN;
                        let goes_over = system.is_multiple_of(OTHER_EVERY);
                        times * beyond(driver, x, (place, goes_over))
                    }
                    Knowledge::Nothing => f64::NAN,
                })
                .collect()
        })
        .collect();
    column.guesses = behind.iter().map(|own| median(own) > GUESS * known_to).collect();
    let is_guessed = column.guesses.contains(&true);
    column.beyond = is_guessed.then(|| far::say(known_to, Unit::Count, name, driver.relation));
    (Some(systems), column)
}

fn learn(
    driver: &Driver,
    recorded: &Recorded,
    behind: &str,
    seed: u64,
) -> (Knowledge, Option<String>) {
    let beforehand = |times| {
        if driver.anchors.is_empty() { Knowledge::Nothing } else { Knowledge::Anchors { times } }
    };
    let (Some(x), Some(y)) = (recorded.get(behind), recorded.get(&driver.name)) else {
        return (beforehand(1.0), None);
    };
    let moves = moving(x);
    let left_out = (moves < x.len()).then(|| {
        let still = x.len() - moves;
        format!(
            "the newest {still} of {} rows are left out, in which {behind} did not move",
            x.len()
        )
    });
    let (x, y) = (&x[..moves], &y[..moves.min(y.len())]);
    let rows = || x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite() && **x > 0.0);
    let moved: Vec<f64> = rows()
        .map(|(x, y)| y / between(driver, *x, 0.0))
        .filter(|times| times.is_finite())
        .collect();
    let moved = median(&moved);
    if moved > 0.0 && !(1.0 / UNITS..=UNITS).contains(&moved) {
        let why = "it is more than a thousand times what such systems have, or less than a thousandth: another unit";
        return (beforehand(1.0), Some(why.to_owned()));
    }
    let known = match driver.relation {
        Relation::Held => Some(Form::Power),
        Relation::Cached => Some(Form::Logarithmic),
        Relation::Piled => Some(Form::Compound),
        _ => None,
    };
    match respond(Following { x, y, relation: driver.relation, known, seed }) {
        Ok(response) => (Knowledge::Curve(response), left_out),
        Err(why) => {
            let times = if moved.is_finite() && moved > 0.0 { moved } else { 1.0 };
            let why = why.to_string();
            let why = left_out.map_or_else(|| why.clone(), |left| format!("{why}; {left}"));
            (beforehand(times), Some(why))
        }
    }
}

/// How many of the values of a figure come before it stood still for good, the first of those among them; all of them
/// where it moves to the end, or never moved much.
fn moving(values: &[f64]) -> usize {
    let known: Vec<(usize, f64)> =
        values.iter().copied().enumerate().filter(|(_, value)| value.is_finite()).collect();
    let Some(&(_, last)) = known.last() else { return values.len() };
    let still = known.iter().rev().take_while(|(_, value)| (value - last).abs() <= 0.0).count();
    let earlier = &known[..known.len() - still];
    let moves = earlier.windows(2).filter(|pair| (pair[0].1 - pair[1].1).abs() > 0.0).count();
    let is_stopped = still > STILL
        && still * 4 > known.len()
        && earlier.len() > STILL
        && moves * 2 > earlier.len();
    if is_stopped { known[known.len() - still].0 + 1 } else { values.len() }
}

/// The same of one drawn system, which may lie far beyond the anchors: what grows by a part of itself goes on in
/// proportion there, and some systems go over to what another form tells.
fn beyond(driver: &Driver, x: f64, (place, goes_over): (f64, bool)) -> f64 {
    let last = driver.anchors.last().map_or(0.0, |last| last.at);
    let way = over(x, last);
    if way <= 0.0 {
        return between(driver, x, place);
    }
    let near = match driver.relation {
        Relation::Piled => between(driver, GUESS * last, place) * x / (GUESS * last),
        _ => between(driver, x, place),
    };
    match (driver.relation, goes_over) {
        // Straight on from the last that is known.
        (Relation::Piled | Relation::Held, true) => {
            let step = 0.01 * last;
            let here = between(driver, last, place);
            let pace = (here - between(driver, last - step, place)) / step;
            gone_over(near, here + pace * (x - last), way)
        }
        // A cache that keeps a part of what it is asked for grows as that does.
        (Relation::Cached, true) => {
            gone_over(near, between(driver, last, place) * (x / last).sqrt(), way)
        }
        _ => near,
    }
}

/// What is known beforehand at `x`: between the anchors by the form of the relation, beyond them as between the last
/// two. `place` is 0 for the middle, −1 and 1 for the ends of the range.
fn between(driver: &Driver, x: f64, place: f64) -> f64 {
    let anchors = &driver.anchors;
    let of = |anchor: &Anchor| {
        let (low, high) = if anchor.high > anchor.low {
            (anchor.low.ln(), anchor.high.ln())
        } else {
            (anchor.low.ln() - VAGUE.ln(), anchor.high.ln() + VAGUE.ln())
        };
        (f64::midpoint(low, high) + place * (high - low) / 2.0).exp()
    };
    let Some(last) = anchors.len().checked_sub(2) else { return f64::NAN };
    let after = anchors.partition_point(|anchor| anchor.at <= x);
    let at = after.saturating_sub(1).min(last);
    let (from, to) = (&anchors[at], &anchors[at + 1]);
    let (low, high) = (of(from), of(to));
    let even = (x - from.at) / (to.at - from.at);
    let log = (x / from.at).ln() / (to.at / from.at).ln();
    let value = match driver.relation {
        Relation::Held => low * (high / low).powf(log),
        Relation::Cached => low + (high - low) * log,
        Relation::Piled => low * (high / low).powf(even),
        _ => low + (high - low) * even,
    };
    value.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::reference;

    fn mid(columns: &[Column], name: &str, row: usize) -> f64 {
        let column = columns.iter().find(|column| column.driver.name == name).unwrap();
        column.cells[row].unwrap().mid
    }

    #[test]
    fn the_table_of_the_reference_gives_the_figures_of_the_reference() {
        let columns = table(&reference(), &Recorded::new(), "tenants", &[100.0, 1_000.0, 5_000.0]);
        let users = columns.iter().find(|own| own.driver.name == "concurrent_users").unwrap();
        let cell = users.cells[1].unwrap();
        assert!((3_500.0..6_500.0).contains(&cell.low), "{cell:?}");
        assert!((20_000.0..36_000.0).contains(&cell.high), "{cell:?}");
        assert!((mid(&columns, "cpu_cores", 2) / 64.0 - 1.0).abs() < 0.05);
        assert!((mid(&columns, "database_connections", 0) / 20.0 - 1.0).abs() < 0.05);
        assert!((mid(&columns, "storage", 2) / 8_f64 / 1024_f64.powi(4) - 1.0).abs() < 0.05);
    }

    #[test]
    fn what_was_measured_counts_more_than_the_reference_and_a_few_values_move_it() {
        let tenants: Vec<f64> = (1..=12).map(|at| 100.0 * f64::from(at)).collect();
        let cores: Vec<f64> = tenants.iter().map(|x| 1.0 + 0.05 * x).collect();
        let redis = vec![4.0 * 1024_f64.powi(3)];
        let recorded = Recorded::from([
            ("tenants".to_owned(), tenants),
            ("cpu_cores".to_owned(), cores),
            ("redis_memory".to_owned(), redis),
        ]);
        let columns = table(&reference(), &recorded, "tenants", &[2_000.0, 20_000.0]);
        assert!((mid(&columns, "cpu_cores", 0) / 101.0 - 1.0).abs() < 0.02);
        let of = |name: &str| columns.iter().find(|own| own.driver.name == name).unwrap();
        assert_eq!(of("cpu_cores").source, Source::Measured);
        assert_eq!(of("cpu_cores").guesses, [false, true]);
        assert_eq!(of("redis_memory").source, Source::Moved);
        assert!(of("cpu_cores").why_not.is_none());
        assert!(of("redis_memory").why_not.is_some());
    }

    #[test]
    fn far_beyond_what_is_known_growth_has_a_bound_and_the_range_is_as_wide_as_forms_disagree() {
        let tenants: Vec<f64> = (1..=24).map(|at| 100.0 * f64::from(at)).collect();
        // Eight times as much from the first to the last.
        let storage: Vec<f64> =
            tenants.iter().map(|x| 1e12 * (8.0_f64.ln() * (x - 100.0) / 2_300.0).exp()).collect();
        let recorded =
            Recorded::from([("tenants".to_owned(), tenants), ("storage".to_owned(), storage)]);
        let asked = [4_800.0, 24_000.0, 240_000.0];
        for recorded in [recorded, Recorded::new()] {
            let columns = table(&reference(), &recorded, "tenants", &asked);
            let of = |name: &str| columns.iter().find(|own| own.driver.name == name).unwrap();
            let storage = of("storage");
            let cell = |row: usize| storage.cells[row].unwrap();
            assert!(storage.guesses[1] && !storage.guesses[0]);
            assert!(cell(2).high < 15.0 * cell(1).high, "{:?} {:?}", cell(2), cell(1));
            assert!(cell(1).high / cell(1).low > 1.5 * cell(0).high / cell(0).low);
            let said = storage.beyond.as_ref().unwrap();
            assert!(said.contains("in proportion") && said.contains("twice"), "{said}");
            let redis = of("redis_memory");
            assert!(redis.beyond.as_ref().unwrap().contains("other forms"));
        }
    }

    #[test]
    fn what_is_in_another_unit_does_not_count_and_rows_in_which_the_driver_stood_still_are_left_out()
     {
        let count = |at: i32| 100.0 * f64::from(at);
        let stopped = (1..=12).map(|at| count(at.min(7))).collect();
        let gigabytes = (1..=12).map(|at| 10.0 + 0.02 * count(at)).collect();
        let recorded = Recorded::from([
            ("tenants".to_owned(), stopped),
            ("cpu_cores".to_owned(), (1..=12).map(|at| 1.0 + 0.05 * count(at)).collect()),
            ("storage".to_owned(), gigabytes),
        ]);
        let columns = table(&reference(), &recorded, "tenants", &[1_000.0]);
        let of = |name: &str| columns.iter().find(|own| own.driver.name == name).unwrap();
        assert_eq!(of("storage").source, Source::Reference);
        assert!(of("storage").why_not.as_ref().is_some_and(|why| why.contains("another unit")));
        let why = of("cpu_cores").why_not.as_ref().unwrap();
        assert!(why.contains("the newest 5 of 12 rows are left out"), "{why}");
        // Seven rows are too few for a curve of their own, so the reference is moved to them.
        assert_eq!(of("cpu_cores").source, Source::Moved);
    }
}
