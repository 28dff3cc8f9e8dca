//! Whether counts started anew between two histograms.

use model::{Buckets, Histogram, ResetHint};

use super::{
    bounds::{upper_bound, widened},
    tally::{rebound, shared, zero_within},
};

/// Whether counts started anew between a histogram and a later one. A histogram that says «not reset» is compared
/// all the same, because a sample between the two may have been lost on its way.
pub(crate) fn is_reset(before: &Histogram, after: &Histogram) -> bool {
    if after.reset == ResetHint::Reset || after.count < before.count {
        return true;
    }
    match (before.has_custom_bounds(), after.has_custom_bounds()) {
        (true, true) => falls_custom(before, after),
        (false, false) => falls_exponential(before, after),
        _ => true,
    }
}

fn falls_custom(before: &Histogram, after: &Histogram) -> bool {
    let fewer = shared(&before.bounds, &after.bounds);
    let side = |own: &Histogram| -> Vec<(i32, f64)> {
        joined(own.positive.iter().map(|(at, count)| (rebound(at, &own.bounds, &fewer), count)))
    };
    falls(&side(before), &side(after))
}

fn falls_exponential(before: &Histogram, after: &Histogram) -> bool {
    // Finer buckets or a smaller bucket of zero come of a new start only.
    if after.schema > before.schema || after.zero_threshold < before.zero_threshold {
        return true;
    }
    let (zero_count, threshold) = zero_within(before, after.zero_threshold);
    if threshold > after.zero_threshold || after.zero_count < zero_count {
        return true;
    }
    let side = |own: &Histogram, side: &Buckets| -> Vec<(i32, f64)> {
        let outside = side.iter().filter(|(at, _)| upper_bound(own, *at) > after.zero_threshold);
        joined(outside.map(|(at, count)| (widened(at, own.schema, after.schema), count)))
    };
    falls(&side(before, &before.positive), &side(after, &after.positive))
        || falls(&side(before, &before.negative), &side(after, &after.negative))
}

fn joined(side: impl Iterator<Item = (i32, f64)>) -> Vec<(i32, f64)> {
    let mut joined: Vec<(i32, f64)> = Vec::new();
    for (at, count) in side {
        match joined.last_mut() {
            Some((last, held)) if *last == at => *held += count,
            _ => joined.push((at, count)),
        }
    }
    joined
}

/// Whether any bucket has less in it than before.
fn falls(before: &[(i32, f64)], after: &[(i32, f64)]) -> bool {
    before.iter().any(|(at, count)| {
        let found = after.binary_search_by_key(at, |own| own.0);
        let now = found.ok().and_then(|found| after.get(found)).map_or(0.0, |own| own.1);
        now < *count
    })
}
