//! Changes that were made to a system, tried on its samples: from which on is the level, or the pace, another?

use model::{Nature, Span, Time};
use stats::{Season, mean, median, variance};

use crate::line::Deployment;

/// A change is tried by the values this long before and after it.
const AROUND: Span = Span::days(2);
/// At least so many of them on either side, or it is too early to say.
const LEAST: usize = 12;
/// By how many times its own error a change must stand out; of twenty changes that did nothing, one in thousands does.
const STANDS_OUT: f64 = 5.0;
/// A level that differs by less than this part is not worth the word.
const CHANGE_MIN: f64 = 0.05;
/// Beyond this many times the level before, or its inverse, a level is shifted and not scaled.
const SCALE_MAX: f64 = 4.0;
/// No more changes are tried, the newest first.
const CHANGES_MAX: usize = 50;
/// Neighbours in time are alike: this part of the values is news at most.
const NEWS: f64 = 0.25;

/// A level, or a pace, that holds from some cell on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// The first cell of it.
    pub at: usize,
    /// How many times as high it is.
    pub scale: f64,
    /// By how much it is higher, besides; of a pace, by the cell.
    pub shift: f64,
    /// Whether it is a pace.
    pub of_pace: bool,
    /// What was done then, and when.
    pub cause: Deployment,
}

impl Level {
    /// A later value as it would have been without the change.
    pub(crate) fn undone(&self, cell: usize, value: f64) -> f64 {
        match cell.checked_sub(self.at) {
            None => value,
            Some(since) if self.of_pace => value - self.shift * (since + 1) as f64,
            Some(_) => (value - self.shift) / self.scale,
        }
    }

    /// Brings the values before the change to its level, or its pace.
    fn raise(&self, values: &mut [f64]) {
        let before = self.at.min(values.len());
        for (back, value) in values[..before].iter_mut().rev().enumerate() {
            if self.of_pace {
                *value -= self.shift * back as f64;
            } else {
                *value = *value * self.scale + self.shift;
            }
        }
    }
}

/// Values with all before each change brought to its level.
pub(crate) fn evened<'l>(
    mut values: Vec<f64>,
    levels: impl Iterator<Item = &'l Level>,
) -> Vec<f64> {
    levels.for_each(|level| level.raise(&mut values));
    values
}

/// Which changes moved the level of what comes and goes, or the pace of what piles up; the oldest first. Values end at
/// `end`, and stand `step` apart.
pub(crate) fn find(
    values: &[f64],
    (end, step): (Time, Span),
    (nature, period): (Nature, Option<usize>),
    changes: &[Deployment],
) -> Vec<Level> {
    let mut cells: Vec<(usize, &Deployment)> = changes
        .iter()
        .filter_map(|change| {
            let back = end.since(change.at).0.div_euclid(step.0.max(1));
            let at = values.len().checked_sub(usize::try_from(back).ok()?)?;
            (at >= LEAST && at + LEAST <= values.len()).then_some((at, change))
        })
        .collect();
    if cells.is_empty() {
        return Vec::new();
    }
    cells.sort_by_key(|(at, change)| (*at, change.at));
    let skipped = cells.len().saturating_sub(CHANGES_MAX);
    let cells = &cells[skipped..];
    let of_pace = nature == Nature::Stock;
    let moves = match nature {
        Nature::Flow => values.to_vec(),
        // The first has no pace; it takes the second's.
        Nature::Stock => {
            let mut paces: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
            paces.insert(0, paces.first().copied().unwrap_or(0.0));
            paces
        }
    };
    let season = period.and_then(|period| Season::learn(&moves, period, 4.0 * period as f64, true));
    let rest = season.map_or_else(|| moves.clone(), |season| season.remove(&moves));
    let wide = usize::try_from(AROUND.0 / step.0.max(1)).unwrap_or(0).max(2 * LEAST);
    let mut found: Vec<Level> = Vec::new();
    for (index, (at, change)) in cells.iter().enumerate() {
        let since = found.last().map_or(0, |level| level.at);
        let next = cells[index + 1..].iter().map(|cell| cell.0).find(|next| next - at >= LEAST);
        let before = &rest[at.saturating_sub(wide).max(since)..*at];
        let after = &rest[*at..next.unwrap_or(rest.len()).min(at + wide)];
        if let Some((scale, shift)) = moved(before, after, of_pace) {
            let cause = (*change).clone();
            found.push(Level { at: *at, scale, shift, of_pace, cause });
        }
    }
    found
}

/// How far values lie apart before and after, where that is more than chance.
fn moved(before: &[f64], after: &[f64], of_pace: bool) -> Option<(f64, f64)> {
    if before.len() < LEAST || after.len() < LEAST {
        return None;
    }
    let error = |part: &[f64]| variance(part) / (part.len() as f64 * NEWS).max(1.0);
    let error = (error(before) + error(after)).sqrt();
    let middle = if of_pace { mean } else { median };
    let (was, is) = (middle(before), middle(after));
    let large = (is - was).abs() > CHANGE_MIN * was.abs().max(is.abs());
    let sure = (mean(after) - mean(before)).abs() > STANDS_OUT * error.max(f64::MIN_POSITIVE);
    if !large || !sure {
        return None;
    }
    let scale = is / was;
    let scales = !of_pace && was > 0.0 && (1.0 / SCALE_MAX..=SCALE_MAX).contains(&scale);
    Some(if scales { (scale, 0.0) } else { (1.0, is - was) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stats::Chance;

    use super::*;

    const STEP: Span = Span::hours(1);
    const END: Time = Time(1_795_176_000_000);

    fn change(hours_back: i64) -> Deployment {
        Deployment { at: END - Span::hours(hours_back), name: format!("release -{hours_back}") }
    }

    /// Two weeks by the hour with a habit of the day, a fifth higher in the last five days.
    fn shifted(seed: u64) -> Vec<f64> {
        let mut chance = Chance::new(seed);
        (0..336)
            .map(|hour: i32| {
                let habit = 50.0 + 10.0 * f64::from(hour % 24 / 12);
                let level = if hour >= 216 { 1.2 } else { 1.0 };
                level * habit + chance.normal()
            })
            .collect()
    }

    #[test]
    fn the_change_that_moved_the_level_is_found_among_those_that_did_nothing() {
        for seed in 1..=20 {
            let changes = [change(60), change(120), change(200), change(300)];
            let found = find(&shifted(seed), (END, STEP), (Nature::Flow, Some(24)), &changes);
            let names: Vec<&str> = found.iter().map(|level| level.cause.name.as_str()).collect();
            assert_eq!(names, ["release -120"], "seed {seed}");
            assert!((found[0].scale - 1.2).abs() < 0.05, "{found:?}");
            let even = evened(shifted(seed), found.iter());
            assert!((mean(&even[..48]) / mean(&even[288..]) - 1.0).abs() < 0.03);
        }
    }

    #[test]
    fn a_pace_that_doubled_is_taken_back_into_the_past() {
        let values: Vec<f64> =
            (0..200).map(|hour| f64::from(hour + (hour - 119).max(0)) + 500.0).collect();
        let found = find(&values, (END, STEP), (Nature::Stock, None), &[change(80)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].of_pace && (found[0].shift - 1.0).abs() < 1e-9, "{found:?}");
        let even = evened(values.clone(), found.iter());
        assert!((even[199] - values[199]).abs() < 1e-9);
        assert!((even[10] - even[9] - 2.0).abs() < 1e-9);
        assert!((found[0].undone(199, values[199]) - 699.0).abs() < 1.1);
    }

    #[test]
    fn a_change_of_just_now_is_too_young() {
        let found = find(&shifted(3), (END, STEP), (Nature::Flow, Some(24)), &[change(5)]);
        assert_eq!(found, []);
    }

    proptest! {
        #[test]
        fn any_change_of_any_past_is_judged(
            values in prop::collection::vec(-1e6_f64..1e6, 0..80),
            backs in prop::collection::vec(-100_i64..200, 0..8),
            stock in any::<bool>(),
        ) {
            let changes: Vec<Deployment> = backs.into_iter().map(change).collect();
            let nature = if stock { Nature::Stock } else { Nature::Flow };
            let found = find(&values, (END, STEP), (nature, Some(8)), &changes);
            let even = evened(values.clone(), found.iter());
            prop_assert!(even.len() == values.len() && even.iter().all(|value| value.is_finite()));
        }
    }
}
