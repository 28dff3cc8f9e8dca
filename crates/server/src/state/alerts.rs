//! The alerts that hold. Judging goes one at a time: draft, journal, then truth.

use std::sync::atomic::{AtomicBool, Ordering};

use detect::{ActiveAlerts, Transition};
use journal::{Entry, Journal, JournalError, NewEvent};
use model::{Alert, Span, Time};
use parking_lot::Mutex;
use respond::{Groups, Notices, Receiver, Told, notify};
use tokio::sync::Semaphore;

use super::{facts::read_alerts, records::alert_event};

/// The alerts that hold, who was told of them, and whose turn it is to judge.
#[derive(Debug)]
pub(crate) struct AlertBook {
    active: Mutex<ActiveAlerts>,
    groups: Mutex<Groups>,
    receivers: Vec<Receiver>,
    external_url: String,
    turn: Semaphore,
    /// The journal may hold more than is known here.
    stale: AtomicBool,
}

/// Why a judgement did not count. Everything is as it was before it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JudgementLost {
    /// The journal could not keep it.
    #[error("cannot record what became of alerts")]
    Journal(#[from] JournalError),
    /// The judging itself broke.
    #[error("judging ended early")]
    Broken,
}

impl AlertBook {
    /// Alerts, and who was told of them, as they were read back from the journal.
    pub(crate) fn new(
        active: ActiveAlerts,
        groups: Groups,
        receivers: Vec<Receiver>,
        external_url: String,
    ) -> Self {
        let (active, groups) = (Mutex::new(active), Mutex::new(groups));
        let (turn, stale) = (Semaphore::new(1), AtomicBool::new(false));
        Self { active, groups, receivers, external_url, turn, stale }
    }

    /// When somebody is to be told something even if nothing more happens.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.groups.lock().next_due(&self.receivers)
    }

    /// The alerts that hold now.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        self.active.lock().alerts().to_vec()
    }

    /// Lets somebody see the alerts without copying them.
    pub(crate) fn see<T>(&self, look: impl FnOnce(&ActiveAlerts) -> T) -> T {
        look(&self.active.lock())
    }

    /// Reads anew from the journal what holds, after another server may have judged. Nobody has
    /// looked at what was waiting for as long as `away`.
    pub(crate) async fn reload(
        &self,
        journal: &Journal,
        now: Time,
        away: Span,
    ) -> Result<(), JudgementLost> {
        let _turn = self.turn.acquire().await.map_err(|_closed| JudgementLost::Broken)?;
        self.read(journal, now, away).await
    }

    async fn read(&self, journal: &Journal, now: Time, away: Span) -> Result<(), JudgementLost> {
        let mut active = ActiveAlerts::from_alerts(read_alerts(journal).await?);
        active.after_outage(away);
        let groups = respond::restore(journal, &self.receivers, active.alerts(), now).await?;
        *self.groups.lock() = groups;
        *self.active.lock() = active;
        Ok(())
    }

    /// Judges where blocking is allowed, records every transition together with the messages that
    /// follow from them, and only then lets it count. If recording fails, nothing has happened
    /// and the next evaluation finds it anew.
    pub(crate) async fn judge(
        &self,
        journal: &Journal,
        now: Time,
        work: impl FnOnce(&mut ActiveAlerts) -> Vec<Transition> + Send + 'static,
    ) -> Result<Vec<Transition>, JudgementLost> {
        let _turn = self.turn.acquire().await.map_err(|_closed| JudgementLost::Broken)?;
        if self.stale.load(Ordering::Relaxed) {
            self.read(journal, now, Span::ZERO).await?;
            self.stale.store(false, Ordering::Relaxed);
        }
        let mut draft = self.active.lock().clone();
        let judged = tokio::task::spawn_blocking(move || {
            let transitions = work(&mut draft);
            (draft, transitions)
        });
        let (draft, transitions) = judged.await.map_err(|_panicked| JudgementLost::Broken)?;
        let groups = self.groups.lock().clone();
        let told: Vec<(Told, Alert)> = transitions.iter().filter_map(told_of).collect();
        let Notices { mut entry, groups } =
            notify(&groups, &told, &self.receivers, now, &self.external_url);
        let mut events: Vec<NewEvent> =
            transitions.iter().map(|transition| alert_event(transition, now)).collect();
        events.append(&mut entry.events);
        if let Err(error) = journal.record(Entry { events, outbox: entry.outbox }).await {
            // It may count after all: then what is known here is too little.
            self.stale.store(error.is_unsure(), Ordering::Relaxed);
            return Err(error.into());
        }
        *self.groups.lock() = groups;
        *self.active.lock() = draft;
        Ok(transitions)
    }
}

/// What a transition means to those who are told of alerts.
fn told_of(transition: &Transition) -> Option<(Told, Alert)> {
    let told = match transition {
        Transition::Firing(_) => Told::Fired,
        Transition::Changed(_) => Told::Changed,
        Transition::Resolved(_) => Told::Resolved,
        Transition::Pending(_) | Transition::Noted(_) | Transition::Dropped(_) => return None,
    };
    Some((told, transition.alert().clone()))
}
