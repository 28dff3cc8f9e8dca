//! The functions of PromQL, by what they take: a range, a vector, numbers, or nothing.

mod absent;
mod calendar;
mod counters;
mod histogram;
mod info;
mod labels;
mod math;
mod native;
mod over_time;
mod sorting;
mod trend;

use model::Labels;

use super::{
    Run, Take,
    flow::stream::Sink,
    rows::{ABSENT, Grid, Row, Table, is_present},
};
use crate::{
    QueryError, ValueKind,
    parse::node::{Call, Node, Shape},
};

/// The value of a call at all steps. `at` is the place of the call in the text.
pub(super) fn call(
    run: &Run<'_>,
    call: &Call,
    at: Option<usize>,
    grid: Grid,
) -> Result<Table, QueryError> {
    if let Some(values) = scalar_call(run, call, grid)? {
        return Ok(Table::Scalar(values));
    }
    if call.args.iter().any(|arg| arg.kind() == ValueKind::Matrix) {
        return range_call(run, call, grid, None).map(Table::Rows);
    }
    vector_call(run, call, at, grid).map(Table::Rows)
}

/// Functions that give a number per step.
fn scalar_call(run: &Run<'_>, call: &Call, grid: Grid) -> Result<Option<Vec<f64>>, QueryError> {
    let constant = |value: f64| Ok(Some(vec![value; grid.points]));
    match call.name {
        "time" => Ok(Some(grid.times().map(|time| time as f64 / 1000.0).collect())),
        "pi" => constant(std::f64::consts::PI),
        "start" => constant(run.query.from as f64 / 1000.0),
        "end" => constant(run.query.last() as f64 / 1000.0),
        "step" if run.ranged => constant(run.query.step as f64 / 1000.0),
        "step" => constant(0.0),
        "range" => constant(run.query.last().saturating_sub(run.query.from) as f64 / 1000.0),
        "max_of" | "min_of" => {
            let pick = if call.name == "max_of" { math::largest } else { math::smallest };
            let mut picked = run.numbers(&call.args[0], grid)?;
            for arg in &call.args[1..] {
                let others = run.numbers(arg, grid)?;
                picked
                    .iter_mut()
                    .zip(others)
                    .for_each(|(value, other)| *value = pick(*value, other));
            }
            Ok(Some(picked))
        }
        "scalar" => run.rows(&call.args[0], grid).map(|rows| Some(only_value(&rows, grid))),
        _ => Ok(None),
    }
}

/// At each step the value of the only series; not a number if there is none, or more than one.
fn only_value(rows: &[Row], grid: Grid) -> Vec<f64> {
    let only = |number: usize| {
        let mut present =
            rows.iter().map(|row| row.values[number]).filter(|value| is_present(*value));
        match (present.next(), present.next()) {
            (Some(value), None) => value,
            _ => f64::NAN,
        }
    };
    (0..grid.points).map(only).collect()
}

/// Whether a function of ranges leaves the metrics' names.
pub(super) fn keeps_names(name: &str) -> bool {
    matches!(name, "last_over_time" | "first_over_time")
}

/// Functions of ranges. With a sink, rows go there instead.
pub(super) fn range_call(
    run: &Run<'_>,
    call: &Call,
    grid: Grid,
    sink: Option<&Sink<'_>>,
) -> Result<Vec<Row>, QueryError> {
    let Some(arg) = call.args.iter().find(|arg| arg.kind() == ValueKind::Matrix) else {
        return Err(unknown(call.name));
    };
    let ranges = run.ranges(arg, grid)?.for_function(call.name).into_sink(sink);
    let numbers: Vec<Vec<f64>> = call
        .args
        .iter()
        .filter(|arg| arg.kind() == ValueKind::Scalar)
        .map(|arg| run.numbers(arg, grid))
        .collect::<Result<_, _>>()?;
    let rows = match call.name {
        "absent_over_time" => return absent::absent_over_time(run, arg, &ranges, grid),
        "rate" | "increase" | "delta" | "irate" | "idelta" | "changes" | "resets" => {
            counters::slide(run, call.name, arg.at, &ranges, grid)?
        }
        "deriv" | "predict_linear" | "double_exponential_smoothing" => {
            trend::slide(run, (call.name, arg.at), &numbers, &ranges, grid)?
        }
        name if keeps_names(name) => {
            return over_time::slide(run, (call.name, arg.at), &[], &ranges, grid);
        }
        _ => {
            if call.name == "quantile_over_time" {
                let at = call.args[0].at;
                warn_of_quantiles(run, at, &numbers[0]);
            }
            let at = call.args[0].at;
            over_time::slide(run, (call.name, at), &numbers, &ranges, grid)?
        }
    };
    run.drop_names(rows)
}

/// Warns of quantiles that are not between 0 and 1.
pub(super) fn warn_of_quantiles(run: &Run<'_>, at: Option<usize>, quantiles: &[f64]) {
    if let Some(odd) = quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
        let odd = math::shown(*odd);
        run.warn(at, &format!("quantile value should be between 0 and 1, got {odd}"));
    }
}

/// Functions of vectors, and those that make one.
fn vector_call(
    run: &Run<'_>,
    call: &Call,
    at: Option<usize>,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    if let Some(change) = math::of_one_value(call.name) {
        let rows = run.rows(&call.args[0], grid)?;
        return run.map(rows, |_, value| change(value));
    }
    if let Some(part) = calendar::part_of_time(call.name) {
        let rows = match call.args.first() {
            Some(arg) => run.rows(arg, grid)?,
            None => vec![nameless_row(grid.times().map(|time| time as f64 / 1000.0).collect())],
        };
        return run.map(rows, |_, seconds| part(seconds));
    }
    let args = &call.args;
    match call.name {
        "vector" => Ok(vec![nameless_row(run.numbers(&args[0], grid)?)]),
        "timestamp" => timestamp(run, &args[0], grid),
        "absent" => absent::absent(run, &args[0], grid),
        "clamp" | "clamp_min" | "clamp_max" | "round" => bounded(run, call, grid),
        "label_replace" => labels::replace(run, args, grid),
        "label_join" => labels::join(run, args, grid),
        "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => {
            if run.ranged {
                run.warn(
                    at,
                    "sort is ineffective for range queries since results are always ordered by labels",
                );
            }
            sorting::sort(run, call, grid)
        }
        "histogram_quantile" => {
            let quantiles = run.numbers(&args[0], grid)?;
            warn_of_quantiles(run, args[0].at, &quantiles);
            let rows = run.rows(&args[1], grid)?;
            let quantile = histogram::Ask::Quantile(&quantiles);
            histogram::ask(run, (rows, args[1].at), quantile, grid)
        }
        "info" => info::info(run, call, grid),
        "histogram_quantiles" => histogram::quantiles(run, args, grid),
        "histogram_fraction" => {
            let lower = run.numbers(&args[0], grid)?;
            let upper = run.numbers(&args[1], grid)?;
            let rows = run.rows(&args[2], grid)?;
            histogram::ask(run, (rows, args[2].at), histogram::Ask::Fraction(&lower, &upper), grid)
        }
        "histogram_count" | "histogram_sum" | "histogram_avg" | "histogram_stddev"
        | "histogram_stdvar" => histogram::statistic(run, call.name, &args[0], grid),
        other => Err(unknown(other)),
    }
}

fn unknown(name: &str) -> QueryError {
    QueryError::execution(format!("function {name} is not supported yet"))
}

fn nameless_row(values: Vec<f64>) -> Row {
    Row::floats(Labels::empty(), false, values)
}

/// The times of the samples themselves if a selector is asked directly, otherwise of the steps.
fn timestamp(run: &Run<'_>, arg: &Node, grid: Grid) -> Result<Vec<Row>, QueryError> {
    if let Shape::Select(selector) = &arg.shape {
        let rows = run.newest(selector, grid, Take::Time)?;
        return run.drop_names(rows);
    }
    let mut rows = run.rows(arg, grid)?;
    for row in &mut rows {
        for number in 0..grid.points {
            if row.is_there(number) {
                row.values[number] = grid.time(number) as f64 / 1000.0;
            }
        }
        row.histograms = Vec::new();
    }
    run.drop_names(rows)
}

fn bounded(run: &Run<'_>, call: &Call, grid: Grid) -> Result<Vec<Row>, QueryError> {
    let rows = run.rows(&call.args[0], grid)?;
    let numbers: Vec<Vec<f64>> =
        call.args[1..].iter().map(|arg| run.numbers(arg, grid)).collect::<Result<_, _>>()?;
    match (call.name, numbers.as_slice()) {
        ("clamp", [least, most]) => run.map(rows, |number, value| {
            if least[number] > most[number] {
                return ABSENT;
            }
            math::largest(least[number], math::smallest(most[number], value))
        }),
        ("clamp_min", [least]) => {
            run.map(rows, |number, value| math::largest(least[number], value))
        }
        ("clamp_max", [most]) => run.map(rows, |number, value| math::smallest(most[number], value)),
        (_, [nearest]) => run.map(rows, |number, value| math::round(value, nearest[number])),
        _ => run.map(rows, |_, value| math::round(value, 1.0)),
    }
}

/// The text of an argument; the grammar has seen to it that it is one.
fn text_of(arg: &Node) -> &str {
    match &arg.shape {
        Shape::Text(text) => text,
        _ => "",
    }
}

/// A number as messages and labels show it.
pub(super) fn shown_number(value: f64) -> String {
    math::shown(value)
}

/// Falling, not-a-numbers last.
pub(super) fn descending(a: f64, b: f64) -> std::cmp::Ordering {
    sorting::by_value_descending(a, b)
}
