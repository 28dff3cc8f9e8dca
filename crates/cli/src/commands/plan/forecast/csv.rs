//! A forecast of times and values in a file, without a server.

use std::{fs::File, io, path::Path, process::ExitCode};

use collect::import::{self, CsvSpec, ImportOptions};
use model::{Clock as _, HistoryNeed, Kind, Nature, Outlook, Share, Span, Time, Unit};
use plan::{ForecastOptions, History, Known, Projection, Reach, Zone};
use serde_json::{Value, json};
use server::SystemClock;

use super::units;
use crate::{
    args::{Forecast, NatureWord},
    fault::Fault,
    output::Output,
};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.9;
/// The narrower range of dates that JSON has beside.
const CONFIDENCE_NARROW: f64 = 0.8;
/// At how many moments JSON says how likely a line is reached by then.
const CURVE_MOMENTS: usize = 24;
/// How far ahead values are told in words, as far as the forecast reaches.
const LEADS: [Span; 4] = [Span::hours(1), Span::days(1), Span::days(7), Span::days(30)];
/// Values this many times above the limit, or all of them this far below, were most likely measured in another unit.
const UNIT_ABOVE: f64 = 10.0;
const UNIT_BELOW: f64 = 1e-6;

/// Says when the values of a file come to a limit, or without a limit how they go on.
pub(super) fn run(file: &Path, command: &Forecast, output: &Output) -> Result<ExitCode, Fault> {
    let Rows { times, values, twice } = read(file)?;
    units::check_one(&times, &values)?;
    if let Some(limit) = command.limit {
        check_limit(&values, limit)?;
    }
    let history = History { times: &times, values: &values };
    let now = times.last().map_or_else(|| SystemClock::new().now(), |last| Time(*last));
    let confidence = Share::new(CONFIDENCE)
        .ok_or_else(|| Fault::new(Kind::Internal, "the confidence is no share"))?;
    let nature = match command.nature {
        NatureWord::Stock => Nature::Stock,
        NatureWord::Flow => Nature::Flow,
    };
    let options = ForecastOptions {
        nature,
        confidence,
        horizon: None,
        upper_bound: command.limit.filter(|_| nature == Nature::Stock),
        // What was never below nought will not be.
        lower_bound: values.iter().all(|value| *value >= 0.0).then_some(0.0),
        seed: 1,
    };
    let zone = zone(&command.zone, &times, now)?;
    let known = Known { zone: Some(&zone), ..Known::default() };
    let told = plan::forecast_knowing(history, &known, &options, now);
    let shares = command.limit.map(|limit| (limit, &command.lines)).into_iter();
    let lines = shares
        .flat_map(|(limit, percents)| percents.iter().map(move |percent| (limit, percent / 100.0)));
    let lines: Vec<Line> = lines
        .map(|(limit, share)| {
            let outlook = plan::outlook(history, &told, limit * share, now);
            let what = Unit::Share.say(share);
            let said = match outlook {
                Outlook::Now => format!("{what} is already reached"),
                _ => plan::say(&outlook, &what, now),
            };
            let reach = told.as_ref().ok().map(|told| told.reach(limit * share, now));
            Line { share, outlook, said, reach }
        })
        .collect();
    if output.is_json() {
        let need = told.as_ref().map_or_else(|need| Some(*need), |told| told.need);
        output.json(
            &json!({ "samples": times.len(), "times_twice": twice, "at": now.millis(), "limit": command.limit,
            "lines": lines.iter().map(line_json).collect::<Vec<_>>(),
            "forecast": told.as_ref().ok().map(forecast_json), "need": need.map(need_json) }),
        )?;
    } else {
        let last = values.last().copied().unwrap_or(f64::NAN);
        let mut text = format!("{} samples; last {}", times.len(), Unit::Count.say(last));
        if let Some(limit) = command.limit {
            let used = Unit::Share.say(last / limit);
            text.extend([format!(" of {} ({used})", Unit::Count.say(limit))]);
        }
        text.push('\n');
        text.extend(lines.iter().map(|line| format!("  {}\n", line.said)));
        if lines.is_empty() {
            text.extend(told.as_ref().err().map(|need| wait(*need, now)));
        }
        if let Ok(told) = &told {
            text.push_str(&ahead(told, now));
            text.extend(told.notes.iter().map(|note| format!("  note: {note}\n")));
        }
        if twice > 0 {
            text.extend([format!(
                "  note: {twice} rows have a time that was there before, and do not count\n"
            )]);
        }
        output.text(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The clocks of a place, for values of these times.
pub(in crate::commands::plan) fn zone(name: &str, times: &[i64], now: Time) -> Result<Zone, Fault> {
    let oldest = times.first().map_or(now, |first| Time(*first));
    Zone::named(name, oldest, now).map_err(|error| Fault::from_error(error.kind(), &error))
}

/// Refuses a limit that is none, or that is most likely in another unit than the values.
fn check_limit(values: &[f64], limit: f64) -> Result<(), Fault> {
    if !limit.is_finite() || limit <= 0.0 {
        return Err(Fault::new(Kind::Invalid, format!("{limit} cannot be a limit"))
            .help("the limit is a number above nought, in the unit of the values"));
    }
    let highest = values.iter().copied().fold(0.0, f64::max);
    let last = values.last().copied().unwrap_or(0.0);
    if last < 0.0 && highest <= 0.0 {
        return Err(Fault::new(Kind::Invalid, "no value is above nought, as use is")
            .help("leave --limit out to be told how they go on"));
    }
    let strange = if last > UNIT_ABOVE * limit {
        format!("the last value is {} times the limit", Unit::Count.say(last / limit))
    } else if highest > 0.0 && highest < UNIT_BELOW * limit {
        let (highest, limit) = (Unit::Count.say(highest), Unit::Count.say(limit));
        format!("no value is more than {highest}, and the limit is {limit}")
    } else {
        return Ok(());
    };
    Err(Fault::new(Kind::Invalid, format!("{strange}: they must be in the same unit"))
        .help("write the limit in the unit of the file; a disk's `df` counts blocks of 1024 bytes"))
}

fn wait(need: HistoryNeed, now: Time) -> String {
    format!("  {}\n", plan::say(&Outlook::TooLittleHistory(need), "", now))
}

/// What the values will be, as far as is told.
fn ahead(told: &Projection, now: Time) -> String {
    if told.need.is_some() {
        return String::new();
    }
    let mut text = String::new();
    for lead in LEADS {
        let Some(point) = told.points.iter().find(|point| point.at >= now + lead) else { break };
        if point.at > now + lead + told.step {
            continue;
        }
        let [low, mid, high] =
            [point.low, point.mid, point.high].map(|value| Unit::Count.say(value));
        text.extend([format!("  in {lead}: {mid}, 90 % between {low} and {high}\n")]);
    }
    text
}

fn forecast_json(told: &Projection) -> Value {
    let points = told.points.iter();
    let points = points.map(|point| json!([point.at.millis(), point.low, point.mid, point.high]));
    json!({ "model": told.model, "trials": told.trials, "error_past": told.error_past, "notes": told.notes,
            "step_ms": told.step.as_millis(), "confidence": CONFIDENCE,
            "points": points.collect::<Vec<_>>() })
}

fn need_json(need: HistoryNeed) -> Value {
    json!({ "have_ms": need.have.as_millis(), "need_ms": need.need.as_millis(),
            "ready_at": need.ready_at.millis() })
}

/// One line and all that is said of it.
struct Line {
    share: f64,
    outlook: Outlook,
    said: String,
    reach: Option<Reach>,
}

fn line_json(line: &Line) -> Value {
    let range = match &line.outlook {
        Outlook::Expected(range) => Some(range),
        _ => None,
    };
    let dates = line.reach.as_ref().zip(Share::new(CONFIDENCE_NARROW));
    let narrow = dates.and_then(|(reach, share)| reach.dates(share)).filter(|_| range.is_some());
    let curve = line.reach.as_ref().map(|reach| {
        let moments = reach.curve(CURVE_MOMENTS).into_iter();
        moments.map(|(at, chance)| json!([at.millis(), chance])).collect::<Vec<_>>()
    });
    json!({
        "share": line.share,
        "text": line.said,
        "earliest": range.map(|range| range.earliest.millis()),
        "likely": range.and_then(|range| range.likely).map(Time::millis),
        "latest": range.and_then(|range| range.latest).map(Time::millis),
        "earliest_80": narrow.map(|range| range.earliest.millis()),
        "latest_80": narrow.and_then(|range| range.latest).map(Time::millis),
        "chance": curve,
    })
}

/// Rows of a file, in order of time.
struct Rows {
    times: Vec<i64>,
    values: Vec<f64>,
    /// How many were left out, since their time was there before.
    twice: usize,
}

/// Times and values of a CSV file, which must hold one series.
fn read(file: &Path) -> Result<Rows, Fault> {
    let reader: Box<dyn io::Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(file).map_err(|error| {
            Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
        })?)
    };
    let reader = io::BufReader::new(reader);
    let batches =
        import::csv(reader, &CsvSpec::default(), ImportOptions::default()).map_err(|error| {
            Fault::from_error(error.kind(), &error)
                .help("the file needs a header such as time,value")
        })?;
    let mut series: Option<model::Labels> = None;
    let mut samples = Vec::new();
    for batch in batches {
        for one in batch.map_err(|error| Fault::from_error(error.kind(), &error))? {
            if series.as_ref().is_some_and(|own| *own != one.labels) {
                return Err(Fault::new(Kind::Invalid, "the file holds more than one series")
                    .help("keep the time column and one value column"));
            }
            series = Some(one.labels);
            samples.extend(one.samples.iter().map(|sample| (sample.time.millis(), sample.value)));
        }
    }
    samples.sort_by_key(|(time, _)| *time);
    let all = samples.len();
    samples.dedup_by_key(|(time, _)| *time);
    let twice = all - samples.len();
    let (times, values) = samples.into_iter().unzip();
    Ok(Rows { times, values, twice })
}
