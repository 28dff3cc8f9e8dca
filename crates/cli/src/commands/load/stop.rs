//! `plimsoll load stop`

use std::process::ExitCode;

use serde_json::json;

use crate::{
    args::load::StopLoad, client::Remote, commands::small_runtime, fault::Fault, output::Output,
};

/// Stops all load, or one run, or lets load begin again.
pub(super) fn run(command: &StopLoad, output: &Output) -> Result<ExitCode, Fault> {
    let remote = Remote::new(&command.server)?;
    let runtime = small_runtime()?;
    let by = json!({"by": command.by, "why": command.why});
    let (answer, text) = if let Some(run) = &command.run {
        let path = format!("/api/plimsoll/v1/load/live/{run}/stop");
        let answer = runtime.block_on(remote.post_json(&path, &by))?;
        (answer, format!("{run} is told to stop\n"))
    } else if command.release {
        let answer = runtime.block_on(remote.delete("/api/plimsoll/v1/load/stop"))?;
        (answer, "load may begin again\n".to_owned())
    } else {
        let answer = runtime.block_on(remote.post_json("/api/plimsoll/v1/load/stop", &by))?;
        let stopped = answer["stopped"].as_u64().unwrap_or_default();
        let text = format!(
            "runs told to stop: {stopped}; none may begin until `plimsoll load stop --release`\n"
        );
        (answer, text)
    };
    if output.is_json() {
        output.json(&answer)?;
    } else {
        output.text(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}
