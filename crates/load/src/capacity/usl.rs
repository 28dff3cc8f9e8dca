//! The universal scalability law (Gunther 2007): throughput over what is on its way at once, with what is lost to
//! waiting for each other and to agreeing with each other.

/// Fewer levels make no curve.
const LEVELS_MIN: usize = 5;
/// Rounds of the fit.
const ROUNDS: usize = 200;

/// `X(N) = λ N / (1 + σ (N − 1) + κ N (N − 1))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usl {
    /// Throughput of one alone, a second.
    pub lambda: f64,
    /// What each loses by waiting for the others.
    pub sigma: f64,
    /// What each pair loses by agreeing.
    pub kappa: f64,
    /// The highest level that was seen.
    pub seen: f64,
}

impl Usl {
    /// The curve of least squares through levels and their throughputs; nothing for fewer than five levels that lie
    /// apart.
    pub fn fit(levels: &[(f64, f64)]) -> Option<Self> {
        let usable = |(level, throughput): &&(f64, f64)| {
            level.is_finite() && throughput.is_finite() && *level > 0.0 && *throughput > 0.0
        };
        let levels: Vec<(f64, f64)> = levels.iter().filter(usable).copied().collect();
        let seen = levels.iter().map(|level| level.0).fold(0.0, f64::max);
        let least = levels.iter().map(|level| level.0).fold(f64::INFINITY, f64::min);
        if levels.len() < LEVELS_MIN || seen < 2.0 * least {
            return None;
        }
        let mut found = [first_guess(&levels), 0.01, 1e-5];
        let mut damping = 1e-3;
        let mut error = squares(&levels, found);
        for _ in 0..ROUNDS {
            let Some(next) = better(&levels, found, damping) else { break };
            let next_error = squares(&levels, next);
            if next_error < error {
                let gained = error - next_error;
                (found, error, damping) = (next, next_error, damping / 3.0);
                if gained <= 1e-14 * error {
                    break;
                }
            } else {
                damping *= 4.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        let [lambda, sigma, kappa] = found;
        (lambda.is_finite() && lambda > 0.0).then_some(Self { lambda, sigma, kappa, seen })
    }

    /// Throughput at a level.
    pub fn at(&self, level: f64) -> f64 {
        model([self.lambda, self.sigma, self.kappa], level)
    }

    /// The level and throughput from which on more load brings less; only where half of it was seen, since beyond that
    /// a curve tells nothing (measured: off by a third with levels up to half of the peak, useless below).
    pub fn peak(&self) -> Option<(f64, f64)> {
        let level = ((1.0 - self.sigma) / self.kappa).sqrt();
        (level.is_finite() && self.seen >= level / 2.0).then(|| (level, self.at(level)))
    }
}

/// Throughput of one alone is never less than any level's throughput by its level.
fn first_guess(levels: &[(f64, f64)]) -> f64 {
    levels.iter().map(|(level, throughput)| throughput / level).fold(0.0, f64::max)
}

fn model([lambda, sigma, kappa]: [f64; 3], level: f64) -> f64 {
    lambda * level / (1.0 + sigma * (level - 1.0) + kappa * level * (level - 1.0))
}

fn squares(levels: &[(f64, f64)], at: [f64; 3]) -> f64 {
    levels.iter().map(|(level, throughput)| (throughput - model(at, *level)).powi(2)).sum()
}

/// One step of Levenberg and Marquardt, with none of the three below nought. Coordinates are scaled by their own
/// curvature (Marquardt 1963).
fn better(levels: &[(f64, f64)], at: [f64; 3], damping: f64) -> Option<[f64; 3]> {
    let [lambda, sigma, kappa] = at;
    let (mut matrix, mut side) = ([[0.0; 3]; 3], [0.0; 3]);
    for &(level, throughput) in levels {
        let below = 1.0 + sigma * (level - 1.0) + kappa * level * (level - 1.0);
        let by_one = lambda * level / (below * below);
        let slopes = [level / below, -by_one * (level - 1.0), -by_one * level * (level - 1.0)];
        let rest = throughput - model(at, level);
        for row in 0..3 {
            side[row] += slopes[row] * rest;
            for column in 0..3 {
                matrix[row][column] += slopes[row] * slopes[column];
            }
        }
    }
    for place in 0..3 {
        // A coordinate at its bound that would go beyond it stays where it is.
        if place > 0 && at[place] <= 0.0 && side[place] < 0.0 {
            matrix[place] = [0.0; 3];
            for row in &mut matrix {
                row[place] = 0.0;
            }
            (matrix[place][place], side[place]) = (1.0, 0.0);
        }
        matrix[place][place] *= 1.0 + damping;
    }
    let step = solve(matrix, side)?;
    let next = [lambda + step[0], (sigma + step[1]).max(0.0), (kappa + step[2]).max(0.0)];
    next.iter().all(|value| value.is_finite()).then_some(next)
}

/// Three equations by Cramer's rule.
fn solve(matrix: [[f64; 3]; 3], side: [f64; 3]) -> Option<[f64; 3]> {
    let whole = determinant(matrix);
    if !whole.is_normal() {
        return None;
    }
    let mut found = [0.0; 3];
    for (place, value) in found.iter_mut().enumerate() {
        let mut replaced = matrix;
        for (row, value) in replaced.iter_mut().zip(side) {
            row[place] = value;
        }
        *value = determinant(replaced) / whole;
    }
    Some(found)
}

fn determinant([a, b, c]: [[f64; 3]; 3]) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_was_published_of_spec_sdm91() {
        // SPEC SDM91 on a Sun SPARCcenter 2000, from Gunther, Guerrilla Capacity Planning, and the README of R's `usl`.
        let levels = [
            (1.0, 64.9),
            (18.0, 995.9),
            (36.0, 1652.4),
            (72.0, 1853.2),
            (108.0, 1828.9),
            (144.0, 1775.0),
            (216.0, 1702.2),
        ];
        let usl = Usl::fit(&levels).unwrap();
        assert!((usl.sigma - 0.0277).abs() < 1e-4, "{usl:?}");
        assert!((usl.kappa - 0.000_104_4).abs() < 1e-6, "{usl:?}");
        let (level, throughput) = usl.peak().unwrap();
        assert!(
            (level - 96.5).abs() < 0.5 && (throughput - 1883.8).abs() < 5.0,
            "{level} {throughput}"
        );
    }

    #[test]
    fn a_peak_far_beyond_what_was_seen_is_not_told() {
        let truth = Usl { lambda: 100.0, sigma: 0.02, kappa: 0.0001, seen: 0.0 };
        let levels: Vec<(f64, f64)> =
            [1.0, 2.0, 5.0, 10.0, 15.0, 20.0].map(|level| (level, truth.at(level))).to_vec();
        let usl = Usl::fit(&levels).unwrap();
        assert!((usl.sigma - 0.02).abs() < 1e-4, "{usl:?}");
        assert_eq!(usl.peak(), None);
    }

    #[test]
    fn too_few_levels_and_none_apart_make_no_curve() {
        assert_eq!(Usl::fit(&[(1.0, 5.0), (2.0, 9.0)]), None);
        assert_eq!(Usl::fit(&[(5.0, 5.0); 8]), None);
        assert_eq!(Usl::fit(&[(f64::NAN, 5.0); 8]), None);
        let straight: Vec<(f64, f64)> =
            (1..9).map(|level| (f64::from(level), 3.0 * f64::from(level))).collect();
        let usl = Usl::fit(&straight).unwrap();
        assert!(usl.sigma < 1e-6 && usl.kappa < 1e-6 && usl.peak().is_none(), "{usl:?}");
    }
}
