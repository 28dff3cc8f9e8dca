//! A series' identity: label names and values, sorted by name.

use std::{
    borrow::Borrow,
    cmp::Ordering,
    fmt::{self, Display, Write as _},
    hash::{Hash, Hasher},
    sync::Arc,
};

use super::packed;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// Label names and values, sorted by name, without empty values and without a name twice.
///
/// One packed text, so that a million series cost a million small pieces of memory and no more. Cheap to clone;
/// compares name by name, so that a sorted list reads as people expect.
#[derive(Clone, PartialEq, Eq)]
pub struct Labels(Arc<str>);

/// Labels that belong to somebody else: a request that is being read, a page of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LabelsRef<'a>(&'a str);

impl Labels {
    /// No labels at all.
    pub fn empty() -> Self {
        Self(Arc::from(""))
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

    /// The same labels, borrowed.
    pub fn as_ref(&self) -> LabelsRef<'_> {
        LabelsRef(&self.0)
    }

    /// The value of a label, if it is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.as_ref().get(name)
    }

    /// The metric's name, or nothing.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Names and values in order of name.
    #[expect(clippy::iter_without_into_iter, reason = "loops over pairs say so")]
    pub fn iter(&self) -> Pairs<'_> {
        self.as_ref().iter()
    }

    /// How many labels there are, the metric's name included.
    pub fn len(&self) -> usize {
        self.iter().count()
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
        let mut kept = String::new();
        let mut dropped = false;
        for (name, value) in self.iter() {
            if drop(name) {
                dropped = true;
            } else {
                packed::push(&mut kept, name, value);
            }
        }
        if dropped { Self(kept.into()) } else { self.clone() }
    }

    /// A builder that starts with these labels.
    pub fn to_builder(&self) -> LabelsBuilder {
        let pairs = self.iter().map(|(name, value)| (name.into(), value.into()));
        LabelsBuilder { pairs: pairs.collect() }
    }

    /// Bytes of text in names and values, for limits and accounting.
    pub fn text_bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Bytes of memory they take, shared by all clones.
    pub fn heap_bytes(&self) -> usize {
        self.0.len() + 2 * size_of::<usize>()
    }
}

impl<'a> LabelsRef<'a> {
    /// Labels from their packed form; `None` if it is not one. Who packed them is trusted to have sorted them.
    pub fn from_packed(text: &'a str) -> Option<Self> {
        packed::check(text).then_some(Self(text))
    }

    /// Labels from a form that was packed here.
    pub(super) fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// The packed form: the same for the same labels, and different for any others.
    pub fn packed(self) -> &'a str {
        self.0
    }

    /// The value of a label, if it is there.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// Names and values in order of name.
    pub fn iter(self) -> Pairs<'a> {
        Pairs(self.0)
    }

    /// Labels of their own.
    pub fn to_labels(self) -> Labels {
        Labels(Arc::from(self.0))
    }
}

/// Names and values in order of name.
#[derive(Clone, Debug)]
pub struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        packed::next(&mut self.0)
    }
}

/// Takes pairs one by one and gives their packed form; used again and again, it takes no memory for it.
#[derive(Debug, Default)]
pub struct LabelsPacker {
    text: String,
}

impl LabelsPacker {
    /// Packs pairs, which are put in order first. Of a name given twice the last value stays; empty values go.
    pub fn pack(&mut self, pairs: &mut Vec<(&str, &str)>) -> LabelsRef<'_> {
        self.text.clear();
        Self::pack_onto(&mut self.text, pairs);
        LabelsRef(&self.text)
    }

    /// The same, behind what a text has already.
    pub fn pack_onto(text: &mut String, pairs: &mut Vec<(&str, &str)>) {
        if !pairs.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            // A stable sort, so that of equal names the last given comes last.
            pairs.sort_by(|one, other| one.0.cmp(other.0));
        }
        for (at, (name, value)) in pairs.iter().enumerate() {
            let again = pairs.get(at + 1).is_some_and(|next| next.0 == *name);
            if !again && !value.is_empty() {
                packed::push(text, name, value);
            }
        }
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

impl Borrow<str> for Labels {
    /// The packed form, so that maps of labels can be asked with borrowed ones.
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (*self.0).hash(state);
    }
}

impl Hash for LabelsRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Ord for LabelsRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl PartialOrd for LabelsRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_ref().cmp(&other.as_ref())
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As PromQL writes a series: `up{job="node"}`.
impl Display for LabelsRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.get(METRIC_NAME);
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

impl Display for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.as_ref(), formatter)
    }
}

impl fmt::Debug for LabelsRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, formatter)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.as_ref(), formatter)
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
        let mut text = String::new();
        for (name, value) in &self.pairs {
            packed::push(&mut text, name, value);
        }
        Labels(text.into())
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
    fn packing_gives_what_building_gives() {
        let mut packer = LabelsPacker::default();
        let pairs = [("zone", "b"), ("a", "1"), ("empty", ""), ("a", "2"), (METRIC_NAME, "up")];
        let packed = packer.pack(&mut pairs.to_vec()).to_labels();
        assert_eq!(packed, Labels::from_pairs(pairs));
        assert_eq!(packed.to_string(), "up{a=\"2\",zone=\"b\"}");
    }

    #[test]
    fn long_and_foreign_texts_come_back_as_they_were() {
        let long = "ü".repeat(5000);
        for value in ["x", "\u{0}", "日本", &"v".repeat(63), &"v".repeat(64), &long] {
            let labels = Labels::from_pairs([("name", value), ("other", "1")]);
            assert_eq!(labels.iter().collect::<Vec<_>>(), [("name", value), ("other", "1")]);
            assert_eq!(LabelsRef::from_packed(labels.as_ref().packed()), Some(labels.as_ref()));
        }
    }

    #[test]
    fn a_text_that_packs_nothing_is_refused() {
        let labels = Labels::from_pairs([("name", "value")]);
        let text = labels.as_ref().packed();
        for end in 1..text.len() {
            assert_eq!(LabelsRef::from_packed(text.get(..end).unwrap()), None);
        }
        assert_eq!(LabelsRef::from_packed("\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}"), None);
        assert_eq!(LabelsRef::from_packed("\u{1}\u{1}é"), None);
    }

    #[test]
    fn order_is_by_name_and_then_by_value() {
        let labels = |pairs: &[(&'static str, &'static str)]| Labels::from_pairs(pairs.to_vec());
        assert!(labels(&[("a", "2")]) < labels(&[("aa", "1")]));
        assert!(labels(&[("a", "1")]) < labels(&[("a", "1"), ("b", "1")]));
        assert!(labels(&[("a", "10")]) < labels(&[("a", "9")]));
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
