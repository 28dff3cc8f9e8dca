//! What the scanner finds in a text: the places of its parts, and what the grammar must see instead of some of them.

use std::borrow::Cow;

/// The pattern of a name that the selector of `info` gets so that the grammar takes it.
pub(crate) const ANY_NAME: &str = ".+";

/// What kind of part begins at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// A function, an aggregation or a metric by its name, or a selector in braces.
    Name,
    /// A number.
    Number,
    /// A text in quotes.
    Text,
    /// A parenthesis that groups.
    Group,
    /// A minus in front of something.
    Minus,
}

/// The parts of an expression in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Kind and byte of each.
    pub(crate) found: Vec<(Part, usize)>,
    /// The first place where the order of parts cannot be right, and what is there.
    pub(crate) suspect: Option<(usize, String)>,
    /// How deep the expression nests at most.
    pub(crate) deepest: usize,
    /// What the grammar does not know, and what it gets instead, in the order of the text.
    pub(super) edits: Vec<(std::ops::Range<usize>, String)>,
    /// How many operators between two operands there are so far.
    pub(super) operators: usize,
    /// The numbers of those that cut histograms, which the grammar takes for comparisons.
    pub(crate) trims: Vec<usize>,
}

impl Parts {
    /// The text as the grammar knows it: without `_` in numbers, without the second letter of `</` and `>/`, and
    /// with durations reckoned.
    pub(crate) fn for_grammar<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.edits.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut known = String::with_capacity(text.len());
        let mut from = 0;
        for (place, instead) in &self.edits {
            known.push_str(text.get(from..place.start).unwrap_or_default());
            known.push_str(instead);
            from = place.end;
        }
        known.push_str(text.get(from..).unwrap_or_default());
        Cow::Owned(known)
    }
}
