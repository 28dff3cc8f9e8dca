//! A gate told to a server: each run while it goes on, and in the end what it comes to. Once the first run has begun,
//! nothing that the server does ends the gate or changes what it comes to: what is not taken is put aside.

use std::path::{Path, PathBuf};

use load::{Plan, Stop};
use model::Kind;
use serde_json::{Value, json};

use super::{FILE, SCHEMA, keep_run, release, write_file};
use crate::{
    args::load::Gate,
    client::Remote,
    commands::load::{
        compare,
        send::{self, OfGate, Telling},
    },
    fault::Fault,
    output::Output,
};

/// Who is told, and what is not told yet.
pub(super) struct Told<'c> {
    command: &'c Gate,
    remote: Option<Remote>,
    id: String,
    /// Each run with its id, in the order in which they ran.
    runs: Vec<Value>,
    /// Runs that the server did not take.
    aside: Vec<Value>,
}

impl<'c> Told<'c> {
    pub(super) fn new(command: &'c Gate, id: String) -> Result<Self, Fault> {
        let remote = send::told_to(&command.line.sent, command.impact.token_file.as_ref())?;
        // What would be refused in the end is found out before the runs, which take minutes.
        let service = command.line.sent.service.as_ref().filter(|_| command.impact.from.is_some());
        if let (Some(remote), Some(service)) = (&remote, service) {
            send::knows_service(remote, service)?;
        }
        Ok(Self { command, remote, id, runs: Vec::new(), aside: Vec::new() })
    }

    pub(super) fn is_told(&self) -> bool {
        self.remote.is_some()
    }

    pub(super) fn of(&self, side: &'static str, round: u8) -> OfGate<'c> {
        let (id, release) = (self.id.clone(), release(self.command, side));
        OfGate { id, side, release, round, was_away: !self.aside.is_empty() }
    }

    /// Says that a run begins. What the server refuses does not begin; a server that is away only before the first run.
    pub(super) fn begin(
        &self,
        of: &OfGate<'_>,
        (plan, stop): (&Plan, &Stop),
        output: &Output,
    ) -> Result<Option<Telling>, Fault> {
        let sent = (&self.command.line.sent, Some(of));
        match send::begin(self.remote.as_ref(), sent, plan, stop) {
            Err(fault) if is_away(&fault) && !self.runs.is_empty() => {
                let name = format!("{} {}", of.side, of.round);
                output.note(&format!("run {name} is not shown on the server: {}", fault.text));
                Ok(None)
            }
            other => other,
        }
    }

    /// Sends the report of a run, or puts it aside.
    pub(super) fn end(
        &mut self,
        telling: Option<Telling>,
        of: &OfGate<'_>,
        (report, page): (&Value, &str),
        output: &Output,
    ) -> Result<(), Fault> {
        let was_told = telling.is_some();
        let run = match telling {
            Some(telling) => telling.finish(report, page, output)?,
            None => self.untold(of, (report, page)),
        };
        self.runs.push(json!({"id": run["id"], "side": of.side, "round": of.round}));
        let Some(remote) = &self.remote else { return Ok(()) };
        // While one waits, it is the end that tells whether the server is back.
        let kept = if was_told && self.aside.is_empty() {
            send::keep(remote, "runs", &run).map(drop)
        } else {
            Err(Fault::new(Kind::Upstream, "the server was away"))
        };
        match kept {
            Ok(()) => output.note(&format!("the report is kept as {}", text(&run["id"]))),
            Err(fault) => {
                let name = format!("{} {}", of.side, of.round);
                output.note(&format!("the report of run {name} is sent later: {}", fault.text));
                self.aside.push(run);
            }
        }
        Ok(())
    }

    /// A run of which no server knows, with an id that it always gets.
    fn untold(&self, of: &OfGate<'_>, (report, page): (&Value, &str)) -> Value {
        let sent = &self.command.line.sent;
        let side = if of.side == "before" { 'b' } else { 'a' };
        json!({
            "id": format!("{}-{side}{:02x}", self.id, of.round),
            "service": sent.service, "release": of.release, "by": sent.by,
            "gate": {"id": of.id, "side": of.side, "round": of.round},
            "report": report, "page": page,
        })
    }

    /// Keeps and tells what the gate came to; what cannot be told is said, and how to tell it later.
    pub(super) fn verdict(mut self, plan: &Plan, judged: &Judged<'_>, output: &Output) {
        let sent = &self.command.line.sent;
        let gate = json!({
            "id": self.id, "plan": plan.name, "service": sent.service, "by": sent.by,
            "release_before": self.command.release_before, "release": sent.release,
            "comparison": compare::document(judged.outcome, judged.impact),
        });
        let kept = match &self.command.into {
            Some(folder) => self.keep(folder, &gate, &[]).err(),
            None => None,
        };
        if let Some(fault) = kept {
            output.note(&fault.text);
        }
        let Some(remote) = self.remote.take() else { return };
        let Err(fault) = self.send(&remote, &gate, judged, output) else { return };
        output.note(&format!("the server does not know all of the gate: {}", fault.text));
        let folder = self.command.into.clone().unwrap_or_else(|| self.own_folder());
        match self.keep(&folder, &gate, &self.aside) {
            Ok(()) => output.note(&format!(
                "it is kept in {0}; tell it when the server is back: plimsoll load send {0} --server {1}",
                folder.display(),
                sent.to.as_deref().unwrap_or_default()
            )),
            Err(fault) => output.note(&fault.text),
        }
    }

    fn send(
        &mut self,
        remote: &Remote,
        gate: &Value,
        judged: &Judged<'_>,
        output: &Output,
    ) -> Result<(), Fault> {
        while let Some(run) = self.aside.first() {
            send::keep(remote, "runs", run)?;
            output.note(&format!("the report is kept as {}", text(&run["id"])));
            self.aside.remove(0);
        }
        send::keep(remote, "gates", gate)?;
        output.note(&format!("the gate is kept as {}", self.id));
        match judged.impact {
            Some(impact) => {
                let of = (impact, Some(self.id.as_str()));
                compare::tell_line(remote, &self.command.line, of, output)
            }
            None => Ok(()),
        }
    }

    /// Where it is kept if nobody named a folder.
    fn own_folder(&self) -> PathBuf {
        PathBuf::from(format!("gate-{}", self.id))
    }

    /// Writes down what `plimsoll load send` needs: all reports lie there already, or those that are given.
    fn keep(&self, folder: &Path, gate: &Value, aside: &[Value]) -> Result<(), Fault> {
        let is_named = self.command.into.is_some();
        for run in aside {
            let (side, round) = (text(&run["gate"]["side"]), run["gate"]["round"].as_u64());
            let round = round.unwrap_or_default();
            let own = folder.join(side);
            if !is_named {
                keep_run(&own, round, &run["report"])?;
            }
            write_file(&own.join(format!("{round:02}.html")), text(&run["page"]))?;
        }
        let is_aside = |run: &&Value| aside.iter().any(|own| own["id"] == run["id"]);
        let runs: Vec<&Value> = self.runs.iter().filter(|run| is_named || is_aside(run)).collect();
        let mut document = gate.clone();
        document["schema"] = json!(SCHEMA);
        document["times"] = json!(self.command.line.times);
        document["runs"] = json!(runs);
        super::make_folder(folder)?;
        write_file(&folder.join(FILE), &format!("{document:#}\n"))
    }
}

/// What a gate came to.
pub(super) struct Judged<'j> {
    pub(super) outcome: &'j load::Outcome,
    pub(super) impact: Option<&'j load::Impact>,
}

/// Whether it may go well another time.
fn is_away(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Upstream | Kind::Busy)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
