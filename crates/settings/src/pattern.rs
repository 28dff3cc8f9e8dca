//! Regular expressions in settings: checked where they are read, bounded in size.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// Memory one compiled expression may take; a longer one is a mistake, not a slow start.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A regular expression that is known to be valid. Two are equal if their texts are.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// An expression that must match the whole text, as Prometheus has it in relabelling.
    pub fn whole(text: &str) -> Result<Self, String> {
        // Compiled as written first: a complaint then speaks of what the person wrote, and a
        // stray parenthesis cannot pair with ours.
        compile(text)?;
        Ok(Self { text: text.to_owned(), regex: compile(&format!("^(?s:{text})$"))? })
    }

    /// An expression that may match anywhere, unless it is anchored itself.
    pub fn anywhere(text: &str) -> Result<Self, String> {
        Ok(Self { text: text.to_owned(), regex: compile(text)? })
    }

    /// One of our own; the tests of this crate make each of them.
    pub(crate) fn built_in(made: Result<Self, String>) -> Self {
        #[expect(clippy::expect_used, reason = "only for expressions written in this crate")]
        made.expect("bug: a built-in expression is not valid")
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The compiled expression, anchored if it was made so.
    pub fn regex(&self) -> &Regex {
        &self.regex
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Fails with one line that says what is wrong with the expression.
fn compile(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(COMPILED_BYTES_MAX).build().map_err(|error| {
        let message = error.to_string();
        let line = message.lines().last().unwrap_or_default();
        line.trim_start_matches("error: ").trim_end_matches('.').to_owned()
    })
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.regex.as_str() == other.regex.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "/{}/", self.text)
    }
}
