//! `plimsoll load gate`: several runs of two releases, in turns, and what they say together.

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use load::{Beside, Engine, Impact, Kept, Outcome, Plan, Rules, Verdict};
use model::{Clock as _, Kind};
use serde_json::{Value, json};
use server::SystemClock;

use super::{
    capacity, compare, line, read,
    send::{self, OfGate},
    stop_on_interrupt, write_file,
};
use crate::{
    args::load::{Gate, Sent},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

/// Runs and judges.
pub(super) fn run(command: &Gate, output: &Output) -> Result<ExitCode, Fault> {
    let plan = |file: &Path| -> Result<Plan, Fault> {
        let mut plan = read(file)?;
        plan.allowed.extend(command.allowed.iter().cloned());
        Ok(plan)
    };
    let sides = [("before", plan(&command.before)?), ("after", plan(&command.after)?)];
    let clock = SystemClock::new();
    let told = Told {
        remote: send::told_to(&command.line.sent, command.impact.token_file.as_ref())?,
        id: format!("{:x}-{:x}", clock.now().millis(), std::process::id()),
    };
    if command.line.sent.service.is_some() {
        capacity::needs_service(&command.line, told.remote.is_some())?;
    }
    let engine = Engine::new(Arc::new(clock));
    stop_on_interrupt(engine.stop.clone())?;
    let mut kept = [Vec::new(), Vec::new()];
    for round in 1..=command.runs {
        for ((side, plan), kept) in sides.iter().zip(&mut kept) {
            let name = format!("{side} {round}");
            let of = OfGate { id: &told.id, side, release: release(command, side), round };
            let sent = (told.remote.as_ref(), &command.line.sent, &of);
            let report = one(&engine, plan, (&name, sent), output)?;
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
    let code = compare::tell(&outcome, impact.as_ref(), command.markdown.as_deref(), output)?;
    if let Some(remote) = &told.remote {
        verdict(command, (remote, &told.id), (&sides[1].1, &outcome, impact.as_ref()), output)?;
    }
    Ok(code)
}

/// The server that is told, and the gate's id there.
struct Told {
    remote: Option<Remote>,
    id: String,
}

fn release<'c>(command: &'c Gate, side: &str) -> Option<&'c str> {
    if side == "before" {
        command.release_before.as_deref()
    } else {
        command.line.sent.release.as_deref()
    }
}

/// Tells the server what the gate came to, and the load line what the release takes.
fn verdict(
    command: &Gate,
    (remote, id): (&Remote, &str),
    (plan, outcome, impact): (&Plan, &Outcome, Option<&Impact>),
    output: &Output,
) -> Result<(), Fault> {
    let sent = &command.line.sent;
    let body = json!({
        "id": id, "plan": plan.name, "service": sent.service, "by": sent.by,
        "release_before": command.release_before, "release": sent.release,
        "comparison": compare::document(outcome, impact),
    });
    small_runtime()?.block_on(remote.post_json("/api/plimsoll/v1/load/gates", &body))?;
    output.note(&format!("the gate is kept as {id}"));
    match impact {
        Some(impact) => compare::tell_line(remote, &command.line, (impact, Some(id)), output),
        None => Ok(()),
    }
}

fn one(
    engine: &Engine,
    plan: &Plan,
    (name, (remote, sent, of)): (&str, (Option<&Remote>, &Sent, &OfGate<'_>)),
    output: &Output,
) -> Result<Value, Fault> {
    let telling = send::begin(remote, (sent, Some(of)), plan, &engine.stop)?;
    let bar = line(output);
    let run = engine.run(plan.clone(), &mut |progress| {
        bar.set_message(format!("{name}: {}", load::progress(progress)));
        if let Some(telling) = &telling {
            telling.tell(progress);
        }
    });
    bar.finish_and_clear();
    let run = run.map_err(|error| Fault::from_error(error.kind(), &error))?;
    let verdict = Verdict::of(&run);
    output.note(&format!("run {name}: {}", verdict.word().as_str()));
    let report = load::json(&run, &verdict);
    if let Some(telling) = telling {
        telling.end(&report, &load::html(&run, &verdict, &Beside::default()), output)?;
    }
    Ok(report)
}

fn keep(folder: &Path, round: u8, report: &Value) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(|error| {
        let fault = Fault::from_error(Kind::Missing, &error);
        fault.help(format!("cannot make the folder {}", folder.display()))
    })?;
    write_file(&folder.join(format!("{round:02}.json")), &format!("{report:#}\n"))
}
