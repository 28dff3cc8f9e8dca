//! Expressions that are asked again and again, as rules are: read once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;

use super::{Frame, node::Node, parts::Parts, read, scan, stack};
use crate::QueryError;

/// What is known of texts that were asked at one time. What does not fit is read anew.
#[derive(Debug)]
pub(crate) struct Expressions {
    known: Mutex<HashMap<Box<str>, Arc<Node>>>,
    count_max: usize,
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
        let known = self.known().get(text).cloned();
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
        let node = Arc::new(read(text, parts)?);
        let mut known = self.known();
        if known.len() >= self.count_max {
            known.clear();
        }
        known.insert(text.into(), Arc::clone(&node));
        Ok(node)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<Node>>> {
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
        assert_eq!(kept.known().len(), 1);
        for text in ["b", "c", "d"] {
            shown(text).unwrap();
        }
        assert!(kept.known().len() <= 2);
    }
}
