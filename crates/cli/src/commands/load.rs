//! `plimsoll load`

use std::{fs, process::ExitCode, sync::Arc, thread};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use load::{
    Connections, Engine, Limits, Load as Amount, Phase, Plan, Protocol, Quick, Rate, Spacing, Stop,
    Trust, Verdict,
};
use model::Kind;
use server::SystemClock;

use super::small_runtime;
use crate::{
    args::load::{ConnectionsWord, Load, Much},
    fault::Fault,
    output::Output,
};

/// Runs a load test and tells what came out.
pub(crate) fn run(command: Load, output: &Output) -> Result<ExitCode, Fault> {
    let plan = plan(command)?;
    drive(plan, output)
}

fn drive(plan: Plan, output: &Output) -> Result<ExitCode, Fault> {
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
    if output.is_json() {
        output.json(&load::json(&run, &verdict))?;
    } else {
        output.text(&load::text(&run, &verdict))?;
    }
    Ok(ExitCode::from(verdict.word().exit_code()))
}

fn plan(command: Load) -> Result<Plan, Fault> {
    let Load { url, much, request, sending, thresholds } = command;
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
        url,
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
    quick.plan().map_err(|error| Fault::from_error(error.kind(), &error))
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
