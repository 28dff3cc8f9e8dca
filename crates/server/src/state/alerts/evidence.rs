//! What was changed before an alert fired, put beside it at that moment.

use detect::{ActiveAlerts, LOOK_BACK, Transition, may_be_cause, suspects};
use journal::{Journal, JournalError};
use model::{AlertState, Change, ChangeKind, Time};
use tracing::warn;

use super::{Wanted, read_changes};
use crate::http::chain;

/// Changes that are looked at, of those that were told and of those that were noticed.
const CHANGES_MAX: usize = 1_000;

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

/// Puts a change that somebody told of late beside the alerts that it may be behind: those that fired
/// after it, within the last half hour. Nobody is told anew because of it.
pub(crate) fn join(active: &mut ActiveAlerts, change: &Change, now: Time) -> Vec<Transition> {
    let lately = |fired_at: Time| fired_at >= change.at && now.since(fired_at) <= LOOK_BACK;
    let mut found = Vec::new();
    for alert in active.alerts() {
        let Some(fired_at) = alert.fired_at.filter(|fired_at| lately(*fired_at)) else { continue };
        if alert.state != AlertState::Firing {
            continue;
        }
        let same = |own: &Change| {
            own.details.key.is_some()
                && (&own.details.key, &own.details.source)
                    == (&change.details.key, &change.details.source)
        };
        // Of a change that was told before, the newest word counts.
        let others = alert.evidence.changes().iter().filter(|own| !same(own) && *own != change);
        let all: Vec<Change> = others.chain([change]).cloned().collect();
        let mut joined = alert.clone();
        joined.evidence.set_changes(suspects(alert, &all, fired_at));
        if joined.evidence != alert.evidence {
            found.push(joined);
        }
    }
    for alert in &found {
        if let Some(evidence) = active.evidence_mut(&alert.source, alert.id) {
            evidence.clone_from(&alert.evidence);
        }
    }
    found.into_iter().map(Transition::Noted).collect()
}

/// What was changed of late.
async fn recent(journal: &Journal, now: Time) -> Result<Vec<Change>, JournalError> {
    let mut changes = Vec::new();
    // One after the other, so that a thousand targets that flap do not drown a deployment.
    for noticed in [false, true] {
        let kinds = ChangeKind::WORDS.into_iter().map(|(_, kind)| kind);
        let kinds = kinds.filter(|kind| may_be_cause(*kind) && kind.is_noticed() == noticed);
        let (kinds, since) = (kinds.collect(), Some(now - LOOK_BACK));
        let wanted = Wanted { kinds, since, limit: CHANGES_MAX, ..Wanted::default() };
        changes.extend(read_changes(journal, &wanted).await?);
    }
    Ok(changes)
}
