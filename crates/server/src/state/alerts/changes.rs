//! Changes that others tell of: kept once each, and read back together with those noticed here.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Entry, EventQuery, Journal, JournalError};
use model::{Change, ChangeKind, ChangeStatus, Time};
use settings::{ChangeHook, ChangeSettings};
use tokio::sync::Semaphore;

use crate::state::{
    ALERT, CHANGE, change_of,
    records::{TOLD, same_told, told_event},
};

/// How often more may become known of one change; a sender that goes on has lost its way.
const WORDS_MAX: u32 = 50;
/// Bodies of web hooks that are read at once, so that they take bounded memory.
const BODIES_MAX: usize = 4;
/// Events of a kind that are read at most to find changes: most events of alerts say something else.
const EVENTS_READ_MAX: usize = 2_000;
/// Events read together.
const PAGE: u32 = 500;

/// Whose turn it is to keep a change, and who may tell of one.
#[derive(Debug)]
pub(crate) struct ChangeBook {
    turn: Semaphore,
    /// Room for bodies on their way.
    pub(crate) bodies: Semaphore,
    hooks: BTreeMap<String, ChangeHook>,
}

/// What became of a change that somebody told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It was not known.
    New,
    /// More of it is known now.
    Updated,
    /// Nothing of it is new.
    Known,
    /// More was told of it than anybody reads.
    TooOften,
}

impl Kept {
    /// The word answers and counters use.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Updated => "updated",
            Self::Known => "known",
            Self::TooOften => "too_often",
        }
    }
}

/// Which changes are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Only these kinds; all if empty.
    pub(crate) kinds: Vec<ChangeKind>,
    /// Only those of this service.
    pub(crate) service: Option<String>,
    pub(crate) since: Option<Time>,
    pub(crate) until: Option<Time>,
    pub(crate) limit: usize,
}

impl ChangeBook {
    pub(crate) fn new(settings: &ChangeSettings) -> Self {
        let hooks = settings.hooks.iter().map(|hook| (hook.name.clone(), hook.clone()));
        let (turn, bodies) = (Semaphore::new(1), Semaphore::new(BODIES_MAX));
        Self { turn, bodies, hooks: hooks.collect() }
    }

    /// The hook of a name.
    pub(crate) fn hook(&self, name: &str) -> Option<&ChangeHook> {
        self.hooks.get(name)
    }

    /// Keeps a change under its source and key. One that was told before, word for word, changes
    /// nothing; else the newest word on it counts. `dated` says that its time is the teller's own
    /// and not when it came.
    pub(crate) async fn keep(
        &self,
        journal: &Journal,
        change: &Change,
        dated: bool,
    ) -> Result<Kept, JournalError> {
        // Nobody closes it. Two servers may keep the same word twice; readers take the newest.
        let _turn = self.turn.acquire().await;
        let event = told_event(change, dated);
        let question = EventQuery {
            kinds: vec![TOLD.to_owned()],
            subject: Some(event.subject.clone()),
            newest_first: true,
            limit: WORDS_MAX,
            ..EventQuery::default()
        };
        let before = journal.events(question).await?;
        let outdated = before.first().and_then(change_of).is_some_and(|last| {
            let over = last.details.status.is_some_and(ChangeStatus::is_end);
            over && change.details.status == Some(ChangeStatus::Started)
        });
        if outdated || before.iter().any(|known| same_told(known, &event)) {
            return Ok(Kept::Known);
        }
        if before.len() >= WORDS_MAX as usize {
            return Ok(Kept::TooOften);
        }
        journal.record(Entry { events: vec![event], outbox: Vec::new() }).await?;
        Ok(if before.is_empty() { Kept::New } else { Kept::Updated })
    }
}

/// The newest changes that are wanted, newest first; of one that was told of more than once, the
/// last word.
pub(crate) async fn read_changes(
    journal: &Journal,
    wanted: &Wanted,
) -> Result<Vec<Change>, JournalError> {
    let any = |test: fn(ChangeKind) -> bool| {
        wanted.kinds.is_empty() || wanted.kinds.iter().any(|kind| test(*kind))
    };
    let kinds = [
        (TOLD, any(|kind| !kind.is_noticed())),
        (CHANGE, any(|kind| kind.is_noticed() && kind != ChangeKind::Alert)),
        (ALERT, any(|kind| kind == ChangeKind::Alert)),
    ];
    let mut found = Vec::new();
    for (kind, _) in kinds.into_iter().filter(|(_, wanted)| *wanted) {
        read_kind(journal, kind, wanted, &mut found).await?;
    }
    found.sort_by_key(|change| std::cmp::Reverse(change.at));
    found.truncate(wanted.limit);
    Ok(found)
}

async fn read_kind(
    journal: &Journal,
    kind: &str,
    wanted: &Wanted,
    found: &mut Vec<Change>,
) -> Result<(), JournalError> {
    let mut known = BTreeSet::new();
    let (mut before, mut read, mut own) = (None, 0, 0);
    while own < wanted.limit && read < EVENTS_READ_MAX {
        let question = EventQuery {
            kinds: vec![kind.to_owned()],
            since: wanted.since,
            until: wanted.until,
            before,
            newest_first: true,
            limit: PAGE,
            ..EventQuery::default()
        };
        let events = journal.events(question).await?;
        let Some(last) = events.last() else { break };
        before = Some(last.seq);
        read += events.len();
        for event in &events {
            // Older words on the same change say less.
            if kind == TOLD && !known.insert(event.subject.clone()) {
                continue;
            }
            let change = change_of(event).filter(|change| wanted.takes(change));
            own += usize::from(change.is_some());
            found.extend(change);
        }
    }
    Ok(())
}

impl Wanted {
    fn takes(&self, change: &Change) -> bool {
        let is = |name: &str| {
            change.subject.eq_ignore_ascii_case(name)
                || change.details.service.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        (self.kinds.is_empty() || self.kinds.contains(&change.kind))
            && self.service.as_deref().is_none_or(is)
    }
}
