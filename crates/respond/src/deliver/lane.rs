//! One receiver's lane: its messages, one after the other, and its pauses.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use journal::{Journal, JournalError, Message, NewEvent};
use model::{Clock, Span, Time};
use reqwest::Client;
use tokio::sync::Mutex;

use super::{
    Delivered, DeliveryLimits,
    answer::{Posted, Verdict, broken_text},
    fallback::Passed,
    parcel::Parcel,
    people::GATHERED,
    posted::{posted_event, posted_of},
    random::Random,
};
use crate::{Receiver, via::Call};

/// Messages read at once; bodies may be large.
const READ_MAX: u32 = 16;
/// Messages delivered before others may have their turn.
const TURN_MAX: u64 = 256;
/// While a receiver is in trouble, it is looked at this often at least whether others are to be told.
const LOOK: Duration = Duration::from_secs(10);

/// What all lanes share.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) client: Client,
    pub(crate) clock: std::sync::Arc<dyn Clock>,
    pub(crate) random: Random,
    pub(crate) limits: DeliveryLimits,
    /// Who is told what another receiver cannot be told.
    pub(crate) fallback: Option<String>,
    /// Messages under way are finished, no more are begun.
    pub(crate) stopping: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) receiver: Receiver,
    pub(super) state: Mutex<State>,
    /// When it was last looked at, in milliseconds of the clock that never goes back.
    pub(super) turned: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// When its first turn began: what was recorded before may have been tried before.
    pub(super) begun: Option<Time>,
    /// The receiver is in trouble: nothing is sent before this moment (of the clock that never
    /// goes back).
    pub(super) paused_until: Duration,
    /// Delivered, but the journal could not take it down: not to be sent again.
    unmarked: BTreeMap<i64, Option<Posted>>,
    /// Since when messages wait because tries fail.
    pub(super) away_since: Option<Time>,
    /// Tries that failed one after the other.
    failed: u32,
    /// And those of them after which somebody has to mend something.
    wrong: u32,
    /// The longest pause since something arrived.
    pause_longest: Span,
    /// Somebody has to mend something.
    pub(super) broken: bool,
    /// What was last tried ends with this message, and is tried again as it was: it may be there.
    pub(super) upto: Option<i64>,
    /// Nobody said whether that was taken.
    unsure: bool,
    /// When people were sent something within the last minute.
    pub(super) recent: VecDeque<Duration>,
    /// By group: what was handed to the fallback.
    pub(super) passed: BTreeMap<String, Passed>,
}

impl State {
    /// Takes down that a try failed, and pauses; gives for how long, and the error to be kept.
    fn failed(&mut self, tools: &Tools, parcel: &Parcel, verdict: Verdict) -> (Span, String) {
        let limits = &tools.limits;
        self.failed = self.failed.saturating_add(1);
        let (pause, error) = match verdict {
            Verdict::Later { asked, error, unsure } => {
                self.unsure |= unsure;
                (self.wrong, self.broken) = (0, false);
                let asked = asked.unwrap_or(Span::ZERO).min(limits.pause_asked_max);
                (limits.pause(self.failed, &tools.random).max(asked), error)
            }
            Verdict::Broken { error, gone } => self.went_wrong(tools, parcel, (error, gone)),
            Verdict::Refused { error } => self.went_wrong(tools, parcel, (error, false)),
            Verdict::Done(_) => (Span::ZERO, String::new()),
        };
        if !self.unsure {
            // It is not there, so that what is tried next may say how things stand then.
            self.upto = None;
        }
        self.pause_longest = self.pause_longest.max(pause);
        self.paused_until = tools.clock.elapsed() + pause.to_duration();
        (pause, error)
    }

    fn went_wrong(
        &mut self,
        tools: &Tools,
        parcel: &Parcel,
        (error, gone): (String, bool),
    ) -> (Span, String) {
        self.wrong = self.wrong.saturating_add(1);
        // Of what somebody had to mend before a restart, this is still known.
        self.broken = self.wrong >= tools.limits.broken_after || parcel.was_broken;
        let pause = tools.limits.pause_wrong(self.wrong, gone, &tools.random);
        (pause, if self.broken { broken_text(&error) } else { error })
    }
}

pub(super) enum Step {
    Sent,
    Retried,
    GivenUp,
}

impl Lane {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self { receiver, state: Mutex::default(), turned: AtomicU64::new(0) }
    }

    /// Delivers what is due, until nothing is, the receiver is in trouble, or others want their
    /// turn. Does nothing if a delivery is under way already.
    pub(crate) async fn deliver(
        &self,
        tools: &Tools,
        journal: &Journal,
        now: Time,
    ) -> Result<Delivered, JournalError> {
        let mut delivered = Delivered::default();
        let Ok(mut state) = self.state.try_lock() else {
            return Ok(delivered);
        };
        // What waits for a pause that a program before this one chose waits no longer.
        let mut until = if state.begun.is_none() { Time::MAX } else { now };
        if state.begun.is_none() {
            state.passed = self.passed_before(journal).await?;
            state.begun = Some(now);
        }
        if state.away_since.is_some() {
            self.pass_on(tools, journal, &mut state, now).await?;
        }
        while delivered.all() < TURN_MAX && tools.clock.elapsed() >= state.paused_until {
            let parcels = if self.receiver.via.is_for_people() {
                self.gather(tools, journal, &mut state, now).await?.into_iter().collect()
            } else {
                let due = self.due(tools, journal, (until, state.pause_longest)).await?;
                due.into_iter().map(Parcel::one).collect::<Vec<_>>()
            };
            if parcels.is_empty() {
                break;
            }
            for parcel in parcels {
                if tools.stopping.load(Ordering::Relaxed) {
                    return Ok(delivered);
                }
                match self.step(tools, journal, &mut state, parcel).await? {
                    (Step::Sent, count) => delivered.sent += count,
                    (Step::GivenUp, count) => delivered.given_up += count,
                    (Step::Retried, count) => {
                        delivered.retried += count;
                        until = now;
                        break;
                    }
                }
            }
        }
        Ok(delivered)
    }

    /// What is due. A time further ahead than any pause means that somebody has set the clock back
    /// since; what waits for such a time is due as well.
    async fn due(
        &self,
        tools: &Tools,
        journal: &Journal,
        (now, pause_longest): (Time, Span),
    ) -> Result<Vec<Message>, JournalError> {
        let name = &self.receiver.name;
        let due = journal.due_for(name, now, READ_MAX).await?;
        if !due.is_empty() {
            return Ok(due);
        }
        match journal.next_due(name).await? {
            Some(next) if next > now + pause_longest.max(tools.limits.pause_broken) => {
                journal.due_for(name, next, READ_MAX).await
            }
            _ => Ok(due),
        }
    }

    /// How long until there is something to do, at most `longest`.
    pub(crate) async fn rest(
        &self,
        tools: &Tools,
        journal: &Journal,
        longest: Duration,
    ) -> Result<Duration, JournalError> {
        let Some(due) = journal.next_due(&self.receiver.name).await? else {
            return Ok(longest);
        };
        let until_due = due.since(tools.clock.now()).to_duration();
        let state = self.state.lock().await;
        let pause = state.paused_until.saturating_sub(tools.clock.elapsed());
        let waits_for_fallback = tools.fallback.is_some() && state.away_since.is_some();
        let longest = if waits_for_fallback { longest.min(LOOK) } else { longest };
        Ok(until_due.max(pause).min(longest))
    }

    /// Sends a parcel and takes down what became of it; says of how many messages.
    async fn step(
        &self,
        tools: &Tools,
        journal: &Journal,
        state: &mut State,
        mut parcel: Parcel,
    ) -> Result<(Step, u64), JournalError> {
        let count = parcel.ids.len() as u64;
        let first = parcel.ids.first().copied().unwrap_or(0);
        let verdict = if let Some(posted) = state.unmarked.remove(&parcel.upto()) {
            Verdict::Done(posted)
        } else {
            if self.receiver.via.changes_messages() {
                (parcel.posted, parcel.thread) = posted_of(journal, &parcel).await?;
            }
            self.send(tools, state, &parcel).await
        };
        let now = tools.clock.now();
        let alone =
            matches!(verdict, Verdict::Refused { .. }) && !self.receiver.via.is_for_people();
        let (pause, error) = match verdict {
            Verdict::Done(posted) => {
                self.done(tools, journal, state, (parcel, posted)).await?;
                return Ok((Step::Sent, count));
            }
            Verdict::Refused { error } if alone => {
                if self.is_outdated(journal, &parcel).await? {
                    let error = format!("{error}; a newer message of its group takes its place");
                    self.give_up(journal, (&parcel, now), &error).await?;
                    return Ok((Step::GivenUp, 1));
                }
                (tools.limits.pause_broken, broken_text(&error))
            }
            verdict => state.failed(tools, &parcel, verdict),
        };
        let age = now.since(parcel.first_due);
        let tries = parcel.attempts.saturating_add(1);
        if age >= tools.limits.age_max || tries >= tools.limits.attempts_max {
            self.give_up(journal, (&parcel, now), &error).await?;
            state.upto = None;
            return Ok((Step::GivenUp, 1));
        }
        let since = state.away_since.unwrap_or(parcel.first_due);
        if !alone && state.away_since.replace(since).is_none() {
            tracing::warn!(receiver = %self.receiver.name, %error, "the receiver is in trouble");
        }
        settled(journal.retry(first, now + pause, &error).await)?;
        self.pass_on(tools, journal, state, now).await?;
        Ok((Step::Retried, 1))
    }

    /// Takes down that a parcel arrived.
    async fn done(
        &self,
        tools: &Tools,
        journal: &Journal,
        state: &mut State,
        (parcel, posted): (Parcel, Option<Posted>),
    ) -> Result<(), JournalError> {
        let now = tools.clock.now();
        let events: Vec<NewEvent> =
            posted.iter().flat_map(|posted| posted_event(&parcel, posted, now)).collect();
        state.unmarked.insert(parcel.upto(), posted);
        match parcel.ids.as_slice() {
            [id] if events.is_empty() => settled(journal.done(*id, now).await)?,
            ids => journal.done_together(ids, &parcel.key, now, events).await?,
        }
        state.unmarked.remove(&parcel.upto());
        // After a storm was told, what is new is gathered before it is told.
        let storm = parcel.lane.is_none() && state.away_since.is_none();
        state.paused_until = if storm { tools.clock.elapsed() + GATHERED } else { Duration::ZERO };
        state.upto = None;
        state.unsure = false;
        (state.failed, state.wrong, state.broken) = (0, 0, false);
        state.pause_longest = Span::ZERO;
        if self.receiver.via.is_for_people() {
            state.recent.push_back(tools.clock.elapsed());
        }
        if state.away_since.take().is_some() {
            tracing::info!(receiver = %self.receiver.name, "the receiver is back");
        }
        self.follow_up(tools, journal, state, &parcel).await
    }

    /// Whether a newer message of its group waits behind it, which says how the group stands.
    async fn is_outdated(&self, journal: &Journal, parcel: &Parcel) -> Result<bool, JournalError> {
        let behind = journal.waiting(&self.receiver.name, parcel.upto(), u32::MAX).await?;
        Ok(behind.iter().any(|own| Some(&own.lane) == parcel.lane.as_ref()))
    }

    async fn give_up(
        &self,
        journal: &Journal,
        (parcel, now): (&Parcel, Time),
        error: &str,
    ) -> Result<(), JournalError> {
        let Some(id) = parcel.ids.first() else { return Ok(()) };
        tracing::error!(receiver = %self.receiver.name, key = %parcel.key, error, "message given up");
        settled(journal.give_up(*id, now, error).await)
    }

    /// Sends a parcel, within the time a try may take.
    async fn send(&self, tools: &Tools, state: &mut State, parcel: &Parcel) -> Verdict {
        state.upto = Some(parcel.upto());
        let call = Call { client: &tools.client, now: tools.clock.now() };
        tokio::select! {
            verdict = self.receiver.via.send(&call, parcel) => verdict,
            () = tools.clock.wait(tools.limits.timeout.to_duration()) => {
                Verdict::unsure(format!("no answer within {}", tools.limits.timeout))
            }
        }
    }
}

/// A message that is no longer waiting was given up meanwhile to make room; that is settled too.
fn settled(result: Result<(), JournalError>) -> Result<(), JournalError> {
    match result {
        Err(JournalError::NotWaiting { .. }) => Ok(()),
        other => other,
    }
}
