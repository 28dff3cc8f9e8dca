//! Fits one curve to points: the scale in closed steps, the shape by a search that cannot fail.

use super::form::{Curve, Form};

/// Golden section: this many steps narrow a shape to less than a ten-thousandth of its range.
const SECTION_STEPS: usize = 22;
/// First looked at on a coarse grid, since the error may have two hollows.
const GRID: usize = 8;
/// Steps of Newton's method for the scale.
const SCALE_STEPS: usize = 4;

/// Points of a figure over the one behind it, in order of time.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    /// Added to both sides before logarithms are compared, so that values near nought do not rule.
    pub floor: f64,
}

/// A curve with the errors it leaves.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub curve: Curve,
    /// The sum of squared differences of logarithms.
    pub loss: f64,
}

impl Points {
    /// Errors are compared as parts of the value: use is measured to some percent, not to some number.
    pub(crate) fn new(x: Vec<f64>, y: Vec<f64>) -> Self {
        let middle = stats::median(&y);
        let least = y.iter().copied().fold(f64::INFINITY, f64::min);
        let floor = if least > 0.1 * middle { 0.0 } else { 0.1 * middle.max(1e-12) };
        Self { x, y, floor }
    }

    pub(crate) fn seen(&self) -> (f64, f64) {
        let low = self.x.iter().copied().fold(f64::INFINITY, f64::min);
        (low, self.x.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }

    /// By what part a value differs from a curve, as a difference of logarithms.
    pub(crate) fn error(&self, at: usize, curve: &Curve) -> f64 {
        ((self.y[at] + self.floor) / (curve.at(self.x[at]) + self.floor)).ln()
    }

    pub(crate) fn errors(&self, curve: &Curve) -> Vec<f64> {
        (0..self.x.len()).map(|at| self.error(at, curve)).collect()
    }

    /// The curve of a form with the least error.
    pub(crate) fn fit(&self, form: Form) -> Fit {
        let curve = Curve { form, scale: 1.0, shape: 0.0, second: 0.0, seen: self.seen() };
        if form != Form::Scaling {
            return self.with_shape(curve);
        }
        // The second parameter is as likely a thousandth as a tenth: its search is over powers of ten.
        let of = |power: f64| {
            let second = if power <= 0.0 { 0.0 } else { 10_f64.powf(power - 6.0) };
            self.with_shape(Curve { second, ..curve })
        };
        search(6.0, of)
    }

    fn with_shape(&self, curve: Curve) -> Fit {
        search(curve.form.shape_max(), |shape| self.with_scale(Curve { shape, ..curve }))
    }

    fn with_scale(&self, curve: Curve) -> Fit {
        let shapes: Vec<f64> = self.x.iter().map(|&x| curve.unscaled(x)).collect();
        let (mut sum, mut count) = (0.0, 0.0);
        for (y, shape) in self.y.iter().zip(&shapes) {
            if *shape > 0.0 && shape.is_finite() && *y + self.floor > 0.0 {
                sum += ((y + self.floor) / shape).ln();
                count += 1.0;
            }
        }
        let mut log = if count > 0.0 { sum / count } else { 0.0 };
        if self.floor > 0.0 {
            for _ in 0..SCALE_STEPS {
                let (mut slope, mut bend) = (0.0, 0.0);
                for (y, shape) in self.y.iter().zip(&shapes) {
                    let value = log.exp() * shape;
                    let part = value / (value + self.floor);
                    slope += part * ((y + self.floor) / (value + self.floor)).ln();
                    bend += part * part;
                }
                log += if bend > 0.0 { (slope / bend).clamp(-2.0, 2.0) } else { 0.0 };
            }
        }
        let scale = log.exp();
        let loss = self
            .y
            .iter()
            .zip(&shapes)
            .map(|(y, shape)| ((y + self.floor) / (scale * shape + self.floor)).ln().powi(2));
        let loss: f64 = loss.sum();
        let loss = if loss.is_finite() { loss } else { f64::INFINITY };
        Fit { curve: Curve { scale, ..curve }, loss }
    }
}

/// The fit with the least error between nought and `most`: on a grid, then by golden section around the best of it.
fn search(most: f64, fit: impl Fn(f64) -> Fit) -> Fit {
    if most <= 0.0 {
        return fit(0.0);
    }
    let width = most / GRID as f64;
    let mut best = (0.0, fit(0.0));
    for at in 1..=GRID {
        let shape = width * at as f64;
        let tried = fit(shape);
        if tried.loss < best.1.loss {
            best = (shape, tried);
        }
    }
    let ratio = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = ((best.0 - width).max(0.0), (best.0 + width).min(most));
    let mut inner = [high - ratio * (high - low), low + ratio * (high - low)];
    let mut fits = inner.map(&fit);
    for _ in 0..SECTION_STEPS {
        if fits[0].loss <= fits[1].loss {
            high = inner[1];
            inner = [high - ratio * (high - low), inner[0]];
            fits = [fit(inner[0]), fits[0].clone()];
        } else {
            low = inner[0];
            inner = [inner[1], low + ratio * (high - low)];
            fits = [fits[1].clone(), fit(inner[1])];
        }
    }
    let [a, b] = fits;
    let narrowed = if a.loss <= b.loss { a } else { b };
    if narrowed.loss <= best.1.loss { narrowed } else { best.1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(curve: impl Fn(f64) -> f64) -> Points {
        let x: Vec<f64> = (1..=24).map(|at| f64::from(at) * 100.0).collect();
        let y = x.iter().map(|&x| curve(x)).collect();
        Points::new(x, y)
    }

    type Shape = fn(f64) -> f64;

    #[test]
    fn each_form_finds_itself_again() {
        let curves: [(Form, Shape); 7] = [
            (Form::Proportional, |x| 0.3 * x),
            (Form::Linear, |x| 40.0 + 0.02 * x),
            (Form::Logarithmic, |x| 2.0 + 3.0 * x.ln()),
            (Form::Power, |x| 2.0 * x.powf(0.6)),
            (Form::Compound, |x| 10.0 * (0.001 * x).exp()),
            (Form::Queue, |x| 0.05 * x / (1.0 - x / 3_000.0)),
            (Form::Servers { count: 1 }, |x| 20.0 / (1.0 - x / 2_600.0)),
        ];
        for (form, curve) in curves {
            let fit = points(curve).fit(form);
            let (known, true_one) = (fit.curve.at(2_450.0), curve(2_450.0));
            assert!((known / true_one - 1.0).abs() < 0.01, "{form:?}: {known} for {true_one}");
        }
    }

    #[test]
    fn the_scaling_law_finds_its_peak_where_it_was_seen() {
        let law = |x: f64| 20.0 * x / (1.0 + 0.04 * (x - 1.0) + 0.0005 * x * (x - 1.0));
        let x: Vec<f64> = (1..=64).step_by(3).map(f64::from).collect();
        let y = x.iter().map(|&x| law(x)).collect();
        let peak = Points::new(x, y).fit(Form::Scaling).curve.peak().unwrap();
        assert!((peak - (0.96_f64 / 0.0005).sqrt()).abs() < 2.0, "{peak}");
    }

    proptest! {
        #[test]
        fn any_points_have_a_finite_curve_or_none(
            rows in prop::collection::vec((1e-6_f64..1e12, 0.0_f64..1e12), 3..30),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
            let points = Points::new(x, y);
            for form in [Form::Proportional, Form::Linear, Form::Power] {
                prop_assert!(points.fit(form).curve.at(points.x[0]).is_finite());
            }
        }
    }
}
