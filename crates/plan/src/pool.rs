//! The pool: small models of a series' future, each a plain function of its past.

use stats::{Holt, Season, Teeth, median, seasonal_naive, theil_sen};

/// How many of the newest days the habit of a day is learnt from.
const DAYS_LEARNT: usize = 10;
/// How many of the newest weeks the habit of a week is learnt from.
const WEEKS_LEARNT: usize = 6;
/// How much of a profile's level comes from the last day; the rest from all that the profile was learnt from.
const LEVEL_NEWEST: f64 = 0.7;

/// One way to continue a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Last,
    Level,
    Drift,
    Trend,
    TrendRecent,
    Holt,
    NaiveDay,
    NaiveWeek,
    ProfileDay,
    ProfileWeek,
    TrendDay,
    TrendWeek,
    HoltDay,
    HoltWeek,
    Sawtooth,
}

impl Member {
    pub(crate) const ALL: [Self; 15] = [
        Self::Last,
        Self::Level,
        Self::Drift,
        Self::Trend,
        Self::TrendRecent,
        Self::Holt,
        Self::NaiveDay,
        Self::NaiveWeek,
        Self::ProfileDay,
        Self::ProfileWeek,
        Self::TrendDay,
        Self::TrendWeek,
        Self::HoltDay,
        Self::HoltWeek,
        Self::Sawtooth,
    ];

    /// Its place in [`Self::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Last => "last value",
            Self::Level => "level",
            Self::Drift => "drift",
            Self::Trend => "trend",
            Self::TrendRecent => "recent trend",
            Self::Holt => "damped trend",
            Self::NaiveDay => "as yesterday",
            Self::NaiveWeek => "as last week",
            Self::ProfileDay => "daily habit",
            Self::ProfileWeek => "weekly habit",
            Self::TrendDay => "daily habit + trend",
            Self::TrendWeek => "weekly habit + trend",
            Self::HoltDay => "daily habit + damped trend",
            Self::HoltWeek => "weekly habit + damped trend",
            Self::Sawtooth => "sawtooth",
        }
    }
}

/// The smoothing weights of the models that have some, found once and used on every later past.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fitted {
    plain: Option<Holt>,
    day: Option<Holt>,
    week: Option<Holt>,
}

/// A past cut off at some moment, with its habits taken off.
pub(crate) struct Study<'a> {
    values: &'a [f64],
    day: Option<Habit>,
    week: Option<Habit>,
    period_day: Option<usize>,
    period_week: Option<usize>,
}

struct Habit {
    season: Season,
    rest: Vec<f64>,
    period: usize,
}

impl Habit {
    fn learn(values: &[f64], period: usize, learnt: usize) -> Option<Self> {
        let season = Season::learn(values, period, learnt)?;
        let rest = season.remove(values);
        Some(Self { season, rest, period })
    }
}

impl<'a> Study<'a> {
    /// `periods` are day and week in cells, as far as the whole past knows them.
    pub(crate) fn new(values: &'a [f64], periods: &[usize]) -> Self {
        let (period_day, period_week) = (periods.first().copied(), periods.get(1).copied());
        let day = period_day.and_then(|period| Habit::learn(values, period, DAYS_LEARNT));
        let week = period_week.and_then(|period| Habit::learn(values, period, WEEKS_LEARNT));
        Self { values, day, week, period_day, period_week }
    }

    /// Finds the smoothing weights on this past.
    pub(crate) fn fit(&self) -> Fitted {
        let of = |habit: &Option<Habit>| habit.as_ref().and_then(|habit| Holt::fit(&habit.rest));
        Fitted { plain: Holt::fit(self.values), day: of(&self.day), week: of(&self.week) }
    }

    /// The next `horizon` values by one member; nothing where the past is too short or not of its kind.
    pub(crate) fn run(&self, member: Member, fitted: &Fitted, horizon: usize) -> Option<Vec<f64>> {
        let values = self.values;
        let last = *values.last()?;
        match member {
            Member::Last => Some(vec![last; horizon]),
            Member::Level => Some(vec![median(self.newest(values)); horizon]),
            Member::Drift => {
                let slope = (last - values[0]) / (values.len() - 1).max(1) as f64;
                Some(climb(last, slope, horizon))
            }
            Member::Trend => trend(values, 1, horizon),
            Member::TrendRecent => trend(values, 4, horizon),
            Member::Holt => Some(fitted.plain?.forecast(values, horizon)),
            Member::NaiveDay => seasonal_naive(values, self.period_day?, horizon),
            Member::NaiveWeek => seasonal_naive(values, self.period_week?, horizon),
            Member::ProfileDay => Some(self.profile(self.day.as_ref()?, DAYS_LEARNT, horizon)),
            Member::ProfileWeek => Some(self.profile(self.week.as_ref()?, WEEKS_LEARNT, horizon)),
            Member::TrendDay => self.habit_and(self.day.as_ref()?, |rest| trend(rest, 1, horizon)),
            Member::TrendWeek => {
                self.habit_and(self.week.as_ref()?, |rest| trend(rest, 1, horizon))
            }
            Member::HoltDay => {
                self.habit_and(self.day.as_ref()?, |rest| Some(fitted.day?.forecast(rest, horizon)))
            }
            Member::HoltWeek => self
                .habit_and(self.week.as_ref()?, |rest| Some(fitted.week?.forecast(rest, horizon))),
            Member::Sawtooth => Some(Teeth::learn(values)?.forecast(horizon)),
        }
    }

    /// The last day, or the last quarter where no day is known.
    fn newest<'v>(&self, values: &'v [f64]) -> &'v [f64] {
        let count = self.period_day.unwrap_or(values.len() / 4).clamp(1, values.len());
        &values[values.len() - count..]
    }

    /// The habit around a level that is mostly that of the last day.
    fn profile(&self, habit: &Habit, learnt: usize, horizon: usize) -> Vec<f64> {
        let known = habit.rest.len().min(learnt * habit.period);
        let long = median(&habit.rest[habit.rest.len() - known..]);
        let newest = median(self.newest(&habit.rest));
        let level = LEVEL_NEWEST * newest + (1.0 - LEVEL_NEWEST) * long;
        let mut ahead = vec![level; horizon];
        habit.season.restore(&mut ahead, self.values.len());
        ahead
    }

    fn habit_and(
        &self,
        habit: &Habit,
        continue_rest: impl FnOnce(&[f64]) -> Option<Vec<f64>>,
    ) -> Option<Vec<f64>> {
        let mut ahead = continue_rest(&habit.rest)?;
        habit.season.restore(&mut ahead, self.values.len());
        Some(ahead)
    }
}

/// The robust slope of the newest part of the past (`part` 1: all, 4: a quarter), from where it stands now.
fn trend(values: &[f64], part: usize, horizon: usize) -> Option<Vec<f64>> {
    let count = (values.len() / part).max(6).min(values.len());
    let newest = &values[values.len() - count..];
    let line = theil_sen(newest)?;
    // Where it stands now: the middle of the last few distances from the line, so that noise does not shift all.
    let near = newest.len().min(5);
    let first = newest.len() - near;
    let offsets: Vec<f64> =
        (first..newest.len()).map(|index| newest[index] - line.at(index as f64)).collect();
    let level = line.at((newest.len() - 1) as f64) + median(&offsets);
    Some(climb(level, line.slope, horizon))
}

fn climb(level: f64, slope: f64, horizon: usize) -> Vec<f64> {
    (1..=horizon).map(|step| level + slope * step as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: &[f64], periods: &[usize], member: Member, horizon: usize) -> Option<Vec<f64>> {
        let study = Study::new(values, periods);
        study.run(member, &study.fit(), horizon)
    }

    #[test]
    fn every_member_continues_a_habit_on_a_slope_or_is_silent() {
        let values: Vec<f64> = (0..96).map(|x| 0.5 * f64::from(x) + f64::from(x % 8)).collect();
        for member in Member::ALL {
            let Some(ahead) = run(&values, &[8, 24], member, 30) else { continue };
            assert!(ahead.len() == 30 && ahead.iter().all(|value| value.is_finite()), "{member:?}");
        }
    }

    #[test]
    fn the_daily_habit_with_its_trend_continues_both() {
        let value = |x: i32| 0.5 * f64::from(x) + f64::from(x % 8);
        let values: Vec<f64> = (0..96).map(value).collect();
        let ahead = run(&values, &[8], Member::TrendDay, 16).unwrap();
        for (step, told) in (0..).zip(&ahead) {
            assert!((told - value(96 + step)).abs() < 0.5, "{step}: {told}");
        }
    }

    #[test]
    fn a_recent_trend_knows_only_the_last_quarter() {
        let values: Vec<f64> = (0..80).map(|x| f64::from((x - 50).max(0))).collect();
        let ahead = run(&values, &[], Member::TrendRecent, 10).unwrap();
        assert!((ahead[9] - 39.0).abs() < 1e-9);
    }

    #[test]
    fn habits_that_were_never_seen_are_silent() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        for member in [Member::ProfileDay, Member::TrendWeek, Member::HoltDay, Member::NaiveWeek] {
            assert_eq!(run(&values, &[], member, 5), None, "{member:?}");
        }
        assert_eq!(run(&values, &[], Member::Sawtooth, 5), None);
    }
}
