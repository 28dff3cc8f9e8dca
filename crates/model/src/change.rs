//! Changes: something done to a system, or something that became different about it.

use crate::Time;

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
}

impl ChangeKind {
    /// Every kind with its word.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("plimsoll", Self::Plimsoll),
        ("host", Self::Host),
        ("target", Self::Target),
        ("resource", Self::Resource),
        ("alert", Self::Alert),
    ];

    /// The word answers use.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("plimsoll", |(word, _)| *word)
    }
}

/// Something that became different.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: Time,
    /// What kind.
    pub kind: ChangeKind,
    /// What it happened to: a host, a target, a resource.
    pub subject: String,
    /// One sentence.
    pub text: String,
}
