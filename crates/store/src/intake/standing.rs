//! Selections that are asked again and again, as those of rules are: who passes is remembered, and only series that
//! came since are looked at.

use hashbrown::HashMap;
use model::{MatchOp, Matcher};
use xxhash_rust::xxh3::xxh3_128;

use super::names::Named;

/// A name with fewer series is looked through faster than anything is remembered of it.
pub(super) const WORTH: usize = 16;
/// Selections that are remembered.
const ASKED_MAX: usize = 32_768;
/// Places of series remembered of one selection; who wants more than this reads for longer than they look.
const PASSING_MAX: usize = 4_096;
/// Places of series remembered of all of them: four mebibytes.
const PLACES_MAX: usize = 1 << 20;

/// Who passes selections that were asked before.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// By what identifies the matchers.
    asked: HashMap<u128, Asked>,
    /// Places in all of them.
    places: usize,
    /// Rises with each sweep.
    turn: u32,
    /// What is not remembered.
    spare: Vec<u32>,
    text: Vec<u8>,
}

#[derive(Debug, Default)]
struct Asked {
    era: u64,
    /// So many series of the name were looked at.
    seen: usize,
    passing: Vec<u32>,
    used: u32,
}

impl Standing {
    /// Those of a name's series that pass, in the order they came.
    pub(super) fn passing(
        &mut self,
        matchers: &[Matcher],
        named: &Named,
        passes: impl Fn(u32) -> bool,
    ) -> &[u32] {
        let key = self.key(matchers);
        let asked = self.asked.entry(key).or_default();
        if asked.era != named.era {
            self.places -= asked.passing.len();
            *asked = Asked { era: named.era, ..Asked::default() };
        }
        let before = asked.passing.len();
        let fresh = named.numbers.get(asked.seen..).unwrap_or_default();
        asked.passing.extend(fresh.iter().copied().filter(|number| passes(*number)));
        (asked.seen, asked.used) = (named.numbers.len(), self.turn);
        self.places += asked.passing.len() - before;
        if asked.passing.len() > PASSING_MAX {
            self.spare = self.forget(key);
            return &self.spare;
        }
        if self.places > PLACES_MAX || self.asked.len() > ASKED_MAX {
            self.sweep(key);
        }
        self.asked.get(&key).map_or(&[], |own| &own.passing)
    }

    fn forget(&mut self, key: u128) -> Vec<u32> {
        let passing = self.asked.remove(&key).unwrap_or_default().passing;
        self.places -= passing.len();
        passing
    }

    /// Forgets what was not asked since the sweep before; all but one, if that is not enough.
    fn sweep(&mut self, key: u128) {
        let turn = self.turn;
        self.asked.retain(|_, own| own.used == turn);
        let places =
            |asked: &HashMap<u128, Asked>| asked.values().map(|own| own.passing.len()).sum();
        self.places = places(&self.asked);
        if self.places > PLACES_MAX / 4 * 3 || self.asked.len() > ASKED_MAX / 4 * 3 {
            self.asked.retain(|own, _| *own == key);
            self.places = places(&self.asked);
        }
        self.turn = turn.wrapping_add(1);
        if let Some(own) = self.asked.get_mut(&key) {
            own.used = self.turn;
        }
    }

    /// What identifies matchers: equal ones in the same order have equal keys, and no others do, as far as 128 bits of xxh3 can
    /// tell.
    fn key(&mut self, matchers: &[Matcher]) -> u128 {
        self.text.clear();
        for own in matchers {
            for text in [own.name(), own.value()] {
                self.text.extend_from_slice(&text.len().to_le_bytes());
                self.text.extend_from_slice(text.as_bytes());
            }
            self.text.push(match own.op() {
                MatchOp::Equal => 0,
                MatchOp::NotEqual => 1,
                MatchOp::Regex => 2,
                MatchOp::NotRegex => 3,
            });
        }
        xxh3_128(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn named(numbers: std::ops::Range<u32>, era: u64) -> Named {
        Named { numbers: numbers.collect(), era }
    }

    fn matchers(value: &str) -> Vec<Matcher> {
        vec![Matcher::equal("__name__", "up"), Matcher::equal("job", value)]
    }

    #[test]
    fn only_series_that_came_since_are_looked_at() {
        let looked = Cell::new(0);
        let even = |number: u32| {
            looked.set(looked.get() + 1);
            number.is_multiple_of(2)
        };
        let mut standing = Standing::default();
        assert_eq!(standing.passing(&matchers("a"), &named(0..4, 1), even), [0, 2]);
        assert_eq!(standing.passing(&matchers("a"), &named(0..6, 1), even), [0, 2, 4]);
        assert_eq!(looked.get(), 6);
        let gone = Named { numbers: vec![2, 3, 4, 5], era: 2 };
        assert_eq!(standing.passing(&matchers("a"), &gone, even), [2, 4]);
        assert_eq!(looked.get(), 10);
        assert_eq!(standing.places, 2);
    }

    #[test]
    fn selections_that_differ_anywhere_are_told_apart() {
        let mut standing = Standing::default();
        let own = [
            matchers("a"),
            matchers("b"),
            vec![Matcher::equal("__name__", "up"), Matcher::equal("joba", "")],
            vec![
                Matcher::equal("__name__", "up"),
                Matcher::new("job", MatchOp::NotEqual, "a").unwrap(),
            ],
            vec![
                Matcher::equal("__name__", "up"),
                Matcher::new("job", MatchOp::Regex, "a").unwrap(),
            ],
        ];
        let keys: std::collections::BTreeSet<u128> =
            own.iter().map(|own| standing.key(own)).collect();
        assert_eq!(keys.len(), own.len());
    }

    #[test]
    fn no_more_is_remembered_than_may_be_and_what_is_asked_stays() {
        let mut standing = Standing::default();
        let all = |_: u32| true;
        let wide = standing.passing(&matchers("wide"), &named(0..10_000, 1), all).len();
        assert_eq!((wide, standing.places, standing.asked.len()), (10_000, 0, 0));
        for number in 0..2_000 {
            let value = number.to_string();
            assert_eq!(standing.passing(&matchers(&value), &named(0..1_000, 1), all).len(), 1_000);
            assert!(standing.places <= PLACES_MAX);
        }
        let sum: usize = standing.asked.values().map(|own| own.passing.len()).sum();
        assert_eq!(sum, standing.places);
        assert!(!standing.asked.is_empty());
    }
}
