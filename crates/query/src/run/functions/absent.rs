//! Whether there is nothing: `absent` and `absent_over_time`.

use model::{Labels, METRIC_NAME, MatchOp};

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

/// The labels the missing series would surely have: those asked for by one equal matcher and nothing else.
fn expected_labels(arg: &Node) -> Labels {
    let (Shape::Select(selector) | Shape::Window(selector, _)) = &arg.shape else {
        return Labels::empty();
    };
    let sure = selector.matchers.iter().filter(|matcher| {
        let alike = selector.matchers.iter().filter(|other| other.name() == matcher.name());
        matcher.op() == MatchOp::Equal && matcher.name() != METRIC_NAME && alike.count() == 1
    });
    Labels::from_pairs(sure.map(|matcher| (matcher.name(), matcher.value())))
}
