//! Several runs of each side: what differs between runs of one side is known, and so is what a difference means.

use stats::{mean, variance};

use super::{
    Effect, Figure,
    kept::{Figures, Kept},
    student,
};

/// Fewer runs of a side tell too little of their own spread.
pub(super) const RUNS_MIN: usize = 3;

/// The differences, for each step where there are several: Welch's test on logarithms.
pub(super) fn effects(left: &[Kept], right: &[Kept]) -> Vec<Effect> {
    let is_closed = left.iter().any(|run| run.is_closed);
    let steps = left.first().map_or(0, |run| run.steps.len());
    let mut effects = Vec::new();
    if steps < 2 {
        let of = |runs: &[Kept]| runs.iter().map(|run| run.all).collect::<Vec<_>>();
        effects.extend(of_subject(None, &of(left), &of(right), is_closed));
        return effects;
    }
    for step in 0..steps {
        let of = |runs: &[Kept]| -> Vec<Figures> {
            runs.iter().filter_map(|run| run.steps.get(step).map(|own| own.1)).collect()
        };
        let name = left.first().and_then(|run| run.steps.get(step)).map(|own| own.0.as_str());
        effects.extend(of_subject(name, &of(left), &of(right), is_closed));
    }
    effects
}

/// Whether runs of both sides took turns, so that what drifts with time is not taken for a difference.
pub(super) fn take_turns(left: &[Kept], right: &[Kept]) -> bool {
    let mut order: Vec<(i64, bool)> = left.iter().map(|run| (run.started_ms, false)).collect();
    order.extend(right.iter().map(|run| (run.started_ms, true)));
    order.sort_unstable();
    let changes = order.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    changes >= left.len().min(right.len())
}

fn of_subject(
    subject: Option<&str>,
    left: &[Figures],
    right: &[Figures],
    is_closed: bool,
) -> Vec<Effect> {
    let mut wanted = vec![Figure::P50, Figure::P95, Figure::P99, Figure::Errors];
    if is_closed {
        wanted.push(Figure::Throughput);
    }
    let each = wanted.into_iter().filter_map(|figure| {
        let values = |side: &[Figures]| -> Vec<f64> {
            side.iter()
                .map(|figures| figure.of(figures))
                .filter(|value| value.is_finite())
                .collect()
        };
        let effect = welch(figure, &values(left), &values(right))?;
        Some(Effect { subject: subject.map(str::to_owned), ..effect })
    });
    each.collect()
}

fn welch(figure: Figure, left: &[f64], right: &[f64]) -> Option<Effect> {
    if left.len() < RUNS_MIN || right.len() < RUNS_MIN {
        return None;
    }
    let scaled = |values: &[f64]| -> Vec<f64> {
        values.iter().map(|value| if figure.is_share() { *value } else { value.ln() }).collect()
    };
    let (a, b) = (scaled(left), scaled(right));
    let difference = mean(&b) - mean(&a);
    if !difference.is_finite() {
        return None;
    }
    let back = |value: f64| if figure.is_share() { value } else { value.exp() };
    let (left, right) = (back(mean(&a)), back(mean(&b)));
    if figure.is_share() && left == 0.0 && right == 0.0 {
        return None;
    }
    // Of a sample: one less than there are.
    let part = |values: &[f64]| variance(values) / (values.len() - 1) as f64;
    let (of_a, of_b) = (part(&a), part(&b));
    let squared = |part: f64, values: &[f64]| part * part / (values.len() - 1) as f64;
    let freedom = (of_a + of_b).powi(2) / (squared(of_a, &a) + squared(of_b, &b));
    let freedom = if freedom.is_finite() { freedom } else { (a.len() + b.len() - 2) as f64 };
    let spread = (of_a + of_b).sqrt();
    let t = if difference == 0.0 { 0.0 } else { difference.abs() / spread };
    let likelihood = student::two_sided(t, freedom);
    Some(Effect { subject: None, figure, left, right, difference, spread, freedom, likelihood })
}
