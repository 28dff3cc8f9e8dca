//! Which figure another may follow, suggested from data: by how well the newest third is told by a curve learnt from what came
//! before, and not by correlation alone, since any two things that grow go together.

use stats::{least_squares, median};

use super::{
    fit::Points,
    form::{Curve, Form},
};

/// Fewer moments in common show nothing that a third of them could contradict.
const MOMENTS_MIN: usize = 24;
/// A figure may come so many moments after the one it follows, at most.
const LAG_MAX: usize = 3;
/// Ups and downs of both must go together at least so much before curves are tried: a rank correlation.
const TOGETHER_MIN: f64 = 0.5;
/// A figure that varied by less than this part shows nothing.
const SPREAD_MIN: f64 = 0.1;
/// The newest third must be missed by at most this part of what «it stays as it was» misses, and not by more than this part
/// at all.
const BETTER: f64 = 0.6;
const ERROR_MAX: f64 = 0.25;
/// And no worse than by a straight line through time, with some slack: two things that grow evenly cannot be told apart.
const TREND_SLACK: f64 = 1.1;
/// Both must go together by so much more at a later lag for that to count.
const LAG_GAIN: f64 = 0.02;
/// A curve with more to bend must leave less than this part of the error.
const BEND_GAIN: f64 = 0.8;
/// No resource is told by more.
const DRIVERS_MAX: usize = 2;
/// More pairs are not tried, which bounds the work to some seconds.
const PAIRS_MAX: usize = 20_000;

/// A recorded figure; all of them are of the same moments.
#[derive(Clone, Copy, Debug)]
pub struct Figure<'a> {
    /// Its name.
    pub name: &'a str,
    /// Not a number where nothing is known.
    pub values: &'a [f64],
    /// Whether others may follow it: business figures and load do, resources follow.
    pub leads: bool,
}

/// That a figure may follow another.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// What follows.
    pub figure: String,
    /// What it follows.
    pub follows: String,
    /// By how many moments it comes later.
    pub lag: usize,
    /// By which curve.
    pub form: Form,
    /// By what part the newest third was missed by a curve learnt from the others, in the median.
    pub error: f64,
    /// The same had it stayed as it was.
    pub error_stays: f64,
    /// How much both go up and down together: a rank correlation, from 0 to 1.
    pub together: f64,
    /// How many moments they have in common.
    pub moments: usize,
}

/// What each figure may follow: two others at most, the better first.
pub fn suggest(figures: &[Figure<'_>]) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = Vec::new();
    let mut pairs = 0;
    for figure in figures {
        let mut own: Vec<Suggestion> = Vec::new();
        for other in figures.iter().filter(|other| other.leads && other.name != figure.name) {
            pairs += 1;
            if pairs <= PAIRS_MAX {
                own.extend(follows(*figure, *other));
            }
        }
        own.sort_by(|a, b| a.error.total_cmp(&b.error));
        own.truncate(DRIVERS_MAX);
        found.extend(own);
    }
    // Where two figures tell each other, one way is enough: the better, or what comes later follows.
    let both = |own: &Suggestion| {
        let mut others = found.iter();
        let back = others.find(|back| back.figure == own.follows && back.follows == own.figure);
        back.is_some_and(|back| {
            let worth = |own: &Suggestion| (own.lag == 0, own.error);
            worth(back) < worth(own) || (worth(back) == worth(own) && back.figure > own.figure)
        })
    };
    let keep: Vec<bool> = found.iter().map(|own| !both(own)).collect();
    let mut keep = keep.into_iter();
    found.retain(|_| keep.next().unwrap_or(true));
    found.sort_by(|a, b| a.error.total_cmp(&b.error));
    found
}

/// Whether one figure may follow another, at the lag at which that is told best.
fn follows(figure: Figure<'_>, other: Figure<'_>) -> Option<Suggestion> {
    let at_once = at_lag(figure, other, 0);
    let later = (1..=LAG_MAX).filter_map(|lag| at_lag(figure, other, lag));
    let later = later.max_by(|a, b| a.together.total_cmp(&b.together));
    match (at_once, later) {
        (Some(at_once), Some(later)) if later.together <= at_once.together + LAG_GAIN => {
            Some(at_once)
        }
        (at_once, later) => later.or(at_once),
    }
}

fn at_lag(figure: Figure<'_>, other: Figure<'_>, lag: usize) -> Option<Suggestion> {
    let later = figure.values.get(lag..)?;
    let rows: Vec<(f64, f64)> = other
        .values
        .iter()
        .copied()
        .zip(later.iter().copied())
        .filter(|(x, y)| x.is_finite() && y.is_finite() && *x > 0.0 && *y > 0.0)
        .collect();
    if rows.len() < MOMENTS_MIN {
        return None;
    }
    let (x, y): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
    if varied(&x) < SPREAD_MIN || varied(&y) < SPREAD_MIN {
        return None;
    }
    let together = rank_correlation(&x, &y);
    if together < TOGETHER_MIN {
        return None;
    }
    let cut = x.len() * 2 / 3;
    let curve = learnt(&x[..cut], &y[..cut])?;
    let missed = |told: &dyn Fn(usize) -> f64| {
        let errors: Vec<f64> = (cut..y.len()).map(|at| (y[at] / told(at)).ln().abs()).collect();
        median(&errors).exp_m1()
    };
    let error = missed(&|at| curve.at(x[at]));
    let newest = median(&y[cut - cut / 6..cut]);
    let error_stays = missed(&|_| newest);
    let line = least_squares((0..cut).map(|at| (at as f64, y[at].ln())))?;
    let error_trend = missed(&|at| line.at(at as f64).exp());
    let told =
        error <= ERROR_MAX && error <= BETTER * error_stays && error <= TREND_SLACK * error_trend;
    told.then(|| Suggestion {
        figure: figure.name.to_owned(),
        follows: other.name.to_owned(),
        lag,
        form: curve.form,
        error,
        error_stays,
        together,
        moments: x.len(),
    })
}

/// The curve that leaves the least error of those that may be, the simpler where that is much the same.
fn learnt(x: &[f64], y: &[f64]) -> Option<Curve> {
    let points = Points::new(x.to_vec(), y.to_vec());
    let forms = [Form::Proportional, Form::Linear, Form::Logarithmic, Form::Power];
    let mut best: Option<(f64, Curve)> = None;
    for form in forms {
        let fit = points.fit(form);
        if fit.loss.is_finite() && best.is_none_or(|(loss, _)| fit.loss < BEND_GAIN * loss) {
            best = Some((fit.loss, fit.curve));
        }
    }
    best.map(|(_, curve)| curve)
}

/// How far the ends of most values lie apart, as a part of the lower.
fn varied(values: &[f64]) -> f64 {
    stats::quantile(values, 0.95) / stats::quantile(values, 0.05) - 1.0
}

/// Spearman's: the correlation of places, by which a curve that bends counts as much as a line.
fn rank_correlation(x: &[f64], y: &[f64]) -> f64 {
    let (x, y) = (places(x), places(y));
    let middle = (x.len() as f64 - 1.0) / 2.0;
    let (mut both, mut own, mut other) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(&y) {
        both += (x - middle) * (y - middle);
        own += (x - middle).powi(2);
        other += (y - middle).powi(2);
    }
    if own > 0.0 && other > 0.0 { both / (own * other).sqrt() } else { 0.0 }
}

/// The place of each value among all; equal values share theirs.
fn places(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut places = vec![0.0; values.len()];
    let mut at = 0;
    while at < order.len() {
        let alike = |place: &&usize| values[**place].total_cmp(&values[order[at]]).is_eq();
        let count = order[at..].iter().take_while(alike).count().max(1);
        let shared = at as f64 + (count as f64 - 1.0) / 2.0;
        for place in &order[at..at + count] {
            places[*place] = shared;
        }
        at += count;
    }
    places
}

#[cfg(test)]
mod tests {
    use stats::Chance;

    use super::*;

    /// Ninety days of tenants that come in waves, what follows them, and what does not.
    fn days(seed: u64) -> Vec<(&'static str, Vec<f64>, bool)> {
        let mut chance = Chance::new(seed);
        let mut noise = |size: f64| (size * chance.normal()).exp();
        let tenants: Vec<f64> = (0..90)
            .map(|day| {
                let day = f64::from(day);
                (500.0 + 6.0 * day) * (1.0 + 0.25 * (day / 2.5).sin()) * noise(0.01)
            })
            .collect();
        let cores = tenants.iter().map(|own| (4.0 + 0.02 * own) * noise(0.03)).collect();
        let mut late = vec![f64::NAN; 2];
        late.extend(tenants.iter().take(88).map(|own| own.sqrt() * noise(0.02)));
        let mut level = 100.0;
        let grows = (0..90)
            .map(|_| {
                level *= 1.008 * noise(0.004);
                level
            })
            .collect();
        let steady = (0..90).map(|_| 40.0 * noise(0.02)).collect();
        vec![
            ("tenants", tenants, true),
            ("cores", cores, false),
            ("connections", late, false),
            ("disk", grows, false),
            ("idle", steady, false),
        ]
    }

    fn told(figures: &[(&'static str, Vec<f64>, bool)]) -> Vec<Suggestion> {
        let figures: Vec<Figure<'_>> = figures
            .iter()
            .map(|(name, values, leads)| Figure { name, values, leads: *leads })
            .collect();
        suggest(&figures)
    }

    #[test]
    fn what_follows_is_told_with_its_lag_and_what_merely_grows_is_not() {
        for seed in 1..=20 {
            let found = told(&days(seed));
            let named: Vec<(&str, &str, usize)> = found
                .iter()
                .map(|own| (own.figure.as_str(), own.follows.as_str(), own.lag))
                .collect();
            assert_eq!(named.len(), 2, "seed {seed}: {found:?}");
            assert!(named.contains(&("cores", "tenants", 0)), "seed {seed}: {found:?}");
            assert!(named.contains(&("connections", "tenants", 2)), "seed {seed}: {found:?}");
            assert!(found.iter().all(|own| own.error < 0.08 && own.error_stays > own.error));
        }
    }

    #[test]
    fn of_two_that_tell_each_other_the_later_follows() {
        let mut figures = days(1);
        figures[2].2 = true;
        let found = told(&figures[..3]);
        let pair = found.iter().filter(|own| {
            [own.figure.as_str(), own.follows.as_str()] == ["connections", "tenants"]
                || [own.figure.as_str(), own.follows.as_str()] == ["tenants", "connections"]
        });
        let pair: Vec<&Suggestion> = pair.collect();
        assert_eq!(pair.len(), 1, "{found:?}");
        assert_eq!(pair[0].figure, "connections");
    }

    #[test]
    fn a_figure_that_went_flat_three_points_and_noughts_tell_nothing() {
        let mut figures = days(1);
        figures[0].1[45..].fill(700.0);
        assert!(told(&figures).iter().all(|own| own.follows != "tenants"), "{:?}", told(&figures));
        for values in [vec![1.0, 2.0, 3.0], vec![0.0; 90], Vec::new(), vec![f64::NAN; 90]] {
            assert_eq!(told(&[("a", values.clone(), true), ("b", values, true)]), []);
        }
    }
}
