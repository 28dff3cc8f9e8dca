//! Student's t distribution: how likely a difference is where there is none, and how large one must be.

/// Terms of the continued fraction; it needs some thirty where it is used.
const TERMS_MAX: u32 = 300;
const SMALL: f64 = 1e-300;
const DIGITS: f64 = 1e-14;

/// How likely a draw is at least this far from nought on either side. `freedom` need not be whole.
pub(super) fn two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_nan() || freedom.is_nan() || freedom <= 0.0 {
        return 1.0;
    }
    if t.is_infinite() {
        return 0.0;
    }
    beta_share(freedom / 2.0, 0.5, freedom / (freedom + t * t)).clamp(0.0, 1.0)
}

/// The distance from nought that a draw exceeds on either side with this likelihood.
pub(crate) fn distance(likelihood: f64, freedom: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, freedom) > likelihood && high < 1e9 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if two_sided(middle, freedom) > likelihood {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The regularised incomplete beta function, by its continued fraction (modified Lentz; Numerical Recipes 6.4).
fn beta_share(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front =
        (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |value: f64| if value.abs() < SMALL { SMALL } else { value };
    let mut above = 1.0;
    let mut below = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut told = below;
    for term in 1..TERMS_MAX {
        let term = f64::from(term);
        let twice = a + 2.0 * term;
        let even = term * (b - term) * x / ((twice - 1.0) * twice);
        let odd = -(a + term) * (a + b + term) * x / (twice * (twice + 1.0));
        for part in [even, odd] {
            below = 1.0 / away(1.0 + part * below);
            above = away(1.0 + part / above);
            told *= below * above;
        }
        if (below * above - 1.0).abs() < DIGITS {
            break;
        }
    }
    told
}

/// The logarithm of the gamma function above nought (Lanczos 1964, g = 7, nine terms).
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let mut sum = TERMS[0];
    for (index, term) in TERMS.iter().enumerate().skip(1) {
        sum += term / (x + index as f64);
    }
    let t = x + 7.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_figures_of_the_tables() {
        // Two-sided 5 % and 1 % points of any table of Student's t.
        for (freedom, five, one) in
            [(1.0, 12.706, 63.657), (8.0, 2.306, 3.355), (19.0, 2.093, 2.861), (60.0, 2.000, 2.660)]
        {
            assert!((distance(0.05, freedom) - five).abs() < 1e-3, "{freedom}");
            assert!((distance(0.01, freedom) - one).abs() < 1e-3, "{freedom}");
            assert!((two_sided(five, freedom) - 0.05).abs() < 1e-4);
        }
        assert!((two_sided(0.0, 5.0) - 1.0).abs() < 1e-12);
        assert!(two_sided(f64::INFINITY, 5.0) < 1e-12 && two_sided(f64::NAN, 5.0) > 0.999);
    }
}
