//! Forecasts by the hour against what came.

use std::{collections::BTreeMap, io};

use model::{ForecastPoint, Nature, Share, Span, Time};
use plan::{ForecastOptions, History, forecast};
use stats::{mean, median};

use crate::{
    series::{Part, Series, cpu_seconds},
    tasks::Tasks,
};

/// How long before the latest possible moment forecasts are made.
const EARLIER: [Span; 3] = [Span::ZERO, Span::hours(36), Span::hours(72)];
/// No forecast is asked for with less history.
const HISTORY_MIN: Span = Span::days(5);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// One forecast judged by what came.
pub(crate) struct Trial {
    /// The last hour that was known, and those that were told.
    pub(crate) from: i64,
    pub(crate) at: Vec<i64>,
    /// The in-sample error of "as a day before".
    pub(crate) scale: f64,
    /// Mean absolute error over that.
    pub(crate) scaled: f64,
    /// The same of the forecast "as the day before".
    scaled_naive: f64,
    covered_80: f64,
    pub(crate) covered_90: f64,
    pub(crate) seconds: f64,
    model: String,
}

/// The moments at which a series is asked for its future.
pub(crate) fn moments(series: &Series, horizon: Span) -> Vec<Time> {
    let (Some(&first), Some(&last)) = (series.times.first(), series.times.last()) else {
        return Vec::new();
    };
    EARLIER
        .iter()
        .map(|earlier| Time(last) - horizon - *earlier)
        .filter(|now| now.since(Time(first)) >= HISTORY_MIN.max(horizon))
        .collect()
}

pub(crate) fn heading(horizon: Span) -> String {
    format!(
        "\n{} h ahead, by the hour\n\n| series | set | forecasts | median MASE | as yesterday | mean MASE | in 80 % | in 90 % | ms CPU each | per s and core |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        horizon.0 / HOUR
    )
}

/// A row for each set of series, and one for all.
pub(crate) fn table(
    (part, all): (Part, &[&Series]),
    horizon: Span,
    tasks: &mut Tasks,
    detail: bool,
) -> io::Result<String> {
    let mut trials: BTreeMap<&str, Vec<Trial>> = BTreeMap::new();
    let mut lines = String::new();
    for series in all {
        for now in moments(series, horizon) {
            let Some(trial) = judge(series, now, horizon) else { continue };
            if detail {
                let Trial { scaled, covered_90, model, .. } = &trial;
                lines.extend([
                    format!("  {} {} {scaled:.2} ", series.set, series.name),
                    format!("{covered_90:.2} {model}\n"),
                ]);
            }
            tasks.write(part, series, &trial)?;
            trials.entry(series.set).or_default().push(trial);
        }
    }
    for (set, trials) in &trials {
        lines.push_str(&row(part, set, &trials.iter().collect::<Vec<_>>()));
    }
    lines.push_str(&row(part, "**all**", &trials.values().flatten().collect::<Vec<_>>()));
    Ok(lines.trim_end().to_owned())
}

fn row(part: Part, set: &str, trials: &[&Trial]) -> String {
    let of = |take: fn(&Trial) -> f64| trials.iter().map(|trial| take(trial)).collect::<Vec<f64>>();
    let scaled = of(|trial| trial.scaled);
    let seconds = mean(&of(|trial| trial.seconds));
    format!(
        "| {} | {set} | {} | {:.3} | {:.3} | {:.2} | {:.3} | {:.3} | {:.2} | {:.0} |\n",
        part.word(),
        trials.len(),
        median(&scaled),
        median(&of(|trial| trial.scaled_naive)),
        mean(&scaled),
        mean(&of(|trial| trial.covered_80)),
        mean(&of(|trial| trial.covered_90)),
        seconds * 1000.0,
        1.0 / seconds,
    )
}

fn judge(series: &Series, now: Time, horizon: Span) -> Option<Trial> {
    let cut = series.times.partition_point(|&time| time <= now.0);
    let history = History { times: &series.times[..cut], values: &series.values[..cut] };
    let options = ForecastOptions {
        nature: Nature::Flow,
        confidence: Share::new(0.9)?,
        horizon: Some(horizon),
        upper_bound: None,
        lower_bound: Some(0.0),
        seed: 1,
    };
    let started = cpu_seconds();
    let projection = forecast(history, &options, now).ok()?;
    let seconds = cpu_seconds() - started;
    let narrow = projection.interval(Share::new(0.8)?);
    let (mut errors, mut errors_naive) = (Vec::new(), Vec::new());
    let (mut in_80, mut in_90) = (Vec::new(), Vec::new());
    let within =
        |point: &ForecastPoint, came: f64| f64::from(point.low <= came && came <= point.high);
    for (index, (point, near)) in (0_i64..).zip(projection.points.iter().zip(&narrow)) {
        let before = point.at.0 - (index / 24 + 1) * DAY;
        let (Some(came), Some(before)) = (series.hour(point.at.0), series.hour(before)) else {
            continue;
        };
        errors.push((came - point.mid).abs());
        errors_naive.push((came - before).abs());
        in_80.push(within(near, came));
        in_90.push(within(point, came));
    }
    let mut scale = Vec::new();
    let mut at = projection.from.0;
    while at - DAY > series.times[0] {
        if let (Some(here), Some(before)) = (series.hour(at), series.hour(at - DAY)) {
            scale.push((here - before).abs());
        }
        at -= HOUR;
    }
    let scale = mean(&scale);
    (scale > 0.0 && !errors.is_empty()).then(|| Trial {
        from: projection.from.0,
        at: projection.points.iter().map(|point| point.at.0).collect(),
        scale,
        scaled: mean(&errors) / scale,
        scaled_naive: mean(&errors_naive) / scale,
        covered_80: mean(&in_80),
        covered_90: mean(&in_90),
        seconds,
        model: projection.model.clone(),
    })
}
