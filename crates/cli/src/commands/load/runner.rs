//! `plimsoll load runner`: takes scheduled load tests when they are due, and stops when their server says so, or is
//! not heard any more.

use std::{process::ExitCode, sync::Arc, time::Duration};

use load::{Beside, Engine, Job, Stop, Verdict};
use model::{Clock as _, Kind};
use serde_json::{Value, json};
use server::SystemClock;

use super::{line, not_run, send::Telling, stop_on_interrupt};
use crate::{
    args::load::Runner, client::Remote, commands::small_runtime, fault::Fault, output::Output,
};

const PATH: &str = "/api/plimsoll/v1/load/schedules";
/// How often it is asked whether one is due.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Waits for load tests and runs them, one after the other.
pub(super) fn run(command: &Runner, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let runtime = small_runtime()?;
    let clock = Arc::new(SystemClock::new());
    let engine = Engine::new(Arc::<SystemClock>::clone(&clock));
    stop_on_interrupt(engine.stop.clone())?;
    output.note("waiting for load tests that are due");
    while !engine.stop.is_asked() {
        let due = runtime.block_on(remote.get(&format!("{PATH}/due"), &[]));
        let id = due.as_ref().ok().and_then(|due| due["schedule"]["id"].as_str());
        let Some(id) = id else {
            if let (Err(fault), true) = (due, command.once) {
                return Err(fault);
            }
            // Within the runtime, whose timers it uses.
            runtime.block_on(async { clock.wait(ASK_EVERY).await });
            continue;
        };
        let claim = json!({ "by": command.by });
        let claimed = runtime.block_on(remote.post_json(&format!("{PATH}/{id}/claim"), &claim));
        // Another runner may have been faster.
        let Ok(claimed) = claimed else { continue };
        let own = Engine { stop: Stop::default(), ..engine.clone() };
        let code = one(command, &claimed, (&own, &engine.stop, &remote), output);
        match code {
            Ok(code) if command.once => return Ok(code),
            Ok(_) => {}
            Err(fault) if command.once => return Err(fault),
            Err(fault) => output.note(&format!("{id}: {}", fault.text)),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn one(
    command: &Runner,
    claimed: &Value,
    (engine, interrupted, remote): (&Engine, &Stop, &Remote),
    output: &Output,
) -> Result<ExitCode, Fault> {
    let job: Job = serde_json::from_value(claimed["job"].clone())
        .map_err(|error| Fault::from_error(Kind::Upstream, &error))?;
    let folder = tempfile::tempdir().map_err(|error| Fault::from_error(Kind::Internal, &error))?;
    let mut plan = job.plan(folder.path()).map_err(|why| Fault::new(Kind::Invalid, why))?;
    // Whom a plan allows is for the one who owns this machine to say.
    plan.allowed.clone_from(&command.allowed);
    let id = claimed["run"].as_str().unwrap_or_default().to_owned();
    output.note(&format!("`{}` begins as {id}", plan.name));
    let notes = json!({ "by": command.by });
    let telling = Telling::start(remote, id, notes, (&engine.stop, true))?;
    let bar = line(output);
    let run = engine.run(plan, &mut |progress| {
        bar.set_message(load::progress(progress));
        telling.tell(progress);
        if interrupted.is_asked() {
            engine.stop.ask();
        }
    });
    bar.finish_and_clear();
    let run = run.map_err(|error| not_run(&error))?;
    let verdict = Verdict::of(&run);
    // What came out is told here as well, and first: the server may be away.
    if output.is_json() {
        output.json(&load::json(&run, &verdict))?;
    } else {
        output.text(&load::text(&run, &verdict))?;
    }
    let page = load::html(&run, &verdict, &Beside::default());
    telling.end(&load::json(&run, &verdict), &page, output)?;
    Ok(ExitCode::from(verdict.word().exit_code()))
}
