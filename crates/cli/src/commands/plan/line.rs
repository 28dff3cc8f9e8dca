//! `plimsoll plan line`

use std::{path::Path, process::ExitCode};

use model::{Kind, Relation, Service, ServiceLimit, Share, Time, Unit};
use plan::{LimitPast, LineOptions, LoadLine, ServicePast, dates, load_line, say_line};
use serde_json::{Value, json};

use super::{columns::Columns, forecast::zone};
use crate::{
    args::plan::Line, client::Remote, commands::small_runtime, fault::Fault, output::Output,
};

/// How sure intervals are.
const CONFIDENCE: f64 = 0.9;

/// Says how much load a service carries.
pub(crate) fn run(command: &Line, output: &Output) -> Result<ExitCode, Fault> {
    match (&command.csv, &command.load) {
        (Some(file), Some(load)) => from_csv(file, load, command, output),
        _ => from_server(command, output),
    }
}

fn from_server(command: &Line, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let path = "/api/plimsoll/v1/services";
    let wanted = command.service.as_deref();
    let path = wanted.map_or_else(|| path.to_owned(), |name| format!("{path}/{name}"));
    let answer = small_runtime()?.block_on(remote.get(&path, &[]))?;
    if output.is_json() {
        output.json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let sentence = |row: &Value| format!("{}: {}\n", text(row, "title"), text(row, "text"));
    let Some(services) = answer["services"].as_array() else {
        output.text(&sentence(&answer))?;
        let limits = answer["limits"].as_array().into_iter().flatten().map(row_told);
        output.table(&["limit", "line", "90 %", "form", "cost changed"], limits.collect())?;
        return Ok(ExitCode::SUCCESS);
    };
    if services.is_empty() {
        output.note("no service is declared; `services` of the settings declares them");
    }
    for service in services {
        output.text(&sentence(service))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

/// A limit as the server tells it.
fn row_told(limit: &Value) -> Vec<String> {
    let number =
        |value: &Value| value.as_f64().map_or_else(String::new, |own| Unit::Count.say(own));
    let line = &limit["line"];
    let told = limit["why_not"].as_str().map_or_else(|| number(&line["mid"]), str::to_owned);
    let range = format!("{} – {}", number(&line["low"]), number(&line["high"]));
    let range = if line.is_null() { String::new() } else { range };
    let dearer = limit["cost_change"]["times"].as_f64();
    let dearer = dearer.map_or_else(String::new, |times| format!("× {times:.2}"));
    vec![text(limit, "title"), told, range, text(limit, "form"), dearer]
}

fn from_csv(file: &Path, load: &str, command: &Line, output: &Output) -> Result<ExitCode, Fault> {
    let share = |value| Share::new(value);
    let confidence = share(CONFIDENCE)
        .ok_or_else(|| Fault::new(Kind::Internal, "the confidence is no share"))?;
    let target = settings::parse_share(&command.target).filter(|share| share.value() > 0.0);
    let target = target.ok_or_else(|| {
        Fault::new(Kind::Invalid, format!("{:?} is no share", command.target))
            .help("write 80% or 0.8")
    })?;
    let mut limits = Vec::new();
    for text in &command.limits {
        limits.push(limit(text, target)?);
    }
    let columns = Columns::read(file)?;
    let (load, load_past) = columns.column(load)?;
    let mut service = Service {
        name: load.to_owned(),
        title: load.to_owned(),
        load: load.to_owned(),
        load_unit: Unit::Count,
        replicas: None,
        zones: None,
        data: model::DataExpressions::default(),
        owner: String::new(),
        limits: Vec::new(),
        launches: Vec::new(),
    };
    let (declared, pasts) = found(limits, &columns)?;
    service.limits = declared;
    let parts = service.limits.iter().zip(pasts).map(|(declared, (limit, used))| LimitPast {
        declared,
        used,
        limit,
        copies: None,
        tested: &[],
    });
    let now = columns.times.last().map_or(Time(0), |last| Time(*last));
    let zone = zone(&command.zone, &columns.times, now)?;
    let past = ServicePast {
        times: &columns.times,
        load: load_past,
        replicas: None,
        zones: None,
        limits: parts.collect(),
        tested: &[],
        deployments: &[],
        zone: Some(&zone),
        currency: "",
    };
    let line = load_line(&past, LineOptions { confidence, seed: 1 });
    let dates = dates(&past, &line, &[], confidence);
    let said = say_line(&service, &line, dates.as_ref(), "90 %", now);
    tell(&line, (&service.title, &said, now), output)?;
    // Looked and found nothing to tell.
    Ok(if line.line.is_some() { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

/// The line with its limits, as text or as JSON.
fn tell(
    line: &LoadLine,
    (title, said, now): (&str, &str, Time),
    output: &Output,
) -> Result<(), Fault> {
    if output.is_json() {
        let range = |range: &plan::Range| {
            json!({ "low": range.low, "mid": range.mid,
            "high": Some(range.high).filter(|high| high.is_finite()) })
        };
        output.json(&json!({ "text": said, "at": now.millis(), "load_now": line.load_now,
            "load_seen": line.load_seen, "line": line.line.as_ref().map(range),
            "limits": line.limits.iter().map(|own| limit_json(own, &range)).collect::<Vec<_>>() }))?;
    } else {
        output.text(&format!("{title}: {said}\n"))?;
        output.table(&["limit", "line", "at most", "first", "form", "explained"], rows(line))?;
    }
    Ok(())
}

/// A limit with the recorded use of what it limits.
type Past<'c> = (f64, &'c [f64]);

/// The limits under the names of their columns, with what these hold.
fn found(
    limits: Vec<(f64, ServiceLimit)>,
    columns: &Columns,
) -> Result<(Vec<ServiceLimit>, Vec<Past<'_>>), Fault> {
    let (mut all, mut pasts) = (Vec::<ServiceLimit>::new(), Vec::new());
    for (limit, declared) in limits {
        let (name, used) = columns.column(&declared.name)?;
        if all.iter().any(|own| own.name == name) {
            let text = format!("the column {name:?} has two limits");
            return Err(Fault::new(Kind::Invalid, text).help("keep one --limit for each column"));
        }
        let [name, title] = [name.to_owned(), name.to_owned()];
        all.push(ServiceLimit { used: name.clone(), name, title, ..declared });
        pasts.push((limit, used));
    }
    Ok((all, pasts))
}

/// `connections=200:held`
fn limit(text: &str, target: Share) -> Result<(f64, ServiceLimit), Fault> {
    let wrong = || {
        Fault::new(Kind::Invalid, format!("{text:?} is no limit"))
            .help("write COLUMN=LIMIT or COLUMN=LIMIT:RELATION, such as connections=200:held")
    };
    // A limit is a number, so what comes before the last sign is the column's name, whatever stands in that.
    let (name, rest) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (limit, relation) = rest.split_once(':').unwrap_or((rest, "unknown"));
    let limit = limit.parse::<f64>().ok().filter(|limit| *limit > 0.0).ok_or_else(wrong)?;
    let relation = Relation::WORDS.iter().find(|(word, _)| *word == relation).ok_or_else(wrong)?.1;
    let declared = ServiceLimit {
        name: name.to_owned(),
        title: name.to_owned(),
        used: name.to_owned(),
        limit: limit.to_string(),
        unit: Unit::Count,
        target,
        relation,
        each_replica: false,
        copies: None,
        steps: Vec::new(),
    };
    Ok((limit, declared))
}

fn rows(line: &LoadLine) -> Vec<Vec<String>> {
    let count = |value: f64| Unit::Count.say(value);
    let row = |own: &plan::LimitLine| {
        let rest = match &own.known {
            Err(why) => {
                vec![why.to_string(), String::new(), String::new(), String::new(), String::new()]
            }
            Ok(known) => vec![
                known.line.map_or_else(|| "not reached".to_owned(), |line| count(line.mid)),
                known.line.map_or_else(String::new, |line| {
                    format!("{} – {}", count(line.low), count(line.high))
                }),
                Unit::Share.say(known.first),
                known.response.form().word().to_owned(),
                Unit::Share.say(known.response.explained),
            ],
        };
        std::iter::once(own.title.clone()).chain(rest).collect()
    };
    line.limits.iter().map(row).collect()
}

fn limit_json(own: &plan::LimitLine, range: &dyn Fn(&plan::Range) -> Value) -> Value {
    let known = own.known.as_ref();
    json!({ "name": own.name, "limit": own.limit, "target": own.target.value(),
        "why_not": known.err().map(ToString::to_string),
        "line": known.ok().and_then(|known| known.line.as_ref()).map(range),
        "first": known.ok().map(|known| known.first),
        "guess": known.ok().map(|known| known.guess),
        "form": known.ok().map(|known| known.response.form().word()),
        "explained": known.ok().map(|known| known.response.explained),
        "cost_change": known.ok().and_then(|known| known.change.as_ref()).map(|change| {
            json!({ "since": change.since.millis(), "times": change.times, "cause": change.cause, "tested": change.tested })
        }) })
}
