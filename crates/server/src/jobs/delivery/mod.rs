//! Telling receivers: groups whose time has come go to the outbox, and the outbox to the receivers.

pub(super) mod heartbeats;
mod own;

use std::{sync::Arc, time::Duration};

use detect::{Patience, judge_silence};
use model::Span;
use respond::{Deliverer, Receiver};

use super::{outcome, rest};
use crate::{
    state::{App, meters},
    tasks::Stop,
};

/// Groups are looked at this often at least, in case the clock was set.
const LOOK_MAX: Span = Span::secs(30);
/// How long to wait when the journal could not keep what was to be told.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// And this seldom at most.
const LOOK_MIN: Duration = Duration::from_millis(200);

/// Puts into the outbox what waited for its group, until told to stop.
pub(super) async fn gather(app: Arc<App>, stop: Stop) {
    let patience = Patience::default();
    loop {
        let now = app.clock.now();
        if app.alerts.see(|active| active.has_silent_senders(now, patience)) {
            outcome::judge(&app, now, move |active| judge_silence(active, now, patience)).await;
        }
        let due = app.alerts.next_due();
        if due.is_some_and(|due| due <= now) {
            outcome::judge(&app, now, |_| Vec::new()).await;
            let still = app.alerts.next_due().is_some_and(|due| due <= now);
            if still && rest(&app, &stop, AFTER_FAILURE).await {
                return;
            }
        }
        let until = due.map_or(LOOK_MAX, |due| due.since(now).min(LOOK_MAX));
        // A new alert is due after its group's wait, a second at the least; look again by then.
        let pause = until.to_duration().clamp(LOOK_MIN, Duration::from_secs(1));
        if rest(&app, &stop, pause).await {
            return;
        }
    }
}

/// Carries messages to receivers while that is ours to do, until told to stop.
pub(super) async fn carry(app: Arc<App>, deliverer: Arc<Deliverer>, stop: Stop) {
    while !stop.is_cancelled() {
        let journal = tokio::select! {
            () = stop.cancelled() => return,
            journal = app.delivering.ours() => journal,
        };
        let Some(journal) = journal else { return };
        let until = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = app.delivering.lost() => {}
            }
        };
        deliverer.run(&journal, until).await;
    }
}

/// Counts what was carried, until told to stop.
pub(super) async fn count(app: Arc<App>, deliverer: Arc<Deliverer>, stop: Stop) {
    const EVERY: Duration = Duration::from_secs(5);
    while !rest(&app, &stop, EVERY).await {
        let totals = deliverer.totals();
        for (outcome, value) in
            [("sent", totals.sent), ("retried", totals.retried), ("given_up", totals.given_up)]
        {
            let labels = format!("outcome=\"{outcome}\"");
            app.meters.set(meters::RESPOND_MESSAGES, &labels, value as f64);
        }
        if let Ok(stats) = app.journal.outbox_stats().await {
            app.meters.set(meters::RESPOND_WAITING, "", stats.waiting as f64);
            if app.judging.journal().is_some() {
                own::judge(&app, &stats).await;
            }
        }
    }
}

/// The sources of alerts about ourselves.
pub(crate) const OWN_SOURCES: [&str; 3] = [own::CHANNELS, own::SILENCES, heartbeats::SOURCE];
/// How often an Alertmanager is sent again what still fires.
const STANDING: Duration = Duration::from_mins(1);

/// Sends Alertmanagers again what still fires, until told to stop.
pub(super) async fn stand(app: Arc<App>, deliverer: Arc<Deliverer>, stop: Stop) {
    if !deliverer.has_standing() {
        stop.cancelled().await;
        return;
    }
    let mut troubled = false;
    while !rest(&app, &stop, STANDING).await {
        if app.delivering.journal().is_none() {
            continue;
        }
        let standing = |receiver: &str| app.alerts.standing(receiver);
        let failed = deliverer.send_standing(standing, &app.external_url).await;
        if let Some((receiver, error)) = failed.first().filter(|_| !troubled) {
            tracing::warn!(receiver, error, "an Alertmanager cannot be told what still fires");
        }
        troubled = !failed.is_empty();
    }
}

/// A deliverer for these receivers.
pub(super) fn deliverer(
    app: &Arc<App>,
    http: &reqwest::Client,
    receivers: Vec<Receiver>,
) -> Arc<Deliverer> {
    let seed = app.clock.now().millis().unsigned_abs();
    let fallback = app.alerts.tellings().directory.fallback().map(str::to_owned);
    let deliverer = Deliverer::new(http.clone(), receivers, Arc::clone(&app.clock), seed);
    Arc::new(deliverer.with_fallback(fallback))
}
