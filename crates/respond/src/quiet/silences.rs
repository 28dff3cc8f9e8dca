//! Silences: what people do not want to be told for a while, and why.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use journal::NewEvent;
use model::{AlertId, Kind, Labels, Span, Time};

use super::events::silence_event;
use crate::routing::{Comparison, LabelMatcher, all_match, matchers_text};

/// Silences that are not over; more are a script that runs wild.
const STANDING_MAX: usize = 10_000;
/// Silences that are over and still shown; more are a script that runs wild, and the oldest go.
const ENDED_MAX: usize = 10_000;
/// How long a silence that is over is still shown, as in Alertmanager.
const KEPT: Span = Span::hours(120);
/// The longest reason, in bytes.
const COMMENT_BYTES_MAX: usize = 4 << 10;
/// Conditions in one silence.
const MATCHERS_MAX: usize = 100;
/// The share of the last day's alerts that a silence may match unconfirmed, in percent.
const SHARE_PERCENT_MAX: usize = 30;
/// With fewer alerts than this a share says nothing; then only a silence that matches all of them is too broad.
const SEEN_MIN: usize = 10;
/// And that only if they are of so many names: fewer may have one cause.
const NAMES_MIN: usize = 3;
/// No alert has such a label's value; a condition that it passes asks for nothing in particular.
const PROBE: &str = "\u{1}no alert has this value\u{1}";

/// Alerts that are not told for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// Who it is.
    pub id: String,
    /// Which alerts: those that match all of these.
    pub matchers: Vec<LabelMatcher>,
    /// From when on.
    pub starts_at: Time,
    /// Until when.
    pub ends_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Who wanted it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// What spoke against it when it was wanted all the same.
    pub confirmed: Option<String>,
}

/// A silence as somebody wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct SilenceDraft {
    /// The one to change; a new one if there is none.
    pub id: Option<String>,
    /// Which alerts.
    pub matchers: Vec<LabelMatcher>,
    /// From when on.
    pub starts_at: Time,
    /// Until when.
    pub ends_at: Time,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// What speaks against it, if it is wanted all the same; it stands in the journal.
    pub confirmed: Option<String>,
}

/// Where a silence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SilenceState {
    /// It has begun and is not over.
    Active,
    /// It has not begun.
    Pending,
    /// It is over.
    Expired,
}

impl SilenceState {
    /// The word in Alertmanager's API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

/// Why a silence is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SilenceError {
    /// There is none with this identity.
    #[error("there is no silence {id}")]
    Missing {
        /// The identity.
        id: String,
    },
    /// It says nothing that could be kept.
    #[error("{what}")]
    Wrong {
        /// What is wrong.
        what: &'static str,
    },
    /// It would keep everything quiet.
    #[error(
        "this silence would match everything, whatever goes wrong: name a label and its value, or confirm it"
    )]
    Everything,
    /// No condition names a value, so that what it matches grows with whatever comes.
    #[error(
        "no condition of this silence names a value: write one such as `host=\"db-1\"`, or confirm it"
    )]
    NoValue,
    /// It would last longer than silences may.
    #[error("silences last {longest} at most: let it end earlier, or confirm it")]
    TooLong {
        /// As long as they may.
        longest: Span,
    },
    /// It would keep much of what goes wrong quiet.
    #[error(
        "this silence matches {matched} of the {seen} alerts of the last 24 hours: confirm that all are meant"
    )]
    Broad {
        /// How many match.
        matched: usize,
        /// Of how many.
        seen: usize,
    },
    /// There are too many.
    #[error("there are {STANDING_MAX} silences already: let some end first")]
    TooMany,
}

impl SilenceError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. } => Kind::Missing,
            Self::Wrong { .. }
            | Self::Everything
            | Self::NoValue
            | Self::TooLong { .. }
            | Self::Broad { .. } => Kind::Invalid,
            Self::TooMany => Kind::Busy,
        }
    }
}

impl Silence {
    /// Where it stands.
    pub fn state(&self, now: Time) -> SilenceState {
        if now >= self.ends_at {
            SilenceState::Expired
        } else if now < self.starts_at {
            SilenceState::Pending
        } else {
            SilenceState::Active
        }
    }

    /// Whether alerts with these labels are meant.
    pub fn matches(&self, labels: &Labels) -> bool {
        all_match(&self.matchers, labels)
    }
}

impl SilenceDraft {
    /// Whether it makes sense at all.
    pub fn check(&self, now: Time) -> Result<(), SilenceError> {
        let wrong = |what| Err(SilenceError::Wrong { what });
        if self.matchers.is_empty() || self.matchers.len() > MATCHERS_MAX {
            return wrong("a silence needs conditions, a hundred at most");
        }
        if self.matchers.iter().any(|own| own.name().is_empty()) {
            return wrong("a condition needs a label's name");
        }
        if self.matchers.iter().all(|own| own.passes("")) {
            return wrong("at least one condition must not match an empty value");
        }
        if self.comment.trim().is_empty() {
            return wrong("a silence needs a reason: write a comment");
        }
        if self.created_by.trim().is_empty() {
            return wrong("a silence needs a name: say who creates it");
        }
        if self.comment.len() + self.created_by.len() > COMMENT_BYTES_MAX {
            return wrong("the comment is longer than 4 KiB");
        }
        if self.ends_at <= self.starts_at {
            return wrong("a silence must begin before it ends");
        }
        if self.ends_at <= now {
            return wrong("the silence's end lies in the past");
        }
        Ok(())
    }

    /// What speaks against it unless it is confirmed, given the alerts of the last day.
    pub fn doubts(&self, seen: &[Labels], longest: Span) -> Vec<SilenceError> {
        let mut doubts = Vec::new();
        if self.matches_everything() {
            doubts.push(SilenceError::Everything);
        } else if !self.matchers.iter().any(LabelMatcher::names_values) {
            doubts.push(SilenceError::NoValue);
        }
        let matched = seen.iter().filter(|labels| all_match(&self.matchers, labels)).count();
        let is_broad = match seen.len() {
            SEEN_MIN.. => matched * 100 > seen.len() * SHARE_PERCENT_MAX,
            _ => matched == seen.len() && names(seen) >= NAMES_MIN,
        };
        if is_broad {
            doubts.push(SilenceError::Broad { matched, seen: seen.len() });
        }
        if self.ends_at.since(self.starts_at) > longest {
            doubts.push(SilenceError::TooLong { longest });
        }
        doubts
    }

    /// Whether every alert would match, whatever its name: no condition asks for a value.
    pub fn matches_everything(&self) -> bool {
        !self.matchers.iter().any(|own| match own.comparison() {
            Comparison::Equal => !own.value().is_empty(),
            Comparison::Like => !own.passes(PROBE),
            Comparison::NotEqual | Comparison::NotLike => false,
        })
    }
}

/// All silences, those included that ended lately. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Silences {
    all: Arc<BTreeMap<String, Silence>>,
    version: u64,
}

impl Silences {
    pub(super) fn from_events(all: BTreeMap<String, Silence>) -> Self {
        Self { all: Arc::new(all), version: 1 }
    }

    /// Every silence.
    pub fn all(&self) -> impl Iterator<Item = &Silence> {
        self.all.values()
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Option<&Silence> {
        self.all.get(id)
    }

    /// Changes whenever a silence does.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// When the next silence begins or ends.
    pub(crate) fn next_turn(&self, now: Time) -> Option<Time> {
        let turns = self.all.values().flat_map(|own| [own.starts_at, own.ends_at]);
        turns.filter(|turn| *turn > now).min()
    }

    /// Keeps a silence: changes the one it names where that is allowed, or makes a new one and
    /// ends the old. Gives what holds once the events are recorded, and its identity.
    pub fn set(
        &self,
        draft: SilenceDraft,
        now: Time,
    ) -> Result<(Self, String, Vec<NewEvent>), SilenceError> {
        draft.check(now)?;
        let standing = self.all.values().filter(|own| own.state(now) != SilenceState::Expired);
        if standing.count() >= STANDING_MAX {
            return Err(SilenceError::TooMany);
        }
        let mut next = self.clone();
        let mut events = Vec::new();
        let mut silence = Silence {
            id: String::new(),
            matchers: draft.matchers,
            starts_at: draft.starts_at,
            ends_at: draft.ends_at,
            updated_at: now,
            created_by: draft.created_by,
            comment: draft.comment,
            confirmed: draft.confirmed,
        };
        let before = match &draft.id {
            Some(id) => Some(self.known(id)?),
            None => None,
        };
        match before {
            Some(before) if may_become(before, &silence, now) => {
                silence.id.clone_from(&before.id);
            }
            _ => {
                if let Some(before) = before.filter(|own| own.state(now) != SilenceState::Expired) {
                    events.push(next.put(ended(before, now), now));
                }
                silence.starts_at = silence.starts_at.max(now);
                silence.id = self.new_id(&silence);
            }
        }
        let id = silence.id.clone();
        events.push(next.put(silence, now));
        Ok((next, id, events))
    }

    /// Ends a silence now.
    pub fn expire(&self, id: &str, now: Time) -> Result<(Self, NewEvent), SilenceError> {
        let silence = self.known(id)?;
        if silence.state(now) == SilenceState::Expired {
            return Err(SilenceError::Wrong { what: "the silence is over already" });
        }
        let mut next = self.clone();
        let event = next.put(ended(silence, now), now);
        Ok((next, event))
    }

    fn known(&self, id: &str) -> Result<&Silence, SilenceError> {
        self.get(id).ok_or_else(|| SilenceError::Missing { id: id.to_owned() })
    }

    fn put(&mut self, silence: Silence, now: Time) -> NewEvent {
        let event = silence_event(&silence, now);
        let all = Arc::make_mut(&mut self.all);
        all.insert(silence.id.clone(), silence);
        all.retain(|_, own| own.ends_at + KEPT > now);
        let mut ended: Vec<(Time, String)> = (all.values())
            .filter(|own| own.state(now) == SilenceState::Expired)
            .map(|own| (own.ends_at, own.id.clone()))
            .collect();
        if ended.len() > ENDED_MAX {
            ended.sort();
            for (_, id) in ended.iter().take(ended.len() - ENDED_MAX) {
                all.remove(id);
            }
        }
        self.version += 1;
        event
    }

    /// A new identity in the form of a UUID; what it is made from never comes twice.
    fn new_id(&self, silence: &Silence) -> String {
        let text = matchers_text(&silence.matchers);
        let mut turn = self.all.len();
        loop {
            let labels = Labels::from_pairs([
                ("at", silence.updated_at.millis().to_string()),
                ("turn", turn.to_string()),
                ("matchers", text.clone()),
                ("why", silence.comment.clone()),
            ]);
            let [high, low] = ["silence", "silence again"].map(|own| AlertId::of(own, &labels).0);
            let id = format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                high >> 32,
                (high >> 16) & 0xffff,
                high & 0xfff,
                (low >> 48) & 0xfff,
                low & 0xffff_ffff_ffff
            );
            if !self.all.contains_key(&id) {
                return id;
            }
            turn += 1;
        }
    }
}

/// Whether one silence may become the other without taking back what it did.
fn may_become(before: &Silence, after: &Silence, now: Time) -> bool {
    before.matchers == after.matchers
        && match before.state(now) {
            SilenceState::Active => after.starts_at == before.starts_at && after.ends_at > now,
            SilenceState::Pending => after.starts_at >= now,
            SilenceState::Expired => false,
        }
}

fn ended(silence: &Silence, now: Time) -> Silence {
    let starts_at = silence.starts_at.min(now);
    Silence { starts_at, ends_at: now, updated_at: now, ..silence.clone() }
}

/// How many names these alerts have.
fn names(seen: &[Labels]) -> usize {
    seen.iter().filter_map(|labels| labels.get("alertname")).collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_that_ended_are_bounded_and_the_oldest_go() {
        let now = Time::from_secs(1_000_000);
        let matchers = vec![LabelMatcher::new("host", Comparison::Equal, "a").unwrap()];
        let ended = (0..i64::try_from(ENDED_MAX).unwrap() + 20).map(|turn| {
            let ends_at = now - Span::secs(turn + 1);
            let silence = Silence {
                id: format!("{turn:05}"),
                matchers: matchers.clone(),
                starts_at: ends_at - Span::hours(1),
                ends_at,
                updated_at: ends_at,
                created_by: "ada".into(),
                comment: "a script".into(),
                confirmed: None,
            };
            (silence.id.clone(), silence)
        });
        let mut silences = Silences::from_events(ended.collect());
        let standing = Silence { ends_at: now + Span::hours(1), ..silences.all["00000"].clone() };
        silences.put(Silence { id: "standing".into(), ..standing }, now);
        assert_eq!(silences.all().count(), ENDED_MAX + 1);
        assert!(silences.get("00000").is_some() && silences.get("standing").is_some());
        assert!(silences.get("10000").is_none());
    }
}
