//! The directory of an index segment: which series have which label value, and how matchers choose among them.

use std::collections::BTreeSet;

use fst::{IntoStreamer, Streamer};
use hashbrown::HashMap;
use model::{LabelsRef, MatchOp, Matcher};
use roaring::RoaringBitmap;

use crate::disk::block::Reader;

/// Between name and value in a term: no byte of UTF-8.
const BETWEEN: u8 = 0xff;
/// Set in a term's number if it stands for the one series whose number is in the rest.
const ONE: u64 = 1 << 63;

#[derive(Debug)]
enum Posting {
    One(u32),
    Many(RoaringBitmap),
}

/// A directory in the making.
#[derive(Debug, Default)]
pub(super) struct DirectoryBuilder {
    terms: HashMap<Box<[u8]>, Posting>,
    key: Vec<u8>,
}

fn term(key: &mut Vec<u8>, name: &str, value: &str) {
    key.clear();
    key.extend_from_slice(name.as_bytes());
    key.push(BETWEEN);
    key.extend_from_slice(value.as_bytes());
}

impl DirectoryBuilder {
    /// Adds a series; numbers rise.
    pub(super) fn add(&mut self, labels: LabelsRef<'_>, series: u32) {
        for (name, value) in labels.iter() {
            term(&mut self.key, name, value);
            match self.terms.get_mut(self.key.as_slice()) {
                Some(Posting::Many(many)) => {
                    many.insert(series);
                }
                Some(posting @ Posting::One(_)) => {
                    let mut many = RoaringBitmap::new();
                    if let Posting::One(first) = posting {
                        many.insert(*first);
                    }
                    many.insert(series);
                    *posting = Posting::Many(many);
                }
                None => {
                    self.terms.insert(self.key.as_slice().into(), Posting::One(series));
                }
            }
        }
    }

    /// The directory's bytes.
    pub(super) fn finish(self) -> std::io::Result<Vec<u8>> {
        let mut terms: Vec<(Box<[u8]>, Posting)> = self.terms.into_iter().collect();
        terms.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut postings = Vec::new();
        let mut map = fst::MapBuilder::memory();
        for (key, posting) in terms {
            let number = match posting {
                Posting::One(series) => ONE | u64::from(series),
                Posting::Many(mut many) => {
                    let offset = postings.len() as u64;
                    many.optimize();
                    many.serialize_into(&mut postings)?;
                    offset
                }
            };
            map.insert(key, number).map_err(std::io::Error::other)?;
        }
        let map = map.into_inner().map_err(std::io::Error::other)?;
        let mut bytes = (map.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(&map);
        bytes.append(&mut postings);
        Ok(bytes)
    }
}

/// A directory as read.
#[derive(Debug)]
pub(crate) struct Directory {
    map: fst::Map<Vec<u8>>,
    postings: Vec<u8>,
    series: u32,
}

impl Directory {
    /// Reads a directory of a segment with so many series.
    pub(super) fn parse(bytes: &[u8], series: u32) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let length = usize::try_from(reader.u64()?).ok()?;
        let map = fst::Map::new(reader.take(length)?.to_vec()).ok()?;
        Some(Self { map, postings: reader.take(reader.len())?.to_vec(), series })
    }

    /// Bytes it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.map.as_fst().size() + self.postings.len()
    }

    fn posting(&self, number: u64) -> Option<RoaringBitmap> {
        if number & ONE != 0 {
            let series = u32::try_from(number & !ONE).ok()?;
            return Some(RoaringBitmap::from_iter([series]));
        }
        let bytes = self.postings.get(usize::try_from(number).ok()?..)?;
        RoaringBitmap::deserialize_from(bytes).ok()
    }

    /// Series with exactly this value; `None` for damage.
    fn equal(&self, name: &str, value: &str) -> Option<RoaringBitmap> {
        let mut key = Vec::new();
        term(&mut key, name, value);
        match self.map.get(&key) {
            Some(number) => self.posting(number),
            None => Some(RoaringBitmap::new()),
        }
    }

    /// Calls with every value of a label and the number that stands for its series.
    fn values(&self, name: &str, mut each: impl FnMut(&str, u64) -> Option<()>) -> Option<()> {
        let mut from = Vec::new();
        term(&mut from, name, "");
        let mut stream = self.map.range().ge(&from).into_stream();
        while let Some((key, number)) = stream.next() {
            let Some(value) = key.strip_prefix(from.as_slice()) else { break };
            each(std::str::from_utf8(value).ok()?, number)?;
        }
        Some(())
    }

    /// Series with a value that passes a test.
    fn passing(&self, name: &str, test: impl Fn(&str) -> bool) -> Option<RoaringBitmap> {
        let mut found = RoaringBitmap::new();
        self.values(name, |value, number| {
            if test(value) {
                found |= self.posting(number)?;
            }
            Some(())
        })?;
        Some(found)
    }

    /// The series that pass all matchers; `None` for damage.
    pub(super) fn find(&self, matchers: &[Matcher]) -> Option<RoaringBitmap> {
        let mut found: Option<RoaringBitmap> = None;
        let (with, without): (Vec<_>, Vec<_>) =
            matchers.iter().partition(|matcher| !matcher.matches_missing());
        // What is cheap and narrow comes first.
        let (exact, others): (Vec<_>, Vec<_>) =
            with.into_iter().partition(|matcher| literals(matcher).is_some());
        for matcher in exact.into_iter().chain(others) {
            let own = match literals(matcher) {
                Some(values) => {
                    let mut any = RoaringBitmap::new();
                    for value in values {
                        any |= self.equal(matcher.name(), value)?;
                    }
                    any
                }
                None => self.passing(matcher.name(), |value| matcher.matches(value))?,
            };
            let both = match found {
                Some(so_far) => so_far & own,
                None => own,
            };
            if both.is_empty() {
                return Some(both);
            }
            found = Some(both);
        }
        let mut found = match found {
            Some(found) => found,
            None => (0..self.series).collect(),
        };
        for matcher in without {
            found -= self.passing(matcher.name(), |value| !matcher.matches(value))?;
        }
        Some(found)
    }

    /// How many pairs of series and label it has; `None` for damage.
    pub(super) fn pairs(&self) -> Option<u64> {
        let mut pairs = 0;
        let mut stream = self.map.stream();
        while let Some((key, number)) = stream.next() {
            key.contains(&BETWEEN).then_some(())?;
            let series = self.posting(number)?;
            series.max().is_none_or(|last| last < self.series).then_some(())?;
            pairs += series.len();
        }
        Some(pairs)
    }

    /// Adds all label names.
    pub(super) fn add_names(&self, names: &mut BTreeSet<String>) -> Option<()> {
        let mut from = Vec::new();
        loop {
            let mut stream = self.map.range().ge(&from).into_stream();
            let Some((key, _)) = stream.next() else { return Some(()) };
            let name = key.split(|byte| *byte == BETWEEN).next()?;
            from.clear();
            from.extend_from_slice(name);
            names.insert(std::str::from_utf8(name).ok()?.to_owned());
            // Past every value of this name: no value starts with this byte.
            from.extend_from_slice(&[BETWEEN, BETWEEN]);
        }
    }

    /// Adds all values of a label.
    pub(super) fn add_values(&self, name: &str, values: &mut BTreeSet<String>) -> Option<()> {
        self.values(name, |value, _| {
            if !values.contains(value) {
                values.insert(value.to_owned());
            }
            Some(())
        })
    }
}

/// The few values that a matcher passes, if it is so simple.
fn literals(matcher: &Matcher) -> Option<Vec<&str>> {
    match matcher.op() {
        MatchOp::Equal => Some(vec![matcher.value()]),
        MatchOp::Regex => {
            let plain = |letter: char| letter.is_alphanumeric() || "_-/:@, ".contains(letter);
            let values: Vec<&str> = matcher.value().split('|').collect();
            values.iter().all(|value| value.chars().all(plain)).then_some(values)
        }
        MatchOp::NotEqual | MatchOp::NotRegex => None,
    }
}
