//! What a receiver is to get: labels that name this server, and relabelling rules. What they make of a series is kept, as
//! the same series come again and again.

use std::collections::HashMap;

use collect::relabel::{RelabelRule, relabel};
use model::{Labels, LabelsRef};
use parking_lot::Mutex;

/// Series whose outcome is kept; past it all are forgotten and made anew.
const KNOWN_MAX: usize = 200_000;

/// How labels are rewritten on their way out.
#[derive(Debug, Default)]
pub struct Rewrite {
    external: Labels,
    rules: Vec<RelabelRule>,
    known: Mutex<HashMap<Labels, Option<Labels>>>,
}

/// What became of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rewritten {
    /// It goes out as it is.
    Same,
    /// It goes out under another name.
    Other(Labels),
    /// It does not go out.
    Dropped,
}

impl Rewrite {
    /// Labels that a series gets if it has not got them, and then the rules in their order.
    pub fn new(external: Labels, rules: Vec<RelabelRule>) -> Self {
        Self { external, rules, known: Mutex::default() }
    }

    /// What a series is called outside.
    pub(crate) fn apply(&self, labels: LabelsRef<'_>) -> Rewritten {
        if self.external.is_empty() && self.rules.is_empty() {
            return Rewritten::Same;
        }
        if let Some(known) = self.known.lock().get(labels.packed()) {
            return known.clone().map_or(Rewritten::Dropped, Rewritten::Other);
        }
        let own = labels.to_labels();
        let made = relabel(self.named(&own), &self.rules).filter(|labels| !labels.is_empty());
        let mut known = self.known.lock();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(own, made.clone());
        made.map_or(Rewritten::Dropped, Rewritten::Other)
    }

    fn named(&self, labels: &Labels) -> Labels {
        if self.external.is_empty() {
            return labels.clone();
        }
        let mut builder = labels.to_builder();
        for (name, value) in self.external.iter() {
            if builder.get(name).is_none() {
                builder.set(name, value);
            }
        }
        builder.build()
    }
}

#[cfg(test)]
mod tests {
    use collect::relabel::{RelabelAction, RelabelSpec};

    use super::*;

    #[test]
    fn a_series_is_named_and_filtered_the_same_every_time() {
        let drop = RelabelRule::new(RelabelSpec {
            source_labels: vec!["__name__".into()],
            regex: "go_.*".into(),
            action: RelabelAction::Drop,
            ..RelabelSpec::default()
        });
        let external = Labels::from_pairs([("site", "north"), ("job", "other")]);
        let rewrite = Rewrite::new(external, vec![drop.unwrap()]);
        for _ in 0..2 {
            let up = Labels::from_pairs([("__name__", "up"), ("job", "node")]);
            let expected = up.with("site", "north");
            assert_eq!(rewrite.apply(up.as_ref()), Rewritten::Other(expected));
            let threads = Labels::from_pairs([("__name__", "go_threads")]);
            assert_eq!(rewrite.apply(threads.as_ref()), Rewritten::Dropped);
        }
    }

    #[test]
    fn without_rules_nothing_is_kept_in_memory() {
        let rewrite = Rewrite::default();
        let up = Labels::from_pairs([("__name__", "up")]);
        assert_eq!(rewrite.apply(up.as_ref()), Rewritten::Same);
        assert!(rewrite.known.lock().is_empty());
    }
}
