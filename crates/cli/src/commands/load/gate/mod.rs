//! `plimsoll load gate`: several runs of two releases, in turns, and what they say together.

pub(super) mod later;
mod told;

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use load::{Beside, Engine, Kept, Plan, Rules, Verdict};
use model::{Clock as _, Kind};
use serde_json::Value;
use server::SystemClock;

use self::told::{Judged, Told};
use super::{capacity, compare, line, not_run, read, send::Telling, stop_on_interrupt, write_file};
use crate::{args::load::Gate, fault::Fault, output::Output};

/// The file in a gate's folder that says what it came to, and its shape.
const FILE: &str = "gate.json";
const SCHEMA: &str = "plimsoll.load-gate/1";

/// Runs and judges.
pub(super) fn run(command: &Gate, output: &Output) -> Result<ExitCode, Fault> {
    let plan = |file: &Path| -> Result<Plan, Fault> {
        let mut plan = read(file)?;
        plan.allowed.extend(command.allowed.iter().cloned());
        Ok(plan)
    };
    let sides = [("before", plan(&command.before)?), ("after", plan(&command.after)?)];
    let clock = SystemClock::new();
    let mut told =
        Told::new(command, format!("{:x}-{:x}", clock.now().millis(), std::process::id()))?;
    if command.line.sent.service.is_some() {
        capacity::needs_service(&command.line, told.is_told())?;
    }
    let engine = Engine::new(Arc::new(clock));
    stop_on_interrupt(engine.stop.clone())?;
    let mut kept = [Vec::new(), Vec::new()];
    for round in 1..=command.runs {
        for ((side, plan), kept) in sides.iter().zip(&mut kept) {
            let name = format!("{side} {round}");
            let of = told.of(side, round);
            let telling = told.begin(&of, (plan, &engine.stop), output)?;
            let (report, page) = one(&engine, plan, (&name, telling.as_ref()), output)?;
            if let Some(folder) = &command.into {
                keep_run(&folder.join(side), u64::from(round), &report)?;
            }
            told.end(telling, &of, (&report, &page), output)?;
            if engine.stop.is_asked() {
                return Err(Fault::new(Kind::Conflict, format!("stopped during run {name}")));
            }
            let run = Kept::of(&name, &report);
            kept.push(run.map_err(|error| Fault::from_error(error.kind(), &error))?);
        }
    }
    judge(command, kept, (told, &sides[1].1), output)
}

/// What the runs come to. That is not hidden by what else goes wrong, and what passed is not wholly done then.
fn judge(
    command: &Gate,
    [before, after]: [Vec<Kept>; 2],
    (told, plan): (Told<'_>, &Plan),
    output: &Output,
) -> Result<ExitCode, Fault> {
    let rules = Rules { relevant: command.relevant.value(), ..command.impact.cutting.rules() };
    let outcome = load::compare(&before, &after, rules);
    let impact = compare::impact_of(&command.impact, (&before, &after), rules);
    let (impact, fault) = match impact {
        Ok(impact) => (impact, None),
        Err(fault) => (None, Some(fault)),
    };
    let code = compare::tell(&outcome, impact.as_ref(), command.markdown.as_deref(), output)?;
    told.verdict(plan, &Judged { outcome: &outcome, impact: impact.as_ref() }, output);
    match fault {
        Some(fault) if outcome.word().exit_code() == 0 => Err(fault),
        Some(fault) => {
            output.note(&format!("nothing is known of what it takes: {}", fault.text));
            Ok(code)
        }
        None => Ok(code),
    }
}

fn release<'c>(command: &'c Gate, side: &str) -> Option<&'c str> {
    if side == "before" {
        command.release_before.as_deref()
    } else {
        command.line.sent.release.as_deref()
    }
}

/// One run: its report, and its page if a server is told.
fn one(
    engine: &Engine,
    plan: &Plan,
    (name, telling): (&str, Option<&Telling>),
    output: &Output,
) -> Result<(Value, String), Fault> {
    let bar = line(output);
    let run = engine.run(plan.clone(), &mut |progress| {
        bar.set_message(format!("{name}: {}", load::progress(progress)));
        if let Some(telling) = telling {
            telling.tell(progress);
        }
    });
    bar.finish_and_clear();
    let run = run.map_err(|error| not_run(&error))?;
    let verdict = Verdict::of(&run);
    output.note(&format!("run {name}: {}", verdict.word().as_str()));
    Ok((load::json(&run, &verdict), load::html(&run, &verdict, &Beside::default())))
}

fn keep_run(folder: &Path, round: u64, report: &Value) -> Result<(), Fault> {
    make_folder(folder)?;
    write_file(&folder.join(format!("{round:02}.json")), &format!("{report:#}\n"))
}

fn make_folder(folder: &Path) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|error| {
        let fault = Fault::from_error(Kind::Missing, &error);
        fault.help(format!("cannot make the folder {}", folder.display()))
    })
}
