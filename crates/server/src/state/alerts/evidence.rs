//! What was changed before an alert fired, put beside it at that moment.

use detect::{ActiveAlerts, LOOK_BACK, Transition, suspects};
use journal::{EventQuery, Journal, JournalError};
use model::{Change, Time};
use tracing::warn;

use crate::{
    http::chain,
    state::{CHANGE, change_of},
};

/// Gives every alert that begins to fire the changes that may be behind it.
pub(super) async fn gather(
    journal: &Journal,
    draft: &mut ActiveAlerts,
    transitions: &mut [Transition],
    now: Time,
) {
    if !transitions.iter().any(|own| matches!(own, Transition::Firing(_))) {
        return;
    }
    let changes = match recent(journal, now).await {
        Ok(changes) => changes,
        // An alert without its evidence is better than none.
        Err(error) => {
            warn!(error = chain(&error), "cannot read what was changed before an alert");
            return;
        }
    };
    for transition in transitions {
        let Transition::Firing(alert) = transition else { continue };
        let found = suspects(alert, &changes, now);
        if let Some(evidence) = draft.evidence_mut(&alert.source, alert.id) {
            evidence.set_changes(found.clone());
        }
        alert.evidence.set_changes(found);
    }
}

/// What was changed of late, newest first.
async fn recent(journal: &Journal, now: Time) -> Result<Vec<Change>, JournalError> {
    let question = EventQuery {
        kinds: vec![CHANGE.to_owned()],
        since: Some(now - LOOK_BACK),
        newest_first: true,
        ..EventQuery::default()
    };
    let events = journal.events(question).await?;
    Ok(events.iter().filter_map(change_of).collect())
}
