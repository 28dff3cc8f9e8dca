//! What a selector asks of one label, as PromQL has it.

use std::fmt;

use regex::Regex;

/// How a label's value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, anchored at both ends
    Regex,
    /// `!~`, anchored at both ends
    NotRegex,
}

/// One condition of a selector. A missing label counts as an empty value.
#[derive(Clone, Debug)]
pub struct Matcher {
    name: Box<str>,
    op: MatchOp,
    value: Box<str>,
    regex: Option<Regex>,
}

/// Why a matcher cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the regular expression {value:?} of label {name} is not valid")]
pub struct MatcherError {
    name: Box<str>,
    value: Box<str>,
    source: Box<regex::Error>,
}

impl Matcher {
    /// Makes a matcher; fails on a regular expression that is wrong or compiles to something huge.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self, MatcherError> {
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => {
                let anchored = format!("^(?s:{value})$");
                Some(Regex::new(&anchored).map_err(|source| MatcherError {
                    name: name.into(),
                    value: value.into(),
                    source: Box::new(source),
                })?)
            }
        };
        Ok(Self { name: name.into(), op, value: value.into(), regex })
    }

    /// A matcher for exactly this value.
    pub fn equal(name: &str, value: &str) -> Self {
        Self { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// The label it looks at.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it compares.
    pub fn op(&self) -> MatchOp {
        self.op
    }

    /// What it compares with: a value, or the text of a regular expression.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether a value passes; give `""` for a label that is not there.
    pub fn matches(&self, value: &str) -> bool {
        let found = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => *value == *self.value,
        };
        found == matches!(self.op, MatchOp::Equal | MatchOp::Regex)
    }

    /// Whether a series without the label passes.
    pub fn matches_missing(&self) -> bool {
        self.matches("")
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.op == other.op && self.value == other.value
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        };
        write!(formatter, "{}{op}{:?}", self.name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_must_match_the_whole_value() {
        let matcher = Matcher::new("job", MatchOp::Regex, "a|b").unwrap();
        assert!(matcher.matches("a") && matcher.matches("b"));
        assert!(!matcher.matches("ab") && !matcher.matches("xa"));
    }

    #[test]
    fn a_missing_label_counts_as_empty() {
        assert!(Matcher::new("job", MatchOp::NotEqual, "a").unwrap().matches_missing());
        assert!(Matcher::new("job", MatchOp::Regex, ".*").unwrap().matches_missing());
        assert!(!Matcher::new("job", MatchOp::Regex, ".+").unwrap().matches_missing());
    }

    #[test]
    fn a_dot_matches_a_newline_as_in_prometheus() {
        assert!(Matcher::new("job", MatchOp::Regex, "a.b").unwrap().matches("a\nb"));
    }
}
