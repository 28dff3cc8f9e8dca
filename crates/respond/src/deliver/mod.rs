//! Carries messages from the journal's outbox to their receivers.

mod answer;
mod fallback;
mod http;
mod lane;
mod parcel;
mod people;
mod posted;
mod random;

use std::{
    collections::BTreeMap,
    ops::AddAssign,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use journal::{Journal, JournalError};
use model::{Alert, Clock, Time};
use reqwest::Client;
use tokio::sync::watch;

pub use self::{
    answer::{DeliveryLimits, is_broken},
    fallback::{PASSED_ON, is_passed_over},
};
pub(crate) use self::{
    answer::{Posted, Verdict, judge},
    http::{ask, hear},
    parcel::Parcel,
};
use self::{
    lane::{Lane, Tools},
    random::Random,
};
use crate::{
    Receiver, Via,
    via::{alertmanager_request, standing, unread},
};

/// A lane looks after itself at least this often, should the wall clock have been set back.
const REST_MAX: Duration = Duration::from_mins(1);
/// Alerts sent again in one request.
const STANDING_MAX: usize = 500;
/// The pause after the journal refused.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);

/// What became of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Accepted by their receivers.
    pub sent: u64,
    /// Failed, to be tried again.
    pub retried: u64,
    /// Failed for good; an event in the journal says why.
    pub given_up: u64,
}

impl Delivered {
    pub(crate) fn all(&self) -> u64 {
        self.sent + self.retried + self.given_up
    }
}

impl AddAssign for Delivered {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.given_up += other.given_up;
    }
}

/// Carries messages to receivers: at least once, in order within a group, each receiver in a lane
/// of its own, so that one that hangs or is away delays no other.
///
/// Every try of a message carries the same `Idempotency-Key`, so that a receiver whose answer got
/// lost can tell that it has the message already.
#[derive(Debug)]
pub struct Deliverer {
    tools: Tools,
    lanes: BTreeMap<String, Lane>,
    totals: [AtomicU64; 3],
}

impl Deliverer {
    /// A deliverer for these receivers. The client should follow no redirects; time limits come
    /// from the clock. The seed spreads the pauses between tries.
    pub fn new(client: Client, receivers: Vec<Receiver>, clock: Arc<dyn Clock>, seed: u64) -> Self {
        let lanes = receivers.into_iter().map(|own| (own.name.clone(), Lane::new(own)));
        Self {
            tools: Tools {
                client,
                clock,
                random: Random::new(seed),
                limits: DeliveryLimits::default(),
                fallback: None,
                stopping: AtomicBool::new(false),
            },
            lanes: lanes.collect(),
            totals: [const { AtomicU64::new(0) }; 3],
        }
    }

    /// The same with limits of one's own.
    #[must_use]
    pub fn with_limits(mut self, limits: DeliveryLimits) -> Self {
        self.tools.limits = limits;
        self
    }

    /// The same with somebody who is told what another receiver cannot be told.
    #[must_use]
    pub fn with_fallback(mut self, receiver: Option<String>) -> Self {
        self.tools.fallback = receiver.filter(|name| self.lanes.contains_key(name));
        self
    }

    /// How long ago every receiver's messages were last looked at; nothing if some were not yet.
    pub fn looked_ago(&self) -> Option<Duration> {
        let now = self.tools.clock.elapsed();
        let turns = self.lanes.values().map(|lane| lane.turned.load(Ordering::Relaxed));
        let oldest = turns.min().unwrap_or(u64::MAX);
        match oldest {
            0 => None,
            millis => Some(now.saturating_sub(Duration::from_millis(millis))),
        }
    }

    /// Whether any receiver is an Alertmanager, which wants to hear again of what still fires.
    pub fn has_standing(&self) -> bool {
        self.lanes.values().any(|lane| matches!(lane.receiver.via, Via::Alertmanager { .. }))
    }

    /// Sends each Alertmanager again what still fires, so that it stands there: to be called every
    /// minute. Gives the names of those that did not take it, and why.
    pub async fn send_standing(
        &self,
        alerts: impl Fn(&str) -> Vec<Alert>,
        external_url: &str,
    ) -> Vec<(String, String)> {
        let mut failed = Vec::new();
        for lane in self.lanes.values() {
            let Via::Alertmanager { url, authorization } = &lane.receiver.via else { continue };
            // Nothing is delivered meanwhile, so that an end cannot be overtaken.
            let _turn = lane.state.lock().await;
            let (alerts, now) = (alerts(&lane.receiver.name), self.tools.clock.now());
            for some in alerts.chunks(STANDING_MAX) {
                let body = standing(some, now, external_url);
                let request = alertmanager_request(&self.tools.client, url, authorization, &body);
                let verdict = match request {
                    Ok(request) => tokio::select! {
                        verdict = ask(&self.tools.client, request, now) => verdict,
                        () = self.tools.clock.wait(self.tools.limits.timeout.to_duration()) => {
                            Verdict::unsure("no answer in time".to_owned())
                        }
                    },
                    Err(error) => unread(&error),
                };
                if let Verdict::Later { error, .. }
                | Verdict::Broken { error, .. }
                | Verdict::Refused { error } = verdict
                {
                    failed.push((lane.receiver.name.clone(), error));
                    break;
                }
            }
        }
        failed
    }

    /// What became of messages since the start.
    pub fn totals(&self) -> Delivered {
        let [sent, retried, given_up] =
            self.totals.each_ref().map(|own| own.load(Ordering::Relaxed));
        Delivered { sent, retried, given_up }
    }

    /// Delivers what is due at this moment and returns when every receiver has had its turn; one
    /// that hangs holds up the return, but no other receiver. [`Deliverer::run`] never waits.
    pub async fn deliver_due(
        &self,
        journal: &Journal,
        now: Time,
    ) -> Result<Delivered, JournalError> {
        let mut delivered = self.give_up_strangers(journal, now).await?;
        let turns = self.lanes.values().map(|lane| self.turn(lane, journal, now));
        for turn in join_all(turns).await {
            delivered += turn?;
        }
        Ok(delivered)
    }

    /// Delivers whatever becomes due, until told to stop; what is under way then is finished.
    /// Costs nothing while there is nothing to deliver.
    pub async fn run(&self, journal: &Journal, stop: impl Future<Output = ()> + Send) {
        let stopped = watch::Sender::new(false);
        // It may have run before: whoever delivers may change from server to server and back.
        self.tools.stopping.store(false, Ordering::Relaxed);
        if let Err(error) = self.give_up_strangers(journal, self.tools.clock.now()).await {
            tracing::warn!(%error, "cannot read the outbox");
        }
        let lanes = self.lanes.values().map(|lane| self.tend(lane, journal, stopped.subscribe()));
        let stop = async {
            stop.await;
            self.tools.stopping.store(true, Ordering::Relaxed);
            stopped.send_replace(true);
        };
        tokio::join!(join_all(lanes), stop);
    }

    async fn tend(&self, lane: &Lane, journal: &Journal, mut stopped: watch::Receiver<bool>) {
        let mut turns = journal.outbox_turns();
        while !*stopped.borrow() {
            turns.mark_unchanged();
            let pause = match self.turn_and_rest(lane, journal).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(receiver = %lane.receiver.name, %error, "cannot use the outbox");
                    TROUBLE_PAUSE
                }
            };
            tokio::select! {
                _ = stopped.changed() => {}
                _ = turns.changed() => {}
                () = self.tools.clock.wait(pause) => {}
            }
        }
    }

    async fn turn_and_rest(
        &self,
        lane: &Lane,
        journal: &Journal,
    ) -> Result<Duration, JournalError> {
        self.turn(lane, journal, self.tools.clock.now()).await?;
        lane.rest(&self.tools, journal, REST_MAX).await
    }

    async fn turn(
        &self,
        lane: &Lane,
        journal: &Journal,
        now: Time,
    ) -> Result<Delivered, JournalError> {
        let delivered = lane.deliver(&self.tools, journal, now).await?;
        let elapsed = self.tools.clock.elapsed().as_millis();
        lane.turned.store(u64::try_from(elapsed).unwrap_or(u64::MAX).max(1), Ordering::Relaxed);
        self.count(delivered);
        Ok(delivered)
    }

    /// Gives up what waits for receivers that are no longer in the settings.
    async fn give_up_strangers(
        &self,
        journal: &Journal,
        now: Time,
    ) -> Result<Delivered, JournalError> {
        let mut delivered = Delivered::default();
        let stats = journal.outbox_stats().await?;
        for name in stats.receivers.keys().filter(|name| !self.lanes.contains_key(*name)) {
            loop {
                let waiting = journal.due_for(name, Time::MAX, 100).await?;
                if waiting.is_empty() {
                    break;
                }
                for message in waiting {
                    journal.give_up(message.id, now, "the settings have no such receiver").await?;
                    delivered.given_up += 1;
                }
            }
            tracing::warn!(receiver = %name, "messages given up: the settings have no such receiver");
        }
        self.count(delivered);
        Ok(delivered)
    }

    fn count(&self, delivered: Delivered) {
        let counts = [delivered.sent, delivered.retried, delivered.given_up];
        for (total, count) in self.totals.iter().zip(counts) {
            total.fetch_add(count, Ordering::Relaxed);
        }
    }
}
