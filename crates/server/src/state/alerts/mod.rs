//! The alerts that hold. Judging goes one at a time: draft, journal, then truth.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use detect::{ActiveAlerts, SILENT_SINCE, Transition, without_notes};
use journal::{Entry, Journal, JournalError, NewEvent};
use model::{Alert, Span, Time};
use parking_lot::{Mutex, RwLock};
use respond::{
    Groups, Notices, Scene, Told, notify,
    quiet::{Hush, Quiet, SilenceDraft, SilenceError, Silences, restore_silences},
};
use tokio::sync::Semaphore;

use super::{facts::read_alerts, records::alert_event};

mod changes;
mod directory;
mod evidence;
mod guard;
mod heartbeat;
mod jumps;

pub(crate) use changes::{ChangeBook, Kept, Wanted, read_changes};
pub use directory::{DirectoryFault, check_tellings};
pub(crate) use directory::{Tellings, tellings};
pub(crate) use evidence::join;
pub(crate) use guard::{doubts_text, seen_lately};
pub(crate) use heartbeat::{HEARTBEAT, HEARTBEATS_MAX, Heartbeat};
pub(crate) use jumps::ClockWatch;

/// The alerts that hold, who was told of them, and whose turn it is to judge.
#[derive(Debug)]
pub(crate) struct AlertBook {
    active: Mutex<ActiveAlerts>,
    groups: Mutex<Groups>,
    silences: Mutex<Silences>,
    tellings: RwLock<Arc<Tellings>>,
    external_url: String,
    turn: Semaphore,
    /// The journal may hold more than is known here.
    stale: AtomicBool,
}

/// What the journal remembers of alerts.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) active: ActiveAlerts,
    pub(crate) groups: Groups,
    pub(crate) silences: Silences,
}

impl Remembered {
    /// Reads it. Nobody has looked at what was waiting for as long as `away`.
    pub(crate) async fn read(
        journal: &Journal,
        tellings: &Tellings,
        now: Time,
        away: Span,
    ) -> Result<Self, JournalError> {
        let mut active = ActiveAlerts::from_alerts(read_alerts(journal).await?);
        active.after_outage(away);
        active.await_senders(now + tellings.resolve_timeout);
        let groups = respond::restore(journal, &tellings.directory, active.alerts(), now).await?;
        let silences = restore_silences(journal, now).await?;
        Ok(Self { active, groups, silences })
    }
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

/// Why a silence was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SilenceLost {
    /// It cannot be kept as it is.
    #[error(transparent)]
    Silence(#[from] SilenceError),
    /// The journal could not keep it.
    #[error("cannot record the silence")]
    Journal(#[from] JournalError),
    /// Our turn never came.
    #[error("the silence was not looked at")]
    Broken,
}

impl AlertBook {
    /// Alerts, and who was told of them, as they were read back from the journal.
    pub(crate) fn new(remembered: Remembered, tellings: Tellings, external_url: String) -> Self {
        let Remembered { active, groups, silences } = remembered;
        let (active, groups, silences) =
            (Mutex::new(active), Mutex::new(groups), Mutex::new(silences));
        let (turn, stale) = (Semaphore::new(1), AtomicBool::new(false));
        let tellings = RwLock::new(Arc::new(tellings));
        Self { active, groups, silences, tellings, external_url, turn, stale }
    }

    /// Who is told of what.
    pub(crate) fn tellings(&self) -> Arc<Tellings> {
        Arc::clone(&self.tellings.read())
    }

    /// From now on others are told of alerts. Whoever was told before and is told still need not be told again.
    pub(crate) async fn route(
        &self,
        journal: &Journal,
        tellings: Tellings,
        now: Time,
    ) -> Result<(), JudgementLost> {
        let _turn = self.turn.acquire().await.map_err(|_closed| JudgementLost::Broken)?;
        if self.stale.load(Ordering::Relaxed) {
            self.read(journal, now, Span::ZERO).await?;
            self.stale.store(false, Ordering::Relaxed);
        }
        let alerts = self.alerts();
        let groups = respond::restore(journal, &tellings.directory, &alerts, now).await?;
        *self.groups.lock() = groups;
        *self.tellings.write() = Arc::new(tellings);
        Ok(())
    }

    /// Every silence, those included that ended lately.
    pub(crate) fn silences(&self) -> Silences {
        self.silences.lock().clone()
    }

    /// The alerts that hold now, and why each of them is quiet if it is.
    pub(crate) fn with_reasons(&self, now: Time) -> Vec<(Alert, Quiet)> {
        let (alerts, silences, tellings) = (self.alerts(), self.silences(), self.tellings());
        let hush = Hush::of(&tellings.directory, &silences, &alerts, now);
        let reasons: Vec<Quiet> = alerts.iter().map(|alert| hush.why(alert)).collect();
        alerts.into_iter().zip(reasons).collect()
    }

    /// Keeps a silence; it counts once it is on disk. Gives its identity.
    pub(crate) async fn silence(
        &self,
        journal: &Journal,
        now: Time,
        draft: SilenceDraft,
    ) -> Result<String, SilenceLost> {
        let _turn = self.turn.acquire().await.map_err(|_closed| SilenceLost::Broken)?;
        let (next, id, events) = self.silences().set(draft, now)?;
        self.keep(journal, next, events).await?;
        Ok(id)
    }

    /// Ends a silence; it counts once it is on disk.
    pub(crate) async fn end_silence(
        &self,
        journal: &Journal,
        now: Time,
        id: &str,
    ) -> Result<(), SilenceLost> {
        let _turn = self.turn.acquire().await.map_err(|_closed| SilenceLost::Broken)?;
        let (next, event) = self.silences().expire(id, now)?;
        self.keep(journal, next, vec![event]).await
    }

    async fn keep(
        &self,
        journal: &Journal,
        next: Silences,
        events: Vec<NewEvent>,
    ) -> Result<(), SilenceLost> {
        // It may count although nobody waits for the answer any more: then what is known here is too little.
        let before = self.stale.swap(true, Ordering::Relaxed);
        if let Err(error) = journal.record(Entry { events, outbox: Vec::new() }).await {
            self.stale.store(before || error.is_unsure(), Ordering::Relaxed);
            return Err(error.into());
        }
        *self.silences.lock() = next;
        self.stale.store(before, Ordering::Relaxed);
        Ok(())
    }

    /// The alerts that a receiver was told of and that fire still, unless they are quiet now.
    pub(crate) fn standing(&self, receiver: &str) -> Vec<Alert> {
        self.groups.lock().standing(receiver)
    }

    /// When somebody is to be told something even if nothing more happens.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.groups.lock().next_due()
    }

    /// The alerts that hold now.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        self.active.lock().alerts().to_vec()
    }

    /// Lets somebody see the alerts without copying them.
    pub(crate) fn see<T>(&self, look: impl FnOnce(&ActiveAlerts) -> T) -> T {
        look(&self.active.lock())
    }

    /// Takes over new values and texts of alerts of which nothing became, so that nothing is to be recorded.
    pub(crate) fn renew(&self, sources: &[String], before: &ActiveAlerts, after: &ActiveAlerts) {
        // What is known here may be too little: then the next judgement reads it anew.
        if !self.stale.load(Ordering::Relaxed) {
            let mut active = self.active.lock();
            for source in sources {
                active.renew(source, before, after);
            }
        }
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
        let read = Remembered::read(journal, &self.tellings(), now, away).await?;
        *self.groups.lock() = read.groups;
        *self.active.lock() = read.active;
        *self.silences.lock() = read.silences;
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
        let (mut draft, mut transitions) =
            judged.await.map_err(|_panicked| JudgementLost::Broken)?;
        evidence::gather(journal, &mut draft, &mut transitions, now).await;
        let groups = self.groups.lock().clone();
        let told: Vec<(Told, Alert)> = transitions.iter().filter_map(told_of).collect();
        let (silences, tellings) = (self.silences(), self.tellings());
        let scene = Scene {
            directory: &tellings.directory,
            silences: &silences,
            alerts: draft.alerts(),
            now,
            external_url: &self.external_url,
        };
        let Notices { mut entry, groups } = notify(&groups, &told, &scene);
        let mut events: Vec<NewEvent> =
            transitions.iter().map(|transition| alert_event(transition, now)).collect();
        events.append(&mut entry.events);
        // It may count although nobody waits for the answer any more: then what is known here is too little.
        self.stale.store(true, Ordering::Relaxed);
        if let Err(error) = journal.record(Entry { events, outbox: entry.outbox }).await {
            self.stale.store(error.is_unsure(), Ordering::Relaxed);
            return Err(error.into());
        }
        *self.groups.lock() = groups;
        *self.active.lock() = draft;
        self.stale.store(false, Ordering::Relaxed);
        Ok(transitions)
    }
}

/// What a transition means to those who are told of alerts.
fn told_of(transition: &Transition) -> Option<(Told, Alert)> {
    let told = match transition {
        Transition::Firing(_) => Told::Fired,
        Transition::Changed(alert) if alert.annotations.get(SILENT_SINCE).is_some() => Told::Silent,
        Transition::Changed(_) => Told::Changed,
        Transition::Resolved(_) => Told::Resolved,
        // Of what never fired nobody knows.
        Transition::Dropped(alert) if alert.fired_at.is_some() => Told::Forgotten,
        Transition::Pending(_) | Transition::Noted(_) | Transition::Dropped(_) => return None,
    };
    let mut alert = transition.alert().clone();
    alert.annotations = without_notes(&alert.annotations);
    Some((told, alert))
}
