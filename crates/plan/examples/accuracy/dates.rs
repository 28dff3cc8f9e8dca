//! Dates of exhaustion: recorded flows added up to stocks, whose capacity is reached at a known moment.

use std::{collections::BTreeMap, error::Error};

use model::{Nature, Outlook, Share, Span, Time};
use plan::{ForecastOptions, History, forecast, outlook};
use stats::{Chance, mean, median, quantile};

use crate::{
    ahead::moments,
    linear::straight,
    series::{Part, Series},
};

const LEADS: u64 = 6;
const LEAD_MIN: Span = Span::hours(3);
const LEAD_MAX: Span = Span::days(7);

#[derive(Default)]
struct Record {
    errors: Vec<f64>,
    /// Of `predict_linear` over each of its windows.
    errors_linear: [Vec<f64>; 4],
    in_80: Vec<f64>,
    in_90: Vec<f64>,
}

pub(crate) fn heading() -> String {
    "\nDates of exhaustion, up to 7 days ahead\n\n| series | set | cases | median error / lead | p90 | predict_linear 1 h | 6 h | 24 h | 7 d | in 80 % | in 90 % |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|".to_owned()
}

/// A row for each set of series, and one for all.
pub(crate) fn rows(part: Part, all: &[&Series]) -> Result<String, Box<dyn Error>> {
    let mut records: BTreeMap<&str, Record> = BTreeMap::new();
    for series in all {
        for now in moments(series, LEAD_MAX) {
            judge(series, now, records.entry(series.set).or_default())?;
        }
    }
    let mut whole = Record::default();
    for record in records.values() {
        whole.add(record);
    }
    records.insert("**all**", whole);
    let mut rows = String::new();
    // Asterisks come before letters; the whole stands last.
    let (last, rest): (Vec<_>, Vec<_>) = records.iter().partition(|(set, _)| set.contains('*'));
    for (set, record) in rest.into_iter().chain(last) {
        let linear: Vec<String> = record
            .errors_linear
            .iter()
            .map(|errors| format!("{:.1} %", 100.0 * median(errors)))
            .collect();
        rows.extend([format!(
            "| {} | {set} | {} | {:.1} % | {:.0} % | {} | {:.3} | {:.3} |\n",
            part.word(),
            record.errors.len(),
            100.0 * median(&record.errors),
            100.0 * quantile(&record.errors, 0.9),
            linear.join(" | "),
            mean(&record.in_80),
            mean(&record.in_90),
        )]);
    }
    Ok(rows.trim_end().to_owned())
}

impl Record {
    fn add(&mut self, other: &Self) {
        self.errors.extend(&other.errors);
        self.in_80.extend(&other.in_80);
        self.in_90.extend(&other.in_90);
        for (own, other) in self.errors_linear.iter_mut().zip(&other.errors_linear) {
            own.extend(other);
        }
    }
}

/// The flow added up, per hour; what was not seen adds nothing.
fn added_up(series: &Series) -> Vec<f64> {
    let mut level = 0.0;
    let mut before = series.times.first().copied().unwrap_or(0);
    let samples = series.times.iter().zip(&series.values);
    samples
        .map(|(&time, value)| {
            let hours = ((time - before).min(900_000)) as f64 / 3_600_000.0;
            before = time;
            level += value.max(0.0) * hours;
            level
        })
        .collect()
}

fn judge(series: &Series, now: Time, record: &mut Record) -> Result<(), Box<dyn Error>> {
    let stock = added_up(series);
    let cut = series.times.partition_point(|&time| time <= now.0);
    let last = stock[cut - 1];
    let history = History { times: &series.times[..cut], values: &stock[..cut] };
    let seed = u64::try_from(now.0 / 1000).unwrap_or(0) ^ series.name.len() as u64;
    let mut chance = Chance::new(seed);
    let Some(options) = options(seed) else { return Ok(()) };
    let projection = forecast(history, &options, now);
    let lines = straight(history, now)?;
    for _ in 0..LEADS {
        let width = (LEAD_MAX.0 - LEAD_MIN.0) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a part of a span")]
        let lead = Span(LEAD_MIN.0 + (chance.share() * width) as i64);
        let due = series.times.partition_point(|&time| time <= (now + lead).0);
        let Some(&limit) = stock.get(due.saturating_sub(1)) else { continue };
        // The moment the limit is first reached.
        let reached = stock.partition_point(|&level| level < limit);
        if limit <= last || reached >= stock.len() {
            continue;
        }
        let truth = Time(series.times[reached]);
        let lead = truth.since(now).0 as f64;
        let told = outlook(history, &projection, limit, now);
        record.errors.push(match told {
            Outlook::Expected(range) => {
                range.likely.map_or(1.0, |likely| (likely.since(truth).0 as f64 / lead).abs())
            }
            _ => 1.0,
        });
        let reach = projection.as_ref().ok().map(|projection| projection.reach(limit, now));
        for (share, place) in [(0.8, &mut record.in_80), (0.9, &mut record.in_90)] {
            let dates = reach.as_ref().zip(Share::new(share));
            let inside = dates.is_some_and(|(reach, share)| {
                let range = reach.dates(share);
                let horizon_ends = range.is_none();
                horizon_ends
                    || range.is_some_and(|range| {
                        range.earliest <= truth && range.latest.is_none_or(|latest| truth <= latest)
                    })
            });
            place.push(f64::from(inside));
        }
        for (line, errors) in lines.iter().zip(&mut record.errors_linear) {
            errors.push(line.map_or(1.0, |line| (line.hours_to(limit) * 3.6e6 / lead - 1.0).abs()));
        }
    }
    Ok(())
}

fn options(seed: u64) -> Option<ForecastOptions> {
    Some(ForecastOptions {
        nature: Nature::Stock,
        confidence: Share::new(0.9)?,
        horizon: None,
        upper_bound: None,
        lower_bound: Some(0.0),
        seed,
    })
}
