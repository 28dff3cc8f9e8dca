//! What happens after judging, whoever judged: journal, messages, counters, news for the pages.

use std::{collections::BTreeSet, sync::Arc};

use detect::{ActiveAlerts, Transition};
use journal::JournalError;
use model::{Span, Time};
use tracing::{error, info};

use super::{OWN_SOURCES, baselines::usual};
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
    // Whoever judges by the clock comes again.
    let _counted = try_judge(app, now, work).await;
}

/// The same for somebody who must be told whether it counts.
pub(crate) async fn try_judge(
    app: &Arc<App>,
    now: Time,
    work: impl FnOnce(&mut ActiveAlerts) -> Vec<Transition> + Send + 'static,
) -> bool {
    // Where another server judges, this one only looks.
    app.clock_watch.look(app.clock.as_ref());
    let owed = app.clock_watch.take_owed();
    let Some(journal) = app.judging.journal() else { return false };
    let around = Arc::clone(app);
    let work = move |active: &mut ActiveAlerts| {
        let moved = (owed != Span::ZERO).then(|| active.after_jump(owed));
        let mut transitions = moved.unwrap_or_default();
        transitions.extend(work(active));
        usual::fill(&around, active, &mut transitions, now);
        transitions
    };
    let judged = app.alerts.judge(&journal, now, work).await;
    if judged.is_err() {
        app.clock_watch.owe(owed);
    }
    match judged {
        Ok(transitions) if transitions.is_empty() => true,
        Ok(transitions) => {
            app.meters.add(meters::JOURNAL_EVENTS, "", transitions.len() as f64);
            for transition in &transitions {
                let alert = transition.alert();
                if !matches!(transition, Transition::Noted(_)) {
                    info!(alert = %alert.labels, became = transition.word(), "alert");
                }
            }
            app.hub.announce(now, &[Topic::Alerts, Topic::Overview]);
            true
        }
        Err(JudgementLost::Journal(JournalError::LeaseLost { .. })) => {
            info!("another server judges now");
            app.judging.lose();
            false
        }
        Err(lost) => {
            app.meters.count(meters::JOURNAL_ERRORS, "");
            error!(
                error = chain(&lost),
                "a judgement did not count; the next evaluation does it again"
            );
            false
        }
    }
}

/// Ends alerts whose rule or resource the settings no longer have.
pub(crate) async fn forget_vanished(app: &Arc<App>) {
    let mut known = BTreeSet::clone(&app.rules.loaded().sources);
    known.extend(app.rules.groups().iter().map(|own| own.group.own_source()));
    for resource in &app.settings.resources {
        known.extend(["resource", "forecast"].map(|word| format!("{word}/{}", resource.name)));
    }
    known.extend(app.settings.objectives.iter().map(detect::objectives::source_of));
    let now = app.clock.now();
    known.insert(detect::SENT.to_owned());
    known.extend(OWN_SOURCES.map(str::to_owned));
    judge(app, now, move |active| active.end_vanished(|source| known.contains(source), now)).await;
}
