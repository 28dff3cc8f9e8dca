//! Whether there is nothing: `absent` and `absent_over_time`.

use model::{Labels, METRIC_NAME, MatchOp, Matcher};

use crate::{
    QueryError,
    parse::node::{Node, Shape},
    run::{
        Run,
        rows::{ABSENT, Grid, Row},
        windows::{Judge, Judged, Ranges, Window},
    },
};

/// One where a vector has no series.
pub(super) fn absent(run: &Run<'_>, arg: &Node, grid: Grid) -> Result<Vec<Row>, QueryError> {
    let rows = run.rows(arg, grid)?;
    Ok(missing(arg, &rows, grid))
}

/// One where no series has a sample in the range.
pub(super) fn absent_over_time(
    run: &Run<'_>,
    arg: &Node,
    ranges: &Ranges<'_>,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let rows = run.slide(ranges, grid, false, || Present)?;
    Ok(missing(arg, &rows, grid))
}

/// Whether there is anything at all, native histograms included.
struct Present;

impl Judge for Present {
    fn judge(&mut self, _window: &Window<'_>) -> f64 {
        1.0
    }

    fn judge_mixed(&mut self, _window: &Window<'_>) -> Judged {
        Judged::Float(1.0)
    }
}

fn missing(arg: &Node, rows: &[Row], grid: Grid) -> Vec<Row> {
    let mut values = vec![1.0; grid.points];
    for row in rows {
        for (number, value) in values.iter_mut().enumerate() {
            if row.is_there(number) {
                *value = ABSENT;
            }
        }
    }
    vec![Row::floats(expected_labels(arg), false, values)]
}

/// The labels the missing series would have: of each name the first equal matcher, unless another matcher of that
/// name follows it. So does Prometheus, whose answer depends on the order of matchers.
fn expected_labels(arg: &Node) -> Labels {
    let (Shape::Select(selector) | Shape::Window(selector, _)) = &arg.shape else {
        return Labels::empty();
    };
    let matchers = &selector.matchers;
    let sure = matchers.iter().enumerate().filter(|(at, matcher)| {
        let is_equal = |matcher: &Matcher| matcher.op() == MatchOp::Equal;
        let alike = |other: &&Matcher| other.name() == matcher.name();
        is_equal(matcher)
            && matcher.name() != METRIC_NAME
            && !matchers[..*at].iter().filter(alike).any(is_equal)
            && !matchers[at + 1..].iter().any(|other| alike(&other))
    });
    Labels::from_pairs(sure.map(|(_, matcher)| (matcher.name(), matcher.value())))
}
