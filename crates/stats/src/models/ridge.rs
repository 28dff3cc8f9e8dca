//! Ridge regression: least squares with weights and a penalty on large coefficients (Hoerl and Kennard 1970), by
//! Cholesky's decomposition of the normal equations.

/// A pivot below this is a column that says nothing new.
const PIVOT_MIN: f64 = 1e-12;

/// The sums of a regression: rows come in one by one, or already summed.
#[derive(Clone, Debug)]
pub(super) struct Ridge {
    columns: usize,
    /// The lower triangle of the normal matrix, row by row.
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Ridge {
    /// No rows yet.
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, matrix: vec![0.0; columns * columns], right: vec![0.0; columns] }
    }

    /// Adds a row: what was seen together with these columns, counted `weight` times.
    pub(super) fn add(&mut self, row: &[f64], seen: f64, weight: f64) {
        self.add_square(row, weight);
        for (sum, value) in self.right.iter_mut().zip(row) {
            *sum += weight * seen * value;
        }
    }

    /// Adds a row's part of the matrix alone.
    pub(super) fn add_square(&mut self, row: &[f64], weight: f64) {
        let columns = self.columns;
        for (at, value) in row.iter().enumerate().take(columns) {
            let scaled = weight * value;
            let line = &mut self.matrix[at * columns..=at * columns + at];
            for (sum, other) in line.iter_mut().zip(row) {
                *sum += scaled * other;
            }
        }
    }

    /// Adds to one place of the matrix; its mirror image is the same place.
    pub(super) fn add_at(&mut self, row: usize, column: usize, value: f64) {
        let (low, high) = (row.min(column), row.max(column));
        self.matrix[high * self.columns + low] += value;
    }

    /// Adds to one place of the right side.
    pub(super) fn add_right(&mut self, column: usize, value: f64) {
        self.right[column] += value;
    }

    /// The coefficients, each held back by its penalty; a missing penalty is nought.
    pub(super) fn solve(mut self, penalties: &[f64]) -> Vec<f64> {
        let columns = self.columns;
        for (at, penalty) in penalties.iter().enumerate().take(columns) {
            self.matrix[at * columns + at] += penalty;
        }
        for row in 0..columns {
            let (done, rest) = self.matrix.split_at_mut(row * columns);
            let line = &mut rest[..columns];
            for column in 0..row {
                let above = &done[column * columns..column * columns + column];
                let sum: f64 = above.iter().zip(&*line).map(|(a, b)| a * b).sum();
                line[column] = (line[column] - sum) / done[column * columns + column];
            }
            let square: f64 = line[..row].iter().map(|value| value * value).sum();
            line[row] = (line[row] - square).max(PIVOT_MIN).sqrt();
        }
        let (matrix, mut found) = (self.matrix, self.right);
        for row in 0..columns {
            let line = &matrix[row * columns..row * columns + row];
            let sum: f64 = line.iter().zip(&found).map(|(a, b)| a * b).sum();
            found[row] = (found[row] - sum) / matrix[row * columns + row];
        }
        for row in (0..columns).rev() {
            let sum: f64 =
                (row + 1..columns).map(|below| matrix[below * columns + row] * found[below]).sum();
            found[row] = (found[row] - sum) / matrix[row * columns + row];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_a_penalty_it_is_least_squares() {
        let mut ridge = Ridge::new(3);
        for x in 0..20 {
            let (x, z) = (f64::from(x), f64::from(x * x % 7));
            ridge.add(&[1.0, x, z], 4.0 - 2.0 * x + 0.5 * z, 1.0 + x);
        }
        let found = ridge.solve(&[]);
        for (told, truth) in found.iter().zip([4.0, -2.0, 0.5]) {
            assert!((told - truth).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn a_penalty_draws_towards_nought() {
        let solve = |penalty| {
            let mut ridge = Ridge::new(1);
            ridge.add(&[1.0], 10.0, 1.0);
            ridge.solve(&[penalty])[0]
        };
        assert!((solve(1.0) - 5.0).abs() < 1e-12 && solve(9.0) < solve(1.0));
    }

    proptest! {
        #[test]
        fn columns_that_repeat_each_other_end_finite(rows in prop::collection::vec((-1e3_f64..1e3, -1e3_f64..1e3), 1..30)) {
            let mut ridge = Ridge::new(3);
            for (x, y) in rows {
                ridge.add(&[1.0, x, x], y, 1.0);
            }
            prop_assert!(ridge.solve(&[0.1, 0.1, 0.1]).iter().all(|value| value.is_finite()));
        }
    }
}
