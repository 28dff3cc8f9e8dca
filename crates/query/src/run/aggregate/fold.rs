//! Aggregations that fold the series of a group into one, in the order of the series, so that every run gives the
//! same sums.

use super::Group;
use crate::{
    QueryError,
    parse::node::How,
    run::{
        Run,
        rows::{ABSENT, Grid, Row, is_present},
        sums::{Mean, Sum},
    },
};

/// Something that takes values one by one and gives one in the end.
trait Fold {
    fn start(value: f64) -> Self;
    fn add(&mut self, value: f64);
    fn end(self) -> f64;
}

/// Folds every group.
pub(super) fn fold(
    run: &Run<'_>,
    rows: &[Row],
    groups: Vec<Group>,
    how: How,
    grid: Grid,
) -> Result<Vec<Row>, QueryError> {
    let fold_one = match how {
        How::Avg => fold_group::<Mean>,
        How::Count => fold_group::<Count>,
        How::Min => fold_group::<Least>,
        How::Max => fold_group::<Most>,
        How::Group => fold_group::<One>,
        How::Stddev => fold_group::<Deviation<true>>,
        How::Stdvar => fold_group::<Deviation<false>>,
        _ => fold_group::<Sum>,
    };
    let mut answers = Vec::with_capacity(groups.len());
    for group in groups {
        run.budget.charge(grid.points)?;
        let values = fold_one(run, rows, &group, grid)?;
        answers.push(Row::floats(group.labels, group.drop_name, values));
    }
    Ok(answers)
}

fn fold_group<F: Fold>(
    run: &Run<'_>,
    rows: &[Row],
    group: &Group,
    grid: Grid,
) -> Result<Vec<f64>, QueryError> {
    let mut folds: Vec<Option<F>> = (0..grid.points).map(|_| None).collect();
    for member in &group.members {
        run.budget.charge(0)?;
        for (fold, value) in folds.iter_mut().zip(&rows[*member].values) {
            if is_present(*value) {
                match fold {
                    Some(fold) => fold.add(*value),
                    None => *fold = Some(F::start(*value)),
                }
            }
        }
    }
    Ok(folds.into_iter().map(|fold| fold.map_or(ABSENT, F::end)).collect())
}

impl Fold for Sum {
    fn start(value: f64) -> Self {
        Self::of(value)
    }
    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }
    fn end(self) -> f64 {
        self.total()
    }
}

impl Fold for Mean {
    fn start(value: f64) -> Self {
        let mut mean = Self::default();
        mean.add(value);
        mean
    }
    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }
    fn end(self) -> f64 {
        self.mean()
    }
}

struct Count(f64);

impl Fold for Count {
    fn start(_value: f64) -> Self {
        Self(1.0)
    }
    fn add(&mut self, _value: f64) {
        self.0 += 1.0;
    }
    fn end(self) -> f64 {
        self.0
    }
}

struct One;

impl Fold for One {
    fn start(_value: f64) -> Self {
        Self
    }
    fn add(&mut self, _value: f64) {}
    fn end(self) -> f64 {
        1.0
    }
}

/// Not-a-numbers count only where there is nothing else.
struct Least(f64);

impl Fold for Least {
    fn start(value: f64) -> Self {
        Self(value)
    }
    fn add(&mut self, value: f64) {
        if value < self.0 || self.0.is_nan() {
            self.0 = value;
        }
    }
    fn end(self) -> f64 {
        self.0
    }
}

struct Most(f64);

impl Fold for Most {
    fn start(value: f64) -> Self {
        Self(value)
    }
    fn add(&mut self, value: f64) {
        if value > self.0 || self.0.is_nan() {
            self.0 = value;
        }
    }
    fn end(self) -> f64 {
        self.0
    }
}

/// Standard deviation (with the root) or variance of a population (Welford).
struct Deviation<const ROOT: bool> {
    count: f64,
    mean: f64,
    squares: f64,
}

impl<const ROOT: bool> Fold for Deviation<ROOT> {
    fn start(value: f64) -> Self {
        let squares = if value.is_finite() { 0.0 } else { f64::NAN };
        Self { count: 1.0, mean: value, squares }
    }
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let delta = value - self.mean;
        self.mean += delta / self.count;
        self.squares += delta * (value - self.mean);
    }
    fn end(self) -> f64 {
        let variance = self.squares / self.count;
        if ROOT { variance.sqrt() } else { variance }
    }
}
