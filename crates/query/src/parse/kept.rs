//! Expressions that are asked again and again, as rules are: read once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::{
    Frame,
    node::{Node, Shape},
    parts::Parts,
    read, scan, stack,
};
use crate::{QueryError, ValueKind, reuse::normal};

/// What is known of texts that were asked at one time. What does not fit is read anew.
#[derive(Debug)]
pub(crate) struct Expressions {
    known: Mutex<Known>,
    count_max: usize,
}

#[derive(Debug, Default)]
struct Known {
    nodes: HashMap<Box<str>, Arc<Node>>,
    shares: Shares,
}

/// A part of an expression that others may have as well.
#[derive(Debug)]
pub(crate) struct Share {
    /// Its own among all that ever were.
    pub(crate) number: u64,
    pub(crate) names: Names,
}

/// Metric names that a part of an expression asks for. It may seem to ask for more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(u64);

/// The parts of all expressions, by what they mean.
#[derive(Debug, Default)]
struct Shares {
    known: HashMap<u128, Arc<Share>>,
    given: u64,
}

impl Names {
    const ALL: Self = Self(u64::MAX);

    pub(crate) fn of(name: &str) -> Self {
        Self(1 << (xxh3_64(name.as_bytes()) % 64))
    }

    /// Whether they may have any in common.
    pub(crate) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Share {
    /// Whether more than one place has it: one of those that know of it is the list of all.
    pub(crate) fn is_common(own: &Arc<Self>) -> bool {
        Arc::strong_count(own) > 2
    }
}

impl Shares {
    /// Looks for parts that others have too; gives what they ask for.
    fn find(&mut self, node: &mut Node) -> Names {
        let names = match &mut node.shape {
            Shape::Number(_) | Shape::Text(_) => Names::default(),
            Shape::Select(selector) | Shape::Window(selector, _) => {
                selector.name.as_deref().map_or(Names::ALL, Names::of)
            }
            Shape::Subquery(subquery) => self.find(&mut subquery.inner),
            Shape::Call(call) => {
                let mut names = Names::default();
                for arg in &mut call.args {
                    names = names.and(self.find(arg));
                }
                names
            }
            Shape::Aggregate(own) => {
                let parameter = own.parameter.as_mut().map(|parameter| self.find(parameter));
                self.find(&mut own.inner).and(parameter.unwrap_or_default())
            }
            Shape::Binary(own) => self.find(&mut own.left).and(self.find(&mut own.right)),
            Shape::Negate(inner) => self.find(inner),
        };
        if names != Names::default() && node.kind() == ValueKind::Vector {
            let meaning = xxh3_128(normal(node).as_bytes());
            let given = &mut self.given;
            let share = self.known.entry(meaning).or_insert_with(|| {
                *given += 1;
                Arc::new(Share { number: *given, names })
            });
            node.share = Some(Arc::clone(share));
        }
        names
    }
}

impl Expressions {
    /// Keeps so many expressions at most; past that it begins anew.
    pub(crate) fn new(count_max: usize) -> Self {
        Self { known: Mutex::default(), count_max }
    }

    /// Reads an expression, or takes what was read of it before, and does something with it.
    pub(crate) fn with<T: Send>(
        &self,
        text: &str,
        frame: Frame,
        work: impl FnOnce(&Node) -> Result<T, QueryError> + Send,
    ) -> Result<T, QueryError> {
        let known = self.known().nodes.get(text).cloned();
        if let Some(node) = known {
            return work(&node);
        }
        let parts = scan::scan(text, frame)?;
        if !stack::fits_here(parts.deepest) {
            return stack::with_room(parts.deepest, || work(&read(text, parts)?));
        }
        let node = self.keep(text, parts)?;
        work(&node)
    }

    fn keep(&self, text: &str, parts: Parts) -> Result<Arc<Node>, QueryError> {
        let mut node = read(text, parts)?;
        let mut known = self.known();
        if known.nodes.len() >= self.count_max {
            known.nodes.clear();
            known.shares.known.clear();
        }
        known.shares.find(&mut node);
        let node = Arc::new(node);
        known.nodes.insert(text.into(), Arc::clone(&node));
        Ok(node)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_read_once_and_no_more_are_kept_than_may_be() {
        let kept = Expressions::new(2);
        let frame = || Frame { step: 0, range: 0 };
        let shown =
            |text: &str| kept.with(text, frame(), |node| Ok(std::ptr::from_ref(node) as usize));
        let first = shown("a + 1").unwrap();
        assert_eq!(shown("a + 1").unwrap(), first);
        assert!(shown("a +").is_err());
        let deep = "(".repeat(60) + "1" + &")".repeat(60);
        assert!(shown(&deep).is_ok());
        assert_eq!(kept.known().nodes.len(), 1);
        for text in ["b", "c", "d"] {
            shown(text).unwrap();
        }
        assert!(kept.known().nodes.len() <= 2);
    }
}
