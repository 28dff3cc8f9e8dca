//! Aggregations: the series of a group become one, or some of them stay.

pub(crate) mod fold;
pub(crate) mod groups;
mod native;
mod pick;

use fold::Folds;
use groups::{GroupCache, Groups};
use hashbrown::HashMap;
use model::{Labels, METRIC_NAME};
use native::NativeFolds;

use super::{
    Run,
    functions::{shown_number, warn_of_quantiles},
    rows::{ABSENT, Grid, Row, is_present},
    sums::quantile,
};
use crate::{
    QueryError,
    histogram::shown,
    parse::node::{Aggregate, Grouping, How, Node, Shape},
};

/// The value of an aggregation at all steps.
pub(super) fn aggregate(
    run: &Run<'_>,
    aggregate: &Aggregate,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let how = aggregate.how;
    let (numbers, at) = match &aggregate.parameter {
        Some(Node { shape: Shape::Text(label), .. }) => {
            let rows = run.rows(&aggregate.inner, grid)?;
            return count_values(run, &rows, &aggregate.grouping, label);
        }
        Some(parameter) => (run.numbers(parameter, grid)?, parameter.at),
        None => (Vec::new(), None),
    };
    pick::check_parameter(run, how, at, &numbers)?;
    if how == How::Quantile {
        warn_of_quantiles(run, at, &numbers);
    }
    if fold::folds(how) {
        return fold_all(run, aggregate, grid);
    }
    let rows = run.rows(&aggregate.inner, grid)?;
    native::tell_ignored(run, aggregate, &rows);
    let groups = group(&rows, &aggregate.grouping);
    match how {
        How::TopK | How::BottomK | How::LimitK | How::LimitRatio => {
            pick::pick(run, &rows, &groups, (how, &numbers), grid)
        }
        _ => quantiles(run, &rows, groups, &numbers),
    }
}

/// Folds rows into their groups: as they come, or once all are there.
fn fold_all(run: &Run<'_>, aggregate: &Aggregate, grid: Grid) -> Result<Vec<Row>, QueryError> {
    if let Some(rows) = run.fold_as_they_come(aggregate, grid)? {
        return Ok(rows);
    }
    let groups = Groups::new(&aggregate.grouping);
    let mut cache = GroupCache::default();
    let mut folds = Folds::new(aggregate.how, grid.points);
    let mut natives = NativeFolds::new(aggregate.how);
    let rows = run.rows(&aggregate.inner, grid)?;
    native::tell_ignored(run, aggregate, &rows);
    for row in rows {
        run.budget.charge(0)?;
        if row.has_values() {
            let group = groups.find(&mut cache, &row.labels, |_| false);
            run.held.hold(folds.add(group, &row))?;
            if !row.histograms.is_empty() {
                native::add_row(run, aggregate, &mut natives, (group, &row))?;
            }
        }
    }
    let mut rows = folds.into_numbered_rows(groups.into_labels());
    natives.finish(run, aggregate, &mut rows);
    Ok(rows.into_iter().map(|(_, row)| row).filter(Row::has_values).collect())
}

/// Series that become one, or are compared with each other.
pub(super) struct Group {
    pub(super) labels: Labels,
    pub(super) drop_name: bool,
    /// Which rows.
    pub(super) members: Vec<usize>,
}

/// Puts rows into groups, in the order of their first row. Done once per series, not per step.
fn group(rows: &[Row], grouping: &Grouping) -> Vec<Group> {
    let mut by_labels: HashMap<Labels, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let labels = group_labels(&row.labels, grouping);
        let group = *by_labels.entry(labels.clone()).or_insert_with(|| {
            groups.push(Group { labels, drop_name: false, members: Vec::new() });
            groups.len() - 1
        });
        groups[group].drop_name |= row.drop_name;
        groups[group].members.push(number);
    }
    groups
}

fn group_labels(labels: &Labels, grouping: &Grouping) -> Labels {
    match grouping {
        Grouping::By(named) if named.is_empty() => Labels::empty(),
        Grouping::By(named) => labels.without(|label| !named.iter().any(|named| named == label)),
        Grouping::Without(named) => {
            labels.without(|label| label == METRIC_NAME || named.iter().any(|named| named == label))
        }
    }
}

fn quantiles(
    run: &Run<'_>,
    rows: &[Row],
    groups: Vec<Group>,
    shares: &[f64],
) -> Result<Vec<Row>, QueryError> {
    let mut answers = Vec::with_capacity(groups.len());
    let mut present = Vec::new();
    for group in groups {
        run.budget.charge(shares.len())?;
        let values = shares.iter().enumerate().map(|(number, share)| {
            present.clear();
            let values = group.members.iter().map(|member| rows[*member].values[number]);
            present.extend(values.filter(|value| is_present(*value)));
            if present.is_empty() { ABSENT } else { quantile(*share, &mut present) }
        });
        let values = values.collect();
        answers.push(Row::floats(group.labels, group.drop_name, values));
    }
    Ok(answers)
}

/// How many series of a group have each value; the value becomes a label.
fn count_values(
    run: &Run<'_>,
    rows: &[Row],
    grouping: &Grouping,
    label: &str,
) -> Result<Vec<Row>, QueryError> {
    if label.is_empty() || label.contains(char::REPLACEMENT_CHARACTER) {
        return Err(QueryError::execution(format!("invalid label name {label:?}")));
    }
    let mut by_labels: HashMap<Labels, usize> = HashMap::new();
    let mut answers: Vec<Row> = Vec::new();
    for row in rows {
        let group = group_labels(&row.labels, grouping);
        for number in 0..row.values.len() {
            let value = match row.histogram(number) {
                Some(histogram) => shown(histogram, shown_number),
                None if is_present(row.values[number]) => shown_number(row.values[number]),
                None => continue,
            };
            let labels = group.with(label, &value);
            let answer = if let Some(answer) = by_labels.get(&labels) {
                *answer
            } else {
                run.budget.charge(row.values.len())?;
                by_labels.insert(labels.clone(), answers.len());
                let drop_name = row.drop_name && label != METRIC_NAME;
                let values = vec![ABSENT; row.values.len()];
                answers.push(Row::floats(labels, drop_name, values));
                answers.len() - 1
            };
            let count = &mut answers[answer].values[number];
            *count = if is_present(*count) { *count + 1.0 } else { 1.0 };
        }
    }
    Ok(answers)
}
