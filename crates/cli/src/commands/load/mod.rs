//! `plimsoll load`

mod capacity;
mod compare;
mod gate;
mod import;
mod quick;
mod runner;
mod schedule;
mod send;
mod stop;
mod watched;
mod worker;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    thread,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use load::{Beside, Engine, Kept, LoadError, Plan, Run, Stop, Verdict};
use model::Kind;
use serde_json::Value;
use server::SystemClock;

use self::{send::Telling, worker::Sender};

use super::small_runtime;
use crate::{
    args::load::{Load, LoadCommand, Reports, Sent, Watching},
    fault::Fault,
    output::Output,
};

/// Runs a load test and tells what came out.
pub(crate) fn run(command: Load, output: &Output) -> Result<ExitCode, Fault> {
    match command.command {
        None => {
            let (plan, wanted) = quick::plan(command.quick)?;
            let sender = Sender::Here(Engine::new(Arc::new(SystemClock::new())));
            drive(plan, sender, &wanted, output)
        }
        Some(LoadCommand::Run(command)) => {
            let mut plan = read(&command.plan)?;
            plan.allowed.extend(command.allowed);
            let plan = quick::with_profile(plan, &command.profile)?;
            let mut fleet = command.fleet;
            fleet.machines.extend(command.workers);
            let sender = Sender::of(&fleet, &command.plan, &plan)?;
            let wanted = Wanted {
                watching: command.profile.watching,
                reports: command.reports,
                sent: command.sent,
            };
            drive(plan, sender, &wanted, output)
        }
        Some(LoadCommand::Check { plan }) => check(&plan, output),
        Some(LoadCommand::Import(command)) => import::run(&command, output),
        Some(LoadCommand::Capacity(command)) => capacity::run(*command, output),
        Some(LoadCommand::Compare(command)) => compare::run(&command, output),
        Some(LoadCommand::Gate(command)) => gate::run(&command, output),
        Some(LoadCommand::Send(command)) => gate::later::run(&command, output),
        Some(LoadCommand::Worker(command)) => worker::run(command, output),
        Some(LoadCommand::Schedule(command)) => schedule::run(command, output),
        Some(LoadCommand::Runner(command)) => runner::run(&command, output),
        Some(LoadCommand::Stop(command)) => stop::run(&command, output),
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

/// What is wanted besides the run itself.
struct Wanted {
    watching: Watching,
    reports: Reports,
    sent: Sent,
}

/// Whether the files that are asked for have a place, before an hour of load shows that they have none.
fn check_places(reports: &Reports) -> Result<(), Fault> {
    let all = [&reports.html, &reports.json, &reports.hgrm, &reports.junit, &reports.markdown];
    for file in all.into_iter().flatten() {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) || file.is_dir() {
            let fault = Fault::new(Kind::Invalid, format!("cannot write {}", file.display()));
            return Err(fault.help("name a file in a folder that is there"));
        }
    }
    Ok(())
}

/// A run that is over, as it is told.
struct Over<'o> {
    run: &'o Run,
    verdict: &'o Verdict,
    report: &'o Value,
    page: &'o str,
}

/// Writes the files that were asked for.
fn write(reports: &Reports, over: &Over<'_>) -> Result<(), Fault> {
    let Over { run, verdict, report, page } = over;
    let all: [(&Option<PathBuf>, &dyn Fn() -> String); 5] = [
        (&reports.html, &|| (*page).to_owned()),
        (&reports.junit, &|| load::junit(run, verdict)),
        (&reports.markdown, &|| load::markdown(run, verdict)),
        (&reports.hgrm, &|| load::hgrm(run, verdict)),
        (&reports.json, &|| format!("{report:#}\n")),
    ];
    for (file, text) in all {
        if let Some(file) = file {
            write_file(file, &text())?;
        }
    }
    Ok(())
}

fn write_file(file: &Path, text: &str) -> Result<(), Fault> {
    fs::write(file, text).map_err(|error| {
        let fault = Fault::from_error(Kind::Missing, &error);
        fault.help(format!("cannot write {}", file.display()))
    })
}

fn drive(
    plan: Plan,
    mut sender: Sender,
    wanted: &Wanted,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let reports = &wanted.reports;
    check_places(reports)?;
    let baseline = reports.baseline.as_deref().map(compare::report_of).transpose()?;
    stop_on_interrupt(sender.stop())?;
    let remote = send::told_to(&wanted.sent, wanted.watching.token_file.as_ref())?;
    let telling = send::begin(remote.as_ref(), (&wanted.sent, None), &plan, &sender.stop())?;
    let bar = line(output);
    let run = sender.run(plan, &mut |progress| {
        bar.set_message(load::progress(progress));
        if let Some(telling) = &telling {
            telling.tell(progress);
        }
    });
    bar.finish_and_clear();
    let run = run.map_err(|error| not_run(&error))?;
    finish(&run, (wanted, baseline), telling, output)
}

/// Tells what ran, whatever fails meanwhile.
fn finish(
    run: &Run,
    (wanted, baseline): (&Wanted, Option<Kept>),
    telling: Option<Telling>,
    output: &Output,
) -> Result<ExitCode, Fault> {
    let (reports, watching) = (&wanted.reports, &wanted.watching);
    let mut verdict = Verdict::of(run);
    let mut faults = Vec::new();
    if !verdict.trends.is_empty() {
        faults.extend(watched::trends(watching, run, &mut verdict).err());
    }
    let resources = or_fault(watched::resources(watching, run), &mut faults);
    // Both take room for every row of the run, so that they are only made for somebody.
    let needs_page = reports.html.is_some() || telling.is_some();
    let needs_report = reports.json.is_some()
        || baseline.is_some()
        || telling.is_some()
        || watching.watchers.impact.is_some()
        || output.is_json();
    let mut report = Value::Null;
    if needs_report {
        report = load::json(run, &verdict);
        report["resources"] = load::resources_json(&resources);
    }
    let taken = or_fault(watched::taken(watching, &report, baseline.as_ref()), &mut faults);
    if let Some(taken) = &taken {
        report["taken"] = load::taken_json(taken);
    }
    let compared = baseline.map(|before| compare::with_baseline(before, &report)).transpose()?;
    let beside =
        Beside { compared: compared.as_ref(), resources: &resources, taken: taken.as_ref() };
    let page = if needs_page { load::html(run, &verdict, &beside) } else { String::new() };
    let over = Over { run, verdict: &verdict, report: &report, page: &page };
    faults.extend(write(reports, &over).err());
    faults.extend(telling.and_then(|own| own.end(&report, &page, output).err()));
    if output.is_json() {
        if let Some(compared) = &compared {
            report["comparison"] = load::compared_json(compared);
        }
        output.json(&report)?;
    } else {
        tell(run, &verdict, &beside, output)?;
    }
    let own = verdict.word().exit_code();
    let beside = compared.map_or(0, |compared| compared.word().exit_code());
    let code = if own == 0 { beside } else { own };
    // A verdict is not hidden by what else went wrong, and what passed is not wholly done.
    let last = if code == 0 { faults.pop() } else { None };
    for fault in &faults {
        output.note(&fault.text);
        if let Some(help) = &fault.help {
            output.note(help);
        }
    }
    match last {
        Some(fault) => Err(fault),
        None => Ok(ExitCode::from(code)),
    }
}

/// Why a load could not be run, and what to try.
fn not_run(error: &LoadError) -> Fault {
    let fault = Fault::from_error(error.kind(), error);
    match error.help() {
        Some(help) => fault.help(help),
        None => fault,
    }
}

/// What was asked for, or nothing and why.
fn or_fault<T: Default>(asked: Result<T, Fault>, faults: &mut Vec<Fault>) -> T {
    asked.unwrap_or_else(|fault| {
        faults.push(fault);
        T::default()
    })
}

/// What came out, in words.
fn tell(run: &Run, verdict: &Verdict, beside: &Beside<'_>, output: &Output) -> Result<(), Fault> {
    let resources = load::resources_text(beside.resources);
    let taken = beside.taken.map(load::taken_text).unwrap_or_default();
    output.text(&format!("{}{resources}{taken}", load::text(run, verdict)))?;
    let Some(compared) = beside.compared else { return Ok(()) };
    output.text(&format!("\n{}", load::compared_text(compared)))
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
