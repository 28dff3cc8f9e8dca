//! What a query remarks about its answer: warnings and infos, each once, with its place in the text.

use std::collections::BTreeSet;

use crate::parse::scan::position;

/// How many remarks of one kind are kept; more would help nobody.
const NOTES_MAX: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct Notes {
    warnings: BTreeSet<String>,
    infos: BTreeSet<String>,
}

impl Notes {
    /// Something that may make the answer wrong.
    pub(crate) fn warn(&mut self, text: &str, at: Option<usize>, what: &str) {
        keep(&mut self.warnings, format!("PromQL warning: {what}{}", place(text, at)));
    }

    /// Something that may make the answer wrong, as somebody else said it.
    pub(crate) fn warn_as_is(&mut self, what: &str) {
        keep(&mut self.warnings, what.to_owned());
    }

    /// Something worth knowing.
    pub(crate) fn inform(&mut self, text: &str, at: Option<usize>, what: &str) {
        keep(&mut self.infos, format!("PromQL info: {what}{}", place(text, at)));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.warnings.len() + self.infos.len()
    }

    /// Warnings and infos, sorted.
    pub(crate) fn into_lists(self) -> (Vec<String>, Vec<String>) {
        (self.warnings.into_iter().collect(), self.infos.into_iter().collect())
    }
}

fn keep(notes: &mut BTreeSet<String>, note: String) {
    if notes.len() < NOTES_MAX {
        notes.insert(note);
    }
}

fn place(text: &str, at: Option<usize>) -> String {
    at.map(|at| format!(" ({})", position(text, at))).unwrap_or_default()
}
