//! Moments at which a series moves to another level and stays: change points by penalised squared error, found exactly
//! by PELT (Killick, Fearnhead and Eckley 2012).

use crate::{mad, mean};

/// No more values are looked at, which bounds the work; the oldest are left out.
const VALUES_MAX: usize = 2_048;
/// Neighbours this alike are taken as nearly the same news.
const ALIKE_MAX: f64 = 0.9;

/// Where a new level begins, the oldest first; levels are at least `least` values long.
///
/// A change must lower the squared error by `penalty` times the noise's variance times the logarithm of the number of
/// values, more where neighbours are alike, since noise that wanders looks like changes. The noise is what values
/// differ from their neighbours by. Not-a-numbers give none.
pub fn change_points(values: &[f64], least: usize, penalty: f64) -> Vec<usize> {
    let skipped = values.len().saturating_sub(VALUES_MAX);
    let values = &values[skipped..];
    let (count, least) = (values.len(), least.max(1));
    if count < 2 * least || values.iter().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    let costs = Costs::new(values);
    let noise = noise(values);
    if noise <= 0.0 {
        return Vec::new();
    }
    let price = penalty * noise * (count as f64).ln();
    // For each number of values the least cost, and where its last level begins.
    let mut best = vec![(f64::INFINITY, 0); count + 1];
    best[0] = (-price, 0);
    let mut starts = vec![0];
    for end in least..=count {
        let of = |start: usize| best[start].0 + costs.of(start, end) + price;
        let chosen = starts.iter().map(|&start| (of(start), start));
        best[end] = chosen.fold((f64::INFINITY, 0), |a, b| if b.0 < a.0 { b } else { a });
        let limit = best[end].0;
        starts.retain(|&start| best[start].0 + costs.of(start, end) <= limit);
        // The next end is one later: from here on a level may begin `least` before it.
        starts.push(end + 1 - least);
        starts.retain(|&start| start == 0 || start >= least);
    }
    let mut found = Vec::new();
    let mut end = count;
    while end > 0 {
        let start = best[end].1;
        if start == 0 {
            break;
        }
        found.push(start + skipped);
        end = start;
    }
    found.reverse();
    found
}

/// The variance of what is not level: from differences of neighbours, robustly, and more where neighbours are alike.
fn noise(values: &[f64]) -> f64 {
    let changes: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let spread = mad(&changes) / std::f64::consts::SQRT_2;
    let middle = mean(&changes);
    let (mut square, mut cross) = (0.0, 0.0);
    for pair in changes.windows(2) {
        square += (pair[0] - middle).powi(2);
        cross += (pair[0] - middle) * (pair[1] - middle);
    }
    // Changes of plain noise undo each other by half; what they undo less is noise that wanders.
    let undone: f64 = if square > 0.0 { cross / square } else { -0.5 };
    let alike = (1.0 + 2.0 * undone).clamp(0.0, ALIKE_MAX);
    spread * spread * (1.0 + alike) / (1.0 - alike)
}

/// Squared errors of any stretch around its own mean, from running sums.
struct Costs {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Costs {
    fn new(values: &[f64]) -> Self {
        let centre = mean(values);
        let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
        let (mut sum, mut square) = (0.0, 0.0);
        for value in values {
            sum += value - centre;
            square += (value - centre).powi(2);
            sums.push(sum);
            squares.push(square);
        }
        Self { sums, squares }
    }

    fn of(&self, start: usize, end: usize) -> f64 {
        let sum = self.sums[end] - self.sums[start];
        let square = self.squares[end] - self.squares[start];
        (square - sum * sum / (end - start).max(1) as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Chance;

    fn steps(levels: &[f64], length: usize, seed: u64) -> Vec<f64> {
        let mut chance = Chance::new(seed);
        let levels = levels.iter().flat_map(|level| std::iter::repeat_n(*level, length));
        levels.map(|level| level + chance.normal()).collect()
    }

    #[test]
    fn new_levels_are_found_where_they_begin() {
        let found = change_points(&steps(&[0.0, 8.0, 3.0], 60, 21), 10, 3.0);
        assert_eq!(found.len(), 2);
        assert!(found[0].abs_diff(60) <= 2 && found[1].abs_diff(120) <= 2, "{found:?}");
    }

    #[test]
    fn noise_alone_has_no_changes() {
        let some =
            (1..=40).filter(|&seed| !change_points(&steps(&[0.0], 200, seed), 10, 3.0).is_empty());
        assert!(some.count() <= 2);
    }

    #[test]
    fn what_does_not_move_has_no_changes() {
        assert_eq!(change_points(&[4.0; 100], 10, 3.0), []);
        assert_eq!(change_points(&[1.0, 2.0], 10, 3.0), []);
    }

    proptest! {
        #[test]
        fn levels_are_as_long_as_asked(values in prop::collection::vec(-1e6_f64..1e6, 0..150), least in 1_usize..20) {
            let found = change_points(&values, least, 1.0);
            let ends: Vec<usize> = std::iter::once(0).chain(found).chain(std::iter::once(values.len())).collect();
            if ends.len() > 2 {
                prop_assert!(ends.windows(2).all(|pair| pair[1] >= pair[0] + least), "{ends:?}");
            }
        }

        #[test]
        fn any_bits_give_an_answer(bits in prop::collection::vec(any::<u64>(), 0..60)) {
            let values: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
            change_points(&values, 3, 1.0);
        }
    }
}
