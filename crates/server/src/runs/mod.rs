//! Load tests that were told to this server: what holds of each is an event of the journal, its report lies on a
//! bounded shelf beside it, and those that go on now are held in memory.

mod broken;
mod gate;
mod live;
mod schedule;
mod shelf;
mod stop;
mod told;

use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use journal::{Entry, EventQuery, Journal, JournalError, NewEvent};
use load::Allowed;
use model::{Kind, Time};
use parking_lot::RwLock;
use serde_json::{Value, json};
use settings::{LoadSettings, Mistake, Mistakes};
use tokio::sync::Mutex;

pub(crate) use self::{
    broken::{BROKEN_OFF, WAITED},
    gate::{GateTold, read_gate, read_gates, record_gate},
    live::{LiveBook, LiveRow, LiveRun, RunBegun},
    schedule::{
        Asked, LOAD_PLAN, LOAD_SCHEDULE, ScheduleBook, Scheduled, StepError, refusals, slot,
    },
    shelf::{Shelf, ShelfError, Sort},
    stop::{LOAD_STOP, Stopping},
    told::{GateRun, NotTold, RunNotes, RunTold},
};

/// The kind of events that say how a load test went; the subject is its id.
pub(crate) const LOAD_RUN: &str = "load_run";
/// The kind of events that say that a load test began; the subject is its id.
pub(crate) const LOAD_BEGUN: &str = "load_begun";
/// The kind of events that say which run is the baseline of a plan; the subject is the plan's name.
pub(crate) const LOAD_BASELINE: &str = "load_baseline";

/// Events of one run that are looked at: that it broke off, and its report after all.
const EVENTS_OF_RUN_MAX: u32 = 8;
/// Letters of an id at most; those made here have 20.
const ID_LETTERS_MAX: usize = 40;

/// All that is known of load tests.
#[derive(Debug)]
pub(crate) struct LoadBook {
    pub(crate) shelf: Shelf,
    pub(crate) live: LiveBook,
    pub(crate) stopping: RwLock<Stopping>,
    pub(crate) schedules: ScheduleBook,
    /// Which run is the baseline of which plan.
    baselines: RwLock<BTreeMap<String, String>>,
    /// What is set here is never set while the journal is read anew: what was read before would undo it.
    turn: Mutex<()>,
}

/// Why a run was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    /// It is no run.
    #[error(transparent)]
    NotTold(#[from] NotTold),
    /// Its report cannot be put away.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The journal does not take it.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl KeepError {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::NotTold(error) => error.kind(),
            Self::Shelf(error) => error.kind(),
            Self::Journal(error) => error.kind(),
        }
    }
}

impl LoadBook {
    /// What the journal and the shelf remember.
    pub(crate) async fn read(
        journal: &Journal,
        data: &Path,
        own: (&str, Time),
    ) -> Result<Self, JournalError> {
        let book = Self {
            shelf: Shelf::new(data.join("load")),
            live: LiveBook::default(),
            stopping: RwLock::default(),
            schedules: ScheduleBook::default(),
            baselines: RwLock::default(),
            turn: Mutex::default(),
        };
        book.refresh(journal).await?;
        broken::take_in_again(journal, &book.live, own).await?;
        Ok(book)
    }

    /// Reads again what another server may have recorded: the global stop, and the baselines.
    pub(crate) async fn refresh(&self, journal: &Journal) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        let stopping = Stopping::read(journal).await?;
        let mut baselines = BTreeMap::new();
        let mut before = None;
        loop {
            let events = journal.latest(LOAD_BASELINE, before, 0).await?;
            let Some(last) = events.last() else { break };
            before = Some(last.seq);
            for event in &events {
                if let Some(run) = event.body["run"].as_str() {
                    baselines.insert(event.subject.clone(), run.to_owned());
                }
            }
        }
        self.schedules.refresh(journal).await?;
        *self.stopping.write() = stopping;
        *self.baselines.write() = baselines;
        Ok(())
    }

    /// Stops everything, or releases it: recorded when this returns.
    pub(crate) async fn hold(
        &self,
        journal: &Journal,
        held: bool,
        told: (&str, &str, Time),
    ) -> Result<Stopping, JournalError> {
        let _turn = self.turn.lock().await;
        let stopping = Stopping::record(journal, held, told).await?;
        *self.stopping.write() = stopping.clone();
        Ok(stopping)
    }

    /// Whether a run is the baseline of its plan.
    pub(crate) fn is_baseline(&self, run: &RunTold) -> bool {
        self.baselines.read().get(&run.plan) == Some(&run.id)
    }

    /// The baseline of a plan.
    pub(crate) fn baseline(&self, plan: &str) -> Option<String> {
        self.baselines.read().get(plan).cloned()
    }

    /// Ids of all baselines: their reports are not let go of.
    pub(crate) fn baselines(&self) -> Vec<String> {
        self.baselines.read().values().cloned().collect()
    }

    /// Makes a run the baseline of its plan, or takes that back.
    pub(crate) async fn mark(
        &self,
        journal: &Journal,
        run: &RunTold,
        (marked, by, at): (bool, &str, Time),
    ) -> Result<(), JournalError> {
        let _turn = self.turn.lock().await;
        let id = marked.then_some(&run.id);
        let body = json!({"version": 1, "run": id, "by": by});
        let subject = run.plan.clone();
        let event = NewEvent { at, kind: LOAD_BASELINE.to_owned(), subject, body };
        journal.record(Entry { events: vec![event], outbox: Vec::new() }).await?;
        let mut baselines = self.baselines.write();
        match id {
            Some(id) => baselines.insert(run.plan.clone(), id.clone()),
            None => baselines.remove(&run.plan),
        };
        Ok(())
    }
}

/// Whether everybody who may be put under load by schedule can be understood.
pub(crate) fn check_targets(settings: &LoadSettings) -> Result<(), Mistakes> {
    for target in &settings.targets {
        if let Err(error) = target.parse::<Allowed>() {
            return Err(Mistake::somewhere(format!("`load.targets`: {error}")).into());
        }
    }
    Ok(())
}

/// Runs from the journal, newest first; of one plan if that is named.
pub(crate) async fn read_runs(
    journal: &Journal,
    plan: Option<&str>,
    (before, limit): (Option<i64>, usize),
) -> Result<(Vec<RunTold>, Option<i64>), JournalError> {
    /// Events that are looked at for one answer.
    const READ_MAX: usize = 5_000;
    let (mut found, mut next, mut read) = (Vec::new(), before, 0);
    loop {
        let question = EventQuery {
            kinds: vec![LOAD_RUN.to_owned()],
            before: next,
            newest_first: true,
            limit: 200,
            ..EventQuery::default()
        };
        let events = journal.events(question).await?;
        if events.is_empty() {
            return Ok((found, None));
        }
        if read >= READ_MAX {
            return Ok((found, next));
        }
        for event in &events {
            read += 1;
            next = Some(event.seq);
            let run = RunTold::read(event);
            let Some(run) = run.filter(|run| plan.is_none_or(|plan| run.plan == plan)) else {
                continue;
            };
            // Its report may have come after all.
            if run.word != BROKEN_OFF || read_run(journal, &run.id).await?.as_ref() == Some(&run) {
                found.push(run);
            }
            if found.len() >= limit {
                return Ok((found, next));
            }
        }
    }
}

/// One run from the journal.
pub(crate) async fn read_run(journal: &Journal, id: &str) -> Result<Option<RunTold>, JournalError> {
    let question = EventQuery {
        kinds: vec![LOAD_RUN.to_owned()],
        subject: Some(id.to_owned()),
        newest_first: true,
        limit: EVENTS_OF_RUN_MAX,
        ..EventQuery::default()
    };
    let events = journal.events(question).await?;
    let mut told: Vec<RunTold> = events.iter().filter_map(RunTold::read).collect();
    // What it told itself says more than that it was silent.
    told.sort_by_key(|run| run.word == BROKEN_OFF);
    Ok(told.into_iter().next())
}

/// Puts a run into the journal.
pub(crate) async fn record_run(journal: &Journal, run: &RunTold) -> Result<(), JournalError> {
    let event = NewEvent {
        at: Time(run.told_at),
        kind: LOAD_RUN.to_owned(),
        subject: run.id.clone(),
        body: serde_json::to_value(run).unwrap_or(Value::Null),
    };
    journal.record(Entry { events: vec![event], outbox: Vec::new() }).await.map(drop)
}

/// A name for a run: its second, and chance, so that two servers never make the same.
pub(crate) fn new_id(now: Time) -> std::io::Result<String> {
    let mut chance = [0; 5];
    File::open("/dev/urandom")?.read_exact(&mut chance)?;
    let chance = chance.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    Ok(format!("{:09x}-{chance:010x}", now.millis().max(0) / 1000))
}

/// Whether a text may be the id of a run: it becomes the name of a file.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_LETTERS_MAX
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_cannot_lead_out_of_the_shelf() {
        let (one, other) = (new_id(Time(1_000)).unwrap(), new_id(Time(1_000)).unwrap());
        assert!(one != other && is_id(&one), "{one} {other}");
        for wrong in ["", "../x", "-1", "a/b", "g", &"a".repeat(41)] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }
}
