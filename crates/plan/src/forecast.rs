//! A forecast of one series.

use std::ops::Deref;

use model::{Forecast, ForecastPoint, HistoryNeed, Nature, Share, Span, Time};

use crate::{
    backtest::{Contest, contest},
    history::{DAYS_MIN, History, Past, times},
    spread::Spread,
};

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
    /// What the value cannot exceed, such as the size of a disk.
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
    pub(crate) contest: Contest,
    pub(crate) spread: Spread,
    pub(crate) nature: Nature,
    /// The highest the past has been, and how fast its peaks rise by the step.
    pub(crate) peaks: (f64, f64),
    /// How many steps of an error go on beyond a trial.
    pub(crate) wrap: usize,
    /// The middle of the newest cells, as many as a quarter of the horizon.
    pub(crate) level: f64,
    pub(crate) seed: u64,
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
    let past = Past::prepare(history, options, now)?;
    let reach = past.have.min(HORIZON_MAX);
    let wanted = options.horizon.unwrap_or(reach).min(reach).max(past.step);
    let horizon = usize::try_from(wanted.0 / past.step.0).unwrap_or(1).max(1);
    let contest = contest(&past, horizon);
    let spread = contest.spread(&past);
    let day = past.periods.first().copied();
    let trial = contest.errors.first().map_or(1, Vec::len);
    let wide = day.map_or(1, |day| day / 2);
    let wrap = day.filter(|day| day * 2 <= trial).unwrap_or(trial / 4).max(1);
    let band = contest.band(options.confidence.value(), spread, wide);
    let bounded = |value: f64| {
        let value = options.lower_bound.map_or(value, |bound| value.max(bound));
        options.upper_bound.map_or(value, |bound| value.min(bound))
    };
    let points = contest
        .middle
        .iter()
        .zip(&band)
        .enumerate()
        .map(|(step, (&middle, &(low, high)))| ForecastPoint {
            at: past.end + times(past.step, step + 1),
            low: bounded(middle + low),
            mid: bounded(middle),
            high: bounded(middle + high),
        })
        .collect();
    let newest = past.clean.len() - (horizon / 4).clamp(1, past.clean.len());
    let level = stats::median(&past.clean[newest..]);
    let short = options.horizon.is_some_and(|asked| asked < DAYS_MIN);
    Ok(Projection {
        forecast: Forecast {
            from: past.end,
            step: past.step,
            confidence: options.confidence,
            points,
            model: name(&contest),
            error_past: contest.error_mean,
            trials: contest.errors.len(),
        },
        have: past.have,
        need: past.missing_for_days(now).filter(|_| !short),
        contest,
        spread,
        nature: options.nature,
        peaks: past.peaks(),
        wrap,
        level,
        seed: options.seed,
    })
}

/// The heaviest members, with their say.
fn name(contest: &Contest) -> String {
    let mut parts: Vec<String> = contest
        .weights
        .iter()
        .take(3)
        .filter(|(_, weight)| *weight >= 0.1)
        .map(|(member, weight)| format!("{} {:.0} %", member.name(), weight * 100.0))
        .collect();
    if parts.len() < contest.weights.len() && !parts.is_empty() {
        parts.push(format!("{} more", contest.weights.len() - parts.len()));
    }
    parts.join(", ")
}
