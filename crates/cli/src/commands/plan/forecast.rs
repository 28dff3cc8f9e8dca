//! `plimsoll forecast`

use std::{fs::File, io, path::Path, process::ExitCode};

use collect::import::{self, CsvSpec, ImportOptions};
use model::{Clock as _, Kind, Nature, Outlook, Share, Time, Unit};
use plan::{ForecastOptions, History, Reach};
use serde_json::{Value, json};
use server::SystemClock;

use crate::{
    args::{Forecast, NatureWord},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.9;
/// The narrower range of dates that JSON has beside.
const CONFIDENCE_NARROW: f64 = 0.8;
/// At how many moments JSON says how likely a line is reached by then.
const CURVE_MOMENTS: usize = 24;

/// Says when things run out.
pub(crate) fn run(command: &Forecast, output: &Output) -> Result<ExitCode, Fault> {
    match (&command.csv, command.limit) {
        (Some(file), Some(limit)) => from_csv(file, limit, command, output),
        _ => from_server(command, output),
    }
}

fn from_server(command: &Forecast, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let answer = small_runtime()?.block_on(remote.get("/api/plimsoll/v1/resources", &[]))?;
    let wanted = command.resource.as_deref().unwrap_or_default().to_lowercase();
    let named = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_lowercase();
    let rows: Vec<&Value> = answer["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| {
            wanted.is_empty()
                || named(row, "name") == wanted
                || named(row, "id") == wanted
                || named(row, "title").contains(&wanted)
        })
        .collect();
    if rows.is_empty() && !wanted.is_empty() {
        return Err(Fault::new(Kind::Missing, format!("no resource is called {wanted:?}"))
            .help("`plimsoll forecast` without a name lists all of them"));
    }
    if output.is_json() {
        output.json(&json!({ "at": answer["at"], "resources": rows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let table = rows.iter().map(|row| {
        let outlook = row["outlook"]["text"].as_str().unwrap_or_default().to_owned();
        vec![
            text(row, "level"),
            text(row, "title"),
            text_of_labels(row),
            text(row, "share_text"),
            text(row, "headroom_text"),
            outlook,
        ]
    });
    output.table(&["level", "resource", "where", "used", "left", "outlook"], table.collect())?;
    if let ([row], false) = (rows.as_slice(), wanted.is_empty()) {
        let path = format!("/api/plimsoll/v1/resources/{}", text(row, "id"));
        let detail = small_runtime()?.block_on(remote.get(&path, &[]))?;
        output.text(&text_of_detail(&detail))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Each line with its chance, and how earlier forecasts have fared.
fn text_of_detail(detail: &Value) -> String {
    let forecast = &detail["forecast"];
    let percent = |share: &Value| share.as_f64().map(|share| Unit::Share.say(share));
    let mut text = String::from("\n");
    for outlook in forecast["outlooks"].as_array().into_iter().flatten() {
        let words = |key: &str| outlook[key].as_str().unwrap_or_default().to_owned();
        text.extend([words("line"), ": ".into(), words("text")]);
        if let Some(chance) = percent(&outlook["chance_lead"]) {
            text.extend(["; before more can be had: ", &chance]);
        }
        text.push('\n');
    }
    for lead in forecast["record"]["leads"].as_array().into_iter().flatten() {
        let hours = lead["lead_ms"].as_i64().unwrap_or(0) / 3_600_000;
        let scored = lead["scored"].as_u64().unwrap_or(0);
        let held = percent(&lead["covered"]).unwrap_or_default();
        text.extend([format!(
            "record, {hours} h ahead: {scored} forecasts, {held} within their interval\n"
        )]);
    }
    text
}

/// The labels that tell a reading from others and that its title does not say already.
fn text_of_labels(row: &Value) -> String {
    let title = row["title"].as_str().unwrap_or_default();
    let labels = row["labels"].as_object().into_iter().flatten();
    labels
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .filter(|(_, value)| !title.contains(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn from_csv(
    file: &Path,
    limit: f64,
    command: &Forecast,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let (times, values) = read(file)?;
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
        upper_bound: (nature == Nature::Stock).then_some(limit),
        lower_bound: None,
        seed: 1,
    };
    let told = plan::forecast(history, &options, now);
    let mut lines = Vec::new();
    for percent in &command.lines {
        let share = percent / 100.0;
        let outlook = plan::outlook(history, &told, limit * share, now);
        let what = Unit::Share.say(share);
        let said = match outlook {
            Outlook::Now => format!("{what} is already reached"),
            _ => plan::say(&outlook, &what, now),
        };
        let reach = told.as_ref().ok().map(|told| told.reach(limit * share, now));
        lines.push(Line { share, outlook, said, reach });
    }
    if output.is_json() {
        let forecast = told.as_ref().ok().map(|told| {
            let points = told
                .points
                .iter()
                .map(|point| json!([point.at.millis(), point.low, point.mid, point.high]));
            json!({ "model": told.model, "trials": told.trials, "error_past": told.error_past,
                    "confidence": CONFIDENCE, "points": points.collect::<Vec<_>>() })
        });
        let lines = lines.iter().map(line_json);
        output.json(&json!({ "samples": times.len(), "at": now.millis(), "limit": limit,
            "lines": lines.collect::<Vec<_>>(), "forecast": forecast }))?;
    } else {
        let last = values.last().copied().unwrap_or(f64::NAN);
        let used = Unit::Share.say(last / limit);
        let mut text = format!(
            "{} samples; last {} of {} ({used})\n",
            times.len(),
            Unit::Count.say(last),
            Unit::Count.say(limit)
        );
        for line in &lines {
            text.push_str("  ");
            text.push_str(&line.said);
            text.push('\n');
        }
        output.text(&text)?;
    }
    Ok(ExitCode::SUCCESS)
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

/// Times and values of a CSV file, which must hold one series.
fn read(file: &Path) -> Result<(Vec<i64>, Vec<f64>), Fault> {
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
    samples.dedup_by_key(|(time, _)| *time);
    Ok(samples.into_iter().unzip())
}
