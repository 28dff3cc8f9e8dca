//! Disks whose end is known: their dates must lie within the range that was said, and those that never fill must not
//! be said to.

use std::f64::consts::TAU;

use model::{Nature, Outlook, Share, Span, Time};
use plan::{ForecastOptions, History, forecast, outlook};
use stats::{Chance, median};

/// 20 November 2026, noon.
const NOW: Time = Time(1_795_176_000_000);
const STEP: Span = Span::minutes(10);
const LIMIT: f64 = 100.0;
const LINE: f64 = 90.0;
/// How many lives of each habit; their seeds count up from 1.
const LIVES: u64 = 100;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    /// At a pace that wanders.
    Linear,
    /// Nearly still by night, at twice the pace by day.
    Daily,
    /// A large file is deleted once.
    Shifted,
    /// The pace more than doubles on the way.
    Quickened,
    /// Filled and cleared, at least three times so far.
    Sawtooth,
    /// Up and down around a level.
    Level,
    Falling,
}

/// A disk's whole life: before and after `NOW`.
struct Life {
    times: Vec<i64>,
    values: Vec<f64>,
}

/// A life known for some days, and watched for as many more.
struct Plan {
    nature: Nature,
    habit: Habit,
    days: i32,
    /// When the line is due, if the pace stays, as a share of the days ahead.
    lead: f64,
    seed: u64,
}

fn live(plan: &Plan) -> Life {
    let mut chance = Chance::new(plan.seed);
    let steps_day = Span::days(1).as_secs() / STEP.as_secs();
    let known = steps_day * f64::from(plan.days);
    let level_now = 30.0 + 40.0 * chance.share();
    let rate = (LINE - level_now) / (plan.lead * known);
    let tooth = known / (3.5 + 8.0 * chance.share());
    let shift_at = known * (0.3 + 0.5 * chance.share());
    let (mut times, mut values) = (Vec::new(), Vec::new());
    let (mut level, mut mood, mut index) = (0.0, 0.0, 0.0);
    let mut time = NOW - Span::days(i64::from(plan.days));
    while index < 2.0 * known {
        // The pace wanders around its mean over about half a day.
        mood = 0.99 * mood + 0.06 * chance.normal();
        let pace: f64 = rate * f64::max(1.0 + mood, 0.0);
        let wave = (TAU * index / steps_day).sin();
        match plan.habit {
            Habit::Shifted if index < shift_at && shift_at <= index + 1.0 => {
                level -= 15.0 + 20.0 * chance.share();
            }
            Habit::Daily => level += pace * (1.0 + 0.9 * wave),
            Habit::Linear | Habit::Shifted => level += pace,
            Habit::Quickened => level += pace * if index < known * 0.67 { 0.4 } else { 1.0 },
            Habit::Sawtooth => {
                level += 30.0 / tooth * f64::max(1.0 + mood, 0.0);
                if level > 30.0 {
                    level = 2.0 * chance.share();
                }
            }
            Habit::Level => level = 3.0 * wave + 2.0 * mood,
            Habit::Falling => level -= pace,
        }
        index += 1.0;
        time = time + STEP;
        times.push(time.millis());
        values.push(level);
    }
    let base = match plan.habit {
        Habit::Sawtooth => 45.0,
        _ => level_now - values[values.len() / 2],
    };
    for value in &mut values {
        *value += base + 0.05 * chance.normal();
    }
    Life { times, values }
}

/// What was said, and when the line was reached, if it was.
struct Told {
    outlook: Outlook,
    truth: Option<Time>,
}

fn tell(plan: &Plan) -> Told {
    let life = live(plan);
    let known = life.times.partition_point(|&time| time <= NOW.0);
    let history = History { times: &life.times[..known], values: &life.values[..known] };
    let options = ForecastOptions {
        nature: plan.nature,
        confidence: Share::new(0.9).unwrap(),
        horizon: None,
        upper_bound: Some(LIMIT),
        lower_bound: Some(0.0),
        seed: plan.seed,
    };
    let projection = forecast(history, &options, NOW);
    let outlook = outlook(history, &projection, LINE, NOW);
    let mut ahead = life.times.iter().zip(&life.values).skip(known);
    let truth = ahead.find(|(_, value)| **value >= LINE).map(|(time, _)| Time(*time));
    Told { outlook, truth }
}

/// Lives known for a day to six weeks.
fn lives(habit: Habit, nature: Nature) -> Vec<Told> {
    let plans = (1..=LIVES).zip([1, 2, 5, 14, 40].into_iter().cycle());
    plans
        .map(|(seed, days)| {
            let lead = 0.1 + 0.7 * Chance::new(seed + 1_000).share();
            tell(&Plan { nature, habit, days, lead, seed })
        })
        .collect()
}

/// How well dates were told.
struct Record {
    /// Of the disks that filled, the share that was told a date.
    told: f64,
    /// Of those, the share whose date lay in the range.
    within: f64,
    /// Of those, the middle of how far the middle lay off, as a share of the time that was left.
    error: f64,
}

fn record(told: &[Told]) -> Record {
    let (mut fills, mut expected, mut within) = (0.0, 0.0, 0.0);
    let mut errors = Vec::new();
    for Told { outlook, truth } in told {
        let Some(truth) = *truth else { continue };
        fills += 1.0;
        let Outlook::Expected(range) = outlook else { continue };
        expected += 1.0;
        let early = range.earliest <= truth;
        within += f64::from(early && range.latest.is_none_or(|latest| truth <= latest));
        if let Some(likely) = range.likely {
            errors.push((likely.since(NOW).as_secs() / truth.since(NOW).as_secs() - 1.0).abs());
        }
    }
    Record { told: expected / fills, within: within / expected, error: median(&errors) }
}

#[test]
fn disks_that_fill_are_told_and_their_date_lies_in_the_range() {
    let mut within_all = 0.0;
    let habits = [Habit::Linear, Habit::Daily, Habit::Shifted, Habit::Quickened];
    for habit in habits {
        let Record { told, within, error } = record(&lives(habit, Nature::Stock));
        println!("{habit:?}: told {told:.2}, within {within:.2}, median error {error:.3}");
        assert!(told >= 0.7, "{habit:?}: told {told:.2}");
        assert!(within >= 0.82, "{habit:?}: within {within:.2}");
        assert!(error <= 0.45, "{habit:?}: median error {error:.2}");
        within_all += within / habits.len() as f64;
    }
    assert!((0.86..=0.98).contains(&within_all), "within {within_all:.2}");
}

#[test]
fn memory_that_leaks_is_told_although_it_comes_and_goes() {
    let Record { told, within, error } = record(&lives(Habit::Linear, Nature::Flow));
    println!("told {told:.2}, within {within:.2}, median error {error:.3}");
    assert!(told >= 0.85 && within >= 0.82 && error <= 0.3);
}

#[test]
fn disks_that_do_not_fill_are_not_told_to() {
    for habit in [Habit::Sawtooth, Habit::Level, Habit::Falling] {
        let wrong = lives(habit, Nature::Stock)
            .iter()
            .filter(|told| matches!(told.outlook, Outlook::Expected(_) | Outlook::Now))
            .count();
        println!("{habit:?}: {wrong} of {LIVES} told to fill");
        assert!(wrong <= 2, "{habit:?}: {wrong} of {LIVES} told to fill");
    }
}
