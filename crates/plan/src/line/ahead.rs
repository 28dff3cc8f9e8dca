//! When a service's load comes to its line, as it is and with each launch.

use model::{DateRange, HistoryNeed, Launch, Nature, Outlook, Share, Time};

use super::{LoadLine, ServicePast, newest};
use crate::forecast::{ForecastOptions, History, Known, Projection, Reach, forecast_knowing};

/// How many of the lines that might be are tried.
const LINES: usize = 9;
/// Reached by fewer than this share of futures: as good as ruled out.
const UNLIKELY: f64 = 0.05;

/// When a line is reached.
#[derive(Clone, Debug)]
pub struct LineDates {
    /// As the load goes on by itself.
    pub outlook: Outlook,
    /// If a launch happens, each for itself.
    pub with: Vec<(Launch, Outlook)>,
    /// How likely it is reached within the horizon, from 0 to 1; nothing where too little is known.
    pub chance: Option<f64>,
    /// The end of the horizon.
    pub horizon: Option<Time>,
}

/// When the load of a service reaches its line; nothing where there is no line.
pub fn dates(
    past: &ServicePast<'_>,
    line: &LoadLine,
    launches: &[Launch],
    confidence: Share,
) -> Option<LineDates> {
    let lines = line.quantiles(LINES);
    let now = newest(past.times)?;
    if lines.is_empty() {
        return None;
    }
    let options = ForecastOptions {
        nature: Nature::Flow,
        confidence,
        horizon: None,
        upper_bound: None,
        lower_bound: Some(0.0),
        seed: 1,
    };
    let history = History { times: past.times, values: past.load };
    let known = Known { zone: past.zone, ..Known::default() };
    let told = forecast_knowing(history, &known, &options, now);
    let already = line.share_now().is_some_and(|share| share >= 1.0);
    let outlook = |launch: Option<&Launch>| {
        if already { Outlook::Now } else { outlook_of(&told, &lines, launch, now) }
    };
    let with = launches.iter().filter(|launch| launch.at > now);
    let reach = told.as_ref().ok().map(|told| reach_of(told, &lines, None, now));
    Some(LineDates {
        outlook: outlook(None),
        with: with.map(|launch| (launch.clone(), outlook(Some(launch)))).collect(),
        chance: reach.as_ref().map(Reach::chance),
        horizon: reach.as_ref().map(Reach::end),
    })
}

fn reach_of(told: &Projection, lines: &[f64], launch: Option<&Launch>, now: Time) -> Reach {
    let parts: Vec<Reach> = lines
        .iter()
        .map(|line| {
            // Load that is a fifth higher reaches the line where without the launch it would reach five sixths of it.
            let moved = |time: Time| match launch {
                Some(launch) if time >= launch.at => line / (1.0 + launch.raises),
                _ => *line,
            };
            told.reach_moving(&moved, now)
        })
        .collect();
    Reach::mixed(&parts, now)
}

fn outlook_of(
    told: &Result<Projection, HistoryNeed>,
    lines: &[f64],
    launch: Option<&Launch>,
    now: Time,
) -> Outlook {
    let told = match told {
        Ok(told) => told,
        Err(need) => return Outlook::TooLittleHistory(*need),
    };
    if let Some(need) = told.need {
        return Outlook::TooLittleHistory(need);
    }
    let reach = reach_of(told, lines, launch, now);
    let range = reach.dates(told.confidence);
    match range {
        Some(range) if range.likely.is_some() => Outlook::Expected(range),
        Some(DateRange { earliest, .. }) if reach.chance() >= UNLIKELY => {
            Outlook::NotBefore(earliest)
        }
        _ => Outlook::NotBefore(reach.end()),
    }
}
