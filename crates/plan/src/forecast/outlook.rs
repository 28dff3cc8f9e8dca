//! When a line is reached, in one of a few answers: on these dates, not before, not at all, too little to say.

use model::{HistoryNeed, Nature, Outlook, Time};

use super::{
    Projection,
    history::History,
    reach::{Reach, joined},
};

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
    let reach = projection.reach(line, now);
    let reached = reach.chance();
    let range = reach.dates(projection.confidence);
    if let Some(need) = projection.need {
        return match range {
            Some(range) if projection.shown.nature == Nature::Stock && reached >= CERTAIN => {
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
        self.points.last().map_or(self.from, |point| point.at)
    }

    /// When a line is reached, as many possible futures have it, each the forecast bent by a whole recorded error.
    ///
    /// What lies nearer than two weeks is told by the finer rung, the rest by the coarser one.
    pub fn reach(&self, line: f64, now: Time) -> Reach {
        self.reach_moving(&|_| line, now)
    }

    /// The same of a line that lies elsewhere at another time.
    pub(crate) fn reach_moving(&self, line: &dyn Fn(Time) -> f64, now: Time) -> Reach {
        if self.last >= line(now) {
            return Reach::already(now);
        }
        let mut crossings = self.shown.crossings(line, self.seed);
        let mut middle = self.shown.middle_crossing(line);
        if let Some(near) = &self.near {
            crossings = joined(&near.crossings(line, self.seed), &crossings, near.end());
            let later = |far: Time| far.max(near.end());
            middle = near.middle_crossing(line).or_else(|| middle.map(later));
        }
        Reach::new(crossings, now, self.shown.end()).with_middle(middle)
    }

    /// Whether the middle climbs by the end of the horizon, measured against the room that is left.
    fn rises(&self, line: f64) -> bool {
        let middle = &self.shown.contest.middle;
        let newest = middle.len() - (middle.len() / 4).clamp(1, middle.len());
        let later = stats::median(&middle[newest..]);
        later - self.shown.level > LEVEL_SHARE * (line - self.shown.level).abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
