//! What is not part of a series' habit: short spikes, and steps that happen once or twice.

use crate::{median, quantile, quantile::held};

/// How many values before one tell what is usual around it.
const TRAIL: usize = 24;
/// An excursion longer than this is a new level, not a spike; less than half of the trail, which then follows it.
const SPIKE_MAX: usize = 7;
/// How many seasons back a value is compared with: each day of a week, and two weeks.
const SEASONS: [usize; 8] = [1, 2, 3, 4, 5, 6, 7, 14];
/// A step counts when it is this many times the usual change between values.
const STEP_TIMES: f64 = 8.0;
/// A step counts when it is at least this share of the range the values span.
const STEP_SHARE: f64 = 0.08;
/// More steps up than this are a habit, not an accident.
const UPS_MAX: usize = 2;
/// More steps down than this are a habit: what was cleared twice will be cleared again.
const DOWNS_MAX: usize = 1;

/// How far each value of a series is out of line, told once and used for any part of the past from its beginning.
#[derive(Clone, Debug)]
pub struct Spikes<'a> {
    values: &'a [f64],
    usual: Vec<f64>,
    distance: Vec<f64>,
}

impl<'a> Spikes<'a> {
    /// Compares each value with those just before it, and with those around the same phase of earlier seasons
    /// (`period`, if there is one). Nothing that came later is looked at.
    pub fn look(values: &'a [f64], period: Option<usize>) -> Self {
        let mut found = Self { values, usual: Vec::new(), distance: Vec::new() };
        if values.len() >= 2 * TRAIL {
            (found.usual, found.distance) = distances(values, period);
        }
        found
    }

    /// The first `count` values with short excursions brought back to the edge of the usual, as they would have been
    /// cleaned when no more than these were known.
    ///
    /// A value is out of line when it is far from the values just before it and from those of earlier seasons. With
    /// `tail` an excursion that has not ended yet counts as a spike too.
    pub fn cleaned(&self, count: usize, tail: bool) -> Vec<f64> {
        let values = &self.values[..count.min(self.values.len())];
        let mut cleaned = values.to_vec();
        if values.len() < 2 * TRAIL {
            return cleaned;
        }
        let range = quantile(values, 0.97) - quantile(values, 0.03);
        // Where nearly all values are alike, anything else is out of line.
        let alike = 1e-9 * median(values).abs() + f64::MIN_POSITIVE;
        let distance = &self.distance[..values.len()];
        let edge = (10.0 * quantile(&distance[TRAIL..], 0.75)).max(0.75 * range).max(alike);
        let mut index = 0;
        while index < values.len() {
            let length = distance[index..].iter().take_while(|&&far| far > edge).count();
            let ended = index + length < values.len();
            if length <= SPIKE_MAX && (ended || tail) {
                for spike in index..index + length {
                    let far = held(values[spike] - self.usual[spike], -edge, edge);
                    cleaned[spike] = self.usual[spike] + far;
                }
            }
            index += length.max(1);
        }
        cleaned
    }
}

/// For each value, what was usual before it, and how far it is from that and from earlier seasons.
fn distances(values: &[f64], period: Option<usize>) -> (Vec<f64>, Vec<f64>) {
    let start = median(&values[..TRAIL]);
    let mut usual = vec![start; values.len()];
    let mut distance = vec![0.0; values.len()];
    let mut trail = Trail::new(&values[..TRAIL]);
    for (index, &value) in values.iter().enumerate() {
        if index >= TRAIL {
            usual[index] = trail.median();
            trail.replace(values[index - TRAIL], value);
        }
        let mut nearest = (value - usual[index]).abs();
        let lags = period.into_iter().flat_map(|period| SEASONS.map(|times| times * period));
        for lag in lags.take_while(|lag| *lag <= index + 1) {
            for shifted in [lag.saturating_sub(1), lag, lag + 1] {
                if shifted > 0 && shifted <= index {
                    nearest = nearest.min((value - values[index - shifted]).abs());
                }
            }
        }
        distance[index] = nearest;
    }
    (usual, distance)
}

/// The values just before one, sorted.
struct Trail(Vec<f64>);

impl Trail {
    fn new(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Self(sorted)
    }

    fn median(&self) -> f64 {
        f64::midpoint(self.0[(TRAIL - 1) / 2], self.0[TRAIL / 2])
    }

    fn replace(&mut self, old: f64, new: f64) {
        let from = self.0.partition_point(|value| value.total_cmp(&old).is_lt()).min(TRAIL - 1);
        self.0.remove(from);
        let to = self.0.partition_point(|value| value.total_cmp(&new).is_lt());
        self.0.insert(to, new);
    }
}

/// Where a series steps to another level and stays, with the size of the step: a file system after an old log was
/// deleted, a table after a bulk load. Steps that recur (two down, three up) are a habit and not listed.
pub fn level_shifts(values: &[f64]) -> Vec<(usize, f64)> {
    if values.len() < 2 * TRAIL {
        return Vec::new();
    }
    let changes: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let sizes: Vec<f64> = changes.iter().map(|change| change.abs()).collect();
    let range = quantile(values, 1.0) - quantile(values, 0.0);
    // Where most values do not change at all, the usual change is that of the values that do.
    let usual = median(&sizes).max(0.25 * quantile(&sizes, 0.9));
    let edge = (STEP_TIMES * usual).max(STEP_SHARE * range);
    let drift = median(&changes);
    let mut shifts: Vec<(usize, f64)> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        if (change - drift).abs() <= edge {
            continue;
        }
        let at = index + 1;
        match shifts.last_mut() {
            Some((last, size)) if *last + 1 == at && (*size > 0.0) == (*change > 0.0) => {
                *last = at;
                *size += change - drift;
            }
            _ => shifts.push((at, change - drift)),
        }
    }
    let ups = shifts.iter().filter(|(_, size)| *size > 0.0).count();
    let downs = shifts.len() - ups;
    // What goes up and comes down again is a spike or a sawtooth, not a new level.
    if ups > UPS_MAX || downs > DOWNS_MAX || (ups > 0 && downs > 0) {
        return Vec::new();
    }
    shifts
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn despike(values: &[f64], period: Option<usize>, tail: bool) -> Vec<f64> {
        Spikes::look(values, period).cleaned(values.len(), tail)
    }

    fn ramp(count: i32) -> Vec<f64> {
        (0..count).map(|x| f64::from(x) + 0.3 * f64::from(x % 3)).collect()
    }

    #[test]
    fn a_spike_is_brought_back() {
        let mut values: Vec<f64> = (0..100).map(|x| f64::from(x % 5)).collect();
        values[50] = 1e6;
        let cleaned = despike(&values, None, false);
        assert!(cleaned[50] < 100.0);
        assert_eq!(cleaned[..50], values[..50]);
    }

    #[test]
    fn a_new_level_is_no_spike() {
        let mut values: Vec<f64> = (0..100).map(|x| f64::from(x % 5)).collect();
        for value in &mut values[60..] {
            *value += 1_000.0;
        }
        assert_eq!(despike(&values, None, true), values);
    }

    #[test]
    fn an_excursion_at_the_end_stays_unless_asked() {
        let mut values: Vec<f64> = (0..100).map(|x| f64::from(x % 5)).collect();
        values[99] = 1e6;
        assert_eq!(despike(&values, None, false)[99], 1e6);
        assert!(despike(&values, None, true)[99] < 100.0);
    }

    #[test]
    fn a_daily_job_is_a_habit() {
        let values: Vec<f64> = (0..240).map(|x| if x % 24 == 6 { 90.0 } else { 5.0 }).collect();
        let cleaned = despike(&values, Some(24), true);
        assert_eq!(cleaned[48..], values[48..]);
    }

    #[test]
    fn a_part_is_cleaned_as_if_no_more_were_known() {
        let mut values: Vec<f64> = (0..150).map(|x| f64::from(x * 7 % 5)).collect();
        values[80] = 1e6;
        values[120] = 1e9;
        let part = Spikes::look(&values, Some(10)).cleaned(100, true);
        assert_eq!(part, despike(&values[..100], Some(10), true));
    }

    #[test]
    fn one_deleted_file_is_a_shift() {
        let mut values = ramp(100);
        for value in &mut values[40..] {
            *value -= 60.0;
        }
        let shifts = level_shifts(&values);
        assert_eq!(shifts.len(), 1);
        assert!(shifts[0].0 == 40 && (shifts[0].1 + 60.0).abs() < 3.0, "{shifts:?}");
    }

    #[test]
    fn steady_growth_and_sawteeth_have_no_shifts() {
        assert_eq!(level_shifts(&ramp(100)), []);
        let teeth: Vec<f64> = (0..100).map(|x| f64::from(x % 10)).collect();
        assert_eq!(level_shifts(&teeth), []);
    }

    proptest! {
        #[test]
        fn cleaning_never_leaves_the_range(values in prop::collection::vec(-1e6_f64..1e6, 0..120), tail in any::<bool>()) {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let cleaned = despike(&values, Some(24), tail);
            prop_assert_eq!(cleaned.len(), values.len());
            prop_assert!(cleaned.iter().all(|value| (low - 1e-6..=high + 1e-6).contains(value)));
        }

        #[test]
        fn shifts_lie_within_the_series(values in prop::collection::vec(-1e6_f64..1e6, 0..120)) {
            for (at, size) in level_shifts(&values) {
                prop_assert!(at > 0 && at < values.len() && size != 0.0);
            }
        }
    }
}
