//! `plimsoll load gate`: several runs of two releases, in turns, and what they say together.

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use load::{Engine, Kept, Plan, Rules, Verdict};
use model::Kind;
use serde_json::Value;
use server::SystemClock;

use super::{compare, line, read, stop_on_interrupt, write_file};
use crate::{args::load::Gate, fault::Fault, output::Output};

/// Runs and judges.
pub(super) fn run(command: &Gate, output: &Output) -> Result<ExitCode, Fault> {
    let plan = |file: &Path| -> Result<Plan, Fault> {
        let mut plan = read(file)?;
        plan.allowed.extend(command.allowed.iter().cloned());
        Ok(plan)
    };
    let sides = [("before", plan(&command.before)?), ("after", plan(&command.after)?)];
    let engine = Engine::new(Arc::new(SystemClock::new()));
    stop_on_interrupt(engine.stop.clone())?;
    let mut kept = [Vec::new(), Vec::new()];
    for round in 1..=command.runs {
        for ((side, plan), kept) in sides.iter().zip(&mut kept) {
            let name = format!("{side} {round}");
            let report = one(&engine, plan, &name, output)?;
            if engine.stop.is_asked() {
                return Err(Fault::new(Kind::Conflict, format!("stopped during run {name}")));
            }
            if let Some(folder) = &command.into {
                keep(&folder.join(side), round, &report)?;
            }
            let run = Kept::of(&name, &report);
            kept.push(run.map_err(|error| Fault::from_error(error.kind(), &error))?);
        }
    }
    let [before, after] = kept;
    let rules = Rules { relevant: command.relevant.value(), ..Rules::default() };
    let outcome = load::compare(&before, &after, rules);
    let impact = compare::impact_of(&command.impact, (&before, &after), rules)?;
    compare::tell(&outcome, impact.as_ref(), command.markdown.as_deref(), output)
}

fn one(engine: &Engine, plan: &Plan, name: &str, output: &Output) -> Result<Value, Fault> {
    let bar = line(output);
    let run = engine.run(plan.clone(), &mut |progress| {
        bar.set_message(format!("{name}: {}", load::progress(progress)));
    });
    bar.finish_and_clear();
    let run = run.map_err(|error| Fault::from_error(error.kind(), &error))?;
    let verdict = Verdict::of(&run);
    output.note(&format!("run {name}: {}", verdict.word().as_str()));
    Ok(load::json(&run, &verdict))
}

fn keep(folder: &Path, round: u8, report: &Value) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|error| {
        let fault = Fault::from_error(Kind::Missing, &error);
        fault.help(format!("cannot make the folder {}", folder.display()))
    })?;
    write_file(&folder.join(format!("{round:02}.json")), &format!("{report:#}\n"))
}
