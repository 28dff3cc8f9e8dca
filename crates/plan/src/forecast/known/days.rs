//! Days that are not like others: kept out of the habits that are learnt, and told for themselves.

use std::collections::BTreeMap;

use model::{Nature, Span, Time};
use stats::median;

use super::{HowSpecial, SpecialDay};

/// What an ordinary day would have been is looked for a week before, and so many weeks before that.
const WEEKS_BACK: usize = 3;
const DAY: Span = Span::days(1);

/// The special days of one past and its future, by the cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Days {
    /// For each special cell of the past, which day it belongs to.
    past: BTreeMap<usize, usize>,
    special: Vec<SpecialDay>,
    /// By how many times the value was higher on earlier days of a name.
    seen: BTreeMap<String, f64>,
    week: usize,
}

impl Days {
    /// Finds the special cells of a past that ends at `end`. Steps longer than a day do not see them.
    pub(crate) fn of(days: &[SpecialDay], count: usize, (end, step): (Time, Span)) -> Self {
        if step > DAY || step.0 <= 0 {
            return Self::default();
        }
        let mut past = BTreeMap::new();
        for (at, day) in days.iter().enumerate() {
            past.extend(
                (0..count)
                    .filter(|cell| day.covers(middle_of(*cell, count, (end, step))))
                    .map(|cell| (cell, at)),
            );
        }
        let week = usize::try_from(Span::days(7).0 / step.0).unwrap_or(0);
        Self { past, special: days.to_vec(), seen: BTreeMap::new(), week }
    }

    /// Whether a cell of the past is special.
    pub(crate) fn is_special(&self, cell: usize) -> bool {
        self.past.contains_key(&cell)
    }

    /// The values, none beyond what is known of the past, with an ordinary day in the place of each special one; notes
    /// how much higher those were. Of what piles up, it is the pace that was not ordinary.
    pub(crate) fn take_out(&mut self, mut values: Vec<f64>, nature: Nature) -> Vec<f64> {
        if self.past.is_empty() {
            return values;
        }
        if nature == Nature::Flow {
            self.replace(&mut values);
            return values;
        }
        let mut paces = paces(&values);
        self.replace(&mut paces);
        // Where it stands now stays; where it stood before follows.
        let mut level = values.last().copied().unwrap_or(0.0);
        for (value, pace) in values.iter_mut().zip(&paces).rev() {
            *value = level;
            level -= pace;
        }
        values
    }

    fn replace(&mut self, values: &mut [f64]) {
        let mut raised: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (&cell, &day) in self.past.range(..values.len()) {
            let ordinary = (1..=WEEKS_BACK)
                .filter_map(|weeks| cell.checked_sub(weeks * self.week))
                .find(|before| !self.past.contains_key(before));
            let Some(ordinary) = ordinary.filter(|before| *before < cell) else { continue };
            let usual = values[ordinary];
            if usual > 0.0 {
                raised
                    .entry(self.special[day].name.clone())
                    .or_default()
                    .push(values[cell] / usual);
            }
            values[cell] = usual;
        }
        self.seen = raised.into_iter().map(|(name, parts)| (name, median(&parts))).collect();
    }

    /// Tells special days of the future for themselves; answers which.
    ///
    /// `ahead` follows on `past`, whose last cell ends at `end`.
    pub(crate) fn put_in(
        &self,
        (past, nature): (&[f64], Nature),
        ahead: &mut [f64],
        grid: (Time, Span),
    ) -> Vec<&SpecialDay> {
        if self.special.is_empty() {
            return Vec::new();
        }
        if nature == Nature::Flow {
            return self.tell(past, ahead, grid);
        }
        let mut level = past.last().copied().unwrap_or(0.0);
        let mut ahead_paces: Vec<f64> = Vec::with_capacity(ahead.len());
        for value in ahead.iter() {
            ahead_paces.push(value - level);
            level = *value;
        }
        let told = self.tell(&paces(past), &mut ahead_paces, grid);
        let mut level = past.last().copied().unwrap_or(0.0);
        for (value, pace) in ahead.iter_mut().zip(ahead_paces) {
            level += pace;
            *value = level;
        }
        told
    }

    fn tell(&self, past: &[f64], ahead: &mut [f64], (end, step): (Time, Span)) -> Vec<&SpecialDay> {
        let count = past.len();
        let plain = ahead.to_vec();
        let mut told: Vec<&SpecialDay> = Vec::new();
        for (index, value) in ahead.iter_mut().enumerate() {
            let time = middle_of(count + index, count, (end, step));
            let Some(day) = self.special.iter().find(|day| day.covers(time)) else { continue };
            let told_so = match day.how {
                HowSpecial::Raises(part) => Some(plain[index] * (1.0 + part)),
                HowSpecial::AsBefore => self.seen.get(&day.name).map(|part| plain[index] * part),
                HowSpecial::Like(_) => day.back().and_then(|back| {
                    self.alike(past, &plain, index, usize::try_from(back.0 / step.0).ok()?)
                }),
            };
            if let Some(told_so) = told_so {
                *value = told_so;
                if told.last() != Some(&day) {
                    told.push(day);
                }
            }
        }
        told
    }

    /// The value that a day `back` cells before would have at this time of day: in the same week, else a week after,
    /// else as it was in the past.
    fn alike(&self, past: &[f64], plain: &[f64], index: usize, back: usize) -> Option<f64> {
        if let Some(before) = index.checked_sub(back) {
            return plain.get(before).copied();
        }
        let later = (index + self.week).checked_sub(back).and_then(|at| plain.get(at));
        later.copied().or_else(|| past.get((past.len() + index).checked_sub(back)?).copied())
    }
}

/// By how much each value is more than the one before; the first has no pace.
fn paces(values: &[f64]) -> Vec<f64> {
    let mut before = values.first().copied().unwrap_or(0.0);
    let pace = |value: &f64| {
        let pace = value - before;
        before = *value;
        pace
    };
    values.iter().map(pace).collect()
}

/// The middle of a cell, counted from the first of `count` cells that end at `end`.
fn middle_of(cell: usize, count: usize, (end, step): (Time, Span)) -> Time {
    let ahead = i64::try_from(cell).unwrap_or(i64::MAX) - i64::try_from(count).unwrap_or(0);
    Time(end.0.saturating_add(step.0.saturating_mul(ahead)).saturating_add(step.0 / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Span = Span::hours(6);
    /// 20 November 2026, midnight, a Friday.
    const FRIDAY: Time = Time(1_795_132_800_000);

    fn day(name: &str, days_ahead: i64, how: HowSpecial) -> SpecialDay {
        let from = FRIDAY + Span::days(days_ahead);
        SpecialDay { name: name.into(), from, until: from + DAY, how }
    }

    /// Four weeks until Friday; 10 on weekdays, 2 on Saturday and Sunday.
    fn weeks() -> Vec<f64> {
        (0..112).map(|cell| if [1, 2].contains(&(cell / 4 % 7)) { 2.0 } else { 10.0 }).collect()
    }

    #[test]
    fn a_holiday_is_told_as_the_sunday_before() {
        let (past, mut ahead) = (weeks(), weeks()[..28].to_vec());
        // The Monday after, three days ahead, is like the day before.
        let holiday = [day("bank holiday", 3, HowSpecial::Like(1))];
        let days = Days::of(&holiday, past.len(), (FRIDAY, STEP));
        let told = days.put_in((&past, Nature::Flow), &mut ahead, (FRIDAY, STEP));
        assert_eq!(told.len(), 1);
        assert_eq!(ahead[12..16], [2.0; 4]);
        assert_eq!(ahead[16..20], [10.0; 4]);
    }

    #[test]
    fn a_holiday_of_today_is_like_last_sunday_although_that_is_past() {
        let (past, mut ahead) = (weeks(), weeks()[..8].to_vec());
        let holiday = [day("holiday", 0, HowSpecial::Like(5))];
        let days = Days::of(&holiday, past.len(), (FRIDAY, STEP));
        days.put_in((&past, Nature::Flow), &mut ahead, (FRIDAY, STEP));
        assert_eq!(ahead, [2.0; 8]);
    }

    #[test]
    fn what_was_seen_once_is_learnt_and_does_not_become_a_habit() {
        let mut past = weeks();
        for value in &mut past[84..88] {
            *value *= 3.0;
        }
        let sales = [day("sale", -7, HowSpecial::AsBefore), day("sale", 7, HowSpecial::AsBefore)];
        let mut days = Days::of(&sales, past.len(), (FRIDAY, STEP));
        assert!(days.is_special(84) && !days.is_special(83) && !days.is_special(88));
        let past = days.take_out(past, Nature::Flow);
        assert_eq!(past, weeks());
        let mut ahead = weeks()[..56].to_vec();
        days.put_in((&past, Nature::Flow), &mut ahead, (FRIDAY, STEP));
        assert_eq!((ahead[28], ahead[32], ahead[0]), (30.0, 2.0, 10.0));
    }

    #[test]
    fn what_piles_up_does_so_at_another_pace_on_such_days() {
        let added = |paces: Vec<f64>| -> Vec<f64> {
            let mut level = 0.0;
            paces
                .into_iter()
                .map(|pace| {
                    level += pace;
                    level
                })
                .collect()
        };
        let past = added(weeks());
        let mut ahead = past[..28].iter().map(|value| value + past[111]).collect::<Vec<_>>();
        let plain = ahead.clone();
        let holiday = [day("bank holiday", 3, HowSpecial::Like(1))];
        let mut days = Days::of(&holiday, past.len(), (FRIDAY, STEP));
        let kept = days.take_out(past.clone(), Nature::Stock);
        assert_eq!(kept, past);
        days.put_in((&past, Nature::Stock), &mut ahead, (FRIDAY, STEP));
        for (at, less) in [(11, 0.0), (15, 32.0), (27, 32.0)] {
            assert!((ahead[at] - (plain[at] - less)).abs() < 1e-9, "{at}");
        }
    }

    #[test]
    fn a_launch_raises_and_steps_of_a_week_do_not_see_days() {
        let launch = [day("launch", 1, HowSpecial::Raises(0.5))];
        let mut ahead = vec![10.0; 8];
        let days = Days::of(&launch, 0, (FRIDAY, STEP));
        days.put_in((&[], Nature::Flow), &mut ahead, (FRIDAY, STEP));
        assert_eq!(ahead, [10.0, 10.0, 10.0, 10.0, 15.0, 15.0, 15.0, 15.0]);
        let weekly = (FRIDAY, Span::days(7));
        let mut ahead = vec![10.0; 8];
        assert!(
            Days::of(&launch, 0, weekly).put_in((&[], Nature::Flow), &mut ahead, weekly).is_empty()
        );
    }
}
