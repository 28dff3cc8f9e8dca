//! The steps of a range query, checked before anything is read.

use model::Span;

use crate::{QueryError, Steps, ValueKind, parse::node::Node, run::rows::Grid};

/// The steps of a range query, if they are not too many.
pub(crate) fn grid(steps: Steps, points_max: usize) -> Result<Grid, QueryError> {
    let step = steps.step.as_millis();
    if step <= 0 {
        return Err(QueryError::Steps {
                what: "zero or negative query resolution step widths are not accepted; try a positive step"
                    .to_owned(),
            });
    }
    let span = steps.to.millis().checked_sub(steps.from.millis());
    if span.is_some_and(|span| span < 0) || steps.to < steps.from {
        return Err(QueryError::Steps {
            what: "end timestamp must not be before start time".to_owned(),
        });
    }
    // A span that overflows has more points than any limit.
    let points = span.map_or(i64::MAX, |span| (span / step).saturating_add(1));
    match usize::try_from(points) {
        Ok(points) if points <= points_max => Ok(Grid { from: steps.from.millis(), step, points }),
        _ => {
            let most = i64::try_from(points_max.saturating_sub(1)).unwrap_or(i64::MAX).max(1);
            let fitting = span.unwrap_or(i64::MAX).div_euclid(most).saturating_add(1);
            let fitting = Span::secs(fitting.saturating_add(999).div_euclid(1000));
            Err(QueryError::Steps {
                what: format!(
                    "exceeded maximum resolution of {points_max} points per timeseries: {points} are asked for; try a step of at least {fitting}, or a shorter range"
                ),
            })
        }
    }
}

/// Refuses what has no value at a step.
pub(crate) fn check_kind(root: &Node) -> Result<(), QueryError> {
    match root.kind() {
        ValueKind::Scalar | ValueKind::Vector => Ok(()),
        kind => Err(QueryError::Steps {
            what: format!(
                "invalid expression type {:?} for range query, must be scalar or instant vector",
                kind.word()
            ),
        }),
    }
}
