//! `info(v, {...})`: adds the labels of info series that tell more of the same target.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use model::{Labels, METRIC_NAME, Matcher};

use crate::{
    QueryError,
    parse::node::{Call, Selector, Shape},
    run::{
        Run, Take,
        rows::{ABSENT, Grid, Row},
    },
};

/// The labels that say which target a series is of.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

/// The info series at hand, and what is wanted of them.
struct Infos<'i> {
    rows: Vec<Row>,
    /// The times of their samples, read only where two are there at once.
    times: HashMap<Labels, Vec<f64>>,
    by_target: HashMap<Labels, Vec<usize>>,
    selector: &'i Selector,
    /// The labels that were asked for by name; all if none were.
    wanted: BTreeSet<&'i str>,
}

/// The value of the call at all steps.
pub(super) fn info(run: &Run<'_>, call: &Call, grid: Grid) -> Result<Vec<Row>, QueryError> {
    let [base, asked] = &call.args[..] else {
        return Err(QueryError::execution("info takes a vector and a selector"));
    };
    let Shape::Select(selector) = &asked.shape else {
        return Err(QueryError::execution("info takes a selector as its second argument"));
    };
    let base = run.rows(base, grid)?;
    let infos = Infos::read(run, selector, grid)?;
    let mut answers = Answers { rows: Vec::new(), by_labels: HashMap::new() };
    for row in &base {
        run.budget.charge(grid.points)?;
        let own = if infos.is_info(row) { None } else { infos.by_target.get(&target(row)) };
        let members: &[usize] = own.map_or(&[], Vec::as_slice);
        for step in (0..grid.points).filter(|step| row.is_there(*step)) {
            let found = infos.at(members, step);
            if found.is_empty() && !infos.is_info(row) && !infos.allows_none() {
                continue;
            }
            let labels = infos.enriched(row, &found)?;
            answers.put(run, (labels, row), step)?;
        }
    }
    Ok(answers.rows)
}

fn target(row: &Row) -> Labels {
    row.labels.without(|label| !IDENTIFYING.contains(&label))
}

fn named(matchers: &[Matcher]) -> impl Iterator<Item = &Matcher> {
    matchers.iter().filter(|matcher| matcher.name() == METRIC_NAME)
}

fn of_data(matchers: &[Matcher]) -> impl Iterator<Item = &Matcher> {
    matchers.iter().filter(|matcher| matcher.name() != METRIC_NAME)
}

impl<'i> Infos<'i> {
    fn read(run: &Run<'_>, selector: &'i Selector, grid: Grid) -> Result<Self, QueryError> {
        let rows = run.newest(selector, grid, Take::Value)?;
        if let Some(odd) = rows.iter().find(|row| !row.histograms.is_empty()) {
            return Err(QueryError::execution(format!(
                "this should be an info metric, with float samples: {}",
                odd.labels
            )));
        }
        let mut by_target: HashMap<Labels, Vec<usize>> = HashMap::new();
        for (number, row) in rows.iter().enumerate() {
            let target = target(row);
            if !target.is_empty() {
                by_target.entry(target).or_default().push(number);
            }
        }
        let mut times = HashMap::new();
        if by_target.values().any(|members| members.len() > 1) {
            let told = run.newest(selector, grid, Take::Time)?;
            times.extend(told.into_iter().map(|row| (row.labels, row.values)));
        }
        let wanted = of_data(&selector.matchers).map(Matcher::name).collect();
        Ok(Self { rows, times, by_target, selector, wanted })
    }

    /// Whether a series is one of those that tell more; it is left as it is.
    fn is_info(&self, row: &Row) -> bool {
        let name = row.labels.metric_name().unwrap_or_default();
        named(&self.selector.matchers).all(|matcher| matcher.matches(name))
    }

    /// Whether a series stays where nothing more is known of it.
    fn allows_none(&self) -> bool {
        of_data(&self.selector.matchers).all(|matcher| matcher.matches(""))
    }

    /// Of each info metric the series with the newest sample at a step.
    fn at(&self, members: &[usize], step: usize) -> Vec<usize> {
        let mut newest: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
        for member in members.iter().filter(|member| self.rows[**member].is_there(step)) {
            let labels = &self.rows[*member].labels;
            let time = self.times.get(labels).and_then(|times| times.get(step)).copied();
            let time = time.unwrap_or(f64::NEG_INFINITY);
            let name = labels.metric_name().unwrap_or_default();
            let known = newest.entry(name).or_insert((time, *member));
            if time > known.0 {
                *known = (time, *member);
            }
        }
        newest.into_values().map(|(_, member)| member).collect()
    }

    /// The labels of a series with what info series say besides.
    fn enriched(&self, row: &Row, found: &[usize]) -> Result<Labels, QueryError> {
        let mut more: BTreeMap<&str, &str> = BTreeMap::new();
        for member in found {
            for (name, value) in self.rows[*member].labels.iter() {
                let ours = name == METRIC_NAME || IDENTIFYING.contains(&name);
                let wanted = self.wanted.is_empty() || self.wanted.contains(name);
                if ours || !wanted || row.labels.get(name).is_some() {
                    continue;
                }
                if more.insert(name, value).is_some_and(|other| other != value) {
                    return Err(QueryError::execution(format!("conflicting label: {name}")));
                }
            }
        }
        Ok(more
            .into_iter()
            .fold(row.labels.clone(), |labels, (name, value)| labels.with(name, value)))
    }
}

struct Answers {
    rows: Vec<Row>,
    by_labels: HashMap<Labels, usize>,
}

impl Answers {
    fn put(
        &mut self,
        run: &Run<'_>,
        (labels, from): (Labels, &Row),
        step: usize,
    ) -> Result<(), QueryError> {
        let points = from.values.len();
        let number = if let Some(number) = self.by_labels.get(&labels) {
            *number
        } else {
            run.budget.charge(points)?;
            self.by_labels.insert(labels.clone(), self.rows.len());
            self.rows.push(Row::floats(labels, from.drop_name, vec![ABSENT; points]));
            self.rows.len() - 1
        };
        let row = &mut self.rows[number];
        if row.is_there(step) {
            return Err(QueryError::execution(
                "vector cannot contain metrics with the same labelset",
            ));
        }
        row.values[step] = from.values[step];
        if let Some(histogram) = from.histogram(step) {
            row.histograms.resize(points, None);
            row.histograms[step] = Some(std::sync::Arc::clone(histogram));
        }
        Ok(())
    }
}
