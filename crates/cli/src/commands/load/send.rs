//! A run told to a server: each second while it goes on, and its report in the end. The server may stop it.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use load::{Plan, Progress, Stop};
use model::{Clock as _, Kind};
use serde_json::{Value, json};
use server::SystemClock;

use crate::{
    args,
    args::load::{LineArguments, Sent},
    client::Remote,
    commands::small_runtime,
    fault::Fault,
    output::Output,
};

/// How often the server is asked whether the run is to stop: with the time of an answer on top, that is well within a
/// second.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// An answer that takes longer is as good as none; the run goes on.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// A run that obeys stops when the server was not heard for so long; one that is started anew is back by then.
const SILENT_MAX: Duration = Duration::from_secs(5);
/// A server that takes longer to say whether a run may begin hangs.
const BEGIN_MAX: Duration = Duration::from_secs(5);
/// One that hung before is not waited for as long.
const BEGIN_AGAIN_MAX: Duration = Duration::from_secs(1);
/// And so does one that takes longer to keep a report, which has some megabytes at most.
const KEEP_MAX: Duration = Duration::from_secs(15);
/// Waits before a report is sent once more to a server that is away.
const AGAIN_AFTER: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];
/// One that hangs is not tried as often.
const AGAIN_MAX: Duration = Duration::from_secs(10);
/// Seconds that wait for a server that is away; it keeps no more either.
const WAITING_MAX: usize = 600;

/// A run of which a server is told.
pub(super) struct Telling {
    remote: Remote,
    id: String,
    sent: Value,
    rows: SyncSender<Value>,
    thread: JoinHandle<()>,
    why: Arc<OnceLock<String>>,
}

/// Which run it is of which gate: its id, the side and its release, and which in turn.
pub(super) struct OfGate<'g> {
    pub(super) id: String,
    pub(super) side: &'g str,
    pub(super) release: Option<&'g str>,
    pub(super) round: u8,
    /// Whether the server was away before.
    pub(super) was_away: bool,
}

/// The server that is to be told, if any is.
pub(super) fn told_to(sent: &Sent, token_file: Option<&PathBuf>) -> Result<Option<Remote>, Fault> {
    let Some(server) = sent.to.clone() else { return Ok(None) };
    Remote::new(&args::Server { server, token_file: token_file.cloned() }).map(Some)
}

/// Whether the server knows a service, whose load line is told something in the end.
pub(super) fn knows_service(remote: &Remote, service: &str) -> Result<(), Fault> {
    let path = ["/api/plimsoll/v1/services/", service].concat();
    small_runtime()?.block_on(remote.within(BEGIN_MAX).get(&path, &[])).map(drop)
}

/// Says that a run begins, if anybody is to be told. What the server refuses does not begin.
pub(super) fn begin(
    remote: Option<&Remote>,
    (sent, gate): (&Sent, Option<&OfGate<'_>>),
    plan: &Plan,
    stop: &Stop,
) -> Result<Option<Telling>, Fault> {
    let Some(remote) = remote else { return Ok(None) };
    let release = gate.map_or(sent.release.as_deref(), |gate| gate.release);
    let mut notes = json!({"service": sent.service, "release": release, "by": sent.by});
    let mut begins = notes.clone();
    begins["plan"] = json!(plan.name);
    begins["targets"] = plan.origins.iter().map(ToString::to_string).collect();
    begins["seconds"] = json!(plan.length().as_secs_f64());
    if let Some(gate) = gate {
        notes["gate"] = json!({"id": gate.id, "side": gate.side, "round": gate.round});
        begins["gate"] = notes["gate"].clone();
    }
    let was_away = gate.is_some_and(|gate| gate.was_away);
    let asking = remote.within(if was_away { BEGIN_AGAIN_MAX } else { BEGIN_MAX });
    let answer =
        small_runtime()?.block_on(asking.post_json("/api/plimsoll/v1/load/live", &begins))?;
    let id = answer["id"].as_str().unwrap_or_default().to_owned();
    Telling::start(remote, id, notes, (stop, false)).map(Some)
}

/// Whose load line is told of which test.
pub(super) struct ToLine<'l> {
    pub(super) service: &'l str,
    pub(super) release: Option<&'l str>,
    pub(super) by: &'l str,
    /// How many units of the service's load one request is.
    pub(super) times: f64,
    /// The test's id, if it has one.
    pub(super) run: Option<&'l str>,
}

impl<'l> ToLine<'l> {
    /// Of the service that was named, if one was.
    pub(super) fn of(line: &'l LineArguments, run: Option<&'l str>) -> Option<Self> {
        let sent = &line.sent;
        let (service, release) = (sent.service.as_deref()?, sent.release.as_deref());
        Some(Self { service, release, by: &sent.by, times: line.times, run })
    }
}

/// Gives a server what was found as points of a load line.
pub(super) fn tell_line(
    remote: &Remote,
    line: &ToLine<'_>,
    document: &Value,
    output: &Output,
) -> Result<(), Fault> {
    let times = line.times.to_string();
    let mut query = vec![("times", times.as_str()), ("by", line.by)];
    query.extend(line.release.map(|release| ("release", release)));
    query.extend(line.run.map(|run| ("run", run)));
    let path = ["/api/plimsoll/v1/services/", line.service, "/tests"].concat();
    let asking = remote.within(KEEP_MAX);
    let told = small_runtime()?.block_on(asking.post_json_with(&path, &query, document))?;
    let text = told["text"].as_str().unwrap_or_default();
    output.note(&format!("told to the load line of {}, which now {text}", line.service));
    Ok(())
}

impl Telling {
    /// Tells of a run that the server knows. Where it obeys, it stops when the server is not heard any more: nobody
    /// could stop it then.
    pub(super) fn start(
        remote: &Remote,
        id: String,
        sent: Value,
        (stop, obeys): (&Stop, bool),
    ) -> Result<Self, Fault> {
        let (rows, told) = mpsc::sync_channel(WAITING_MAX);
        let why = Arc::new(OnceLock::new());
        let teller = Teller {
            remote: remote.clone(),
            path: format!("/api/plimsoll/v1/load/live/{id}"),
            stop: stop.clone(),
            obeys,
            why: Arc::clone(&why),
        };
        let runtime = small_runtime()?;
        let named = thread::Builder::new().name("tell".to_owned());
        let thread = named
            .spawn(move || teller.run(&runtime, &told))
            .map_err(|error| Fault::from_error(Kind::Internal, &error))?;
        Ok(Self { remote: remote.clone(), id, sent, rows, thread, why })
    }

    /// Tells a second. A server that is away for long misses some; the report has them all.
    pub(super) fn tell(&self, progress: &Progress<'_>) {
        let own = progress.interval;
        let millis = |q: f64| own.response.quantile(q).map(|nanos| nanos as f64 / 1e6);
        let row = json!({
            "second": progress.seconds,
            "sent": own.sent,
            "good": own.good,
            "failed": own.failed,
            "in_flight": own.in_flight,
            "response_p50_ms": millis(0.5),
            "response_p95_ms": millis(0.95),
            "response_p99_ms": millis(0.99),
        });
        // Full only while the server is away.
        drop(self.rows.try_send(row));
    }

    /// Sends the report.
    pub(super) fn end(self, report: &Value, page: &str, output: &Output) -> Result<(), Fault> {
        let remote = self.remote.clone();
        let run = self.finish(report, page, output)?;
        keep(&remote, "runs", &run).map_err(|fault| {
            let text = format!("the report is not kept: {}", fault.text);
            let id = run["id"].as_str().unwrap_or_default();
            Fault { text, ..fault }.help(format!(
                "a report that --json wrote can be sent later: plimsoll load send FILE --id {id}"
            ))
        })?;
        output.note(&format!("the report is kept as {}", run["id"].as_str().unwrap_or_default()));
        Ok(())
    }

    /// Tells no more; the run as a server keeps it.
    pub(super) fn finish(
        self,
        report: &Value,
        page: &str,
        output: &Output,
    ) -> Result<Value, Fault> {
        let Self { id, sent, rows, thread, why, .. } = self;
        drop(rows);
        if thread.join().is_err() {
            return Err(Fault::new(Kind::Internal, "the thread that told the server broke"));
        }
        if let Some(why) = why.get() {
            output.note(&format!("the server stopped this run: {why}"));
        }
        let mut run = sent;
        run["id"] = json!(id);
        run["report"] = report.clone();
        run["page"] = json!(page);
        Ok(run)
    }
}

/// Sends something that is to be kept, a few times if the server is away. Sent twice it is kept once: it has an id.
pub(super) fn keep(remote: &Remote, what: &str, document: &Value) -> Result<Value, Fault> {
    let (runtime, clock) = (small_runtime()?, SystemClock::new());
    let asking = remote.within(KEEP_MAX);
    let path = format!("/api/plimsoll/v1/load/{what}");
    let mut waits = AGAIN_AFTER.iter();
    loop {
        let fault = match runtime.block_on(asking.post_json(&path, document)) {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let may_help =
            matches!(fault.kind, Kind::Upstream | Kind::Busy) && clock.elapsed() < AGAIN_MAX;
        let Some(wait) = waits.next().filter(|_| may_help) else { return Err(fault) };
        // Within the runtime, whose timers it uses.
        runtime.block_on(async { clock.wait(*wait).await });
    }
}

/// Who tells in the background.
struct Teller {
    remote: Remote,
    path: String,
    stop: Stop,
    obeys: bool,
    why: Arc<OnceLock<String>>,
}

impl Teller {
    fn run(&self, runtime: &tokio::runtime::Runtime, rows: &Receiver<Value>) {
        let clock = SystemClock::new();
        let (mut waiting, mut heard) = (Vec::new(), clock.elapsed());
        loop {
            match rows.recv_timeout(ASK_EVERY) {
                Ok(row) => waiting.push(row),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            waiting.extend(rows.try_iter());
            let body = json!({ "rows": waiting });
            let asking = async {
                tokio::time::timeout(ANSWER_MAX, self.remote.post_json(&self.path, &body)).await
            };
            let Ok(Ok(answer)) = runtime.block_on(asking) else {
                let surplus = waiting.len().saturating_sub(WAITING_MAX);
                waiting.drain(..surplus);
                if self.obeys && clock.elapsed().saturating_sub(heard) > SILENT_MAX {
                    self.why.set("the server was not heard any more".to_owned()).ok();
                    self.stop.ask();
                }
                continue;
            };
            waiting.clear();
            heard = clock.elapsed();
            if answer["stop"] == true {
                let why = answer["why"].as_str().unwrap_or_default().to_owned();
                // Told again until the run has ended; the first word stands.
                self.why.set(why).ok();
                self.stop.ask();
            }
        }
    }
}
