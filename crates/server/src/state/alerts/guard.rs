//! What a silence would keep quiet, looked at before it is kept.

use std::collections::BTreeMap;

use journal::{EventQuery, Journal, JournalError};
use model::{AlertState, Labels, Span, Time};
use respond::quiet::SilenceError;

use super::AlertBook;
use crate::state::{ALERT, alert_of};

/// The alerts of so long are looked at to see how much a silence would keep quiet.
const LOOK_BACK: Span = Span::hours(24);
/// And so many events of them at most.
const EVENTS_MAX: usize = 20_000;

/// The labels of every different alert that fires now or began to within the last 24 hours and that
/// people are told of.
pub(crate) async fn seen_lately(
    alerts: &AlertBook,
    journal: &Journal,
    now: Time,
) -> Result<Vec<Labels>, JournalError> {
    let mut seen: BTreeMap<u64, Labels> = BTreeMap::new();
    alerts.see(|active| {
        let firing = active.alerts().iter().filter(|own| own.state == AlertState::Firing);
        for alert in firing.filter(|own| own.told) {
            seen.insert(alert.id.0, alert.labels.clone());
        }
    });
    let (mut before, mut read) = (None, 0);
    while read < EVENTS_MAX {
        let question = EventQuery {
            kinds: vec![ALERT.to_owned()],
            since: Some(now - LOOK_BACK),
            before,
            newest_first: true,
            ..EventQuery::default()
        };
        let events = journal.events(question).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        read += events.len();
        for (became, alert) in events.iter().filter_map(alert_of) {
            if became == "firing" && alert.told {
                seen.insert(alert.id.0, alert.labels);
            }
        }
    }
    Ok(seen.into_values().collect())
}

/// What speaks against a silence, in one sentence; nothing if nothing does.
pub(crate) fn doubts_text(doubts: &[SilenceError]) -> Option<String> {
    let texts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}
