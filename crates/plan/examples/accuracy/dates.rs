//! Dates of exhaustion: recorded flows added up to stocks, whose capacity is reached at a known moment.

use model::{Nature, Outlook, Share, Span, Time};
use plan::{ForecastOptions, History, forecast, outlook};
use stats::{Chance, Line, least_squares, mean, median, quantile};

use crate::{
    ahead::moments,
    series::{Part, Series},
};

const LEADS: u64 = 6;
const LEAD_MIN: Span = Span::hours(3);
const LEAD_MAX: Span = Span::days(7);

#[derive(Default)]
struct Record {
    errors: Vec<f64>,
    errors_linear: Vec<f64>,
    in_80: Vec<f64>,
    in_90: Vec<f64>,
}

pub(crate) fn heading() -> String {
    "\nDates of exhaustion, up to 7 days ahead\n\n| series | cases | median error / lead | p90 | predict_linear 24 h | in 80 % | in 90 % |\n|---|---:|---:|---:|---:|---:|---:|".to_owned()
}

pub(crate) fn rows(part: Part, all: &[&Series]) -> String {
    let mut record = Record::default();
    for series in all {
        for now in moments(series, LEAD_MAX) {
            judge(series, now, &mut record);
        }
    }
    format!(
        "| {} | {} | {:.1} % | {:.0} % | {:.1} % | {:.3} | {:.3} |",
        part.word(),
        record.errors.len(),
        100.0 * median(&record.errors),
        100.0 * quantile(&record.errors, 0.9),
        100.0 * median(&record.errors_linear),
        mean(&record.in_80),
        mean(&record.in_90),
    )
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

fn judge(series: &Series, now: Time, record: &mut Record) {
    let stock = added_up(series);
    let cut = series.times.partition_point(|&time| time <= now.0);
    let last = stock[cut - 1];
    let history = History { times: &series.times[..cut], values: &stock[..cut] };
    let seed = u64::try_from(now.0 / 1000).unwrap_or(0) ^ series.name.len() as u64;
    let mut chance = Chance::new(seed);
    let Some(options) = options(seed) else { return };
    let projection = forecast(history, &options, now);
    let line = last_day(history, now);
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
        let linear = line.map_or(1.0, |line| {
            let hours = (limit - last) / line.slope.max(1e-300);
            (hours * 3.6e6 / lead - 1.0).abs()
        });
        record.errors_linear.push(linear);
    }
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

/// What `predict_linear` fits to the last 24 hours, by the hour.
pub(crate) fn last_day(history: History<'_>, now: Time) -> Option<Line> {
    let first = history.times.partition_point(|&time| time <= now.0 - 86_400_000);
    let points = history.times[first..].iter().zip(&history.values[first..]);
    least_squares(points.map(|(&time, &value)| ((time - now.0) as f64 / 3.6e6, value)))
}
