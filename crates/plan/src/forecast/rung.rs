//! One rung of the ladder: a past at one step, the contest run on it, and the futures it makes possible.

use model::{ForecastPoint, Nature, Share, Span, Time};
use stats::{Chance, mean};

use super::{
    backtest::{Contest, contest},
    history::{Past, times},
    spread::{Spread, error_at},
};
use crate::zone::Zone;

/// How many futures are run. With 400, the 5 % quantile of dates rests on 20 of them.
pub(crate) const PATHS: usize = 400;

/// Within what the value stays, whatever models tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

impl Bounds {
    fn hold(self, value: f64) -> f64 {
        let value = self.lower.map_or(value, |bound| value.max(bound));
        self.upper.map_or(value, |bound| value.min(bound))
    }
}

/// A past at one step with its future.
#[derive(Clone, Debug)]
pub(crate) struct Rung {
    /// The moment at which the past ends.
    pub from: Time,
    /// What clocks show then, and by which clocks steps are counted.
    local: Time,
    zone: Zone,
    pub step: Span,
    pub contest: Contest,
    pub spread: Spread,
    pub nature: Nature,
    /// The highest the past has been, and how fast its peaks rise by the step.
    peaks: (f64, f64),
    /// How many steps of an error go on beyond a trial.
    wrap: usize,
    /// How many steps around one its interval is learnt from.
    wide: usize,
    /// Where the past ends.
    last: f64,
    /// The middle of the newest cells, as many as a quarter of the horizon.
    pub level: f64,
    /// The special days ahead that are told for themselves.
    pub special: Vec<String>,
}

/// Between which moments one future first reaches a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Crossing {
    pub ends: Time,
    pub begins: Time,
}

impl Rung {
    /// The past is laid by the clocks of a zone, and known at a moment of UTC.
    pub(crate) fn climb(past: &Past, horizon: Span, (zone, now): (&Zone, Time)) -> Self {
        let horizon = usize::try_from(horizon.0 / past.step.0).unwrap_or(1).max(1);
        let mut contest = contest(past, horizon);
        let grid = (past.end, past.step);
        let told = past.days.put_in((&past.clean, past.nature), &mut contest.middle, grid);
        let special: Vec<String> = told.iter().map(|day| day.name.clone()).collect();
        let spread = contest.spread(past);
        let short = past.periods.first().copied();
        let trial = contest.errors.first().map_or(1, Vec::len);
        let newest = past.clean.len() - (horizon / 4).clamp(1, past.clean.len());
        Self {
            // Before clocks are turned back they show what they will show once more.
            from: if zone.is_utc() { past.end } else { zone.utc(past.end).min(now) },
            local: past.end,
            zone: zone.clone(),
            step: past.step,
            nature: past.nature,
            peaks: past.peaks(),
            wrap: short.filter(|short| short * 2 <= trial).unwrap_or(trial / 4).max(1),
            wide: short.map_or(1, |short| short / 2),
            last: past.values.last().copied().unwrap_or(f64::NEG_INFINITY),
            level: stats::median(&past.clean[newest..]),
            special,
            contest,
            spread,
        }
    }

    /// The future step by step, with the interval that holds with this confidence.
    pub(crate) fn points(&self, confidence: Share, bounds: Bounds) -> Vec<ForecastPoint> {
        let band = self.contest.band(confidence.value(), self.spread, self.wide);
        let steps: Vec<(f64, (f64, f64))> = self.contest.middle.iter().copied().zip(band).collect();
        let points = (0..steps.len()).filter_map(|step| {
            // Points stand evenly, whatever clocks do: each has what is told of the time they show.
            let at = self.from + times(self.step, step + 1);
            let (middle, (low, high)) = *steps.get(self.step_at(at).unwrap_or(step))?;
            Some(ForecastPoint {
                at,
                low: bounds.hold(middle + low),
                mid: bounds.hold(middle),
                high: bounds.hold(middle + high),
            })
        });
        points.collect()
    }

    /// Which step tells of a moment; nothing where clocks show UTC.
    fn step_at(&self, at: Time) -> Option<usize> {
        if self.zone.is_utc() {
            return None;
        }
        let shown = self.zone.local(at).since(self.local).0.saturating_add(self.step.0 / 2);
        let step = usize::try_from(shown.div_euclid(self.step.0).saturating_sub(1)).unwrap_or(0);
        Some(step.min(self.contest.middle.len().saturating_sub(1)))
    }

    /// When a step ends.
    fn at(&self, step: usize) -> Time {
        self.zone.utc(self.local + times(self.step, step + 1)).max(self.from)
    }

    /// When the last step ends.
    pub(crate) fn end(&self) -> Time {
        self.zone.utc(self.local + times(self.step, self.contest.middle.len())).max(self.from)
    }

    /// For each future when it first reaches the line, the soonest first; nothing for those that do not.
    pub(crate) fn crossings(&self, line: &dyn Fn(Time) -> f64, seed: u64) -> Vec<Option<Crossing>> {
        let lines = self.lines(line);
        let mut bends = self.bends();
        if bends.is_empty() {
            bends.push(vec![0.0; self.contest.middle.len()]);
        }
        let mut chance = Chance::new(seed);
        let mut crossings = Vec::with_capacity(PATHS);
        for bend in bends.iter().cycle().take(PATHS) {
            let size = self.size(&mut chance);
            let mut steps = self.contest.middle.iter().zip(bend).enumerate();
            let first = steps.position(|(step, (middle, error))| {
                (middle + size * error).min(self.ceiling(step)) >= lines[step]
            });
            crossings.push(first.map(|step| self.crossing(step)));
        }
        crossings.sort_by_key(|crossing| crossing.map_or(Time::MAX, |crossing| crossing.ends));
        crossings
    }

    /// When the forecast itself first reaches the line, where its errors are those of a rate: at the pace of the step in
    /// which it does, so that a coarse step does not put it off.
    pub(crate) fn middle_crossing(&self, line: &dyn Fn(Time) -> f64) -> Option<Time> {
        if !self.spread.of_rate || self.nature != Nature::Stock {
            return None;
        }
        let (middle, lines) = (&self.contest.middle, self.lines(line));
        let step = middle.iter().zip(&lines).position(|(middle, line)| middle >= line)?;
        let before = step.checked_sub(1).map_or(self.last, |before| middle[before]);
        let climbed = middle[step] - before;
        let way =
            if climbed > 0.0 { ((lines[step] - before) / climbed).clamp(0.0, 1.0) } else { 1.0 };
        let Crossing { begins, ends } = self.crossing(step);
        #[expect(clippy::cast_possible_truncation, reason = "a part of a span")]
        Some(begins + Span((way * ends.since(begins).0 as f64) as i64))
    }

    /// Where the line lies at each step.
    fn lines(&self, line: &dyn Fn(Time) -> f64) -> Vec<f64> {
        (0..self.contest.middle.len()).map(|step| line(self.at(step))).collect()
    }

    /// A step tells what came since the one before: the line may have been reached at any moment of it.
    fn crossing(&self, step: usize) -> Crossing {
        let begins = step.checked_sub(1).map_or(self.from, |before| self.at(before));
        Crossing { begins, ends: self.at(step) }
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
}
