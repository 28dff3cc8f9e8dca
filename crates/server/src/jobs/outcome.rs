//! What happens after judging, whoever judged: journal, messages, counters, news for the pages.

use std::sync::Arc;

use detect::{ActiveAlerts, Transition};
use journal::JournalError;
use model::Time;
use tracing::{error, info};

use crate::{
    http::chain,
    state::{App, JudgementLost, Topic, meters},
};

/// Judges, records, tells. An error has been logged and counted; nothing counts that was not recorded.
pub(crate) async fn judge(
    app: &Arc<App>,
    now: Time,
    work: impl FnOnce(&mut ActiveAlerts) -> Vec<Transition> + Send + 'static,
) {
    // Where another server judges, this one only looks.
    let Some(journal) = app.judging.journal() else { return };
    match app.alerts.judge(&journal, now, work).await {
        Ok(transitions) if transitions.is_empty() => {}
        Ok(transitions) => {
            app.meters.add(meters::JOURNAL_EVENTS, "", transitions.len() as f64);
            for transition in &transitions {
                let alert = transition.alert();
                if !matches!(transition, Transition::Noted(_)) {
                    info!(alert = %alert.labels, became = transition.word(), "alert");
                }
            }
            app.hub.announce(now, &[Topic::Alerts, Topic::Overview]);
        }
        Err(JudgementLost::Journal(JournalError::LeaseLost { .. })) => {
            info!("another server judges now");
            app.judging.lose();
        }
        Err(lost) => {
            app.meters.count(meters::JOURNAL_ERRORS, "");
            error!(
                error = chain(&lost),
                "a judgement did not count; the next evaluation does it again"
            );
        }
    }
}
