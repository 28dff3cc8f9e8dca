//! Changes: something done to a system, or something that became different about it.

use crate::Time;

/// The longest sentence and the longest address of a change, in bytes.
const TEXT_BYTES_MAX: usize = 500;
/// The longest name of any kind in a change, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Plimsoll started, stopped or read new settings.
    Plimsoll,
    /// A host started, or its processors, memory or file systems changed.
    Host,
    /// A target came or went, or its health changed.
    Target,
    /// A resource's reading appeared, vanished, or its limit moved.
    Resource,
    /// An alert began or ended.
    Alert,
    /// A version of a service was brought into an environment.
    Deployment,
    /// A version was made ready, and not yet brought anywhere.
    Release,
    /// Settings of a service were changed.
    Configuration,
    /// A service got more or less to run on.
    Scaling,
    /// Work went from one place to another that stood by.
    Failover,
    /// A feature flag was turned.
    Flag,
    /// Anything else that somebody did.
    Other,
}

impl ChangeKind {
    /// Every kind with its word.
    pub const WORDS: [(&'static str, Self); 12] = [
        ("plimsoll", Self::Plimsoll),
        ("host", Self::Host),
        ("target", Self::Target),
        ("resource", Self::Resource),
        ("alert", Self::Alert),
        ("deployment", Self::Deployment),
        ("release", Self::Release),
        ("configuration", Self::Configuration),
        ("scaling", Self::Scaling),
        ("failover", Self::Failover),
        ("flag", Self::Flag),
        ("other", Self::Other),
    ];

    /// The word answers use.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("other", |(word, _)| *word)
    }

    /// The kind a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(own, _)| *own == word).map(|(_, kind)| *kind)
    }

    /// Whether Plimsoll notices such changes by itself; others are told of them.
    pub fn is_noticed(self) -> bool {
        matches!(self, Self::Plimsoll | Self::Host | Self::Target | Self::Resource | Self::Alert)
    }
}

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeStatus {
    /// It is being made.
    Started,
    /// It was made.
    Succeeded,
    /// It was tried in vain.
    Failed,
    /// What was there before it is back.
    RolledBack,
}

impl ChangeStatus {
    /// Every status with its word.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("started", Self::Started),
        ("succeeded", Self::Succeeded),
        ("failed", Self::Failed),
        ("rolled_back", Self::RolledBack),
    ];

    /// The word answers use.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, status)| *status == self).map_or("started", |(word, _)| *word)
    }

    /// The status a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(own, _)| *own == word).map(|(_, status)| *status)
    }

    /// Whether nothing more is to come.
    pub fn is_end(self) -> bool {
        self != Self::Started
    }
}

/// What else is known of a change that somebody made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeDetails {
    /// The service it was made to.
    pub service: Option<String>,
    /// Where: `production`, `staging`.
    pub environment: Option<String>,
    /// Which version was brought.
    pub version: Option<String>,
    /// The revision of the source it was made from.
    pub revision: Option<String>,
    /// Who made it.
    pub actor: Option<String>,
    /// Where to read more.
    pub url: Option<String>,
    /// Who told of it: `api`, or the name of a web hook.
    pub source: Option<String>,
    /// Its name with whoever told of it: what is told again under the same name is the same change.
    pub key: Option<String>,
    /// How far it has come.
    pub status: Option<ChangeStatus>,
    /// Whether it was planned.
    pub planned: Option<bool>,
    /// When it began.
    pub started: Option<Time>,
    /// When it ended.
    pub finished: Option<Time>,
}

impl ChangeDetails {
    /// What is known in a few words: `deployment of 1.4.2 to production succeeded, by octocat`.
    pub fn describe(&self, kind: ChangeKind) -> String {
        let of = self.version.as_deref().or(self.revision.as_deref());
        let of = of.map(|version| format!(" of {version}")).unwrap_or_default();
        let to = if kind == ChangeKind::Deployment { "to" } else { "in" };
        let to = self.environment.as_ref().map(|own| format!(" {to} {own}")).unwrap_or_default();
        let status = match self.status {
            None => "",
            Some(ChangeStatus::Started) => " began",
            Some(ChangeStatus::Succeeded) => " succeeded",
            Some(ChangeStatus::Failed) => " failed",
            Some(ChangeStatus::RolledBack) => " was rolled back",
        };
        let by = self.actor.as_ref().map(|actor| format!(", by {actor}")).unwrap_or_default();
        format!("{}{of}{to}{status}{by}", kind.word())
    }
}

/// Something that became different.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When: of what takes its time, the last moment that is known.
    pub at: Time,
    /// What kind.
    pub kind: ChangeKind,
    /// What it happened to: a host, a target, a resource, a service.
    pub subject: String,
    /// One sentence.
    pub text: String,
    /// What else is known of it.
    pub details: ChangeDetails,
}

impl Change {
    /// A change of which no more is known than this.
    pub fn new(
        at: Time,
        kind: ChangeKind,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        let details = ChangeDetails::default();
        Self { at, kind, subject: subject.into(), text: text.into(), details }
    }

    /// The same with every text in one line, and cut where it is longer than a change may say.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        cut(&mut self.subject, NAME_BYTES_MAX);
        cut(&mut self.text, TEXT_BYTES_MAX);
        let own = &mut self.details;
        let names = [
            &mut own.service,
            &mut own.environment,
            &mut own.version,
            &mut own.revision,
            &mut own.actor,
            &mut own.source,
            &mut own.key,
        ];
        for name in names.into_iter().flatten() {
            cut(name, NAME_BYTES_MAX);
        }
        // Half an address leads nowhere.
        own.url.take_if(|url| url.len() > TEXT_BYTES_MAX || url.contains(char::is_control));
        self
    }

    /// What it happened to and what happened, in one sentence.
    pub fn say(&self) -> String {
        format!("{}: {}", self.subject, self.text)
    }
}

fn cut(text: &mut String, bytes_max: usize) {
    const MORE: &str = "…";
    if text.contains(char::is_control) {
        *text = text.replace(char::is_control, " ");
    }
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - MORE.len()));
        text.push_str(MORE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_status_is_known_by_its_word() {
        for (word, kind) in ChangeKind::WORDS {
            assert_eq!((kind.word(), ChangeKind::from_word(word)), (word, Some(kind)));
        }
        for (word, status) in ChangeStatus::WORDS {
            assert_eq!((status.word(), ChangeStatus::from_word(word)), (word, Some(status)));
        }
        assert_eq!(ChangeKind::from_word("deploy"), None);
    }

    #[test]
    fn what_is_known_is_said_and_no_more() {
        let mut details = ChangeDetails::default();
        assert_eq!(details.describe(ChangeKind::Failover), "failover");
        details.environment = Some("production".into());
        details.revision = Some("279484c0".into());
        assert_eq!(details.describe(ChangeKind::Scaling), "scaling of 279484c0 in production");
        details.version = Some("1.4.2".into());
        details.status = Some(ChangeStatus::RolledBack);
        details.actor = Some("octocat".into());
        let said = "deployment of 1.4.2 to production was rolled back, by octocat";
        assert_eq!(details.describe(ChangeKind::Deployment), said);
    }

    #[test]
    fn what_is_too_long_is_cut_between_letters_and_said_in_one_line() {
        let mut change = Change::new(Time(0), ChangeKind::Other, "ü".repeat(300), "a\nb\u{7}c");
        change.details.url = Some(format!("https://ci.example/{}", "x".repeat(600)));
        change.details.actor = Some("octo\r\ncat".into());
        let change = change.bounded();
        assert!(change.subject.len() <= NAME_BYTES_MAX && change.subject.ends_with("ü…"));
        assert_eq!(change.text, "a b c");
        assert_eq!((change.details.url, change.details.actor), (None, Some("octo  cat".into())));
    }
}
