//! The journal's upkeep: what holds is folded, so that a start reads little however old the journal
//! is, and what is older than is wanted goes. A timer in the journal itself says when.

use std::{sync::Arc, time::Duration};

use journal::{Act, Journal, JournalError, NewTimer};
use model::{Span, Time};
use respond::{
    NOTIFIED, PASSED_ON, is_passed_over,
    quiet::{SILENCE, is_silence_over},
};
use serde_json::json;
use tracing::{info, warn};

use super::super::rest;
use crate::{
    http::chain,
    runs::{LOAD_BASELINE, LOAD_BEGUN, LOAD_PLAN, LOAD_RUN, LOAD_SCHEDULE, LOAD_STOP},
    state::{ALERT, App, CHANGE, TOLD, facts::is_alert_over},
    tasks::Stop,
};

/// The kind and the name of the timer.
const TIMER: &str = "journal_upkeep";
/// How often the timer is looked at.
const LOOK: Duration = Duration::from_mins(1);
/// How often there is upkeep.
const EVERY: Span = Span::days(1);
/// And how many events a start may have to read at most, about.
const UNFOLDED_MAX: i64 = 10_000;

/// How long the last word on a change is kept, however few events are.
const CHANGES_KEPT: Span = Span::days(30);

/// Tends the journal until told to stop.
pub(in crate::jobs) async fn run(app: Arc<App>, stop: Stop) {
    while !rest(&app, &stop, LOOK).await {
        // One server is enough.
        let Some(journal) = app.judging.journal() else { continue };
        if let Err(error) = turn(&app, &journal).await {
            warn!(error = chain(&error), "the journal cannot be tended; it is tried again");
        }
    }
}

async fn turn(app: &App, journal: &Journal) -> Result<(), JournalError> {
    let now = app.clock.now();
    let unfolded = journal.last_seq().await? - journal.folded(ALERT).await?;
    let due = journal.timers_due(TIMER, now, 1).await?;
    let daily = !due.is_empty() || journal.next_timer(TIMER).await?.is_none();
    if daily || unfolded > UNFOLDED_MAX {
        fold(journal, now).await?;
    }
    if !daily {
        return Ok(());
    }
    if let Some(keep) = app.settings.journal.keep {
        let pruned = journal.prune(now - keep, now).await?;
        if pruned.events > 0 {
            info!(events = pruned.events, upto = pruned.upto, "old events were let go of");
        }
    }
    let next = NewTimer {
        key: TIMER.to_owned(),
        kind: TIMER.to_owned(),
        due: now + EVERY,
        body: json!({}),
    };
    let ran = due.iter().map(|timer| timer.id).collect();
    match journal.record(Act { ran, set: vec![next], ..Act::default() }).await {
        // Another server was as fast; what is tended twice is tended.
        Ok(_) | Err(JournalError::NotSet { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Folds what a start needs.
async fn fold(journal: &Journal, now: Time) -> Result<(), JournalError> {
    journal.fold(ALERT, |event| is_alert_over(event, now)).await?;
    journal.fold(NOTIFIED, respond::is_over).await?;
    journal.fold(PASSED_ON, |event| is_passed_over(event, now)).await?;
    journal.fold(SILENCE, |event| is_silence_over(event, now)).await?;
    for kind in [LOAD_BASELINE, LOAD_STOP, LOAD_SCHEDULE] {
        journal.fold(kind, |_| false).await?;
    }
    // A run is read from its own event, and gone with it.
    for kind in [LOAD_RUN, LOAD_BEGUN, LOAD_PLAN] {
        journal.fold(kind, |_| true).await?;
    }
    // Nobody asks for the last word on a target that has long been gone.
    for kind in [CHANGE, TOLD] {
        journal.fold(kind, |event| now.since(event.at) > CHANGES_KEPT).await?;
    }
    Ok(())
}
