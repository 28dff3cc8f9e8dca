//! Functions that make new labels from old ones.

use model::{Labels, METRIC_NAME};
use regex::Regex;

use super::text_of;
use crate::{
    QueryError,
    parse::node::Node,
    run::{
        Run,
        rows::{Grid, Row, join_same},
    },
};

/// `label_replace(v, target, replacement, source, regex)`
pub(super) fn replace(run: &Run<'_>, args: &[Node], grid: Grid) -> Result<Vec<Row>, QueryError> {
    let [vector, target, replacement, source, pattern] = args else {
        return Err(QueryError::execution("label_replace takes five arguments"));
    };
    let (target, replacement) = (text_of(target), text_of(replacement));
    check_target("label_replace", target)?;
    let regex = Regex::new(&format!("^(?s:{})$", text_of(pattern))).map_err(|_error| {
        QueryError::execution(format!(
            "invalid regular expression in label_replace(): {}",
            text_of(pattern)
        ))
    })?;
    relabel(run, vector, grid, target, |labels| {
        let found = regex.captures(labels.get(text_of(source)).unwrap_or_default())?;
        let mut value = String::new();
        found.expand(replacement, &mut value);
        Some(value)
    })
}

/// `label_join(v, target, separator, source...)`
pub(super) fn join(run: &Run<'_>, args: &[Node], grid: Grid) -> Result<Vec<Row>, QueryError> {
    let [vector, target, separator, sources @ ..] = args else {
        return Err(QueryError::execution("label_join takes at least three arguments"));
    };
    let (target, separator) = (text_of(target), text_of(separator));
    check_target("label_join", target)?;
    relabel(run, vector, grid, target, |labels| {
        let values: Vec<&str> =
            sources.iter().map(|source| labels.get(text_of(source)).unwrap_or_default()).collect();
        Some(values.join(separator))
    })
}

fn check_target(function: &str, target: &str) -> Result<(), QueryError> {
    // The grammar reads bytes that are not UTF-8 as this letter, or keeps them as the letters of their number.
    if target.is_empty() || target.contains(char::REPLACEMENT_CHARACTER) {
        return Err(QueryError::execution(format!(
            "invalid destination label name in {function}(): {target}"
        )));
    }
    Ok(())
}

fn relabel(
    run: &Run<'_>,
    vector: &Node,
    grid: Grid,
    target: &str,
    value: impl Fn(&Labels) -> Option<String>,
) -> Result<Vec<Row>, QueryError> {
    let mut rows = run.rows(vector, grid)?;
    for row in &mut rows {
        if let Some(value) = value(&row.labels) {
            row.labels = row.labels.with(target, &value);
            row.drop_name &= target != METRIC_NAME;
        }
    }
    join_same(rows)
}
