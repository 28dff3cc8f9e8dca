//! How the series of two vectors find each other: signatures, computed once per series.

use hashbrown::HashMap;
use model::{Labels, METRIC_NAME};

use crate::{parse::node::Grouping, run::rows::Row};

/// The rows of both sides that share the labels that count.
pub(super) struct Pair {
    pub(super) signature: Labels,
    pub(super) left: Vec<usize>,
    pub(super) right: Vec<usize>,
}

/// The labels that count for matching.
fn signature(labels: &Labels, matching: &Grouping) -> Labels {
    match matching {
        Grouping::By(named) => labels.without(|label| !named.iter().any(|named| named == label)),
        Grouping::Without(named) => {
            labels.without(|label| label == METRIC_NAME || named.iter().any(|named| named == label))
        }
    }
}

/// Pairs the rows of both sides, in the order of their first row.
pub(super) fn pairs(left: &[Row], right: &[Row], matching: &Grouping) -> Vec<Pair> {
    let mut by_signature: HashMap<Labels, usize> = HashMap::new();
    let mut pairs: Vec<Pair> = Vec::new();
    let sides = left.iter().map(|row| (row, true)).enumerate();
    let sides = sides.chain(right.iter().map(|row| (row, false)).enumerate());
    for (number, (row, is_left)) in sides {
        let signature = signature(&row.labels, matching);
        let pair = *by_signature.entry(signature.clone()).or_insert_with(|| {
            pairs.push(Pair { signature, left: Vec::new(), right: Vec::new() });
            pairs.len() - 1
        });
        let side = if is_left { &mut pairs[pair].left } else { &mut pairs[pair].right };
        side.push(number);
    }
    pairs
}
