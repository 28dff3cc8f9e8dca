//! A past cut off at some moment, and how each model continues it.

use stats::{
    DoubleSeason, Holt, Lags, Season, Teeth, Theta, median, seasonal_naive, theil_sen, waves,
};

use super::{
    Habits, Model,
    profile::{Profile, Weekends, usual_long, usual_short},
};

/// A habit's past counts half so many of its seasons back, but not within a week of short ones.
const HALF_LIFE_SEASONS: usize = 4;
const HALF_LIFE_SHORT: usize = 7;
/// How many of the newest seasons a profile is learnt from.
const SHORT_LEARNT: usize = 7;
const LONG_LEARNT: usize = 4;
/// How much of a profile's level comes from the newest short season; the rest from all it was learnt from.
const LEVEL_SHORT: f64 = 0.7;
const LEVEL_LONG: f64 = 0.8;
/// The weight of the newest value in a smoothed level, for a day of 24 values.
const SMOOTH: f64 = 0.08;

/// The weights of the models that have some, found once and used on every later past.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fitted {
    plain: Option<Holt>,
    short: Option<Holt>,
    both: Option<Holt>,
    theta: Option<Theta>,
    double_short: Option<DoubleSeason>,
    double_long: Option<DoubleSeason>,
    lags: Option<Lags>,
}

/// A past cut off at some moment, with its habits taken off.
pub(crate) struct Study<'a> {
    values: &'a [f64],
    short: Option<usize>,
    long: Option<usize>,
    /// The long season where it was seen once.
    long_once: Option<usize>,
    weekends: Option<Weekends>,
    without_short: Option<Rest>,
    without_both: Option<Rest>,
}

/// What is left when habits are taken off.
struct Rest {
    seasons: Vec<Season>,
    values: Vec<f64>,
}

impl Rest {
    /// Takes off the habit of one season.
    fn learn(values: &[f64], period: usize, short: usize, shrunk: bool) -> Option<Self> {
        let half_life = (HALF_LIFE_SEASONS * period).max(HALF_LIFE_SHORT * short);
        let season = Season::learn(values, period, half_life as f64, shrunk)?;
        let values = season.remove(values);
        Some(Self { seasons: vec![season], values })
    }

    /// Takes off the habit of a longer season as well.
    fn learn_long(&self, period: usize, short: usize) -> Option<Self> {
        let mut more = Self::learn(&self.values, period, short, true)?;
        more.seasons.splice(0..0, self.seasons.iter().cloned());
        Some(more)
    }
}

impl<'a> Study<'a> {
    /// `periods` are the short and the long season in cells, as far as the whole past knows them.
    pub(crate) fn new(values: &'a [f64], periods: &[usize], weekends: Option<Weekends>) -> Self {
        let seen = |at: usize, times: usize| {
            periods.get(at).copied().filter(|period| values.len() >= times * period)
        };
        let (short, long, long_once) = (seen(0, 2), seen(1, 2), seen(1, 1));
        let without_short = short.and_then(|short| Rest::learn(values, short, short, false));
        let without_both = match (&without_short, long) {
            (Some(rest), Some(long)) => rest.learn_long(long, short.unwrap_or(long)),
            _ => None,
        };
        Self { values, short, long, long_once, weekends, without_short, without_both }
    }

    /// Finds the weights that are still missing, of the models asked for, on this past.
    pub(crate) fn fit(&self, fitted: &mut Fitted, models: impl Iterator<Item = Model>) {
        let periods = self.periods();
        for model in models {
            match model {
                Model::Holt(habits) => {
                    let place = match habits {
                        Habits::None => &mut fitted.plain,
                        Habits::Short => &mut fitted.short,
                        Habits::Both => &mut fitted.both,
                    };
                    if place.is_none() {
                        *place = self.rest(habits).and_then(Holt::fit);
                    }
                }
                Model::Theta if fitted.theta.is_none() => {
                    fitted.theta = self.rest(Habits::Both).and_then(Theta::fit);
                }
                Model::DoubleShort if fitted.double_short.is_none() => {
                    fitted.double_short =
                        self.short.and_then(|short| DoubleSeason::fit(self.values, short, None));
                }
                Model::DoubleLong if fitted.double_long.is_none() => {
                    fitted.double_long = self
                        .short
                        .filter(|_| self.three_long().is_some())
                        .and_then(|short| DoubleSeason::fit(self.values, short, self.long));
                }
                Model::Lags if fitted.lags.is_none() => {
                    fitted.lags = Lags::fit(self.values, &periods);
                }
                _ => {}
            }
        }
    }

    /// The next `horizon` values by one model; nothing where the past is too short or not of its kind.
    pub(crate) fn run(&self, model: Model, fitted: &Fitted, horizon: usize) -> Option<Vec<f64>> {
        let values = self.values;
        let last = *values.last()?;
        match model {
            Model::Last => Some(vec![last; horizon]),
            Model::Level => Some(vec![median(self.newest(values)); horizon]),
            Model::LevelLong => {
                let count =
                    self.long.or_else(|| self.short.map(|short| 7 * short))?.min(values.len());
                Some(vec![median(&values[values.len() - count..]); horizon])
            }
            Model::Smooth => Some(vec![self.smooth(); horizon]),
            Model::Drift => self.drift(values.len().checked_sub(1)?, horizon),
            Model::DriftShort => self.drift(self.short?, horizon),
            Model::DriftLong => self.drift(self.long?, horizon),
            Model::Trend(habits) => self.habit_and(habits, horizon, |rest| trend(rest, 1, horizon)),
            Model::TrendRecent => trend(values, 4, horizon),
            Model::Holt(habits) => {
                let holt = match habits {
                    Habits::None => fitted.plain,
                    Habits::Short => fitted.short,
                    Habits::Both => fitted.both,
                }?;
                self.habit_and(habits, horizon, |rest| Some(holt.forecast(rest, horizon)))
            }
            Model::Theta => {
                let theta = fitted.theta?;
                self.habit_and(Habits::Both, horizon, |rest| Some(theta.forecast(rest, horizon)))
            }
            Model::NaiveShort => seasonal_naive(values, self.short?, horizon),
            Model::NaiveLong => seasonal_naive(values, self.long?, horizon),
            Model::ProfileShort => {
                let profile =
                    Profile { period: self.short?, learnt: SHORT_LEARNT, robust: true, around: 0 };
                Some(self.profile(&profile, LEVEL_SHORT, horizon))
            }
            Model::ProfileLong => {
                let profile = Profile {
                    period: self.three_long()?,
                    learnt: LONG_LEARNT,
                    robust: false,
                    around: 0,
                };
                Some(self.profile(&profile, 0.0, horizon))
            }
            Model::ProfileLongLevel => {
                let profile = Profile {
                    period: self.three_long()?,
                    learnt: LONG_LEARNT,
                    robust: true,
                    around: 0,
                };
                Some(self.profile(&profile, LEVEL_LONG, horizon))
            }
            Model::UsualShort => Some(usual_short(values, self.short?, horizon)),
            Model::UsualLong => usual_long(values, (self.short?, self.long_once?), horizon),
            Model::UsualDay => self.weekends?.usual_day(values, horizon),
            Model::DoubleShort => told(fitted.double_short?.forecast(values, horizon)),
            Model::DoubleLong => told(fitted.double_long?.forecast(values, horizon)),
            Model::Waves => waves(values, &self.periods(), horizon),
            Model::Lags => fitted.lags.as_ref()?.forecast(values, horizon),
            Model::Sawtooth => Some(Teeth::learn(values)?.forecast(horizon)),
        }
    }

    fn periods(&self) -> Vec<usize> {
        self.short.into_iter().chain(self.long).collect()
    }

    /// The long season where three of them were seen: two are hardly a habit.
    fn three_long(&self) -> Option<usize> {
        self.long.filter(|long| self.values.len() >= 3 * long)
    }

    /// What is left without habits; both fall back to the short one where the long is not known.
    fn rest(&self, habits: Habits) -> Option<&[f64]> {
        match habits {
            Habits::None => Some(self.values),
            _ => self.without(habits).map(|rest| rest.values.as_slice()),
        }
    }

    fn without(&self, habits: Habits) -> Option<&Rest> {
        match habits {
            Habits::None => None,
            Habits::Short => self.without_short.as_ref(),
            Habits::Both => self.without_both.as_ref().or(self.without_short.as_ref()),
        }
    }

    /// The newest short season, or the last quarter where none is known.
    fn newest<'v>(&self, values: &'v [f64]) -> &'v [f64] {
        let count = self.short.unwrap_or(values.len() / 4).clamp(1, values.len());
        &values[values.len() - count..]
    }

    /// On from the last value, at the pace since so many values before it.
    fn drift(&self, back: usize, horizon: usize) -> Option<Vec<f64>> {
        let (last, first) =
            (self.values.last()?, self.values.get(self.values.len().checked_sub(back + 1)?)?);
        Some(climb(*last, (last - first) / back.max(1) as f64, horizon))
    }

    fn smooth(&self) -> f64 {
        let weight = self.short.map_or(SMOOTH, |short| (SMOOTH * 24.0 / short as f64).min(0.5));
        self.values.iter().fold(self.values[0], |level, value| level + weight * (value - level))
    }

    /// A season's profile, moved by a share of the distance to the newest short season.
    fn profile(&self, profile: &Profile, moved: f64, horizon: usize) -> Vec<f64> {
        let values = self.values;
        let count = values.len();
        let offsets = profile.learn(values);
        let newest = self.newest(values).len();
        let distances: Vec<f64> =
            (count - newest..count).map(|at| values[at] - offsets[at % profile.period]).collect();
        let shift = if moved > 0.0 { moved * median(&distances) } else { 0.0 };
        (count..count + horizon).map(|at| offsets[at % profile.period] + shift).collect()
    }

    fn habit_and(
        &self,
        habits: Habits,
        horizon: usize,
        continue_rest: impl FnOnce(&[f64]) -> Option<Vec<f64>>,
    ) -> Option<Vec<f64>> {
        let mut ahead = continue_rest(self.rest(habits)?)?;
        if ahead.len() < horizon {
            return None;
        }
        for season in self.without(habits).iter().flat_map(|rest| &rest.seasons) {
            season.restore(&mut ahead, self.values.len());
        }
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

fn told(ahead: Vec<f64>) -> Option<Vec<f64>> {
    (!ahead.is_empty()).then_some(ahead)
}

#[cfg(test)]
mod tests {
    use super::super::{FLOW, STOCK};
    use super::*;

    fn run(values: &[f64], periods: &[usize], model: Model, horizon: usize) -> Option<Vec<f64>> {
        let study = Study::new(values, periods, None);
        let mut fitted = Fitted::default();
        study.fit(&mut fitted, std::iter::once(model));
        study.run(model, &fitted, horizon)
    }

    #[test]
    fn every_member_continues_a_habit_on_a_slope_or_is_silent() {
        let values: Vec<f64> = (0..96).map(|x| 0.5 * f64::from(x) + f64::from(x % 8)).collect();
        let mut told = 0;
        for member in FLOW.iter().chain(&STOCK) {
            let Some(ahead) = run(&values, &[8, 24], member.model, 30) else { continue };
            assert!(ahead.len() == 30 && ahead.iter().all(|value| value.is_finite()), "{member:?}");
            told += 1;
        }
        assert!(told > 30, "only {told} told");
    }

    #[test]
    fn the_daily_habit_with_its_trend_continues_both() {
        let value = |x: i32| 0.5 * f64::from(x) + f64::from(x % 8);
        let values: Vec<f64> = (0..96).map(value).collect();
        let ahead = run(&values, &[8], Model::Trend(Habits::Short), 16).unwrap();
        for (step, told) in (0..).zip(&ahead) {
            assert!((told - value(96 + step)).abs() < 0.5, "{step}: {told}");
        }
    }

    #[test]
    fn a_recent_trend_knows_only_the_last_quarter() {
        let values: Vec<f64> = (0..80).map(|x| f64::from((x - 50).max(0))).collect();
        let ahead = run(&values, &[], Model::TrendRecent, 10).unwrap();
        assert!((ahead[9] - 39.0).abs() < 1e-9);
    }

    #[test]
    fn habits_that_were_never_seen_are_silent() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        for model in [
            Model::ProfileShort,
            Model::Trend(Habits::Both),
            Model::Holt(Habits::Short),
            Model::NaiveLong,
            Model::DoubleShort,
            Model::Waves,
            Model::Sawtooth,
        ] {
            assert_eq!(run(&values, &[], model, 5), None, "{model:?}");
        }
    }

    #[test]
    fn a_profile_keeps_its_phase_when_the_past_is_no_whole_number_of_seasons() {
        let values: Vec<f64> = (0..61).map(|x| f64::from(x % 8)).collect();
        let ahead = run(&values, &[8], Model::ProfileShort, 10).unwrap();
        for (step, told) in (61..).zip(&ahead) {
            assert!((told - f64::from(step % 8)).abs() < 1e-9);
        }
    }
}
