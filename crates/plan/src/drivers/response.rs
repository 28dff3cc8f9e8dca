//! How a figure follows another: the curves that may describe it with their weights, and how sure that is.

use model::{Kind, Relation, Share};
use stats::{Chance, mean, quantile_sorted};

use super::{
    far::{self, Drawn},
    fit::Points,
    form::{Curve, Form},
};

/// Fewer points tell no curve from another.
const POINTS_MIN: usize = 8;
/// The same of a system that was tried at a few sizes.
const POINTS_MIN_TOGETHER: usize = 4;
/// More points are thinned to this many, which bounds the work.
const POINTS_MAX: usize = 160;
/// A figure that varied by less than this part tells nothing of what follows it.
const SPREAD_MIN: f64 = 0.1;
/// How many curves are drawn for intervals; with 200, a 5 % quantile rests on ten of them.
const DRAWS: usize = 200;
/// How many neighbours in time are drawn together, since their errors are alike.
const BLOCKS: usize = 12;
/// How many times more likely the form is that was known beforehand.
const KNOWN_TIMES: f64 = 3.0;
/// Curves with less weight have no say.
const WEIGHT_MIN: f64 = 0.01;
/// No inversion looks beyond this many times what was seen.
const BEYOND_MAX: f64 = 1_000.0;
/// Halvings of an interval until it no longer matters.
const HALVINGS: usize = 60;

/// A figure over the one behind it: what it is fitted to, and how.
#[derive(Clone, Copy, Debug)]
pub struct Following<'a> {
    /// The figure behind, in order of time.
    pub x: &'a [f64],
    /// What follows it; points of which either is not a number are passed over.
    pub y: &'a [f64],
    /// How it follows.
    pub relation: Relation,
    /// The form known beforehand, which counts for more.
    pub known: Option<Form>,
    /// The seed of chance.
    pub seed: u64,
}

/// A value with the interval it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The lower end.
    pub low: f64,
    /// The middle.
    pub mid: f64,
    /// The upper end; infinite where there is none.
    pub high: f64,
}

/// How a figure follows another.
#[derive(Clone, Debug)]
pub struct Response {
    /// The curves with their weights, the heaviest first; weights add up to 1.
    pub curves: Vec<(Curve, f64)>,
    /// Between which values of the figure behind it was learnt.
    pub seen: (f64, f64),
    /// How many points it was learnt from.
    pub points: usize,
    /// What part of its ups and downs it explains, from 0 to 1.
    pub explained: f64,
    /// By what part single values differ from the curve, as a standard deviation.
    pub noise: f64,
    draws: Vec<Curve>,
    /// The fits of other forms, which some of the drawn systems go over to far beyond what was seen.
    others: Vec<Curve>,
}

/// Why there is no telling how a figure follows another.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NoResponse {
    /// Too few points.
    #[error(
        "{} in common, and {need} are needed: record for longer, or send values of both for the same times",
        points(*have)
    )]
    TooFew {
        /// How many there are.
        have: usize,
        /// How many there must be.
        need: usize,
    },
    /// The figure behind hardly varied.
    #[error("what it follows stayed within {part:.1} %, which shows nothing of how it follows")]
    Level {
        /// By how many percent it varied.
        part: f64,
    },
    /// It is nought all the time.
    #[error("it is nought all the time")]
    Nought,
    /// More of the one goes with less of the other.
    #[error("it falls as what it follows rises, which its relation does not allow")]
    Falls,
}

impl NoResponse {
    /// What the outside sees of it.
    pub fn kind(self) -> Kind {
        Kind::Invalid
    }
}

fn points(count: usize) -> String {
    match count {
        0 => "no point".to_owned(),
        1 => "1 point".to_owned(),
        _ => format!("{count} points"),
    }
}

/// Learns how a figure follows another, or says why that cannot be told.
pub fn respond(following: Following<'_>) -> Result<Response, NoResponse> {
    let points = checked(following)?;
    let count = points.x.len();
    let mut fits: Vec<_> =
        Form::of(following.relation).into_iter().map(|form| points.fit(form)).collect();
    // A thousandth of a percent of error is no evidence.
    let least = 1e-10 * count as f64;
    let scores: Vec<f64> = fits
        .iter()
        .map(|fit| {
            let known = following.known == Some(fit.curve.form);
            let score = information(fit.loss.max(least), count, fit.curve.form.parameters());
            score - if known { 2.0 * KNOWN_TIMES.ln() } else { 0.0 }
        })
        .collect();
    let best = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let mut curves: Vec<(Curve, f64)> = fits
        .drain(..)
        .zip(&scores)
        .map(|(fit, score)| (fit.curve, ((best - score) / 2.0).exp()))
        .filter(|(_, weight)| *weight >= WEIGHT_MIN)
        .collect();
    let total: f64 = curves.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut curves {
        *weight /= total;
    }
    curves.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some(&(first, _)) = curves.first() else {
        return Err(NoResponse::TooFew { have: count, need: POINTS_MIN });
    };
    let errors = points.errors(&first);
    let free = count.saturating_sub(first.form.parameters()).max(1) as f64;
    let noise = (errors.iter().map(|error| error * error).sum::<f64>() / free).sqrt();
    let explained = explained(&points, &first);
    if falls(&points) {
        return Err(NoResponse::Falls);
    }
    let draws = draws(&points, &curves, following.seed);
    let (seen, others) = (points.seen(), far::others(&points, following.relation));
    Ok(Response { curves, seen, points: count, explained, noise, draws, others })
}

/// The points that count, thinned to the bound.
fn checked(following: Following<'_>) -> Result<Points, NoResponse> {
    let usable = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite() && *x > 0.0 && *y >= 0.0;
    let rows: Vec<(f64, f64)> =
        following.x.iter().copied().zip(following.y.iter().copied()).filter(usable).collect();
    let together = following.relation == Relation::Together;
    let need = if together { POINTS_MIN_TOGETHER } else { POINTS_MIN };
    if rows.len() < need {
        return Err(NoResponse::TooFew { have: rows.len(), need });
    }
    if rows.iter().all(|(_, y)| *y <= 0.0) {
        return Err(NoResponse::Nought);
    }
    let (x, y): (Vec<f64>, Vec<f64>) = averaged(&rows, POINTS_MAX).into_iter().unzip();
    let points = Points::new(x, y);
    let (low, high) = points.seen();
    if high / low - 1.0 < SPREAD_MIN {
        return Err(NoResponse::Level { part: 100.0 * (high / low - 1.0) });
    }
    Ok(points)
}

/// At most so many points: where there are more, those of about the same load become one, so that no hour of the day is
/// left out.
pub(crate) fn averaged(rows: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let mut rows = rows.to_vec();
    let wide = rows.len().div_ceil(most.max(1));
    if wide <= 1 {
        return rows;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.chunks(wide)
        .map(|chunk| {
            let of =
                |take: fn(&(f64, f64)) -> f64| mean(&chunk.iter().map(take).collect::<Vec<_>>());
            (of(|row| row.0), of(|row| row.1))
        })
        .collect()
}

/// Akaike's criterion for few points (Hurvich and Tsai 1989); the noise is a parameter too.
fn information(loss: f64, count: usize, parameters: usize) -> f64 {
    let (count, all) = (count as f64, parameters as f64 + 1.0);
    count * (loss / count).ln() + 2.0 * all + 2.0 * all * (all + 1.0) / (count - all - 1.0).max(0.5)
}

/// What part of the ups and downs of the logarithms a curve takes away.
fn explained(points: &Points, curve: &Curve) -> f64 {
    let logs: Vec<f64> = points.y.iter().map(|y| (y + points.floor).ln()).collect();
    let all = stats::variance(&logs);
    let rest = points.errors(curve);
    if all > 0.0 { (1.0 - stats::variance(&rest) / all).clamp(0.0, 1.0) } else { 0.0 }
}

/// Whether more of the one goes with clearly less of the other: the line through logarithms falls beyond its error.
fn falls(points: &Points) -> bool {
    let rows: Vec<(f64, f64)> = points
        .x
        .iter()
        .zip(&points.y)
        .map(|(x, y)| (x.ln(), (y + points.floor.max(1e-12)).ln()))
        .collect();
    let Some(line) = stats::least_squares(rows.iter().copied()) else { return false };
    let rest: Vec<f64> = rows.iter().map(|(x, y)| y - line.at(*x)).collect();
    let wide = stats::variance(&rows.iter().map(|row| row.0).collect::<Vec<_>>());
    let error = (stats::variance(&rest) / wide / rows.len() as f64).sqrt();
    line.slope < -3.0 * error && line.slope < -0.05
}

/// Curves that might as well have been found: the best one's errors, drawn anew in blocks, on the mixture.
fn draws(points: &Points, curves: &[(Curve, f64)], seed: u64) -> Vec<Curve> {
    let mut chance = Chance::new(seed);
    let count = points.x.len();
    let block = (count / BLOCKS).clamp(1, BLOCKS);
    (0..DRAWS)
        .map(|_| {
            let mut place = chance.share();
            let chosen = curves.iter().find(|(_, weight)| {
                place -= weight;
                place <= 0.0
            });
            let curve = chosen
                .or_else(|| curves.first())
                .map_or_else(|| points.fit(Form::Linear).curve, |own| own.0);
            let free = count.saturating_sub(curve.form.parameters()).max(1) as f64;
            let stretch = (count as f64 / free).sqrt();
            let mut drawn = Vec::with_capacity(count);
            while drawn.len() < count {
                let from = chance.below(count);
                for step in 0..block.min(count - drawn.len()) {
                    let error = stretch * points.error((from + step) % count, &curve);
                    let at = points.x[drawn.len()];
                    drawn.push(
                        ((curve.at(at) + points.floor) * error.exp() - points.floor).max(0.0),
                    );
                }
            }
            let again = Points { x: points.x.clone(), y: drawn, floor: points.floor };
            again.fit(curve.form).curve
        })
        .collect()
}

impl Response {
    /// The form with the most weight.
    pub fn form(&self) -> Form {
        self.curves.first().map_or(Form::Linear, |(curve, _)| curve.form)
    }

    /// Where the figure behind is `x`: the mean of the curves by weight.
    pub fn at(&self, x: f64) -> f64 {
        self.curves.iter().map(|(curve, weight)| weight * curve.at(x)).sum()
    }

    /// The same with the interval that holds for the curve, not for single values.
    pub fn range(&self, x: f64, confidence: Share) -> Range {
        let drawn = self.draws.iter().map(|curve| curve.at(x)).collect();
        ranged(drawn, self.at(x), confidence)
    }

    /// The same less sure: what is drawn is so much more or less, as a standard deviation of the logarithm.
    pub(crate) fn widened(mut self, spread: f64, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        for curve in &mut self.draws {
            curve.scale *= (spread * chance.normal()).exp();
        }
        self
    }

    /// One of the curves that might as well have been found.
    pub(crate) fn drawn(&self, chance: &mut Chance) -> Drawn {
        Drawn::of(&self.draws, &self.others, chance)
    }

    /// At which value of the figure behind this one reaches `y`, by each drawn curve and the mean one last; infinite
    /// where it never does.
    pub(crate) fn inverses(&self, y: f64) -> Vec<f64> {
        let far = self.seen.1 * BEYOND_MAX;
        let mut found: Vec<f64> =
            self.draws.iter().map(|curve| inverse(|x| curve.at(x), y, far)).collect();
        found.push(inverse(|x| self.at(x), y, far));
        found
    }

    /// Where it reaches `y`, with its interval; nothing where no curve does.
    pub fn reaches(&self, y: f64, confidence: Share) -> Option<Range> {
        let mut found = self.inverses(y);
        let mid = found.pop()?;
        let range = ranged(found, mid, confidence);
        range.low.is_finite().then_some(range)
    }
}

/// The middle part of what was drawn, around the best guess.
pub(crate) fn ranged(mut drawn: Vec<f64>, mid: f64, confidence: Share) -> Range {
    drawn.retain(|value| !value.is_nan());
    drawn.sort_unstable_by(f64::total_cmp);
    let tail = f64::midpoint(1.0, -confidence.value());
    let low = nearest_quantile(&drawn, tail).min(mid);
    Range { low, mid, high: nearest_quantile(&drawn, 1.0 - tail).max(mid) }
}

/// A quantile that does not mix a finite value with an infinite one.
fn nearest_quantile(sorted: &[f64], share: f64) -> f64 {
    let between = quantile_sorted(sorted, share);
    if between.is_nan() { f64::INFINITY } else { between }
}

fn inverse(curve: impl Fn(f64) -> f64, y: f64, far: f64) -> f64 {
    if curve(far) < y {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, far);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if curve(middle) >= y { high = middle } else { low = middle }
    }
    high
}
