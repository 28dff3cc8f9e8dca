//! When a line is reached: many possible futures, each the forecast bent by a whole error of the recorded past.

use model::{DateRange, HistoryNeed, Nature, Outlook, Time};
use stats::{Chance, mean};

use crate::{
    forecast::Projection,
    history::{History, times},
    spread::error_at,
};

/// How many futures are run. With 400, the 5 % quantile of dates rests on 20 of them.
const PATHS: usize = 400;
/// Before there is a day of history, a date is said only if nearly all futures agree.
const CERTAIN: f64 = 0.95;
/// Reached by fewer than this share: it is as good as ruled out.
const UNLIKELY: f64 = 0.05;
/// A rise over the whole horizon below this share of the room left counts as level.
const LEVEL_SHARE: f64 = 0.02;
/// When a line is reached, as a range of dates that holds with the forecast's confidence.
///
/// `Expected` where at least half of the possible futures reach the line within the horizon; `NotBefore` gives the
/// date before which it is not reached with that confidence, at most the end of the horizon; `NotFilling` where next
/// to none reaches it and the middle does not rise. With less than a day of history only a stock that all but surely
/// reaches its line within the next hours gets a date; all else is `TooLittleHistory`.
pub fn outlook(
    history: History<'_>,
    projection: &Result<Projection, HistoryNeed>,
    line: f64,
    now: Time,
) -> Outlook {
    let last = history.last_value(now);
    if last.is_some_and(|value| value >= line) {
        return Outlook::Now;
    }
    let projection = match projection {
        Ok(projection) => projection,
        Err(need) => return Outlook::TooLittleHistory(*need),
    };
    let crossings = projection.crossings(line);
    let reached = crossings.iter().filter(|crossing| crossing.is_some()).count() as f64;
    let reached = reached / crossings.len() as f64;
    let range = projection.range(&crossings, now);
    if let Some(need) = projection.need {
        return match range {
            Some(range) if projection.nature == Nature::Stock && reached >= CERTAIN => {
                Outlook::Expected(range)
            }
            _ => Outlook::TooLittleHistory(need),
        };
    }
    match range {
        Some(range) if range.likely.is_some() => Outlook::Expected(range),
        _ if reached < UNLIKELY && !projection.rises(line) => Outlook::NotFilling,
        Some(range) => Outlook::NotBefore(range.earliest),
        None => Outlook::NotBefore(projection.horizon_end().max(now)),
    }
}

impl Projection {
    /// When the horizon ends.
    pub fn horizon_end(&self) -> Time {
        self.forecast.points.last().map_or(self.forecast.from, |point| point.at)
    }

    /// For each future the step at which it first reaches the line.
    fn crossings(&self, line: f64) -> Vec<Option<usize>> {
        let mut bends = self.bends();
        if bends.is_empty() {
            bends.push(vec![0.0; self.contest.middle.len()]);
        }
        let mut chance = Chance::new(self.seed);
        let mut crossings = Vec::with_capacity(PATHS);
        for bend in bends.iter().cycle().take(PATHS) {
            let size = self.size(&mut chance);
            let mut steps = self.contest.middle.iter().zip(bend).enumerate();
            crossings.push(steps.position(|(step, (middle, error))| {
                (middle + size * error).min(self.ceiling(step)) >= line
            }));
        }
        crossings.sort_by_key(|crossing| crossing.unwrap_or(usize::MAX));
        crossings
    }

    /// What no future exceeds at a step. A stock that is cleared again and again, or stands still, is not expected to
    /// pile up higher than it ever did, but for the pace at which its peaks rise; all else is free.
    fn ceiling(&self, step: usize) -> f64 {
        if self.nature == Nature::Flow || self.spread.of_rate {
            return f64::INFINITY;
        }
        let (highest, pace) = self.peaks;
        highest + pace * (step + 1) as f64
    }

    /// How strongly, and in which direction, a recorded error bends one future.
    ///
    /// Errors that grow along a trial are errors of the rate: a handful of trials has too few signs to tell their
    /// direction, so it is drawn, normally spread. Errors that do not grow are ups and downs, of which each trial
    /// holds many, and clearings go one way: there the sign stays.
    fn size(&self, chance: &mut Chance) -> f64 {
        match self.nature {
            _ if self.spread.of_rate => self.spread.path * chance.normal(),
            Nature::Stock => 0.6 + 0.8 * chance.share(),
            Nature::Flow => self.spread.path * (0.5 + chance.share()),
        }
    }

    /// The errors that bend futures, over the whole horizon: a stock's as they are, a flow's averaged over a day (a
    /// quarter of a trial where no day is known). A burst that comes and goes is the business of thresholds; here the
    /// question is whether the habit grows up to the line.
    fn bends(&self) -> Vec<Vec<f64>> {
        let horizon = self.contest.middle.len();
        let bend = |errors: &Vec<f64>| {
            let smooth = match self.nature {
                Nature::Stock => errors.clone(),
                Nature::Flow => running_mean(errors, self.wrap),
            };
            (0..horizon)
                .map(|step| error_at(&smooth, step, self.wrap, self.spread.growth))
                .collect()
        };
        self.contest.errors.iter().map(bend).collect()
    }

    /// The dates between which the line is reached with the forecast's confidence; sorted crossings in.
    fn range(&self, crossings: &[Option<usize>], now: Time) -> Option<DateRange> {
        let tail = f64::midpoint(1.0, -self.forecast.confidence.value());
        let step = |share: f64| -> Option<usize> {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of the count of paths"
            )]
            let index = (share * crossings.len() as f64) as usize;
            *crossings.get(index.min(crossings.len().saturating_sub(1)))?
        };
        let date = |steps: usize| (self.forecast.from + times(self.forecast.step, steps)).max(now);
        // A step tells what came since the one before: the line may have been reached at any moment of it.
        Some(DateRange {
            earliest: date(step(tail)?),
            likely: step(0.5).map(|step| date(step + 1)),
            latest: step(1.0 - tail).map(|step| date(step + 1)),
        })
    }

    /// Whether the middle climbs by the end of the horizon, measured against the room that is left.
    fn rises(&self, line: f64) -> bool {
        let middle = &self.contest.middle;
        let newest = middle.len() - (middle.len() / 4).clamp(1, middle.len());
        let later = stats::median(&middle[newest..]);
        later - self.level > LEVEL_SHARE * (line - self.level).abs()
    }
}

/// The mean of each value and those around it, `wide` in all; fewer at the ends.
fn running_mean(values: &[f64], wide: usize) -> Vec<f64> {
    (0..values.len())
        .map(|index| {
            let first = index.saturating_sub(wide / 2);
            let end = (first + wide.max(1)).min(values.len());
            mean(&values[end.saturating_sub(wide.max(1))..end])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_mean_takes_fewer_at_the_ends_but_never_none() {
        assert_eq!(running_mean(&[1.0, 2.0, 3.0, 4.0], 1), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(running_mean(&[6.0, 6.0, 6.0], 9), [6.0; 3]);
        assert!(running_mean(&[], 3).is_empty());
    }

    #[test]
    fn what_has_no_past_but_stands_above_its_line_has_reached_it() {
        let history = History { times: &[1_000], values: &[95.0] };
        let need = HistoryNeed {
            have: model::Span::ZERO,
            need: model::Span::days(1),
            ready_at: Time(86_400_000),
        };
        assert_eq!(outlook(history, &Err(need), 90.0, Time(2_000)), Outlook::Now);
        let below = outlook(history, &Err(need), 96.0, Time(2_000));
        assert_eq!(below, Outlook::TooLittleHistory(need));
    }
}
