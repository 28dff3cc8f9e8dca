//! Load tests that are to come: planned, told of a day before, approved by another person than the one who planned
//! them, handed to a runner once, and missed if nobody took them. Each step is an event of the journal.

mod rules;

use std::collections::BTreeMap;

use journal::{Act, Entry, EventQuery, Journal, JournalError, NewEvent, NewTimer};
use model::{Span, Time};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use utoipa::ToSchema;

pub(crate) use rules::{Asked, refusals, slot};

/// The kind of events that say how a scheduled load test stands; the subject is its id.
pub(crate) const LOAD_SCHEDULE: &str = "load_schedule";
/// The kind of events that hold the plan of one; the subject is its id.
pub(crate) const LOAD_PLAN: &str = "load_plan";
/// The kind of the timers that say that one is due.
const DUE: &str = "load_due";
/// How late a runner may take one.
pub(crate) const LATE_MAX: Span = Span::minutes(15);
/// Scheduled load tests that wait at once.
pub(crate) const WAITING_MAX: usize = 100;
/// How long those that are over are shown.
const SHOWN: Span = Span::days(30);

/// A load test that is to come, version 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Scheduled {
    pub(crate) version: u32,
    pub(crate) id: String,
    pub(crate) plan: String,
    pub(crate) service: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) targets: Vec<String>,
    /// The highest rate of journeys, a second.
    pub(crate) rate_max: f64,
    /// When it begins, in milliseconds since 1970.
    pub(crate) at: i64,
    /// When it is over at the latest.
    pub(crate) until: i64,
    /// Who planned it.
    pub(crate) by: String,
    /// `planned`, `approved`, `running`, `done`, `missed`, `lost` or `cancelled`.
    pub(crate) state: String,
    pub(crate) approved_by: Option<String>,
    /// The run that came of it.
    pub(crate) run: Option<String>,
    /// What more is to be said of its state: the run's verdict, or why it was cancelled.
    pub(crate) why: Option<String>,
    /// When it came into this state.
    pub(crate) since: i64,
}

impl Scheduled {
    /// Whether it may still come or goes on.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state.as_str(), "planned" | "approved" | "running")
    }

    fn timer_key(&self) -> String {
        format!("{DUE}/{}", self.id)
    }
}

/// Why a step was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// It is not in a state for that.
    #[error("{0}")]
    Conflict(String),
    /// The journal does not take it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl StepError {
    pub(crate) fn kind(&self) -> model::Kind {
        match self {
            Self::Conflict(_) => model::Kind::Conflict,
            Self::Journal(error) => error.kind(),
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct ScheduleBook {
    all: RwLock<BTreeMap<String, Scheduled>>,
    /// Steps are made one after the other, and never while the journal is read anew: what was read before a step
    /// would undo it here.
    turn: Mutex<()>,
}

impl ScheduleBook {
    /// Reads how they stand.
    pub(crate) async fn refresh(&self, journal: &Journal) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        let (mut all, mut before) = (BTreeMap::new(), None);
        loop {
            let events = journal.latest(LOAD_SCHEDULE, before, 0).await?;
            let Some(last) = events.last() else { break };
            before = Some(last.seq);
            for event in &events {
                if let Ok(own) = serde_json::from_value::<Scheduled>(event.body.clone()) {
                    all.insert(own.id.clone(), own);
                }
            }
        }
        *self.all.write() = all;
        Ok(())
    }

    pub(crate) fn get(&self, id: &str) -> Option<Scheduled> {
        self.all.read().get(id).cloned()
    }

    /// Those that are open, then those that were over lately; each by their time.
    pub(crate) fn all(&self, now: Time) -> Vec<Scheduled> {
        let all = self.all.read();
        let shown = all.values().filter(|own| own.is_open() || now.since(Time(own.since)) <= SHOWN);
        let mut shown: Vec<Scheduled> = shown.cloned().collect();
        shown.sort_by_key(|own| (!own.is_open(), own.at));
        shown
    }

    /// Plans one, with its plan as it is handed out.
    pub(crate) async fn plan(
        &self,
        journal: &Journal,
        own: Scheduled,
        job: Value,
    ) -> Result<(), StepError> {
        let _turn = self.turn.lock().await;
        if self.all.read().values().filter(|own| own.is_open()).count() >= WAITING_MAX {
            let text = format!("{WAITING_MAX} load tests are scheduled already");
            return Err(StepError::Conflict(text));
        }
        let (kind, subject) = (LOAD_PLAN.to_owned(), own.id.clone());
        let plan = NewEvent {
            at: Time(own.since),
            kind,
            subject,
            body: json!({"version": 1, "job": job}),
        };
        self.step(journal, own, Act { entry: entry(vec![plan]), ..Act::default() }).await
    }

    /// Another person than the one who planned it approves it.
    pub(crate) async fn approve(
        &self,
        journal: &Journal,
        id: &str,
        (by, now): (&str, Time),
    ) -> Result<Scheduled, StepError> {
        let _turn = self.turn.lock().await;
        let mut own = self.expect(id, &["planned"])?;
        if by.trim().is_empty() || by == own.by {
            let text = format!("{} planned it, so somebody else has to approve it", own.by);
            return Err(StepError::Conflict(text));
        }
        (own.state, own.approved_by, own.since) =
            ("approved".to_owned(), Some(by.to_owned()), now.millis());
        let due = NewTimer {
            key: own.timer_key(),
            kind: DUE.to_owned(),
            due: Time(own.at),
            body: json!({"id": own.id}),
        };
        self.step(journal, own.clone(), Act { set: vec![due], ..Act::default() }).await?;
        Ok(own)
    }

    /// Takes one back that has not begun.
    pub(crate) async fn cancel(
        &self,
        journal: &Journal,
        id: &str,
        (why, now): (&str, Time),
    ) -> Result<Scheduled, StepError> {
        let _turn = self.turn.lock().await;
        let mut own = self.expect(id, &["planned", "approved"])?;
        let why = Some(why.to_owned()).filter(|why| !why.is_empty());
        (own.state, own.why, own.since) = ("cancelled".to_owned(), why, now.millis());
        let act = Act { unset: vec![own.timer_key()], ..Act::default() };
        self.step(journal, own.clone(), act).await?;
        Ok(own)
    }

    /// The first that a runner may take now.
    pub(crate) fn due(&self, now: Time) -> Option<Scheduled> {
        let all = self.all.read();
        let due = all.values().filter(|own| own.state == "approved" && is_due(own, now));
        due.min_by_key(|own| own.at).cloned()
    }

    /// A runner takes one: of several who try, one succeeds. Answers with its plan.
    pub(crate) async fn claim(
        &self,
        journal: &Journal,
        id: &str,
        (run, now): (&str, Time),
    ) -> Result<(Scheduled, Value), StepError> {
        let _turn = self.turn.lock().await;
        let mut own = self.expect(id, &["approved"])?;
        if !is_due(&own, now) {
            return Err(StepError::Conflict("its time has not come, or is over".to_owned()));
        }
        let timers = journal.timers_due(DUE, now, 256).await?;
        let key = own.timer_key();
        let Some(timer) = timers.iter().find(|timer| timer.key == key) else {
            return Err(StepError::Conflict("somebody else has taken it".to_owned()));
        };
        let job = read_job(journal, id).await?;
        let job = job.ok_or_else(|| StepError::Conflict("its plan is gone".to_owned()))?;
        (own.state, own.run, own.since) =
            ("running".to_owned(), Some(run.to_owned()), now.millis());
        self.step(journal, own.clone(), Act { ran: vec![timer.id], ..Act::default() }).await?;
        Ok((own, job))
    }

    /// The report of a run has come, or it was lost.
    pub(crate) async fn end(
        &self,
        journal: &Journal,
        run: &str,
        (state, why, now): (&str, &str, Time),
    ) -> Result<(), StepError> {
        let _turn = self.turn.lock().await;
        let found = self.all.read().values().find(|own| own.run.as_deref() == Some(run)).cloned();
        // A report that comes after all says more than that it was lost.
        let goes_on =
            |own: &Scheduled| own.state == "running" || (own.state == "lost" && state == "done");
        let Some(mut own) = found.filter(goes_on) else { return Ok(()) };
        (own.state, own.why, own.since) = (state.to_owned(), Some(why.to_owned()), now.millis());
        self.step(journal, own, Act::default()).await
    }

    /// Gives up those that nobody took in time.
    pub(crate) async fn miss(&self, journal: &Journal, now: Time) -> Result<(), StepError> {
        let _turn = self.turn.lock().await;
        let late = |own: &&Scheduled| {
            matches!(own.state.as_str(), "planned" | "approved") && now > Time(own.at) + LATE_MAX
        };
        let missed: Vec<Scheduled> = self.all.read().values().filter(late).cloned().collect();
        for mut own in missed {
            let why =
                if own.state == "planned" { "nobody approved it" } else { "no runner took it" };
            (own.state, own.why, own.since) =
                ("missed".to_owned(), Some(why.to_owned()), now.millis());
            let act = Act { unset: vec![own.timer_key()], ..Act::default() };
            self.step(journal, own, act).await?;
        }
        Ok(())
    }

    fn expect(&self, id: &str, states: &[&str]) -> Result<Scheduled, StepError> {
        let own = self.get(id).unwrap_or_default();
        if states.contains(&own.state.as_str()) {
            return Ok(own);
        }
        Err(StepError::Conflict(format!("it is {}", own.state)))
    }

    /// Records a state first, and holds it then.
    async fn step(&self, journal: &Journal, own: Scheduled, mut act: Act) -> Result<(), StepError> {
        act.entry.events.push(NewEvent {
            at: Time(own.since),
            kind: LOAD_SCHEDULE.to_owned(),
            subject: own.id.clone(),
            body: serde_json::to_value(&own).unwrap_or_default(),
        });
        match journal.record(act).await {
            Ok(_) => {
                self.all.write().insert(own.id.clone(), own);
                Ok(())
            }
            Err(JournalError::NotSet { .. }) => {
                Err(StepError::Conflict("somebody else has taken it".to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn entry(events: Vec<NewEvent>) -> Entry {
    Entry { events, outbox: Vec::new() }
}

fn is_due(own: &Scheduled, now: Time) -> bool {
    Time(own.at) <= now && now <= Time(own.at) + LATE_MAX
}

async fn read_job(journal: &Journal, id: &str) -> Result<Option<Value>, JournalError> {
    let question = EventQuery {
        kinds: vec![LOAD_PLAN.to_owned()],
        subject: Some(id.to_owned()),
        newest_first: true,
        limit: 1,
        ..EventQuery::default()
    };
    Ok(journal.events(question).await?.first().map(|event| event.body["job"].clone()))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;

    const NOW: Time = Time(1_795_276_800_000);

    fn planned(id: String) -> Scheduled {
        let (state, at, until) = ("planned".to_owned(), NOW.millis(), NOW.millis());
        Scheduled { version: 1, id, by: "ann".to_owned(), state, at, until, ..Scheduled::default() }
    }

    #[tokio::test]
    async fn a_step_stands_although_the_journal_is_read_anew_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let journal = Journal::open(&file).await.unwrap();
        let (book, ends) = (ScheduleBook::default(), Cell::new(false));
        let made: RefCell<BTreeMap<String, String>> = RefCell::default();
        let stand =
            || made.borrow().iter().all(|(id, state)| book.get(id).unwrap().state == *state);
        let again = async {
            while !ends.get() {
                book.refresh(&journal).await.unwrap();
                assert!(stand(), "{:?}", book.all(NOW));
            }
        };
        let note = |id: &str| {
            let state = book.get(id).unwrap().state;
            made.borrow_mut().insert(id.to_owned(), state);
        };
        let steps = async {
            for at in 0..60 {
                let id = format!("s{at}");
                book.plan(&journal, planned(id.clone()), json!({})).await.unwrap();
                note(&id);
                book.approve(&journal, &id, ("bob", NOW)).await.unwrap();
                note(&id);
                book.cancel(&journal, &id, ("", NOW)).await.unwrap();
                note(&id);
            }
            ends.set(true);
        };
        tokio::join!(again, steps);
    }
}
