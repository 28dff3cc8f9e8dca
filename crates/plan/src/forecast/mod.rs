//! A forecast of one series.

mod backtest;
mod history;
mod known;
mod ledger;
mod notes;
mod outlook;
mod pool;
mod reach;
mod rung;
mod say;
mod spread;

use std::ops::Deref;

use backtest::Contest;
use history::{DAYS_MIN, NEAR_MAX, Past};
use known::Local;
use model::{Forecast, ForecastPoint, HistoryNeed, Nature, Share, Span, Time};
use pool::Member;
use rung::{Bounds, Rung};

pub use history::History;
pub use known::{HowSpecial, Known, SpecialDay};
pub use ledger::{DatesScore, DatesTold, LEADS, Score, Told, reached, score, score_dates};
pub use outlook::outlook;
pub use reach::Reach;
pub use say::{say, say_date};

/// No forecast looks further than this.
pub(crate) const HORIZON_MAX: Span = Span::days(180);

/// What kind of forecast is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastOptions {
    /// Whether it piles up or comes and goes.
    pub nature: Nature,
    /// How sure intervals are to be.
    pub confidence: Share,
    /// How far to look; never further than the history reaches back, nor than 180 days.
    pub horizon: Option<Span>,
    /// What the value cannot exceed, such as the size of a disk. One that it does exceed now is none.
    pub upper_bound: Option<f64>,
    /// What the value cannot go below, mostly nought.
    pub lower_bound: Option<f64>,
    /// The seed of chance: the same seed and history give the same answer.
    pub seed: u64,
}

/// A forecast together with the errors it made on the recorded past, from which dates follow.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The forecast itself.
    pub forecast: Forecast,
    /// How much history it was made from.
    pub have: Span,
    /// What is missing before it speaks of days; nothing where it does, or where a shorter horizon was asked for.
    pub need: Option<HistoryNeed>,
    /// What was left out, bridged, taken from changes and special days: a sentence each.
    pub notes: Vec<String>,
    /// The rung that the forecast shows.
    pub(crate) shown: Rung,
    /// A finer one for what is near, where the shown one reaches far.
    pub(crate) near: Option<Rung>,
    /// The newest value.
    pub(crate) last: f64,
    pub(crate) seed: u64,
    pub(crate) bounds: Bounds,
}

impl Projection {
    /// The forecast's steps with an interval of another confidence.
    pub fn interval(&self, confidence: Share) -> Vec<ForecastPoint> {
        self.shown.points(confidence, self.bounds)
    }
}

impl Deref for Projection {
    type Target = Forecast;

    fn deref(&self) -> &Forecast {
        &self.forecast
    }
}

/// Forecasts a series as far ahead as its history reaches back, at most 180 days.
///
/// An hour of history is the least, for the next hour; below a day it speaks of hours only, and says so in
/// [`Projection::need`].
pub fn forecast(
    history: History<'_>,
    options: &ForecastOptions,
    now: Time,
) -> Result<Projection, HistoryNeed> {
    forecast_knowing(history, &Known::default(), options, now)
}

/// The same where more is known than the samples: what was done to the system, and days that are not like others.
pub fn forecast_knowing(
    history: History<'_>,
    known: &Known<'_>,
    options: &ForecastOptions,
    now: Time,
) -> Result<Projection, HistoryNeed> {
    let local = Local::of(history, known, now);
    let prepared = |options: &ForecastOptions| {
        Past::prepare(local.history(), &local.known(), options, local.now)
    };
    let past = prepared(options).map_err(|need| local.need(need))?;
    let reach = past.have.min(HORIZON_MAX);
    let wanted = options.horizon.unwrap_or(reach).min(reach).max(past.step);
    let shown = Rung::climb(&past, wanted, (&local.zone, now));
    let near = if options.horizon.is_none() && wanted > NEAR_MAX {
        let options = ForecastOptions { horizon: Some(NEAR_MAX), ..*options };
        let finer = prepared(&options).ok().filter(|finer| finer.step < past.step);
        finer.map(|finer| Rung::climb(&finer, NEAR_MAX, (&local.zone, now)))
    } else {
        None
    };
    let last = history.last_value(now).unwrap_or(f64::NEG_INFINITY);
    let upper = options.upper_bound.filter(|bound| last <= *bound);
    let bounds = Bounds { lower: options.lower_bound, upper };
    let short = options.horizon.is_some_and(|asked| asked < DAYS_MIN);
    Ok(Projection {
        forecast: Forecast {
            from: shown.from,
            step: past.step,
            confidence: options.confidence,
            points: shown.points(options.confidence, bounds),
            model: name(&shown.contest, &past),
            error_past: shown.contest.error_mean,
            trials: shown.contest.errors.len(),
        },
        have: past.have,
        need: past.missing_for_days(now).filter(|_| !short),
        notes: past.notes.say(&shown.special, local.now),
        shown,
        near,
        last,
        seed: options.seed,
        bounds,
    })
}

/// The heaviest members, with their say; of what never moved, all of them say the same.
fn name(contest: &Contest, past: &Past) -> String {
    if past.is_steady() {
        return "steady".to_owned();
    }
    let short_is_day = past.step < Span::days(1);
    let say = |(member, weight): &(Member, f64)| {
        format!("{} {:.0} %", member.name(short_is_day), weight * 100.0)
    };
    let heavy = contest.weights.iter().take(3).filter(|(_, weight)| *weight >= 0.1);
    let mut parts: Vec<String> = heavy.map(say).collect();
    if parts.is_empty() {
        // Many say much the same.
        parts.extend(contest.weights.first().map(say));
    }
    if parts.len() < contest.weights.len() && !parts.is_empty() {
        parts.push(format!("{} more", contest.weights.len() - parts.len()));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use model::Outlook;
    use proptest::prelude::*;
    use stats::Chance;

    use super::*;

    const NOW: Time = Time(1_795_176_000_000);

    fn options(nature: Nature) -> ForecastOptions {
        ForecastOptions {
            nature,
            confidence: Share::new(0.9).unwrap(),
            horizon: None,
            upper_bound: Some(100.0),
            lower_bound: Some(0.0),
            seed: 7,
        }
    }

    /// Hourly values up to `NOW`.
    fn hourly(values: &[f64]) -> Vec<i64> {
        (0_i64..)
            .take(values.len())
            .map(|back| NOW.0 - back * 3_600_000)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect()
    }

    fn noisy(count: usize, slope: f64, noise: f64, seed: u64) -> Vec<f64> {
        let mut chance = Chance::new(seed);
        (0..count).map(|index| 40.0 + slope * index as f64 + noise * chance.normal()).collect()
    }

    #[test]
    fn the_same_question_has_the_same_answer() {
        let values = noisy(200, 0.1, 1.0, 3);
        let times = hourly(&values);
        let history = History { times: &times, values: &values };
        let ask = || {
            let projection = forecast(history, &options(Nature::Stock), NOW);
            (outlook(history, &projection, 90.0, NOW), projection.unwrap().forecast)
        };
        assert_eq!(ask(), ask());
    }

    #[test]
    fn a_bound_that_is_exceeded_now_is_none() {
        let values = noisy(240, 0.5, 0.1, 5);
        let times = hourly(&values);
        let history = History { times: &times, values: &values };
        let projection = forecast(history, &options(Nature::Stock), NOW).unwrap();
        assert!(projection.points[0].mid > 150.0, "{:?}", projection.points[0]);
    }

    #[test]
    fn a_forecast_reaches_as_far_ahead_as_its_past_reaches_back() {
        let values = noisy(240, 0.1, 1.0, 4);
        let times = hourly(&values);
        let history = History { times: &times, values: &values };
        let projection = forecast(history, &options(Nature::Flow), NOW).unwrap();
        assert_eq!(projection.horizon_end(), NOW + Span::days(10));
        assert_eq!(projection.points[0].at, NOW + projection.step);
        assert!(projection.trials >= 3 && projection.need.is_none());
    }

    #[test]
    fn the_interval_widens_with_noise() {
        let width = |noise| {
            let values = noisy(240, 0.0, noise, 5);
            let times = hourly(&values);
            let history = History { times: &times, values: &values };
            let projection = forecast(history, &options(Nature::Flow), NOW).unwrap();
            let last = *projection.points.last().unwrap();
            last.high - last.low
        };
        assert!(width(4.0) > 2.0 * width(1.0));
    }

    #[test]
    fn the_likely_date_does_not_wait_for_the_end_of_its_step() {
        let values: Vec<f64> = (0..200).map(|hour| 40.0 + 0.1 * f64::from(hour)).collect();
        let times = hourly(&values);
        let history = History { times: &times, values: &values };
        let projection = forecast(history, &options(Nature::Stock), NOW);
        for hours in [0.5, 2.25, 30.75] {
            let line = values[199] + 0.1 * hours;
            let Outlook::Expected(range) = outlook(history, &projection, line, NOW) else {
                panic!("nothing expected of {line}")
            };
            let told = range.likely.unwrap().since(NOW).as_secs() / 3_600.0;
            assert!((told - hours).abs() < 0.1, "{told} {hours}");
        }
    }

    #[test]
    fn what_never_moved_is_told_as_steady_and_nothing_else_is() {
        let model = |values: &[f64], nature| {
            let times = hourly(values);
            forecast(History { times: &times, values }, &options(nature), NOW)
                .unwrap()
                .forecast
                .model
        };
        for nature in [Nature::Flow, Nature::Stock] {
            assert_eq!(model(&[40.0; 240], nature), "steady");
            assert_eq!(model(&[0.0; 240], nature), "steady");
            let told = model(&noisy(240, 0.0, 1.0, 8), nature);
            assert!(!told.is_empty() && told != "steady", "{told:?}");
        }
    }

    #[test]
    fn a_shorter_horizon_that_was_asked_for_needs_no_day() {
        let values: Vec<f64> = noisy(120, 0.0, 0.1, 6);
        let times: Vec<i64> = (0..120).map(|minute| NOW.0 - (119 - minute) * 60_000).collect();
        let history = History { times: &times, values: &values };
        let asked = ForecastOptions { horizon: Some(Span::hours(1)), ..options(Nature::Stock) };
        let short = forecast(history, &asked, NOW);
        assert!(!matches!(outlook(history, &short, 90.0, NOW), Outlook::TooLittleHistory(_)));
        let open = forecast(history, &options(Nature::Stock), NOW);
        assert!(matches!(outlook(history, &open, 90.0, NOW), Outlook::TooLittleHistory(_)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn points_are_ordered_and_within_their_bounds(
            values in prop::collection::vec(0.0_f64..100.0, 24..200),
            stock in any::<bool>(),
        ) {
            let times = hourly(&values);
            let history = History { times: &times, values: &values };
            let nature = if stock { Nature::Stock } else { Nature::Flow };
            let projection = forecast(history, &options(nature), NOW).unwrap();
            for pair in projection.points.windows(2) {
                prop_assert!(pair[1].at == pair[0].at + projection.step);
            }
            for point in &projection.points {
                prop_assert!(0.0 <= point.low && point.low <= point.mid);
                prop_assert!(point.mid <= point.high && point.high <= 100.0);
            }
        }

        #[test]
        fn a_farther_line_is_never_reached_sooner(
            slope in 0.0_f64..0.3,
            seed in any::<u64>(),
        ) {
            let values = noisy(150, slope, 0.5, seed);
            let times = hourly(&values);
            let history = History { times: &times, values: &values };
            let projection = forecast(history, &options(Nature::Stock), NOW);
            let earliest = |line| match outlook(history, &projection, line, NOW) {
                Outlook::Now => NOW,
                Outlook::Expected(range) => range.earliest,
                Outlook::NotBefore(date) => date,
                Outlook::NotFilling | Outlook::TooLittleHistory(_) => Time::MAX,
            };
            prop_assert!(earliest(80.0) <= earliest(90.0));
        }

        #[test]
        fn no_history_is_too_wild(
            samples in prop::collection::vec((0_i64..200_000_000, any::<f64>()), 0..150),
            line in any::<f64>(),
            confidence in 0.0_f64..=1.0,
        ) {
            let (times, values): (Vec<i64>, Vec<f64>) = samples.into_iter().unzip();
            let history = History { times: &times, values: &values };
            for nature in [Nature::Stock, Nature::Flow] {
                let options = ForecastOptions { confidence: Share::new(confidence).unwrap(), ..options(nature) };
                let projection = forecast(history, &options, Time(200_000_000));
                outlook(history, &projection, line, Time(200_000_000));
            }
        }
    }
}
