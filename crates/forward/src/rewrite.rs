//! What a receiver is to get: labels that name this server, and relabelling rules. What rules make of a series is kept, as
//! the same series come again and again.

use std::collections::HashMap;

use collect::relabel::{RelabelRule, relabel};
use model::{Labels, LabelsPacker, LabelsRef};
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_128;

/// Bytes that outcomes may take; past them all are forgotten and made anew. Rules that only drop series take 48 bytes
/// for each, so this is several hundred thousand of those.
const KNOWN_BYTES_MAX: usize = 32 << 20;
/// Bytes of an outcome without its labels: key, value and room in the table.
const OUTCOME_BYTES: usize = 48;

/// How labels are rewritten on their way out.
#[derive(Debug, Default)]
pub struct Rewrite {
    external: Labels,
    rules: Vec<RelabelRule>,
    known: Mutex<Known>,
}

/// What rules have made of series, by a hash of their labels.
#[derive(Debug, Default)]
struct Known {
    outcomes: HashMap<u128, Rewritten>,
    bytes: usize,
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
        if self.rules.is_empty() {
            return if self.external.is_empty() {
                Rewritten::Same
            } else {
                Rewritten::Other(self.named(labels))
            };
        }
        let key = xxh3_128(labels.packed().as_bytes());
        if let Some(known) = self.known.lock().outcomes.get(&key) {
            return known.clone();
        }
        let outcome = match relabel(self.named(labels), &self.rules) {
            Some(made) if made.is_empty() => Rewritten::Dropped,
            Some(made) if made.as_ref() == labels => Rewritten::Same,
            Some(made) => Rewritten::Other(made),
            None => Rewritten::Dropped,
        };
        let bytes = OUTCOME_BYTES
            + match &outcome {
                Rewritten::Other(made) => made.heap_bytes(),
                Rewritten::Same | Rewritten::Dropped => 0,
            };
        let mut known = self.known.lock();
        if known.bytes + bytes > KNOWN_BYTES_MAX {
            *known = Known::default();
        }
        known.bytes += bytes;
        known.outcomes.insert(key, outcome.clone());
        outcome
    }

    /// With the external labels that it has not got.
    fn named(&self, labels: LabelsRef<'_>) -> Labels {
        let missing = self.external.iter().filter(|(name, _)| labels.get(name).is_none());
        let mut pairs: Vec<(&str, &str)> = labels.iter().chain(missing).collect();
        LabelsPacker::default().pack(&mut pairs).to_labels()
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
            let other = up.with("site", "south");
            assert_eq!(rewrite.apply(other.as_ref()), Rewritten::Same);
            let threads = Labels::from_pairs([("__name__", "go_threads")]);
            assert_eq!(rewrite.apply(threads.as_ref()), Rewritten::Dropped);
        }
    }

    #[test]
    fn without_rules_nothing_is_kept_in_memory() {
        let rewrite = Rewrite::default();
        let up = Labels::from_pairs([("__name__", "up")]);
        assert_eq!(rewrite.apply(up.as_ref()), Rewritten::Same);
        assert!(rewrite.known.lock().outcomes.is_empty());
    }
}
