//! Real series: errors against the seasonal naive forecast, and how often the interval holds.

use anyhow::Result;
use model::{Nature, Share, Span, Time};
use plan::{ForecastOptions, History, forecast};
use stats::{median, quantile};
use testkit::Recorded;

const HORIZON: Span = Span::hours(48);
/// How long before the end of a series forecasts are made.
const ORIGINS: [Span; 3] = [Span::hours(48), Span::hours(84), Span::hours(120)];
const SETS: [&str; 5] =
    ["realAWSCloudwatch", "realAdExchange", "realKnownCause", "realTraffic", "realTweets"];

/// One forecast judged by what came.
struct Trial {
    /// Mean absolute error over the in-sample error of "as a day before".
    scaled: f64,
    /// The same of the forecast "as the day before".
    scaled_naive: f64,
    covered: f64,
}

fn judge(series: &Recorded, back: Span) -> Option<Trial> {
    let end = *series.times.last()?;
    let now = Time(end) - back;
    let cut = series.times.partition_point(|&time| time <= now.0);
    if now.since(Time(series.times[0])) < Span::days(5) {
        return None;
    }
    let history = History { times: &series.times[..cut], values: &series.values[..cut] };
    let options = ForecastOptions {
        nature: Nature::Flow,
        confidence: Share::new(0.9)?,
        horizon: Some(HORIZON),
        upper_bound: None,
        lower_bound: Some(0.0),
        seed: 1,
    };
    let projection = forecast(history, &options, now).ok()?;
    let step = projection.step.0;
    let day = Span::days(1).0;
    let (mut error, mut error_naive, mut covered, mut count) = (0.0, 0.0, 0.0, 0.0);
    for (index, point) in projection.points.iter().enumerate() {
        let back_days = i64::try_from(index).ok()? / (day / step) + 1;
        let came = series.mean(point.at.0, step);
        let before = series.mean(point.at.0 - back_days * day, step);
        let (Some(came), Some(before)) = (came, before) else { continue };
        error += (came - point.mid).abs();
        error_naive += (came - before).abs();
        covered += f64::from(point.low <= came && came <= point.high);
        count += 1.0;
    }
    let mut scale = Vec::new();
    let mut at = projection.from.0;
    while at - day > series.times[0] {
        if let (Some(here), Some(before)) = (series.mean(at, step), series.mean(at - day, step)) {
            scale.push((here - before).abs());
        }
        at -= step;
    }
    let scale = stats::mean(&scale) * count;
    (scale > 0.0).then(|| Trial {
        scaled: error / scale,
        scaled_naive: error_naive / scale,
        covered: covered / count,
    })
}

#[test]
fn real_series_are_forecast_better_than_as_yesterday_and_within_the_interval() -> Result<()> {
    let Some(root) = testkit::shared("data/series/nab") else { return Ok(()) };
    let mut trials = Vec::new();
    for set in SETS {
        let mut files: Vec<_> = std::fs::read_dir(root.join(set))?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        files.sort();
        for file in files {
            let series = Recorded::read(&file)?;
            trials.extend(ORIGINS.iter().filter_map(|&back| judge(&series, back)));
        }
    }
    let of = |take: fn(&Trial) -> f64| trials.iter().map(take).collect::<Vec<f64>>();
    let (ours, naive) = (of(|trial| trial.scaled), of(|trial| trial.scaled_naive));
    let covered = stats::mean(&of(|trial| trial.covered));
    println!(
        "{} forecasts: median MASE {:.3} (as yesterday {:.3}), p90 {:.2} ({:.2}), mean {:.2} ({:.2}), covered {covered:.3}",
        trials.len(),
        median(&ours),
        median(&naive),
        quantile(&ours, 0.9),
        quantile(&naive, 0.9),
        stats::mean(&ours),
        stats::mean(&naive),
    );
    assert!(trials.len() > 120, "only {} forecasts", trials.len());
    assert!(median(&ours) < 0.85 * median(&naive));
    assert!((0.80..=0.97).contains(&covered));
    Ok(())
}
