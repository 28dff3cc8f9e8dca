//! Telling receivers: groups whose time has come go to the outbox, and the outbox to the receivers.

mod anew;
pub(super) mod heartbeats;
pub(super) mod load;
mod own;

use std::{sync::Arc, time::Duration};

use detect::{Patience, judge_silence};
use model::Span;
use respond::Deliverer;
use tokio::sync::watch;

use super::{outcome, rest};
use crate::{
    state::{App, Tellings, meters},
    tasks::Stop,
};

pub(crate) use anew::{ReadAnew, prepare, take_over};

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

/// Who carries messages: another one after receivers were read anew.
#[derive(Debug)]
pub(crate) struct Post(watch::Sender<Option<Arc<Deliverer>>>);

impl Default for Post {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Post {
    /// Carries messages from now on; what another one carries at this moment, it finishes first.
    fn hand(&self, deliverer: Arc<Deliverer>) {
        self.0.send_replace(Some(deliverer));
    }

    fn deliverer(&self) -> Option<Arc<Deliverer>> {
        self.0.borrow().clone()
    }
}

/// Carries messages to receivers while that is ours to do, until told to stop.
pub(super) async fn carry(app: Arc<App>, stop: Stop) {
    let mut post = app.post.0.subscribe();
    while !stop.is_cancelled() {
        let journal = tokio::select! {
            () = stop.cancelled() => return,
            journal = app.delivering.ours() => journal,
        };
        let Some(journal) = journal else { return };
        let Some(deliverer) = post.borrow_and_update().clone() else { return };
        let until = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = app.delivering.lost() => {}
                _ = post.changed() => {}
            }
        };
        deliverer.run(&journal, until).await;
    }
}

/// Counts what was carried, until told to stop.
pub(super) async fn count(app: Arc<App>, stop: Stop) {
    const EVERY: Duration = Duration::from_secs(5);
    let (mut before, mut last) = ([0, 0, 0], app.post.deliverer());
    let totals_of = |deliverer: &Deliverer| {
        let totals = deliverer.totals();
        [totals.sent, totals.retried, totals.given_up]
    };
    while !rest(&app, &stop, EVERY).await {
        let Some(deliverer) = app.post.deliverer() else { return };
        if let Some(gone) = last.replace(Arc::clone(&deliverer))
            && !Arc::ptr_eq(&gone, &deliverer)
        {
            for (before, own) in before.iter_mut().zip(totals_of(&gone)) {
                *before += own;
            }
        }
        let totals = totals_of(&deliverer);
        for ((outcome, before), own) in
            ["sent", "retried", "given_up"].into_iter().zip(before).zip(totals)
        {
            let labels = format!("outcome=\"{outcome}\"");
            app.meters.set(meters::RESPOND_MESSAGES, &labels, (before + own) as f64);
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
pub(crate) const OWN_SOURCES: [&str; 4] =
    [own::CHANNELS, own::SILENCES, heartbeats::SOURCE, load::SOURCE];
/// How often an Alertmanager is sent again what still fires.
const STANDING: Duration = Duration::from_mins(1);

/// Sends Alertmanagers again what still fires, until told to stop.
pub(super) async fn stand(app: Arc<App>, stop: Stop) {
    let mut troubled = false;
    while !rest(&app, &stop, STANDING).await {
        let deliverer = app.post.deliverer().filter(|own| own.has_standing());
        let Some(deliverer) = deliverer.filter(|_| app.delivering.journal().is_some()) else {
            continue;
        };
        let standing = |receiver: &str| app.alerts.standing(receiver);
        let failed = deliverer.send_standing(standing, &app.external_url).await;
        if let Some((receiver, error)) = failed.first().filter(|_| !troubled) {
            tracing::warn!(receiver, error, "an Alertmanager cannot be told what still fires");
        }
        troubled = !failed.is_empty();
    }
}

/// Hands over the messages to a deliverer for the receivers that are told of alerts.
pub(super) fn hand_over(app: &App, http: &reqwest::Client, tellings: &Tellings) {
    let seed = app.clock.now().millis().unsigned_abs();
    let fallback = tellings.directory.fallback().map(str::to_owned);
    let receivers = tellings.directory.receivers().to_vec();
    let deliverer = Deliverer::new(http.clone(), receivers, Arc::clone(&app.clock), seed);
    app.post.hand(Arc::new(deliverer.with_fallback(fallback)));
}
