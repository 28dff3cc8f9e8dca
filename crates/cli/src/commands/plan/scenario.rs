//! `plimsoll plan scenario`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use model::{Kind, Time, Unit};
use plan::{Scenario, ScenarioBasis, ScenarioPast, run_scenario, run_scenario_knowing, say_date};
use serde_json::Value;

use super::{columns::Columns, frozen};
use crate::{
    args::{
        Server,
        plan::{ScenarioCommand, Scenarios},
    },
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// Bars of the tornado that are printed.
const BARS: usize = 8;
/// Months that are printed; all are in JSON.
const MONTHS: usize = 12;

/// A scenario with what it came to, as the API shows it.
struct Told {
    scenario: Scenario,
    outcome: Value,
}

/// Runs scenarios, one beside the other.
pub(crate) fn run(command: &Scenarios, output: &Output) -> Result<ExitCode, Fault> {
    let told = match &command.command {
        ScenarioCommand::Run { files, csv, past, server } => {
            told(files, csv.as_deref(), past.as_deref().map(|past| (past, server)))?
        }
        ScenarioCommand::Freeze { file, name, by, note, server } => {
            // What is wrong with it is told here, with the file's own name.
            read(file)?;
            return frozen::freeze((file, server), [name, by, note], output);
        }
        ScenarioCommand::Track { name, server } => {
            return frozen::track(name.as_deref(), server, output);
        }
    };
    if output.is_json() {
        let views: Vec<&Value> = told.iter().map(|own| &own.outcome).collect();
        match views.as_slice() {
            [one] => output.json(one)?,
            _ => output.json(&views)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    for own in &told {
        print(own, output)?;
    }
    if told.len() > 1 {
        compare(&told, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs each file: on a server, or here by the columns of a file, or here by general knowledge.
fn told(
    files: &[PathBuf],
    csv: Option<&Path>,
    server: Option<(&str, &Server)>,
) -> Result<Vec<Told>, Fault> {
    // All are read before any is run.
    let scenarios: Vec<(Scenario, String)> =
        files.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    if let Some((past, server)) = server {
        let (remote, runtime) = (Remote::new(server)?, small_runtime()?);
        for (scenario, text) in scenarios {
            let path = "/api/plimsoll/v1/scenarios/run";
            let outcome = runtime.block_on(remote.post_yaml(path, &[("past", past)], text))?;
            found.push(Told { scenario, outcome });
        }
        return Ok(found);
    }
    let columns = csv.map(Columns::read).transpose()?;
    for (scenario, _) in scenarios {
        let outcome = match &columns {
            None => run_scenario(&scenario),
            Some(columns) => run_scenario_knowing(&scenario, &learnt(&scenario, columns)?),
        };
        let outcome = serde_json::to_value(server::outcome_view(&outcome))
            .map_err(|error| Fault::from_error(Kind::Internal, &error))?;
        found.push(Told { scenario, outcome });
    }
    Ok(found)
}

fn learnt(scenario: &Scenario, columns: &Columns) -> Result<ScenarioBasis, Fault> {
    let past = ScenarioPast {
        times: &columns.times,
        drivers: columns.named(scenario.drivers.iter().map(|own| own.name.as_str()))?,
        resources: columns.named(scenario.resources.iter().map(|own| own.name.as_str()))?,
        ..ScenarioPast::default()
    };
    Ok(ScenarioBasis::learn(scenario, &past))
}

fn read(file: &Path) -> Result<(Scenario, String), Fault> {
    let text = fs::read_to_string(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })?;
    let scenario = Scenario::parse(&file.display().to_string(), &text)
        .map_err(|wrong| Fault::new(Kind::Invalid, wrong.render(errors_in_colour())))?;
    Ok((scenario, text))
}

fn print(Told { scenario, outcome }: &Told, output: &Output) -> Result<(), Fault> {
    let now = scenario.start;
    let resources = list(&outcome["resources"]);
    let ends: Vec<Time> =
        list(&outcome["ends"]).iter().filter_map(Value::as_i64).map(Time).collect();
    output.text(&format!("{}, {} draws\n\n", text(outcome, "name"), scenario.draws))?;
    let rows = resources.iter().map(|own| summary(own, &ends, now));
    let head = [
        "resource",
        "line",
        "p50 reaches it",
        "p90 reaches it",
        "order by",
        "gap p50 / p90 at the end",
    ];
    output.table(&head, rows.collect())?;
    for own in resources.iter().filter(|own| own["benefit"].is_object()) {
        output.text(&said_worth(own, &text(outcome, "money")))?;
    }
    output.text("\nhow each follows\n")?;
    for own in resources {
        output.text(&format!("  {}: {}\n", text(own, "title"), text(&own["basis"], "text")))?;
    }
    for warning in list(&outcome["warnings"]).iter().filter_map(Value::as_str) {
        output.text(&format!("note: {warning}\n"))?;
    }
    let shown = ends.len().div_ceil(MONTHS).max(1);
    let mut head = vec!["month ends".to_owned()];
    head.extend(resources.iter().map(|own| format!("{} p50 / p90", text(own, "title"))));
    head.push(format!("cost p50 / p90 {}", text(outcome, "money")).trim_end().to_owned());
    let months = (0..ends.len()).skip(shown - 1).step_by(shown);
    let both = |unit: Unit, spread: &Value| {
        format!("{} / {}", unit.say(number(&spread["p50"])), unit.say(number(&spread["p90"])))
    };
    let rows = months.map(|month| {
        let mut row = vec![say_date(ends[month], now)];
        row.extend(resources.iter().map(|own| both(unit_of(own), &own["months"][month]["demand"])));
        row.push(both(Unit::Count, &outcome["cost"][month]));
        row
    });
    output.text("\n")?;
    output.table(&head.iter().map(String::as_str).collect::<Vec<_>>(), rows.collect())?;
    print_tornado(outcome, output)
}

fn print_tornado(outcome: &Value, output: &Output) -> Result<(), Fault> {
    let (resources, tornado) = (list(&outcome["resources"]), list(&outcome["tornado"]));
    let Some(first) = resources.first().filter(|_| !tornado.is_empty()) else { return Ok(()) };
    output.text(&format!("\nwhat sways {} in the last month most\n", text(first, "title")))?;
    let unit = unit_of(first);
    let rows = tornado.iter().take(BARS).map(|bar| {
        vec![
            text(bar, "name"),
            unit.say(number(&bar["low"])),
            unit.say(number(&bar["high"])),
            Unit::Share.say(number(&bar["share"])),
        ]
    });
    output.table(
        &["input", "low / does not happen", "high / happens", "of the variance"],
        rows.collect(),
    )
}

/// What buying in time is worth, beside buying nothing.
fn said_worth(own: &Value, money: &str) -> String {
    let (worth, say) = (&own["benefit"], |value: &Value| Unit::Count.say(number(value)));
    let npv = &worth["npv"];
    format!(
        "{}: buying in time is worth {} ({} – {}) {money}, with {} chance of a gain; buying nothing costs {}\n",
        text(own, "title"),
        say(&npv["p50"]),
        say(&npv["p10"]),
        say(&npv["p90"]),
        Unit::Share.say(number(&worth["chance"])),
        say(&worth["nothing"]["p50"])
    )
}

fn summary(own: &Value, ends: &[Time], now: Time) -> Vec<String> {
    let already = own["already"] == true;
    let month = |key: &str| match reached(own, key, ends) {
        _ if already => "above it already".to_owned(),
        None => "not within it".to_owned(),
        Some(end) => format!("by {}", say_date(end, now)),
    };
    let order = match own["order_by"].as_i64().map(Time) {
        None => String::new(),
        Some(day) if day < now || already => format!("{}, too late", say_date(day, now)),
        Some(day) => say_date(day, now),
    };
    let unit = unit_of(own);
    let last = list(&own["months"]).last();
    let gap = last.map_or_else(String::new, |last| {
        let say = |key: &str| unit.say(number(&last[key]));
        format!("{} / {}", say("gap_p50"), say("gap_p90"))
    });
    vec![
        text(own, "title"),
        unit.say(number(&own["line"])),
        month("reached_p50"),
        month("reached_p90"),
        order,
        gap,
    ]
}

/// The end of the month in which a line is reached.
fn reached(own: &Value, key: &str, ends: &[Time]) -> Option<Time> {
    let month = own[key].as_u64().and_then(|month| usize::try_from(month).ok())?;
    ends.get(month).copied()
}

/// The same resources of several scenarios beside each other.
fn compare(told: &[Told], output: &Output) -> Result<(), Fault> {
    let Some(first) = told.first() else { return Ok(()) };
    let mut head = vec!["what"];
    head.extend(told.iter().map(|own| own.scenario.name.as_str()));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for resource in &first.scenario.resources {
        let mut row = vec![format!("{}: p90 reaches its line", resource.title)];
        for Told { scenario, outcome } in told {
            let all = list(&outcome["resources"]);
            let found = all.iter().find(|own| own["name"] == resource.name.as_str());
            let ends: Vec<Time> =
                list(&outcome["ends"]).iter().filter_map(Value::as_i64).map(Time).collect();
            let end = found.and_then(|own| reached(own, "reached_p90", &ends));
            row.push(
                end.map_or_else(|| "not within it".to_owned(), |end| say_date(end, scenario.start)),
            );
        }
        rows.push(row);
    }
    let mut row = vec!["cost in the last month, p50".to_owned()];
    row.extend(told.iter().map(|own| {
        let last = list(&own.outcome["cost"]).last();
        last.map_or_else(String::new, |cost| Unit::Count.say(number(&cost["p50"])))
    }));
    rows.push(row);
    output.text("\nside by side\n")?;
    output.table(&head, rows)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

fn unit_of(resource: &Value) -> Unit {
    let word = resource["unit"].as_str().unwrap_or_default();
    Unit::WORDS.iter().find(|(own, _)| *own == word).map_or(Unit::Count, |(_, unit)| *unit)
}
