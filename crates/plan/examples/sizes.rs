//! How well sizes told from the past do on the weeks that follow: `sizes --vms FOLDER`. `bench/sizes.sh` calls it.

use std::{env, error::Error, fs, path::PathBuf};

use plan::{Machine, SURE, SizePolicy, Walk, need, walked};
use stats::{mean, median, quantile};
use testkit::Recorded;

const DAY: i64 = 86_400_000;
const WEEK: i64 = 7 * DAY;
const HOUR: i64 = 3_600_000;
/// Weeks that are judged: the last of each machine, and those that end a day earlier each.
const WEEKS: i64 = 8;
/// A machine that is above its size for more of a week was too small.
const OVER: f64 = 0.01;
/// The goal: no more of the machines too small, at no more times their mean use.
const ABOVE_MOST: f64 = 0.15;
/// Parts of the machines for cross-validation.
const FOLDS: u64 = 5;
/// Sureness to choose from there.
const GRID: [f64; 8] = [0.82, 0.84, 0.86, 0.88, 0.9, 0.92, 0.94, 0.96];

/// FNV-1a, 64 bits.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// By the hash of a name: a third is held back.
fn held(name: &str) -> bool {
    (hash(name) >> 20).is_multiple_of(3)
}

fn fold(name: &str) -> u64 {
    (hash(name) >> 32) % FOLDS
}

/// A machine with its past and the week that followed.
struct Split {
    name: String,
    times: Vec<i64>,
    used: Vec<f64>,
    after: Vec<f64>,
    walk: Walk,
}

/// All machines with the week that ended so many days before their last.
fn splits(recorded: &[Recorded], days_back: i64) -> Vec<Split> {
    let split = |own: &Recorded| {
        let end = own.times.last()? - days_back * DAY;
        let cut = own.times.partition_point(|time| *time <= end - WEEK);
        let stop = own.times.partition_point(|time| *time <= end);
        let (times, used) = (own.times[..cut].to_vec(), own.values[..cut].to_vec());
        let walk = walked(Machine { times: &times, used: &used }, SizePolicy::default());
        let after = own.values[cut..stop].to_vec();
        Some(Split { name: own.name.clone(), times, used, after, walk })
    };
    recorded.iter().filter_map(split).collect()
}

/// What a size came to.
#[derive(Clone, Copy)]
struct Outcome {
    /// The part of the week that was above it.
    over: f64,
    /// Size over mean use of that week, of the past, and over what the week needed.
    of_week: f64,
    of_past: f64,
    of_needed: f64,
}

fn outcome(own: &Split, size: f64) -> Outcome {
    let above = own.after.iter().filter(|used| **used > size).count();
    Outcome {
        over: above as f64 / own.after.len() as f64,
        of_week: size / mean(&own.after),
        of_past: size / mean(&own.used),
        of_needed: size / quantile(&own.after, 1.0 - OVER),
    }
}

/// The size told for a machine among others.
fn told(own: &Split, others: &[&Split], sure: f64) -> Option<f64> {
    let fleet = Walk::of_all(others.iter().filter(|one| one.name != own.name).map(|one| &one.walk));
    let machine = Machine { times: &own.times, used: &own.used };
    Some(need(machine, &fleet, SizePolicy { sure, ..SizePolicy::default() }).ok()?.needed)
}

fn above(outcomes: &[Outcome]) -> f64 {
    outcomes.iter().filter(|own| own.over > OVER).count() as f64 / outcomes.len() as f64
}

/// The median of those that have one: a week without any use has no ratio.
fn middle(outcomes: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    let known: Vec<f64> = outcomes.iter().map(of).filter(|own| own.is_finite()).collect();
    median(&known)
}

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn row(which: &str, rule: &str, outcomes: &[Outcome]) {
    let over: Vec<f64> = outcomes.iter().map(|own| own.over).collect();
    println!(
        "| {which} | {rule} | {} | {:.1} % | {:.1} % | {:.2} | {:.2} | {:.2} |",
        outcomes.len(),
        100.0 * mean(&over),
        100.0 * above(outcomes),
        middle(outcomes, |own| own.of_week),
        middle(outcomes, |own| own.of_past),
        middle(outcomes, |own| own.of_needed),
    );
}

/// The rules beside each other, on those machines that `wanted` lets through.
fn rules(which: &str, weeks: &[Vec<Split>], wanted: impl Fn(&Split) -> bool) {
    for (rule, sure) in [
        ("what that week needed", None),
        ("walked, 0.8", Some(0.8)),
        ("walked, 0.85", Some(0.85)),
        ("walked, 0.9", Some(SURE)),
        ("walked, 0.95", Some(0.95)),
        ("p99.5 / 0.8", None),
    ] {
        let mut outcomes = Vec::new();
        for week in weeks {
            let all: Vec<&Split> = week.iter().collect();
            for own in week.iter().filter(|own| wanted(own)) {
                // The same machines for each rule: those of which a size can be told.
                let Some(walked) = told(own, &all, sure.unwrap_or(SURE)) else { continue };
                let size = match rule {
                    "what that week needed" => quantile(&own.after, 1.0 - OVER),
                    "p99.5 / 0.8" => quantile(&own.used, 0.995) / 0.8,
                    _ => walked,
                };
                outcomes.push(outcome(own, size));
            }
        }
        row(which, rule, &outcomes);
    }
}

/// Outcomes of a sureness on some machines, which know only of `others`.
fn outcomes_of(
    weeks: &[Vec<Split>],
    sure: f64,
    judged: impl Fn(&str) -> bool,
    others: impl Fn(&str) -> bool,
) -> Vec<Vec<Outcome>> {
    let of_week = |week: &Vec<Split>| {
        let fleet: Vec<&Split> = week.iter().filter(|own| others(&own.name)).collect();
        let judged = week.iter().filter(|own| judged(&own.name));
        judged.filter_map(|own| Some(outcome(own, told(own, &fleet, sure)?))).collect()
    };
    weeks.iter().map(of_week).collect()
}

/// Each fold's sureness is chosen on the machines of the others, whose walks are also all that its machines know of.
fn cross_validated(weeks: &[Vec<Split>]) {
    let (mut all, mut chosen) = (vec![Vec::new(); weeks.len()], Vec::new());
    for part in 0..FOLDS {
        let (inside, outside) = (|name: &str| fold(name) == part, |name: &str| fold(name) != part);
        let mut best: Option<(f64, f64)> = None;
        for sure in GRID {
            let tried = outcomes_of(weeks, sure, outside, outside).concat();
            let ratio = middle(&tried, |own| own.of_week);
            if above(&tried) <= ABOVE_MOST && best.is_none_or(|(_, least)| ratio < least) {
                best = Some((sure, ratio));
            }
        }
        let sure = best.map_or(GRID[GRID.len() - 1], |(sure, _)| sure);
        chosen.push(sure.to_string());
        for (into, found) in all.iter_mut().zip(outcomes_of(weeks, sure, inside, outside)) {
            into.extend(found);
        }
    }
    let rule = format!("cross-validated ({})", chosen.join(", "));
    row("all, last week", &rule, &all[0]);
    row("all, eight weeks", &rule, &all.concat());
}

/// The means of whole hours.
fn hourly(own: &Recorded) -> Recorded {
    let hour = |time: i64| (time - 1).div_euclid(HOUR);
    let mut hours: Vec<(i64, Vec<f64>)> = Vec::new();
    for (time, value) in own.times.iter().zip(&own.values) {
        match hours.last_mut() {
            Some((at, values)) if *at == hour(*time) => values.push(*value),
            _ => hours.push((hour(*time), vec![*value])),
        }
    }
    let (times, values) =
        hours.into_iter().map(|(at, values)| ((at + 1) * HOUR, mean(&values))).unzip();
    Recorded { name: own.name.clone(), times, values }
}

#[expect(clippy::print_stdout, reason = "the figures are the answer")]
fn table(title: &str, recorded: &[Recorded]) {
    println!("{title}\n");
    println!(
        "| machines | rule | weeks judged | samples above size | above > 1 % of the time | size / mean use of that week, median | size / mean use before | size / what that week needed |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    let weeks: Vec<Vec<Split>> = (0..WEEKS).map(|back| splits(recorded, back)).collect();
    rules("tuned, last week", &weeks[..1], |own| !held(&own.name));
    rules("held, last week", &weeks[..1], |own| held(&own.name));
    rules("all, last week", &weeks[..1], |_| true);
    rules("all, eight weeks", &weeks, |_| true);
    cross_validated(&weeks);
    println!();
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder =
        arguments.iter().position(|own| own == "--vms").and_then(|at| arguments.get(at + 1));
    let folder = folder.map(PathBuf::from).ok_or("--vms FOLDER")?;
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|own| Ok(own?.path())).collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    let recorded: Vec<Recorded> =
        paths.iter().map(|path| Recorded::read(path)).collect::<Result<_, _>>()?;
    table("Samples of five minutes:", &recorded);
    let hours: Vec<Recorded> = recorded.iter().map(hourly).collect();
    table("Means of an hour:", &hours);
    Ok(())
}
