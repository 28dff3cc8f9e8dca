//! What is sent at once: one message, or all that wait for people, told in one.

use std::collections::BTreeMap;

use journal::Message;
use model::{Severity, Span, Time};
use serde_json::Value;

use super::answer::{Posted, is_broken};
use crate::via::{Words, clock_time};

/// Groups named one by one in a summary; of the rest their number is told.
const NAMED_MAX: usize = 20;
/// Groups a summary looks at; what waits behind them is told in the next.
const GROUPS_MAX: usize = 10_000;

/// What is sent at once.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// Its name for all time.
    pub(crate) key: String,
    /// Who gets it.
    pub(crate) receiver: String,
    /// The group it speaks of; none if it is of several.
    pub(crate) lane: Option<String>,
    /// The newest message's body.
    pub(crate) body: Value,
    pub(crate) words: Words,
    /// The messages it stands for, oldest first.
    pub(crate) ids: Vec<i64>,
    /// Their groups, and whether something still fires in each.
    pub(crate) lanes: BTreeMap<String, bool>,
    /// When the oldest of them was to be delivered.
    pub(crate) first_due: Time,
    /// How often the oldest was tried.
    pub(crate) attempts: u32,
    /// It may have arrived although nobody said so.
    pub(crate) maybe_told: bool,
    /// Somebody had to mend something when it was last tried.
    pub(crate) was_broken: bool,
    /// The message that it changes.
    pub(crate) posted: Option<Posted>,
    /// The summary in which its group was told first.
    pub(crate) thread: Option<Posted>,
}

impl Parcel {
    /// One message.
    pub(crate) fn one(message: Message) -> Self {
        let words = Words::of(&message.body);
        let was_broken = has_broken(&message);
        Self {
            key: message.key,
            receiver: message.receiver,
            lanes: BTreeMap::from([(message.lane.clone(), words.firing)]),
            lane: Some(message.lane),
            body: message.body,
            words,
            ids: vec![message.id],
            first_due: message.first_due,
            attempts: message.attempts,
            maybe_told: message.attempts > 0,
            was_broken,
            posted: None,
            thread: None,
        }
    }

    /// The messages of one group, oldest first: the newest says how it stands.
    pub(crate) fn of_group(messages: Vec<Message>) -> Option<Self> {
        let (ids, first_due, attempts) = oldest(&messages)?;
        let began = messages.iter().find(|own| own.body["status"] == "firing").map(began);
        let was_broken = messages.iter().any(has_broken);
        let newest = messages.into_iter().next_back()?;
        let mut parcel = Self::one(newest);
        if !parcel.words.firing
            && ids.len() > 1
            && let Some(began) = began
        {
            let over = clock_time(parcel.first_due);
            parcel.words.lines.push(format!("it fired {began} and was over {over}"));
        }
        Some(Self { ids, first_due, attempts, maybe_told: attempts > 0, was_broken, ..parcel })
    }

    /// The last of the messages it stands for.
    pub(crate) fn upto(&self) -> i64 {
        self.ids.last().copied().unwrap_or(0)
    }
}

fn oldest(messages: &[Message]) -> Option<(Vec<i64>, Time, u32)> {
    let first = messages.first()?;
    let ids = messages.iter().map(|own| own.id).collect();
    Some((ids, first.first_due, first.attempts))
}

fn has_broken(message: &Message) -> bool {
    message.error.as_deref().is_some_and(is_broken)
}

fn began(message: &Message) -> String {
    clock_time(message.first_due)
}

/// A summary while messages are read for it.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    groups: BTreeMap<String, Group>,
    ids: Vec<i64>,
    first: Option<(String, String, Time, u32)>,
    was_broken: bool,
    link: String,
}

/// What became of one group meanwhile.
#[derive(Debug)]
struct Group {
    firing: bool,
    severity: Severity,
    name: String,
    began: Time,
    ended: Option<Time>,
}

impl Summary {
    /// Takes in a message, in the order in which they were recorded; false if there is no more room.
    pub(crate) fn take(&mut self, message: &Message) -> bool {
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&message.lane) {
            return false;
        }
        let words = Words::of(&message.body);
        let at = message.first_due;
        if self.first.is_none() {
            let first = (message.key.clone(), message.receiver.clone(), at, message.attempts);
            self.first = Some(first);
            self.link.clone_from(&words.link);
        }
        self.ids.push(message.id);
        self.was_broken |= has_broken(message);
        let severity = Severity::from_label(words.severity);
        let group = self.groups.entry(message.lane.clone()).or_insert_with(|| Group {
            firing: words.firing,
            severity,
            name: words.name.clone(),
            began: at,
            ended: None,
        });
        if words.firing && !group.firing {
            group.began = at;
        }
        group.severity = if words.firing { severity } else { group.severity };
        group.firing = words.firing;
        group.ended = (!words.firing).then_some(at);
        true
    }

    /// Everything in one message. `away` says since when the receiver could not be reached, if
    /// that is why.
    pub(crate) fn parcel(self, now: Time, away: Option<Time>) -> Option<Parcel> {
        let (key, receiver, first_due, attempts) = self.first?;
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_by_key(|own| (!own.firing, std::cmp::Reverse(own.severity), own.began));
        let firing = groups.iter().filter(|own| own.firing).count();
        let words = Words {
            title: title(&groups, firing, (now, away)),
            name: format!("{} groups of alerts", groups.len()),
            lines: lines(&groups, &receiver, away),
            firing: firing > 0,
            severity: groups
                .iter()
                .filter(|own| own.firing)
                .map(|own| own.severity)
                .max()
                .unwrap_or(Severity::Info)
                .word(),
            link: self.link.clone(),
        };
        let last = self.ids.last().copied().unwrap_or(0);
        let lanes = self.groups.iter().map(|(lane, group)| (lane.clone(), group.firing)).collect();
        Some(Parcel {
            key: format!("{key}-upto-{last}"),
            receiver,
            lane: None,
            body: Value::Null,
            words,
            ids: self.ids,
            lanes,
            first_due,
            attempts,
            maybe_told: attempts > 0,
            was_broken: self.was_broken,
            posted: None,
            thread: None,
        })
    }
}

fn title(groups: &[&Group], firing: usize, (now, away): (Time, Option<Time>)) -> String {
    let ended = groups.len() - firing;
    let what = match (firing, ended) {
        (0, ended) => format!("{ended} resolved"),
        (firing, 0) => format!("{firing} firing"),
        (firing, ended) => format!("{firing} firing, {ended} resolved"),
    };
    match away {
        Some(since) => {
            format!(
                "{what} while nothing could be told ({} to {})",
                clock_time(since),
                clock_time(now)
            )
        }
        None => format!("storm: {what} within a minute"),
    }
}

fn lines(groups: &[&Group], receiver: &str, away: Option<Time>) -> Vec<String> {
    let mut lines: Vec<String> = groups.iter().take(NAMED_MAX).map(|own| own.line()).collect();
    if groups.len() > NAMED_MAX {
        let rest = &groups[NAMED_MAX..];
        let critical =
            rest.iter().filter(|own| own.firing && own.severity == Severity::Critical).count();
        lines.push(format!("and {} more, {critical} of them critical", rest.len()));
    }
    if away.is_some() {
        lines.push(format!(
            "{receiver} could not be reached; this stands for every message that waited"
        ));
    }
    lines
}

impl Group {
    fn line(&self) -> String {
        let began = clock_time(self.began);
        match self.ended {
            None => format!("{} {}: fires since {began}", self.severity.word(), self.name),
            // Its beginning may have been told before.
            Some(ended) if ended == self.began => format!("{}: over since {began}", self.name),
            Some(ended) => {
                let lasted = Span::secs(ended.since(self.began).as_millis() / 1_000);
                format!("{}: fired {began}, resolved {} ({lasted})", self.name, clock_time(ended))
            }
        }
    }
}
