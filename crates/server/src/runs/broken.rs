//! Runs that broke off: their sender was killed, or cannot reach this server any more. After a start those that had
//! begun here and have no report are taken in again, since they may still go on and want to hear whether they are to
//! stop; whoever is silent for long is written down as broken off, which passes nothing and is no baseline. A report
//! that comes after all takes its place.

use journal::{Event, EventQuery, Journal, JournalError};
use model::{Span, Time};
use serde_json::Value;

use super::{LOAD_BEGUN, LiveBook, LiveRun, RunBegun, RunTold, read_run, told::RunFigures};

/// The word for a run whose report never came.
pub(crate) const BROKEN_OFF: &str = "broken_off";
/// So long a run is waited for: a server that is started anew, or a network that comes back.
pub(crate) const WAITED: Span = Span::minutes(2);
/// Longer than any plan takes.
const LONGEST: Span = Span::days(8);
/// Beginnings that are looked at after a start.
const BEGUN_MAX: u32 = 200;

/// Takes in again what had begun at this server, and did not come to its end as far as the journal knows.
pub(super) async fn take_in_again(
    journal: &Journal,
    live: &LiveBook,
    (server, now): (&str, Time),
) -> Result<(), JournalError> {
    let question = EventQuery {
        kinds: vec![LOAD_BEGUN.to_owned()],
        since: Some(now - LONGEST),
        newest_first: true,
        limit: BEGUN_MAX,
        ..EventQuery::default()
    };
    for event in journal.events(question).await? {
        let is_ours = event.body["server"].as_str().is_none_or(|own| own == server);
        if is_ours && read_run(journal, &event.subject).await?.is_none() {
            live.take_in(begun(&event), now);
        }
    }
    Ok(())
}

fn begun(event: &Event) -> RunBegun {
    let body = &event.body;
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let targets = body["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    RunBegun {
        id: event.subject.clone(),
        plan: text("plan").unwrap_or_default(),
        service: text("service"),
        release: text("release"),
        by: text("by").unwrap_or_default(),
        targets: targets.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        seconds: body["seconds"].as_f64().unwrap_or_default(),
        started: event.at,
        gate: serde_json::from_value(body["gate"].clone()).ok(),
    }
}

impl RunTold {
    /// What is known of a run whose report never came: what it told of itself until then.
    pub(crate) fn broken_off(run: &LiveRun, now: Time, kept_by: &str) -> Self {
        let LiveRun { begun, rows, heard, good, failed, .. } = run;
        let ended = good + failed;
        let last = rows.back();
        let seconds = last.map_or(0.0, |row| row.second as f64);
        let after = match last {
            Some(row) => format!("after second {}", row.second),
            None => "before its first second".to_owned(),
        };
        Self {
            version: 1,
            id: begun.id.clone(),
            plan: begun.plan.clone(),
            service: begun.service.clone(),
            release: begun.release.clone(),
            by: begun.by.clone(),
            started: begun.started.millis(),
            took_seconds: seconds,
            told_at: now.millis(),
            word: BROKEN_OFF.to_owned(),
            exit_code: 4,
            ending: "lost".to_owned(),
            targets: begun.targets.clone(),
            unfit: Some("it broke off, and its report never came".to_owned()),
            figures: RunFigures {
                good: *good,
                failed: *failed,
                failed_share: (ended > 0).then(|| *failed as f64 / ended as f64),
                good_per_second: (seconds > 0.0).then(|| *good as f64 / seconds),
                ..RunFigures::default()
            },
            doubts: vec![format!(
                "nothing was heard of it {after}, for {:.0} s: whoever sent it was killed, or cannot reach this server",
                now.since(*heard).as_secs()
            )],
            kept_by: kept_by.to_owned(),
            gate: begun.gate.clone(),
            ..Self::default()
        }
    }
}
