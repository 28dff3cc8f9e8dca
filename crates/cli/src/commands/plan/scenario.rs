//! `plimsoll plan scenario`

use std::{fs, path::Path, process::ExitCode};

use model::{Kind, Time, Unit};
use plan::{Outcome, ResourceOutcome, Scenario, run_scenario, say_date};

use super::frozen;
use crate::{
    args::plan::{ScenarioCommand, Scenarios},
    fault::Fault,
    output::{Output, errors_in_colour},
};

/// Bars of the tornado that are printed.
const BARS: usize = 8;
/// Months that are printed; all are in JSON.
const MONTHS: usize = 12;

/// Runs scenarios, one beside the other.
pub(crate) fn run(command: &Scenarios, output: &Output) -> Result<ExitCode, Fault> {
    let files = match &command.command {
        ScenarioCommand::Run { files } => files,
        ScenarioCommand::Freeze { file, name, by, note, server } => {
            // What is wrong with it is told here, with the file's own name.
            read(file)?;
            return frozen::freeze((file, server), [name, by, note], output);
        }
        ScenarioCommand::Track { name, server } => {
            return frozen::track(name.as_deref(), server, output);
        }
    };
    let mut outcomes = Vec::new();
    for file in files {
        outcomes.push((read(file)?, file));
    }
    let outcomes: Vec<(Scenario, Outcome)> = outcomes
        .into_iter()
        .map(|(scenario, _)| {
            let outcome = run_scenario(&scenario);
            (scenario, outcome)
        })
        .collect();
    if output.is_json() {
        let views: Vec<_> = outcomes.iter().map(|(_, own)| server::outcome_view(own)).collect();
        match views.as_slice() {
            [one] => output.json(one)?,
            _ => output.json(&views)?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    for (scenario, outcome) in &outcomes {
        print(scenario, outcome, output)?;
    }
    if outcomes.len() > 1 {
        compare(&outcomes, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Scenario, Fault> {
    let text = fs::read_to_string(file).map_err(|error| {
        Fault::from_error(Kind::Missing, &error).help(format!("reading {}", file.display()))
    })?;
    Scenario::parse(&file.display().to_string(), &text)
        .map_err(|wrong| Fault::new(Kind::Invalid, wrong.render(errors_in_colour())))
}

fn print(scenario: &Scenario, outcome: &Outcome, output: &Output) -> Result<(), Fault> {
    let now = scenario.start;
    output.text(&format!("{}, {} draws\n\n", outcome.name, scenario.draws))?;
    let rows = outcome.resources.iter().map(|own| summary(own, outcome, now));
    let worth = outcome.resources.iter().filter_map(|own| Some((own, own.benefit?)));
    let worth: Vec<String> = worth.map(|(own, worth)| said_worth(own, &worth, outcome)).collect();
    let head = [
        "resource",
        "line",
        "p50 reaches it",
        "p90 reaches it",
        "order by",
        "gap p50 / p90 at the end",
    ];
    output.table(&head, rows.collect())?;
    for line in worth {
        output.text(&line)?;
    }
    let shown = outcome.ends.len().div_ceil(MONTHS).max(1);
    let mut head = vec!["month ends".to_owned()];
    head.extend(outcome.resources.iter().map(|own| format!("{} p50 / p90", own.title)));
    head.push(format!("cost p50 / p90 {}", outcome.money).trim_end().to_owned());
    let months = (0..outcome.ends.len()).skip(shown - 1).step_by(shown);
    let rows = months.map(|month| {
        let mut row = vec![say_date(outcome.ends[month], now)];
        row.extend(outcome.resources.iter().map(|own| {
            let demand = own.months[month].demand;
            format!("{} / {}", own.unit.say(demand.p50), own.unit.say(demand.p90))
        }));
        let cost = outcome.cost[month];
        row.push(format!("{} / {}", Unit::Count.say(cost.p50), Unit::Count.say(cost.p90)));
        row
    });
    output.text("\n")?;
    output.table(&head.iter().map(String::as_str).collect::<Vec<_>>(), rows.collect())?;
    let Some(first) = outcome.resources.first().filter(|_| !outcome.tornado.is_empty()) else {
        return Ok(());
    };
    output.text(&format!("\nwhat sways {} in the last month most\n", first.title))?;
    let rows = outcome.tornado.iter().take(BARS).map(|bar| {
        vec![
            bar.name.clone(),
            first.unit.say(bar.low),
            first.unit.say(bar.high),
            Unit::Share.say(bar.share),
        ]
    });
    output.table(
        &["input", "low / does not happen", "high / happens", "of the variance"],
        rows.collect(),
    )
}

/// What buying in time is worth, beside buying nothing.
fn said_worth(own: &ResourceOutcome, worth: &plan::Benefit, outcome: &Outcome) -> String {
    let money = |value: f64| Unit::Count.say(value);
    let (npv, chance) = (worth.npv, Unit::Share.say(worth.chance));
    format!(
        "{}: buying in time is worth {} ({} – {}) {}, with {chance} chance of a gain; buying nothing costs {}\n",
        own.title,
        money(npv.p50),
        money(npv.p10),
        money(npv.p90),
        outcome.money,
        money(worth.nothing.p50)
    )
}

fn summary(own: &ResourceOutcome, outcome: &Outcome, now: Time) -> Vec<String> {
    let month = |at: Option<usize>| {
        let end = at.and_then(|at| outcome.ends.get(at));
        end.map_or_else(|| "not within it".to_owned(), |end| format!("by {}", say_date(*end, now)))
    };
    let order = match own.order_by {
        None => String::new(),
        Some(day) if day < now => format!("{}, too late", say_date(day, now)),
        Some(day) => say_date(day, now),
    };
    let last = own.months.last();
    let gap = last.map_or_else(String::new, |last| {
        format!("{} / {}", own.unit.say(last.gap_p50), own.unit.say(last.gap_p90))
    });
    vec![
        own.title.clone(),
        own.unit.say(own.line),
        month(own.reached_p50),
        month(own.reached_p90),
        order,
        gap,
    ]
}

/// The same resources of several scenarios beside each other.
fn compare(outcomes: &[(Scenario, Outcome)], output: &Output) -> Result<(), Fault> {
    let Some((first, _)) = outcomes.first() else { return Ok(()) };
    let mut head = vec!["what"];
    head.extend(outcomes.iter().map(|(own, _)| own.name.as_str()));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for resource in &first.resources {
        let mut row = vec![format!("{}: p90 reaches its line", resource.title)];
        for (scenario, outcome) in outcomes {
            let found = outcome.resources.iter().find(|own| own.name == resource.name);
            let end = found.and_then(|own| own.reached_p90).and_then(|at| outcome.ends.get(at));
            row.push(
                end.map_or_else(
                    || "not within it".to_owned(),
                    |end| say_date(*end, scenario.start),
                ),
            );
        }
        rows.push(row);
    }
    let mut row = vec!["cost in the last month, p50".to_owned()];
    row.extend(outcomes.iter().map(|(_, own)| {
        own.cost.last().map_or_else(String::new, |cost| Unit::Count.say(cost.p50))
    }));
    rows.push(row);
    output.text("\nside by side\n")?;
    output.table(&head, rows)
}
