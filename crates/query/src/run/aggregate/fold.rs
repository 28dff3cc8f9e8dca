//! Aggregations that fold the series of a group into one, in the order of the series, so that every run gives the
//! same sums. A group's steps lie side by side, so that a row is folded in one go.

use model::Labels;

use crate::{
    parse::node::How,
    run::{
        rows::{ABSENT, Row, is_present},
        sums::Mean,
    },
};

/// The groups of an aggregation while rows are folded into them.
pub(crate) struct Folds {
    how: How,
    points: usize,
    /// By the number of the group; nothing yet for a group that has no row.
    groups: Vec<Option<Group>>,
    rows: usize,
}

struct Group {
    /// Which row came first: groups are told in that order.
    first: usize,
    drop_name: bool,
    steps: Steps,
}

/// What is known at each step.
enum Steps {
    /// A sum and what it lost; [`ABSENT`] as the sum where there is none.
    Sum {
        sums: Vec<f64>,
        lost: Vec<f64>,
    },
    Mean(Vec<Option<Mean>>),
    Count(Vec<f64>),
    Least(Vec<f64>),
    Most(Vec<f64>),
    One(Vec<f64>),
    Deviation(Vec<Option<Deviation>>),
}

/// Whether an aggregation folds rows one by one.
pub(crate) fn folds(how: How) -> bool {
    matches!(
        how,
        How::Sum
            | How::Avg
            | How::Count
            | How::Min
            | How::Max
            | How::Group
            | How::Stddev
            | How::Stdvar
    )
}

impl Folds {
    pub(crate) fn new(how: How, points: usize) -> Self {
        Self { how, points, groups: Vec::new(), rows: 0 }
    }

    /// Folds the next row into a group; gives the bytes that this took.
    pub(crate) fn add(&mut self, group: u32, row: &Row) -> usize {
        let at = group as usize;
        if self.groups.len() <= at {
            self.groups.resize_with(at + 1, || None);
        }
        let (how, points, first) = (self.how, self.points, self.rows);
        self.rows += 1;
        let steps = || Group { first, drop_name: false, steps: Steps::new(how, points) };
        let bytes = if self.groups[at].is_none() { bytes_of(how, points) } else { 0 };
        let group = self.groups[at].get_or_insert_with(steps);
        group.drop_name |= row.drop_name;
        group.steps.add(&row.values);
        bytes
    }

    /// The groups, in the order of their first row.
    pub(crate) fn into_rows(self, labels: Vec<Labels>) -> Vec<Row> {
        self.into_numbered_rows(labels).into_iter().map(|(_, row)| row).collect()
    }

    /// The same, each with the number of its group.
    pub(crate) fn into_numbered_rows(self, labels: Vec<Labels>) -> Vec<(u32, Row)> {
        let root = self.how == How::Stddev;
        let groups = (0..).zip(self.groups.into_iter().zip(labels));
        let mut groups: Vec<(u32, Group, Labels)> =
            groups.filter_map(|(number, (group, labels))| Some((number, group?, labels))).collect();
        groups.sort_by_key(|(_, group, _)| group.first);
        let row = |(number, group, labels): (u32, Group, Labels)| {
            (number, Row::floats(labels, group.drop_name, group.steps.values(root)))
        };
        groups.into_iter().map(row).collect()
    }
}

/// Bytes that a group takes.
fn bytes_of(how: How, points: usize) -> usize {
    let step = match how {
        How::Avg => size_of::<Option<Mean>>(),
        How::Stddev | How::Stdvar => size_of::<Option<Deviation>>(),
        _ => 2 * size_of::<f64>(),
    };
    size_of::<Group>() + points * step
}

impl Steps {
    fn new(how: How, points: usize) -> Self {
        let absent = || vec![ABSENT; points];
        match how {
            How::Avg => Self::Mean(vec![None; points]),
            How::Count => Self::Count(absent()),
            How::Min => Self::Least(absent()),
            How::Max => Self::Most(absent()),
            How::Group => Self::One(absent()),
            How::Stddev | How::Stdvar => Self::Deviation(vec![None; points]),
            _ => Self::Sum { sums: absent(), lost: vec![0.0; points] },
        }
    }

    fn add(&mut self, values: &[f64]) {
        match self {
            Self::Sum { sums, lost } => {
                for ((sum, lost), value) in sums.iter_mut().zip(lost).zip(values) {
                    add(sum, lost, *value);
                }
            }
            Self::Mean(steps) => each(steps, values, |step, value| {
                step.get_or_insert_default().add(value);
            }),
            Self::Count(steps) => each(steps, values, |step, _| {
                *step = if is_present(*step) { *step + 1.0 } else { 1.0 };
            }),
            // Not-a-numbers, and no value at all, count only where there is nothing else.
            Self::Least(steps) => each(steps, values, |step, value| {
                if value < *step || step.is_nan() {
                    *step = value;
                }
            }),
            Self::Most(steps) => each(steps, values, |step, value| {
                if value > *step || step.is_nan() {
                    *step = value;
                }
            }),
            Self::One(steps) => each(steps, values, |step, _| *step = 1.0),
            Self::Deviation(steps) => each(steps, values, |step, value| match step {
                Some(deviation) => deviation.add(value),
                None => *step = Some(Deviation::of(value)),
            }),
        }
    }

    fn values(self, root: bool) -> Vec<f64> {
        match self {
            Self::Sum { mut sums, lost } => {
                for (sum, lost) in sums.iter_mut().zip(lost) {
                    if is_present(*sum) {
                        *sum += lost;
                    }
                }
                sums
            }
            Self::Mean(steps) => {
                steps.into_iter().map(|step| step.map_or(ABSENT, Mean::mean)).collect()
            }
            Self::Count(values) | Self::Least(values) | Self::Most(values) | Self::One(values) => {
                values
            }
            Self::Deviation(steps) => {
                steps.into_iter().map(|step| step.map_or(ABSENT, |own| own.value(root))).collect()
            }
        }
    }
}

fn each<T>(steps: &mut [T], values: &[f64], mut add: impl FnMut(&mut T, f64)) {
    for (step, value) in steps.iter_mut().zip(values) {
        if is_present(*value) {
            add(step, *value);
        }
    }
}

/// Adds a value to a sum and what it lost (Neumaier), as [`Sum`](crate::run::sums::Sum) does.
fn add(sum: &mut f64, lost: &mut f64, value: f64) {
    if !is_present(value) {
        return;
    }
    if !is_present(*sum) {
        *sum = value;
        return;
    }
    let total = *sum + value;
    let rounded =
        if sum.abs() >= value.abs() { (*sum - total) + value } else { (value - total) + *sum };
    *lost = if total.is_infinite() { 0.0 } else { *lost + rounded };
    *sum = total;
}

/// Deviation of a population (Welford).
#[derive(Clone, Copy)]
struct Deviation {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Deviation {
    fn of(value: f64) -> Self {
        let squares = if value.is_finite() { 0.0 } else { f64::NAN };
        Self { count: 1.0, mean: value, squares }
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }

    fn value(self, root: bool) -> f64 {
        let variance = self.squares / self.count;
        if root { variance.sqrt() } else { variance }
    }
}
