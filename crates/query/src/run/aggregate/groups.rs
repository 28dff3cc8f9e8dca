//! Which group a series belongs to: found from parts of its labels without copying them.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use hashbrown::{DefaultHashBuilder, HashTable};
use model::{Labels, METRIC_NAME};

use crate::parse::node::Grouping;

/// The groups of one aggregation, by number. Several threads may look for groups at once.
pub(crate) struct Groups<'g> {
    grouping: &'g Grouping,
    /// No label after this one counts; labels come in the order of their names.
    last: Option<&'g str>,
    hasher: DefaultHashBuilder,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    table: HashTable<(u64, u32)>,
    labels: Vec<Labels>,
}

/// What one thread knows of the groups, so that it need not ask the others.
#[derive(Default)]
pub(crate) struct GroupCache(HashTable<(u64, u32, Labels)>);

impl<'g> Groups<'g> {
    pub(crate) fn new(grouping: &'g Grouping) -> Self {
        let last = match grouping {
            Grouping::By(named) => Some(named.iter().max().map_or("", String::as_str)),
            Grouping::Without(_) => None,
        };
        Self { grouping, last, hasher: DefaultHashBuilder::default(), known: Mutex::default() }
    }

    /// The number of a series' group. Labels that the test names are taken not to be there.
    pub(crate) fn find(
        &self,
        cache: &mut GroupCache,
        labels: &Labels,
        gone: impl Fn(&str) -> bool,
    ) -> u32 {
        let stays = |name: &str| counts(self.grouping, name) && !gone(name);
        let parts = || {
            let may_count = |name: &str| self.last.is_none_or(|last| name <= last);
            let near = labels.iter().take_while(move |(name, _)| may_count(name));
            near.filter(|(name, _)| stays(name))
        };
        let mut hasher = self.hasher.build_hasher();
        for (name, value) in parts() {
            (name, value).hash(&mut hasher);
        }
        let hash = hasher.finish();
        let known = cache.0.find(hash, |own| own.0 == hash && same(&own.2, parts()));
        if let Some((_, number, _)) = known {
            return *number;
        }
        let own = labels.without(|name| !stays(name));
        let number = self.number(hash, &own);
        cache.0.insert_unique(hash, (hash, number, own), |own| own.0);
        number
    }

    fn number(&self, hash: u64, labels: &Labels) -> u32 {
        let mut known = self.known();
        let Known { table, labels: all } = &mut *known;
        let same = |own: &(u64, u32)| all.get(own.1 as usize) == Some(labels);
        if let Some((_, number)) = table.find(hash, same) {
            return *number;
        }
        let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
        all.push(labels.clone());
        table.insert_unique(hash, (hash, number), |own| own.0);
        number
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The labels of all groups.
    pub(crate) fn into_labels(self) -> Vec<Labels> {
        self.known.into_inner().unwrap_or_else(PoisonError::into_inner).labels
    }
}

fn same<'l>(labels: &Labels, parts: impl Iterator<Item = (&'l str, &'l str)>) -> bool {
    let mut own = labels.iter();
    for part in parts {
        if own.next() != Some(part) {
            return false;
        }
    }
    own.next().is_none()
}

/// Whether a label tells groups apart.
fn counts(grouping: &Grouping, name: &str) -> bool {
    match grouping {
        Grouping::By(named) => named.iter().any(|named| named == name),
        Grouping::Without(named) => name != METRIC_NAME && !named.iter().any(|own| own == name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_one_group_get_one_number_from_any_cache() {
        let grouping = Grouping::By(vec!["b".to_owned(), "__name__".to_owned()]);
        let groups = Groups::new(&grouping);
        let labels = |a: &str, b: &str| Labels::from_pairs([("__name__", "m"), ("a", a), ("b", b)]);
        let (mut one, mut other) = (GroupCache::default(), GroupCache::default());
        assert_eq!(groups.find(&mut one, &labels("1", "x"), |_| false), 0);
        assert_eq!(groups.find(&mut one, &labels("2", "y"), |_| false), 1);
        assert_eq!(groups.find(&mut other, &labels("3", "y"), |_| false), 1);
        assert_eq!(groups.find(&mut one, &labels("4", "x"), |_| false), 0);
        assert_eq!(groups.find(&mut one, &labels("4", "x"), |name| name == "__name__"), 2);
        let told: Vec<String> = groups.into_labels().iter().map(Labels::to_string).collect();
        assert_eq!(told, ["m{b=\"x\"}", "m{b=\"y\"}", "{b=\"x\"}"]);
    }
}
