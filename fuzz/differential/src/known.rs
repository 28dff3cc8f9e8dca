//! Differences that come from the version of the peer, Debian's Prometheus 2.42, or that PromQL leaves open. Each
//! stands here with the change that explains it; anything else is ours to answer for.
//!
//! Other changes since are avoided rather than filtered: ranges and look-back that are open to the left since 3.0 (data off
//! the edges, or ranges a millisecond shorter for the peer), the order in which extrapolation to zero is judged (counters
//! that begin high), `predict_linear(x @ t)`, whose window moves with the steps in 2.42, and functions and syntax the peer does not have (not in the grammar).

use rwbench::query::Answer;

use crate::grammar::Node;

/// Both sides of a difference.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    pub node: &'a Node,
    pub theirs: &'a Result<Answer, String>,
    pub ours: &'a Result<Answer, String>,
}

struct Known {
    why: &'static str,
    /// Whether the outermost part of a query may differ for this reason.
    may: fn(&Node) -> bool,
    /// Whether a difference is explained by it.
    explains: fn(&Sides<'_>) -> bool,
}

const KNOWN: &[Known] = &[
    Known {
        why: "topk and bottomk may choose any of series with equal values",
        may: |node| is(node, &["topk", "bottomk"]),
        explains: ties,
    },
    Known {
        why: "stddev and stdvar of a single value that is not finite: 0 in 2.42, NaN since 3.0",
        may: |node| is(node, &["stddev", "stdvar"]),
        explains: |sides| at_each_difference(sides, |theirs, ours| theirs == 0.0 && ours.is_nan()),
    },
    Known {
        why: "sums that overflow: infinite or NaN depends on the order of summing, which changed in 3.0",
        may: |node| {
            is(
                node,
                &[
                    "stddev",
                    "stdvar",
                    "avg",
                    "stddev_over_time",
                    "stdvar_over_time",
                    "avg_over_time",
                    "predict_linear",
                    "deriv",
                ],
            )
        },
        explains: |sides| {
            at_each_difference(sides, |theirs, ours| !theirs.is_finite() && !ours.is_finite())
        },
    },
    Known {
        why: "rates over a reset with few samples: whether zero is near was judged before whether the first sample is",
        may: |node| is(node, &["rate", "increase"]),
        explains: |sides| {
            at_each_difference(sides, |theirs, ours| {
                ours > 2000.0 && theirs > ours && theirs < ours * 1.4
            })
        },
    },
    Known {
        why: "Go's exp on amd64 is infinite a little before the largest number",
        may: |node| is(node, &["exp", "sinh", "cosh"]),
        explains: |sides| {
            at_each_difference(sides, |theirs, ours| theirs.is_infinite() && ours.abs() > 1e307)
        },
    },
    Known {
        why: "logarithms of what is zero but for the last digit: averages are summed first since 3.0",
        may: |node| is(node, &["ln", "log2", "log10", "sqrt"]),
        explains: |sides| {
            at_each_difference(sides, |theirs, ours| of_nothing(theirs) && of_nothing(ours))
        },
    },
    Known {
        why: "a minus before series that become alike: it refuses a range even if they are never there together; ours joins them, as both do for other operators",
        may: |node| matches!(node, Node::Minus(_)),
        explains: |sides| {
            sides.ours.is_ok()
                && sides.theirs.as_ref().is_err_and(|theirs| theirs.contains("same labelset"))
        },
    },
    Known {
        why: "parts of a time that no calendar has: what Go makes of it depends on the machine, ours is NaN",
        may: |node| {
            is(
                node,
                &[
                    "day_of_week",
                    "day_of_month",
                    "day_of_year",
                    "days_in_month",
                    "hour",
                    "minute",
                    "month",
                    "year",
                ],
            )
        },
        explains: |sides| at_each_difference(sides, |_, ours| ours.is_nan()),
    },
    Known {
        why: "comparisons that filter count as matches since 3.0, so that two of them are refused",
        may: |node| matches!(node, Node::Binary { sign, .. } if ["==", "!=", ">", "<", ">=", "<="].contains(sign)),
        explains: |sides| {
            sides.theirs.is_ok()
                && sides
                    .ours
                    .as_ref()
                    .is_err_and(|ours| ours.contains("multiple matches for labels"))
        },
    },
];

/// Why it may differ, if that is known.
pub fn explain(sides: &Sides<'_>) -> Option<&'static str> {
    let known = KNOWN.iter().filter(|known| (known.may)(sides.node));
    known.filter(|known| (known.explains)(sides)).map(|known| known.why).next()
}

/// Whether there is a known reason for which the outermost part of it may differ.
pub fn may_explain(node: &Node) -> bool {
    KNOWN.iter().any(|known| (known.may)(node))
}

fn is(node: &Node, names: &[&str]) -> bool {
    matches!(node, Node::Call { name, .. } | Node::Fold { name, .. } if names.contains(name))
}

/// What a logarithm or root makes of a number next to zero.
fn of_nothing(value: f64) -> bool {
    value.is_nan() || value < -15.0 || value.abs() < 1e-6
}

fn both_answer(sides: &Sides<'_>) -> bool {
    matches!((sides.theirs, sides.ours), (Ok(theirs), Ok(ours)) if !rwbench::query::diff(theirs, ours, 1e-6).equal())
}

/// The values chosen are the same at each time, only of other series.
fn ties(sides: &Sides<'_>) -> bool {
    let (Ok(theirs), Ok(ours)) = (sides.theirs, sides.ours) else { return false };
    let values = |answer: &Answer| {
        let mut all: Vec<(i64, String)> = answer
            .values()
            .flatten()
            .map(|(time, value)| (*time, format!("{:.6e}", value + 0.0)))
            .collect();
        all.sort_unstable();
        all
    };
    both_answer(sides) && values(theirs) == values(ours)
}

/// Both have the same points, some differ, and each that differs is as it should be.
fn at_each_difference(sides: &Sides<'_>, expected: fn(f64, f64) -> bool) -> bool {
    let (Ok(theirs), Ok(ours)) = (sides.theirs, sides.ours) else { return false };
    if !theirs.keys().eq(ours.keys()) {
        return false;
    }
    let mut differ = 0;
    for (theirs, ours) in theirs.values().zip(ours.values()) {
        if theirs.len() != ours.len() {
            return false;
        }
        for ((_, theirs), (_, ours)) in theirs.iter().zip(ours) {
            let same = theirs == ours
                || (theirs.is_nan() && ours.is_nan())
                || ((theirs - ours) / theirs).abs() < 1e-6
                || (theirs - ours).abs() < 1e-9;
            if !same && !expected(*theirs, *ours) {
                return false;
            }
            differ += usize::from(!same);
        }
    }
    differ > 0
}
