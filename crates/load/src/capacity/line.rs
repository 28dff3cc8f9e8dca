//! Where the share of requests beyond an objective reaches what is allowed, by a line through several steps.
//!
//! Near the knee the logarithm of the odds of that share goes in a straight line with the logarithm of the rate; so
//! several steps that are close to tell together what none of them tells alone.

pub(super) use crate::compare::distance;

/// How often the bracket may miss the truth: less than one of twenty, for the line is only nearly one.
const MISSED: f64 = 0.02;
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
    let count = steps.len() as f64;
    let points: Vec<(f64, f64)> = steps.iter().map(Near::point).collect();
    let line = stats::least_squares(points.iter().copied())?;
    if line.slope <= 0.0 {
        return None;
    }
    let wanted = (allowed / (1.0 - allowed)).ln();
    let at = (wanted - line.intercept) / line.slope;
    let own = steps.iter().map(Near::variance).sum::<f64>() / count;
    let freedom = steps.iter().map(|step| step.freedom).sum::<f64>();
    let squares = points.iter().map(|(x, y)| (y - line.at(*x)).powi(2)).sum::<f64>();
    let scatter = squares / (count - 2.0);
    let is_scattered = steps.len() >= SCATTER_FROM && scatter > own;
    let (variance, freedom) = if is_scattered { (scatter, count - 2.0) } else { (own, freedom) };
    let middle = points.iter().map(|point| point.0).sum::<f64>() / count;
    let width = points.iter().map(|point| (point.0 - middle).powi(2)).sum::<f64>();
    // Fieller 1954: all rates at which the line differs from what is wanted by less than its own error.
    let t = distance(MISSED, freedom);
    let g = t * t * variance / (line.slope * line.slope * width);
    if g >= 1.0 {
        return None;
    }
    let off = at - middle;
    let half =
        t / line.slope * (variance * ((1.0 - g) / count + off * off / width)).sqrt() / (1.0 - g);
    let centre = middle + off / (1.0 - g);
    Some(Reached { rate: at.exp(), low: (centre - half).exp(), high: (centre + half).exp() })
}

impl Near {
    /// The logarithms of the rate and of the odds; none and all become half a request.
    fn point(&self) -> (f64, f64) {
        let share = self.clean();
        (self.rate.ln(), (share / (1.0 - share)).ln())
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
