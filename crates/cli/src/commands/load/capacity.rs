//! `plimsoll load capacity`

use std::{path::Path, process::ExitCode};

use load::{Load, Plan, Rate, SearchRules, Spacing};

use model::Kind;

use super::{line, quick, read, send, stop_on_interrupt, watched, worker::Sender};
use crate::{
    args::{
        self,
        load::{Capacity, LineArguments},
    },
    fault::Fault,
    output::Output,
};

/// Searches, and says what ran out.
pub(super) fn run(command: Capacity, output: &Output) -> Result<ExitCode, Fault> {
    let rules = SearchRules {
        start: command.start.max(1.0),
        rate_max: command.rate_max,
        width: command.width.value(),
        step_max: command.longest_step.to_duration(),
        ..SearchRules::default()
    };
    let (from, resources) = (command.from.clone(), command.resources.clone());
    let (at_least, token_file) = (command.at_least, command.token_file.clone());
    let (fleet, target) = (command.fleet.clone(), command.target.clone());
    let (plan, line_of) = plan(command)?;
    // Whoever cannot be told is found out before the search, which takes minutes.
    let remote = send::told_to(&line_of.sent, token_file.as_ref())?;
    needs_service(&line_of, remote.is_some())?;
    let mut sender = Sender::of(&fleet, Path::new(&target), &plan)?;
    stop_on_interrupt(sender.stop())?;
    let bar = line(output);
    let mut told = |step: &load::StepTold| {
        bar.suspend(|| output.note(&load::step_text(step)));
    };
    let mut passing = |interval: &load::Interval, rate: f64| {
        bar.set_message(format!(
            "asked {rate:.0} a second, {} good, {} on their way",
            interval.good, interval.in_flight
        ));
    };
    let found = load::capacity_of(&mut sender, &plan, rules, &mut told, &mut passing);
    bar.finish_and_clear();
    let mut capacity = found.map_err(|error| Fault::from_error(error.kind(), &error))?;
    if let Some(server) = from {
        let server = args::Server { server, token_file };
        let ends = capacity.steps.first().zip(capacity.steps.last());
        if let Some((first, last)) = ends {
            let range = (first.between.0, last.between.1);
            let asked = watched::asked(&resources, &watched::SHARES);
            let watched = watched::watched(&server, &asked, range)?;
            capacity.demands = load::demands(&capacity.steps, &watched, capacity.high);
        }
    }
    let document = load::capacity_json(&capacity);
    if output.is_json() {
        output.json(&document)?;
    } else {
        output.text(&load::capacity_text(&capacity))?;
    }
    let is_point = matches!(document["word"].as_str(), Some("found" | "at_least" | "nothing"));
    match remote.filter(|_| is_point).zip(send::ToLine::of(&line_of, None)) {
        Some((remote, to)) => send::tell_line(&remote, &to, &document, output)?,
        None if line_of.sent.to.is_some() => {
            output.note("the server was told nothing: the search found no point of a line");
        }
        None => {}
    }
    Ok(ExitCode::from(capacity.exit_code(at_least)))
}

/// What is found is told to a service's line, so somebody has to say to whose.
pub(super) fn needs_service(line: &LineArguments, is_sent: bool) -> Result<(), Fault> {
    if is_sent && line.sent.service.is_none() {
        return Err(Fault::new(Kind::Invalid, "nobody said whose load line is to be told")
            .help("name the service: --service NAME"));
    }
    if line.times.is_finite() && line.times > 0.0 {
        return Ok(());
    }
    Err(Fault::new(Kind::Invalid, "--times is a number above nought"))
}

fn plan(command: Capacity) -> Result<(Plan, LineArguments), Fault> {
    let is_address = command.target.contains("://");
    if !is_address {
        let mut plan = read(Path::new(&command.target))?;
        plan.allowed.extend(command.sending.allowed);
        if !command.thresholds.is_empty() {
            plan.thresholds = command.thresholds;
        }
        return Ok((plan, command.line));
    }
    // The rate is that of each step.
    let rate = Rate::constant(1.0, std::time::Duration::from_secs(1));
    let load = Load::Open { rate, spacing: Spacing::Even };
    let quick = quick::quick(command.target, load, command.request, command.sending)?;
    let quick = load::Quick { thresholds: command.thresholds, ..quick };
    let plan = quick.plan().map_err(|error| Fault::from_error(error.kind(), &error))?;
    Ok((plan, command.line))
}
