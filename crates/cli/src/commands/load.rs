//! `plimsoll load`

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    thread,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use load::{
    Connections, Engine, Limits, Load as Amount, Phase, Plan, Protocol, Quick, Rate, Run, Spacing,
    Stop, Trust, Verdict,
};
use model::Kind;
use server::SystemClock;

use super::small_runtime;
use crate::{
    args::load::{ConnectionsWord, Load, LoadCommand, Much, QuickLoad, Reports},
    fault::Fault,
    output::Output,
};

/// Runs a load test and tells what came out.
pub(crate) fn run(command: Load, output: &Output) -> Result<ExitCode, Fault> {
    match command.command {
        None => {
            let (plan, reports) = plan(command.quick)?;
            drive(plan, &reports, output)
        }
        Some(LoadCommand::Run(command)) => {
            let mut plan = read(&command.plan)?;
            plan.allowed.extend(command.allowed);
            drive(plan, &command.reports, output)
        }
        Some(LoadCommand::Check { plan }) => check(&plan, output),
    }
}

fn read(file: &Path) -> Result<Plan, Fault> {
    let in_colour = crate::output::errors_in_colour();
    Plan::read(file).map_err(|mistakes| Fault::new(Kind::Invalid, mistakes.render(in_colour)))
}

fn check(file: &Path, output: &Output) -> Result<ExitCode, Fault> {
    let plan = read(file)?;
    let (scenarios, steps) = (plan.scenarios.len(), plan.steps().count());
    if output.is_json() {
        let targets: Vec<String> = plan.origins.iter().map(ToString::to_string).collect();
        let document = serde_json::json!({
            "name": plan.name, "scenarios": scenarios, "steps": steps, "targets": targets,
            "seconds": plan.length().as_secs_f64(),
        });
        output.json(&document)?;
    } else {
        output.text(&format!(
            "{}: no mistakes (scenarios: {scenarios}, steps: {steps}, length: {})\n",
            plan.name,
            model::Unit::Seconds.say(plan.length().as_secs_f64())
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A run as a text.
type Report = fn(&Run, &Verdict) -> String;

/// Writes the files that were asked for.
fn write(reports: &Reports, run: &Run, verdict: &Verdict) -> Result<(), Fault> {
    let all: [(&Option<PathBuf>, Report); 3] = [
        (&reports.html, load::html),
        (&reports.junit, load::junit),
        (&reports.markdown, load::markdown),
    ];
    for (file, report) in all {
        let Some(file) = file else { continue };
        fs::write(file, report(run, verdict)).map_err(|error| {
            let fault = Fault::from_error(Kind::Missing, &error);
            fault.help(format!("cannot write {}", file.display()))
        })?;
    }
    Ok(())
}

fn drive(plan: Plan, reports: &Reports, output: &Output) -> Result<ExitCode, Fault> {
    let engine = Engine::new(Arc::new(SystemClock::new()));
    stop_on_interrupt(engine.stop.clone())?;
    let bar = line(output);
    let run = engine.run(plan, &mut |progress| bar.set_message(load::progress(progress)));
    bar.finish_and_clear();
    let run = run.map_err(|error| {
        let fault = Fault::from_error(error.kind(), &error);
        match error {
            load::LoadError::NotAllowed { origin } => {
                fault.help(format!("if it is yours to load, say so: --allow {}", origin.host))
            }
            _ => fault,
        }
    })?;
    let verdict = Verdict::of(&run);
    write(reports, &run, &verdict)?;
    if output.is_json() {
        output.json(&load::json(&run, &verdict))?;
    } else {
        output.text(&load::text(&run, &verdict))?;
    }
    Ok(ExitCode::from(verdict.word().exit_code()))
}

fn plan(command: QuickLoad) -> Result<(Plan, Reports), Fault> {
    let QuickLoad { url, much, request, sending, thresholds, reports } = command;
    let body = match (&request.body_file, request.body) {
        (Some(file), _) => {
            let text = fs::read_to_string(file).map_err(|error| {
                Fault::from_error(Kind::Missing, &error)
                    .help(format!("cannot read {}", file.display()))
            })?;
            Some(text)
        }
        (None, body) => body,
    };
    let limits = Limits {
        in_flight: sending.in_flight,
        timeout: request.timeout.to_duration(),
        workers: sending.workers.map(usize::from),
        ..Limits::default()
    };
    let quick = Quick {
        url: url.unwrap_or_default(),
        load: amount(&much),
        method: request.method,
        headers: request.headers,
        body,
        connections: match sending.connections {
            ConnectionsWord::Shared => Connections::Shared,
            ConnectionsWord::PerUser => Connections::PerUser,
            ConnectionsWord::New => Connections::New,
        },
        protocol: if sending.http2 { Protocol::Http2 } else { Protocol::Http1 },
        allowed: sending.allowed,
        trust: Trust {
            authorities: sending.authorities,
            insecure_skip_verify: sending.insecure_skip_verify,
        },
        thresholds,
        limits,
        seed: much.seed,
    };
    let plan = quick.plan().map_err(|error| Fault::from_error(error.kind(), &error))?;
    Ok((plan, reports))
}

fn amount(much: &Much) -> Amount {
    let (length, ramp) = (much.length.to_duration(), much.ramp.to_duration());
    if let Some(users) = much.users {
        return Amount::Closed { users, length, ramp: ramp.min(length) };
    }
    let rate = much.rate.unwrap_or_default();
    let phases =
        [Phase { length: ramp, from: 0.0, to: rate }, Phase { length, from: rate, to: rate }];
    let spacing = if much.poisson { Spacing::Poisson { seed: much.seed } } else { Spacing::Even };
    Amount::Open { rate: Rate::new(&phases), spacing }
}

/// Ctrl-C ends the run and not the program, which still tells what ran until then.
fn stop_on_interrupt(stop: Stop) -> Result<(), Fault> {
    let runtime = small_runtime()?;
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            stop.ask();
        }
    };
    let named = thread::Builder::new().name("interrupt".to_owned());
    named.spawn(wait).map(drop).map_err(|error| Fault::from_error(Kind::Internal, &error))
}

/// The line that says how it goes.
fn line(output: &Output) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    if !output.shows_progress() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
