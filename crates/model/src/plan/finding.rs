//! Findings: what a check found, with its evidence and what to do.

use crate::Severity;

/// What kind of check found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// Something is larger or smaller than it need be.
    Size,
    /// What is left would not carry the load when one is gone.
    Redundancy,
    /// Replicas, partitions, shards or caches are due.
    Distribution,
    /// A quota runs short before more is granted.
    Quota,
}

impl FindingKind {
    /// Every kind with the word that answers use for it.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("size", Self::Size),
        ("redundancy", Self::Redundancy),
        ("distribution", Self::Distribution),
        ("quota", Self::Quota),
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, own)| *own == self).map_or("size", |(word, _)| *word)
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which check.
    pub kind: FindingKind,
    /// What it speaks of, unique among findings of its kind.
    pub subject: String,
    /// In a few words.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it rests on, a sentence each.
    pub evidence: Vec<String>,
    /// What to do.
    pub advice: String,
    /// What that saves a month, below nought where it costs; nothing without prices.
    pub saving_month: Option<f64>,
    /// What that money is called; nothing where there is none, or the price list does not say.
    pub currency: Option<String>,
    /// How to see afterwards that it helped.
    pub verify: String,
}
