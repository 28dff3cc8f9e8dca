//! Drivers: business figures that load follows, and how one figure follows another.

use crate::Unit;

/// How a figure follows the one behind it, by what it is: physics decide which curves may describe it at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// Each unit takes a share of it: CPU time, bandwidth, messages of a tenant. Never less with more.
    Work,
    /// Held for as long as something takes, by Little's law: connections, sessions, queues.
    Held,
    /// What is used again and again, of which more adds less and less: caches.
    Cached,
    /// What grows by a part of itself: stored data.
    Piled,
    /// The time something takes, which rises as servers get busy (M/M/c).
    Latency,
    /// What several do together, who wait for and talk with each other (the universal scalability law).
    Together,
    /// Nothing is known of it.
    Unknown,
}

impl Relation {
    /// Every relation with the word that files and answers use for it.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("work", Self::Work),
        ("held", Self::Held),
        ("cached", Self::Cached),
        ("piled", Self::Piled),
        ("latency", Self::Latency),
        ("together", Self::Together),
        ("unknown", Self::Unknown),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, own)| *own == self).map_or("unknown", |(word, _)| *word)
    }
}

/// What is known of a figure without measuring it: between which values it lies where the one behind it is `at`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// The value of the figure behind it.
    pub at: f64,
    /// The lower end, more than nought.
    pub low: f64,
    /// The upper end, at least the lower.
    pub high: f64,
}

/// A figure that load follows (tenants, e-mails a day, concurrent users), or one that follows it (connections, cores).
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// Its name, unique among drivers: lower case, digits and `_`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it counts.
    pub unit: Unit,
    /// PromQL for what it is; nothing where nobody measures it.
    pub measured: Option<String>,
    /// The driver it follows; nothing for one that comes from outside.
    pub follows: Option<String>,
    /// How it follows.
    pub relation: Relation,
    /// What is known of it beforehand, by the driver it follows, rising.
    pub anchors: Vec<Anchor>,
}
