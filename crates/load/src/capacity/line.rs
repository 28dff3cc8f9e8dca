//! Where the share of requests beyond an objective reaches what is allowed, by a line through several steps.
//!
//! Near the knee the logarithm of the odds of that share nearly goes in a straight line with the logarithm of the rate;
//! so several steps that are close to tell together what none of them tells alone. It bends upwards a little, which
//! steps that close cannot tell themselves, so what is known of queues is said beforehand.

use stats::Line;

pub(super) use crate::compare::distance;

/// How often the bracket may miss the truth: less than one of twenty, for the line is only nearly one.
const MISSED: f64 = 0.03;
/// How far the line bends: its second derivative as a part of its first one squared. From 0.06 to 1.1 in queues of 1 to
/// 64 servers by Erlang's formula, where an objective is reached at 65 to 99 % of what they can do at all; 0.4 for most.
const BEND: f64 = 0.4;
/// How well that is known: its standard error.
const BEND_ERROR: f64 = 0.25;
/// Beyond this what is known of the scatter of one step is no figure any more.
const VARIANCE_MAX: f64 = 0.5;
/// How often the bend is taken out of the line whose own slope says how large it is; it moves no more after three.
const ROUNDS: usize = 4;
/// From so many steps on what they scatter around the line is looked at as well.
const SCATTER_FROM: usize = 5;

/// One step close to the knee.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub(super) rate: f64,
    /// The share of requests beyond the objective, and its standard error.
    pub(super) share: f64,
    pub(super) error: f64,
    pub(super) freedom: f64,
    pub(super) requests: f64,
}

/// Where it is reached, with the ends between which it surely lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reached {
    pub(super) rate: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The rate at which the share reaches what is allowed; nothing if the steps show no rise.
pub(super) fn reached(steps: &[Near], allowed: f64) -> Option<Reached> {
    let wanted = (allowed / (1.0 - allowed)).ln();
    let points: Vec<(f64, f64)> = steps.iter().map(Near::point).collect();
    let mut line = rising(&points)?;
    let mut at = (wanted - line.intercept) / line.slope;
    let mut straight = points.clone();
    for _ in 0..ROUNDS {
        let bend = 0.5 * BEND * line.slope * line.slope;
        straight = points.iter().map(|(x, y)| (*x, y - bend * (x - at).powi(2))).collect();
        line = rising(&straight)?;
        at = (wanted - line.intercept) / line.slope;
    }
    let count = steps.len() as f64;
    let own = steps.iter().map(Near::variance).sum::<f64>() / count;
    let freedom = steps.iter().map(|step| step.freedom).sum::<f64>();
    let squares = straight.iter().map(|(x, y)| (y - line.at(*x)).powi(2)).sum::<f64>();
    let scatter = squares / (count - 2.0);
    let is_scattered = steps.len() >= SCATTER_FROM && scatter > own;
    let (variance, freedom) = if is_scattered { (scatter, count - 2.0) } else { (own, freedom) };
    let middle = points.iter().map(|point| point.0).sum::<f64>() / count;
    let width = points.iter().map(|point| (point.0 - middle).powi(2)).sum::<f64>();
    // What is not known of the bend moves the whole line up or down.
    let apart = points.iter().map(|point| (point.0 - at).powi(2)).sum::<f64>() / count;
    let bent = 0.5 * BEND_ERROR * line.slope * line.slope * apart;
    let least = 1.0 / count + bent * bent / variance;
    // Fieller 1954: all rates at which the line differs from what is wanted by less than its own error.
    let t = distance(MISSED, freedom);
    let g = t * t * variance / (line.slope * line.slope * width);
    if g >= 1.0 {
        return None;
    }
    let off = at - middle;
    let half =
        t / line.slope * (variance * ((1.0 - g) * least + off * off / width)).sqrt() / (1.0 - g);
    let centre = middle + off / (1.0 - g);
    Some(Reached { rate: at.exp(), low: (centre - half).exp(), high: (centre + half).exp() })
}

/// How steeply the odds rise, as their logarithm over that of the rate; nothing if the steps show no rise.
pub(super) fn slope(steps: &[Near]) -> Option<f64> {
    let points: Vec<(f64, f64)> = steps.iter().map(Near::point).collect();
    rising(&points).map(|line| line.slope)
}

fn rising(points: &[(f64, f64)]) -> Option<Line> {
    stats::least_squares(points.iter().copied()).filter(|line| line.slope > 0.0)
}

impl Reached {
    /// As wide as it may be: what is given away by saying it no narrower than asked goes into being right, for the line
    /// is looked at again and again until it happens to look narrow.
    pub(super) fn widened(self, width: f64) -> Self {
        let room = ((1.0 + width) / (self.high / self.low)).sqrt().max(1.0);
        Self { low: self.low / room, high: self.high * room, ..self }
    }
}

impl Near {
    /// The logarithms of the rate and of the odds; none and all become half a request. The logarithm of what scatters is
    /// too small on average, by half its variance where the share is small.
    fn point(&self) -> (f64, f64) {
        let share = self.clean();
        let short = 0.5 * (1.0 - 2.0 * share) * self.variance().min(VARIANCE_MAX);
        (self.rate.ln(), (share / (1.0 - share)).ln() + short)
    }

    fn clean(&self) -> f64 {
        let least = (0.5 / self.requests).min(0.25);
        self.share.clamp(least, 1.0 - least)
    }

    fn variance(&self) -> f64 {
        let share = self.clean();
        (self.error / (share * (1.0 - share))).powi(2)
    }
}
