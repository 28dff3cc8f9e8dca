//! Profiles: what is usual at each phase of a season.

use model::{Span, Time};
use stats::{mean, median};

/// How many of the newest short seasons say what is usual in one.
const SHORT_SEASONS: usize = 7;
/// How many of them a long season that was seen but a few times is drawn towards.
const SHORT_SEASONS_BEHIND: usize = 14;
/// How many of the newest long seasons say what is usual in one.
const LONG_SEASONS: usize = 4;
/// A long season's own values weigh as much as what they are drawn towards once it was seen so many times.
const LONG_TRUSTED: f64 = 2.0;
/// How many of the newest days say what is usual on a day of work and on one of rest.
const DAYS_BY_KIND: usize = 28;
/// A kind of day weighs as much as all days once it was seen so many times.
const DAYS_TRUSTED: usize = 2;
/// How large a part of a short season on either side of a phase tells of that phase too: an hour of a day.
const AROUND_PART: usize = 24;

/// How a profile is learnt: the middle or the mean of each phase of the newest seasons.
pub(super) struct Profile {
    pub period: usize,
    pub learnt: usize,
    pub robust: bool,
    /// How many phases on either side are taken together with each.
    pub around: usize,
}

impl Profile {
    /// The value of each phase, counted from the first value; `values` hold at least one period.
    pub(super) fn learn(&self, values: &[f64]) -> Vec<f64> {
        let (count, period) = (values.len(), self.period);
        let seasons = self.learnt.min(count / period).max(1);
        let mut offsets = vec![0.0; period];
        let mut seen = Vec::with_capacity(seasons * (2 * self.around + 1));
        for phase in 0..period {
            seen.clear();
            for shifted in phase + period - self.around..=phase + period + self.around {
                let at = count - period + shifted % period;
                seen.extend((0..seasons).map(|back| values[at - back * period]));
            }
            offsets[(count - period + phase) % period] =
                if self.robust { median(&seen) } else { mean(&seen) };
        }
        offsets
    }
}

/// What was usual at each phase of the newest short seasons, wherever the series stands now: the middle, in which
/// neighbouring phases count too. Far ahead, today's level tells less than what is usual; and the middle of many values
/// is surer than that of one a season. `values` hold a whole season.
pub(super) fn usual_short(values: &[f64], short: usize, horizon: usize) -> Vec<f64> {
    let offsets = usual(values, short, SHORT_SEASONS, short / AROUND_PART);
    (values.len()..values.len() + horizon).map(|at| offsets[at % short]).collect()
}

/// What was usual at each phase of the long season, drawn towards what is usual in the short one the more, the fewer
/// long seasons were seen; one is enough to have a say. Nothing where not even one was seen.
pub(super) fn usual_long(
    values: &[f64],
    (short, long): (usize, usize),
    horizon: usize,
) -> Option<Vec<f64>> {
    let seasons = LONG_SEASONS.min(values.len().checked_div(long)?);
    if seasons == 0 || values.len() < short {
        return None;
    }
    let around = short / AROUND_PART;
    let behind = usual(values, short, SHORT_SEASONS_BEHIND, around);
    let offsets = usual(values, long, seasons, around);
    let own = seasons as f64 / (seasons as f64 + LONG_TRUSTED);
    let told = (values.len()..values.len() + horizon)
        .map(|at| own * offsets[at % long] + (1.0 - own) * behind[at % short]);
    Some(told.collect())
}

/// Which cells lie on a Saturday or a Sunday, by the clocks that the past was laid by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weekends {
    /// How many cells a day has.
    day: usize,
    /// How many cells lie between the beginning of a Monday and that of the first cell.
    first: usize,
}

impl Weekends {
    /// Of so many cells, the last of which ends at `end`; nothing where a cell is as long as a day or does not divide it.
    pub(crate) fn of(cells: usize, end: Time, step: Span) -> Option<Self> {
        let (day, week) = (Span::days(1).0, Span::days(7).0);
        if step.0 <= 0 || step.0 >= day || day % step.0 != 0 {
            return None;
        }
        let begins = end.0.checked_sub(step.0.checked_mul(i64::try_from(cells).ok()?)?)?;
        // The first day of 1970 was a Thursday.
        let since_monday = begins.checked_add(3 * day)?.rem_euclid(week);
        Some(Self {
            day: usize::try_from(day / step.0).ok()?,
            first: usize::try_from(since_monday / step.0).ok()?,
        })
    }

    fn covers(self, cell: usize) -> bool {
        (self.first + cell) / self.day % 7 >= 5
    }

    /// What was usual at each hour on days of work and on days of rest, each kind drawn towards all days the more, the
    /// fewer of it were seen. A week need not have been seen twice for that. Nothing for less than a day.
    pub(super) fn usual_day(self, values: &[f64], horizon: usize) -> Option<Vec<f64>> {
        let (count, day) = (values.len(), self.day);
        let days = DAYS_BY_KIND.min(count / day);
        if days == 0 {
            return None;
        }
        let around = day / AROUND_PART;
        let mut all: Vec<f64> = Vec::with_capacity(days * (2 * around + 1));
        let mut kinds = [all.clone(), all.clone()];
        let mut offsets = [vec![0.0; day], vec![0.0; day]];
        for phase in 0..day {
            all.clear();
            kinds.iter_mut().for_each(Vec::clear);
            for shifted in phase + day - around..=phase + day + around {
                for back in 0..days {
                    let at = count - (back + 1) * day + shifted % day;
                    all.push(values[at]);
                    kinds[usize::from(self.covers(at))].push(values[at]);
                }
            }
            let usual = median(&all);
            for (offsets, own) in offsets.iter_mut().zip(&kinds) {
                let trust = (DAYS_TRUSTED * (2 * around + 1)) as f64;
                let share = own.len() as f64 / (own.len() as f64 + trust);
                let middle = if own.is_empty() { usual } else { median(own) };
                offsets[(count + phase) % day] = share * middle + (1.0 - share) * usual;
            }
        }
        let told =
            (count..count + horizon).map(|at| offsets[usize::from(self.covers(at))][at % day]);
        Some(told.collect())
    }
}

fn usual(values: &[f64], period: usize, learnt: usize, around: usize) -> Vec<f64> {
    Profile { period, learnt, robust: true, around }.learn(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Days of 24 hours whose value is the hour, but for a lift.
    fn days(count: i32, lift: impl Fn(i32) -> f64) -> Vec<f64> {
        (0..count * 24).map(|hour| f64::from(hour % 24) + lift(hour)).collect()
    }

    #[test]
    fn a_phase_keeps_its_place_when_the_past_is_no_whole_number_of_seasons() {
        let mut values = days(8, |_| 0.0);
        values.truncate(7 * 24 + 5);
        let ahead = usual_short(&values, 24, 30);
        for (step, told) in (5..).zip(&ahead) {
            let hour = f64::from(step % 24);
            // At the day's ends the hours around lie far off on one side only; the middle stays.
            assert!((told - hour).abs() < 1e-9 || hour % 23.0 < 1e-9 && (told - hour).abs() <= 1.0);
        }
    }

    #[test]
    fn what_is_usual_is_told_though_the_series_stands_elsewhere_now() {
        let values = days(10, |hour| if hour >= 9 * 24 { 100.0 } else { 0.0 });
        let ahead = usual_short(&values, 24, 24);
        assert!(ahead.iter().all(|told| *told <= 23.0), "{ahead:?}");
    }

    #[test]
    fn hours_around_settle_what_one_hour_leaves_open() {
        // Every other day one hour is ten times as high: nobody knows which of the two is usual, but for those around.
        let values = days(6, |hour| if hour % 48 == 12 { 108.0 } else { 0.0 });
        let ahead = usual_short(&values, 24, 24);
        assert!((11.0..=13.0).contains(&ahead[12]), "{}", ahead[12]);
    }

    #[test]
    fn a_week_seen_once_has_a_third_of_the_say_and_one_seen_four_times_two_thirds() {
        // Hours 120 to 167 of each week, its last two days, lie 30 higher.
        let week = |weeks: i32| days(7 * weeks, |hour| if hour % 168 >= 120 { 30.0 } else { 0.0 });
        for (weeks, own) in [(1, 1.0 / 3.0), (2, 0.5), (4, 2.0 / 3.0), (6, 2.0 / 3.0)] {
            let ahead = usual_long(&week(weeks), (24, 168), 168).unwrap();
            let lift = ahead[150] - ahead[30];
            assert!((lift - 30.0 * own).abs() < 1.0, "{weeks}: {lift}");
        }
        assert_eq!(usual_long(&days(6, |_| 0.0), (24, 168), 10), None);
    }

    #[test]
    fn days_of_rest_are_told_by_those_that_were_seen() {
        // 1 January 1970 was a Thursday: days 2 and 3, 9 and 10 and so on are Saturdays and Sundays.
        let rests = |hour: i32| matches!(hour / 24 % 7, 2 | 3);
        let values = days(14, |hour| if rests(hour) { 0.0 } else { 50.0 });
        let weekends =
            Weekends::of(values.len(), Time(14 * Span::days(1).0), Span::hours(1)).unwrap();
        let ahead = weekends.usual_day(&values, 7 * 24).unwrap();
        // Thursday is of work, told a little lower; Saturday is of rest, seen four times of fourteen.
        assert!((55.0..=62.0).contains(&ahead[12]), "{}", ahead[12]);
        let saturday = ahead[2 * 24 + 12];
        assert!((saturday - 12.0 - 50.0 / 3.0).abs() < 1.5, "{saturday}");
    }

    #[test]
    fn weekends_are_known_from_the_calendar_whatever_the_step() {
        // 20 November 2026 was a Friday; it ends here.
        let end = Time(1_795_219_200_000);
        for (step, cells) in [(Span::hours(1), 100), (Span::hours(3), 40), (Span::minutes(15), 700)]
        {
            let weekends = Weekends::of(cells, end, step).unwrap();
            let per_day = usize::try_from(Span::days(1).0 / step.0).unwrap();
            assert!(!weekends.covers(cells - 1) && weekends.covers(cells));
            assert!(
                weekends.covers(cells + 2 * per_day - 1) && !weekends.covers(cells + 2 * per_day)
            );
        }
        assert!(Weekends::of(50, end, Span::days(1)).is_none());
        assert!(Weekends::of(usize::MAX, end, Span::hours(1)).is_none());
    }

    proptest! {
        #[test]
        fn what_is_usual_lies_within_what_was(
            values in prop::collection::vec(-1e6_f64..1e6, 24..400),
            short in 2_usize..24,
            longer in 1_usize..7,
        ) {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let long = usual_long(&values, (short, short * longer), 50).unwrap_or_default();
            let weekends = Weekends::of(values.len(), Time(1_795_176_000_000), Span::hours(1));
            let day = weekends.and_then(|weekends| weekends.usual_day(&values, 50)).unwrap();
            for told in usual_short(&values, short, 50).iter().chain(&long).chain(&day) {
                prop_assert!((low - 1e-6..=high + 1e-6).contains(told));
            }
        }
    }
}
