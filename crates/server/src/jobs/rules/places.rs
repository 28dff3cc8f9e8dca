//! When in its interval a group is evaluated: soon after the targets are scraped, where they are scraped together, so that
//! nobody hears of what was scraped only when it is old.

use model::{Span, Time};

use crate::state::App;

/// Targets that are looked at, of all of them: enough to see whether they come together.
const TARGETS_MAX: usize = 48;
/// After a scrape, until what it brought is surely written.
const MARGIN: Span = Span::millis(500);
/// A place is only worth something where samples are this much younger than at any place, as a part of the interval.
const GAIN_MIN: f64 = 0.15;

/// When a target is through with a scrape, and how often.
#[derive(Clone, Copy, Debug)]
struct Pace {
    done: i64,
    interval: i64,
}

/// From where on in this interval groups are best evaluated; nothing if no place is much better than others.
pub(super) fn best(app: &App, interval: Span) -> Option<Span> {
    let paces: Vec<Pace> = {
        let targets = app.board.targets.read();
        let known =
            targets.values().filter(|own| own.report.at > Time(0) && own.report.samples > 0);
        let pace = |own: &crate::state::TargetStanding| Pace {
            done: (own.report.at + own.report.duration).millis(),
            interval: own.interval.as_millis(),
        };
        known.step_by(targets.len().div_ceil(TARGETS_MAX).max(1)).map(pace).collect()
    };
    best_of(&paces, interval.as_millis()).map(Span)
}

fn best_of(paces: &[Pace], interval: i64) -> Option<i64> {
    let of_use = |own: &&Pace| own.interval > 0 && interval % own.interval == 0;
    let paces: Vec<&Pace> = paces.iter().filter(of_use).collect();
    if paces.is_empty() {
        return None;
    }
    let count = paces.len() as f64;
    let age = |place: i64| {
        let ages = paces.iter().map(|own| (place - own.done).rem_euclid(own.interval) as f64);
        ages.sum::<f64>() / count
    };
    let places = paces.iter().map(|own| own.done + MARGIN.as_millis());
    let best = places.min_by(|one, other| age(*one).total_cmp(&age(*other)))?;
    let anywhere = paces.iter().map(|own| own.interval as f64 / 2.0).sum::<f64>() / count;
    let gain = (anywhere - age(best)) / interval as f64;
    (gain >= GAIN_MIN).then(|| best.rem_euclid(interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paces(done: &[i64], interval: i64) -> Vec<Pace> {
        done.iter().map(|done| Pace { done: *done, interval }).collect()
    }

    #[test]
    fn a_group_comes_after_the_targets_that_are_scraped_together() {
        assert_eq!(best_of(&paces(&[61_000], 15_000), 15_000), Some(1_500));
        assert_eq!(best_of(&paces(&[61_000, 62_000, 59_900], 15_000), 15_000), Some(2_500));
        // Twice in an interval: after either.
        assert_eq!(best_of(&paces(&[4_000], 15_000), 30_000), Some(4_500));
    }

    #[test]
    fn where_targets_are_spread_over_the_interval_no_place_is_better() {
        let spread: Vec<i64> = (0..30).map(|at| at * 500).collect();
        assert_eq!(best_of(&paces(&spread, 15_000), 15_000), None);
        assert_eq!(best_of(&[], 15_000), None);
        // At another pace they come everywhere.
        assert_eq!(best_of(&paces(&[1_000], 7_000), 15_000), None);
    }
}
