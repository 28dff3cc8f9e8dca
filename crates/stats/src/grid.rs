//! Irregular samples laid onto a regular grid, with gaps filled and marked.

use crate::{mean, quantile};

/// What one cell of a grid keeps of the samples that fall into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// Their mean.
    Mean,
    /// The greatest.
    Max,
    /// Their quantile, from 0 to 1.
    Quantile(f64),
}

impl Cell {
    fn keep(self, samples: &[f64]) -> f64 {
        match self {
            Self::Mean => mean(samples),
            Self::Max => samples.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Quantile(q) => quantile(samples, q),
        }
    }
}

/// Values at even distances.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// The time of the last value, in the unit of the times given.
    pub end: i64,
    /// The time between values.
    pub step: i64,
    /// The values, the oldest first; gaps are filled.
    pub values: Vec<f64>,
    /// Which values were seen, and not filled.
    pub seen: Vec<bool>,
}

impl Grid {
    /// Lays samples onto a grid that ends at the last of them; at most `cells_max` cells, the newest.
    ///
    /// Each value stands at the end of its cell. Not-a-numbers and infinities are passed over; times may come in any
    /// order. Nothing where no sample counts or `step` is not positive.
    pub fn lay(samples: &[(i64, f64)], step: i64, cells_max: usize, cell: Cell) -> Option<Self> {
        let mut counted: Vec<(i64, f64)> =
            samples.iter().copied().filter(|(_, value)| value.is_finite()).collect();
        counted.sort_by_key(|(time, _)| *time);
        let (first, end) = (counted.first()?.0, counted.last()?.0);
        if step <= 0 || cells_max == 0 {
            return None;
        }
        let spanned = usize::try_from(end.saturating_sub(first) / step).unwrap_or(usize::MAX);
        let count = spanned.saturating_add(1).min(cells_max);
        let mut values = vec![f64::NAN; count];
        let mut bucket = Vec::new();
        let mut rest = counted.as_slice();
        while let Some(&(newest, _)) = rest.last() {
            let back = usize::try_from(end.saturating_sub(newest) / step).unwrap_or(usize::MAX);
            if back >= count {
                break;
            }
            let first_in =
                rest.partition_point(|(time, _)| end.saturating_sub(*time) / step > to_i64(back));
            bucket.clear();
            bucket.extend(rest[first_in..].iter().map(|(_, value)| *value));
            values[count - 1 - back] = cell.keep(&bucket);
            rest = &rest[..first_in];
        }
        let seen = values.iter().map(|value| value.is_finite()).collect();
        let mut grid = Self { end, step, values, seen };
        grid.fill();
        Some(grid)
    }

    /// How many cells were seen.
    pub fn seen_count(&self) -> usize {
        self.seen.iter().filter(|seen| **seen).count()
    }

    /// Gaps become the straight line between their neighbours.
    fn fill(&mut self) {
        let mut before: Option<usize> = None;
        for index in 0..self.values.len() {
            if !self.seen[index] {
                continue;
            }
            let value = self.values[index];
            let (start, from) = before.map_or((0, value), |known| (known + 1, self.values[known]));
            let length = (index + 1 - start) as f64;
            for gap in start..index {
                let way = (gap + 1 - start) as f64 / length;
                self.values[gap] = from * (1.0 - way) + value * way;
            }
            before = Some(index);
        }
    }

    /// Gaps of at least half a season take the values of the season before, so that a night without samples does not
    /// become a bridge over the day.
    pub fn fill_by_season(&mut self, period: usize) {
        let mut index = period;
        while index < self.values.len() {
            let gap = self.seen[index..].iter().take_while(|seen| !**seen).count();
            if gap * 2 >= period && period > 0 {
                for filled in index..index + gap {
                    self.values[filled] = self.values[filled - period];
                }
            }
            index += gap.max(1);
        }
    }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_gap_becomes_the_line_between_its_neighbours() {
        let grid = Grid::lay(&[(0, 1.0), (40, 5.0)], 10, 100, Cell::Mean).unwrap();
        assert_eq!(grid.values, [1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(grid.seen, [true, false, false, false, true]);
    }

    #[test]
    fn a_value_stands_at_the_end_of_its_cell() {
        let grid =
            Grid::lay(&[(11, 1.0), (20, 3.0), (21, 9.0), (30, 5.0)], 10, 100, Cell::Max).unwrap();
        assert_eq!((grid.end, grid.values), (30, vec![3.0, 9.0]));
    }

    #[test]
    fn only_the_newest_cells_are_kept() {
        let samples: Vec<(i64, f64)> = (0..100).map(|time| (time, 1.0 * time as f64)).collect();
        let grid = Grid::lay(&samples, 1, 3, Cell::Mean).unwrap();
        assert_eq!(grid.values, [97.0, 98.0, 99.0]);
    }

    #[test]
    fn a_long_gap_takes_the_season_before() {
        let mut samples: Vec<(i64, f64)> =
            (0..12).map(|time| (time, (time % 4) as f64 * 10.0)).collect();
        samples.drain(5..8);
        let mut grid = Grid::lay(&samples, 1, 100, Cell::Mean).unwrap();
        grid.fill_by_season(4);
        assert_eq!(grid.values[4..8], [0.0, 10.0, 20.0, 30.0]);
    }

    #[test]
    fn no_samples_make_no_grid() {
        assert_eq!(Grid::lay(&[(0, f64::NAN)], 10, 10, Cell::Mean), None);
        assert_eq!(Grid::lay(&[(0, 1.0)], 0, 10, Cell::Mean), None);
    }

    proptest! {
        #[test]
        fn a_grid_is_full_finite_and_within_the_samples(
            samples in prop::collection::vec((0_i64..10_000, -1e6_f64..1e6), 1..60),
            step in 1_i64..500,
        ) {
            let grid = Grid::lay(&samples, step, 500, Cell::Quantile(0.9)).unwrap();
            let low = samples.iter().map(|sample| sample.1).fold(f64::INFINITY, f64::min);
            let high = samples.iter().map(|sample| sample.1).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(grid.values.len() <= 500);
            prop_assert!(grid.values.iter().all(|value| (low - 1e-6..=high + 1e-6).contains(value)));
        }

        #[test]
        fn any_samples_give_an_answer(
            samples in prop::collection::vec((any::<i64>(), any::<f64>()), 0..40),
            step in any::<i64>(),
        ) {
            if let Some(mut grid) = Grid::lay(&samples, step, 300, Cell::Mean) {
                grid.fill_by_season(7);
            }
        }
    }
}
