//! The lowest point of a function over a cube, found without slopes (Nelder and Mead 1965).

/// How far the first corners lie apart.
const FIRST: f64 = 0.25;
/// Corners whose values differ by less than this share are one.
const ALIKE: f64 = 1e-6;

/// The lowest point found within about `asked_max` questions, starting at `start`; every coordinate stays within 0 to 1.
///
/// The answer is never worse than the start. A value that is not a number counts as the worst.
pub(super) fn lowest<const N: usize>(
    start: [f64; N],
    asked_max: usize,
    mut value: impl FnMut(&[f64; N]) -> f64,
) -> [f64; N] {
    let mut ask = |point: [f64; N]| {
        let point = point.map(|coordinate| coordinate.clamp(0.0, 1.0));
        let told = value(&point);
        (point, if told.is_nan() { f64::INFINITY } else { told })
    };
    let mut corners = vec![ask(start)];
    for axis in 0..N {
        let mut point = start;
        point[axis] += if start[axis] < 0.5 { FIRST } else { -FIRST };
        corners.push(ask(point));
    }
    let mut asked = N + 1;
    while asked < asked_max {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (corners[0].1, corners[N].1);
        if worst - best <= ALIKE * best.abs() {
            break;
        }
        asked += step(&mut corners, &mut ask);
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners[0].0
}

/// Moves the worst corner, or draws all towards the best; says how many questions that took.
fn step<const N: usize>(
    corners: &mut [([f64; N], f64)],
    ask: &mut impl FnMut([f64; N]) -> ([f64; N], f64),
) -> usize {
    let mut centre = [0.0; N];
    for (point, _) in &corners[..N] {
        for (sum, coordinate) in centre.iter_mut().zip(point) {
            *sum += coordinate / N as f64;
        }
    }
    let (worst, value) = corners[N];
    let along = |way: f64| {
        let mut point = centre;
        for (place, (middle, end)) in point.iter_mut().zip(centre.iter().zip(&worst)) {
            *place = middle + way * (end - middle);
        }
        point
    };
    let mirrored = ask(along(-1.0));
    if mirrored.1 < corners[0].1 {
        let farther = ask(along(-2.0));
        corners[N] = if farther.1 < mirrored.1 { farther } else { mirrored };
        return 2;
    }
    if mirrored.1 < corners[N - 1].1 {
        corners[N] = mirrored;
        return 1;
    }
    let nearer = ask(along(if mirrored.1 < value { -0.5 } else { 0.5 }));
    if nearer.1 < value.min(mirrored.1) {
        corners[N] = nearer;
        return 2;
    }
    let best = corners[0].0;
    for corner in &mut corners[1..] {
        let mut point = corner.0;
        for (place, target) in point.iter_mut().zip(&best) {
            *place = f64::midpoint(*place, *target);
        }
        *corner = ask(point);
    }
    2 + N
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_bottom_of_a_bowl_is_found() {
        let bowl = |point: &[f64; 2]| (point[0] - 0.7).powi(2) + 3.0 * (point[1] - 0.2).powi(2);
        let found = lowest([0.1, 0.9], 120, bowl);
        assert!((found[0] - 0.7).abs() < 0.02 && (found[1] - 0.2).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn a_bottom_outside_is_sought_at_the_edge() {
        let found = lowest([0.5], 60, |point| (point[0] - 3.0).abs());
        assert!(found[0] > 0.99);
    }

    proptest! {
        #[test]
        fn the_answer_lies_in_the_cube_and_is_no_worse(start in [0.0_f64..=1.0, 0.0..=1.0, 0.0..=1.0], seed in any::<u64>()) {
            let value = |point: &[f64; 3]| (seed as f64 * 1e-18 + point[0] * 7.0).sin() + point[1] * point[2];
            let found = lowest(start, 40, value);
            prop_assert!(found.iter().all(|coordinate| (0.0..=1.0).contains(coordinate)));
            prop_assert!(value(&found) <= value(&start));
        }

        #[test]
        fn wild_functions_end(start in [0.0_f64..=1.0, 0.0..=1.0], bits in any::<u64>()) {
            let mut bits = bits;
            lowest(start, 50, |_| { bits = bits.rotate_left(7).wrapping_mul(31); f64::from_bits(bits) });
        }
    }
}
