//! A series' identity: label names and values, sorted by name.

use std::{
    fmt::{self, Display, Write as _},
    sync::Arc,
};

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// Label names and values, sorted by name, without empty values and without a name twice.
///
/// Cheap to clone; compares name by name, so that a sorted list reads as people expect.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<[(Box<str>, Box<str>)]>);

impl Labels {
    /// No labels at all.
    pub fn empty() -> Self {
        Self(Arc::from([]))
    }

    /// Labels from pairs in any order. Of a name given twice the last value stays; empty values go.
    pub fn from_pairs<N: Into<Box<str>>, V: Into<Box<str>>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name, value);
        }
        builder.build()
    }

    /// The value of a label, if it is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(own, _)| (**own).cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// The metric's name, or nothing.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Names and values in order of name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> + ExactSizeIterator {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many labels there are, the metric's name included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same labels with one set, or removed if the value is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut builder = self.to_builder();
        builder.set(name, value);
        builder.build()
    }

    /// The same labels without those that the test names.
    #[must_use]
    pub fn without(&self, mut drop: impl FnMut(&str) -> bool) -> Self {
        if !self.0.iter().any(|(name, _)| drop(name)) {
            return self.clone();
        }
        Self(self.0.iter().filter(|(name, _)| !drop(name)).cloned().collect())
    }

    /// A builder that starts with these labels.
    pub fn to_builder(&self) -> LabelsBuilder {
        LabelsBuilder { pairs: self.0.to_vec() }
    }

    /// Bytes of text in names and values, for limits and accounting.
    pub fn text_bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

/// As PromQL writes a series: `up{job="node"}`.
impl Display for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric_name();
        if let Some(name) = name {
            formatter.write_str(name)?;
        }
        let mut open = false;
        for (own, value) in self.iter().filter(|(own, _)| *own != METRIC_NAME) {
            formatter.write_char(if open { ',' } else { '{' })?;
            open = true;
            write!(formatter, "{own}=\"")?;
            for letter in value.chars() {
                match letter {
                    '"' => formatter.write_str("\\\"")?,
                    '\\' => formatter.write_str("\\\\")?,
                    '\n' => formatter.write_str("\\n")?,
                    other => formatter.write_char(other)?,
                }
            }
            formatter.write_char('"')?;
        }
        match (open, name) {
            (true, _) => formatter.write_char('}'),
            (false, None) => formatter.write_str("{}"),
            (false, Some(_)) => Ok(()),
        }
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, formatter)
    }
}

/// Labels in the making.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(Box<str>, Box<str>)>,
}

impl LabelsBuilder {
    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> &mut Self {
        let (name, value) = (name.into(), value.into());
        match self.pairs.binary_search_by(|(own, _)| own.cmp(&name)) {
            Ok(at) if value.is_empty() => {
                self.pairs.remove(at);
            }
            Ok(at) => self.pairs[at].1 = value,
            Err(_) if value.is_empty() => {}
            Err(at) => self.pairs.insert(at, (name, value)),
        }
        self
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.pairs.retain(|(own, _)| **own != *name);
        self
    }

    /// The value of a label so far.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.pairs.binary_search_by(|(own, _)| (**own).cmp(name)).ok()?;
        Some(&self.pairs[at].1)
    }

    /// The labels.
    pub fn build(self) -> Labels {
        Labels(self.pairs.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_and_lose_empty_values() {
        let labels = Labels::from_pairs([("job", "node"), (METRIC_NAME, "up"), ("zone", "")]);
        assert_eq!(labels.to_string(), "up{job=\"node\"}");
        assert_eq!(labels.get("zone"), None);
    }

    #[test]
    fn of_a_name_given_twice_the_last_value_stays() {
        let labels = Labels::from_pairs([("a", "1"), ("a", "2")]);
        assert_eq!(labels.get("a"), Some("2"));
        assert_eq!(labels.len(), 1);
    }

    #[test]
    fn quotes_and_newlines_are_escaped_when_shown() {
        let labels = Labels::from_pairs([("path", "a\"b\\c\nd")]);
        assert_eq!(labels.to_string(), r#"{path="a\"b\\c\nd"}"#);
    }

    #[test]
    fn no_labels_are_shown_as_braces() {
        assert_eq!(Labels::empty().to_string(), "{}");
    }
}
