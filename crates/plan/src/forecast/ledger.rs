//! The ledger: what was told, scored when its time has come.

use model::{Nature, Span, Time};
use stats::{mean, median};

use super::{Projection, history::History};

/// How far ahead what is told is written down.
pub const LEADS: [Span; 2] = [Span::days(1), Span::days(7)];
/// What is told and what came are compared over this long.
const OVER: Span = Span::hours(1);
const DAY: Span = Span::days(1);

/// What was told, at one moment, of the hour that ends some lead later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// When it was told.
    pub at: Time,
    /// The lower end of the interval.
    pub low: f64,
    /// The middle.
    pub mid: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// How forecasts of one lead have fared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// How many forecasts have had their time.
    pub scored: usize,
    /// Their mean absolute error, in the series' unit.
    pub error: f64,
    /// The same of "as the day before" for what comes and goes, of "as it stood" for what piles up.
    pub error_naive: f64,
    /// The share of them whose interval held, from 0 to 1.
    pub covered: f64,
    /// The greatest error.
    pub worst: f64,
}

/// The dates told for a line at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatesTold {
    /// When they were told.
    pub at: Time,
    /// The earliest.
    pub earliest: Time,
    /// As likely before as after, where it was told.
    pub likely: Option<Time>,
    /// The latest, where it was told.
    pub latest: Option<Time>,
}

/// How dates have fared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DatesScore {
    /// How many were told of a line that was then reached.
    pub scored: usize,
    /// The median distance of the likely date from the true one, as a share of the time that was left; nothing where
    /// no likely date was told.
    pub error: Option<f64>,
    /// The share of them whose range held, from 0 to 1.
    pub covered: f64,
}

impl Projection {
    /// What is told of the hour that ends `lead` after `now`; nothing where the forecast does not reach so far, or not
    /// by the hour.
    pub fn told(&self, lead: Span, now: Time) -> Option<Told> {
        let rung = self.near.as_ref().unwrap_or(&self.shown);
        if rung.step > OVER {
            return None;
        }
        let until = now + lead;
        let points = rung.points(self.forecast.confidence, self.bounds);
        // The forecast goes on from the last sample, which is a little before now.
        let within: Vec<_> =
            points.iter().filter(|point| point.at > until - OVER && point.at <= until).collect();
        let newest = **within.last()?;
        let over = |take: fn(&model::ForecastPoint) -> f64| match rung.nature {
            Nature::Stock => take(&newest),
            Nature::Flow => mean(&within.iter().map(|point| take(point)).collect::<Vec<_>>()),
        };
        Some(Told {
            at: now,
            low: over(|point| point.low),
            mid: over(|point| point.mid),
            high: over(|point| point.high),
        })
    }
}

/// Scores what was told `lead` ahead by what came; nothing where none of it has had its time, or was seen.
pub fn score(told: &[Told], lead: Span, came: History<'_>, nature: Nature) -> Option<Score> {
    let (mut errors, mut errors_naive, mut covered) = (Vec::new(), Vec::new(), 0_usize);
    let days = lead.0 / DAY.0 + i64::from(lead.0 % DAY.0 > 0);
    for one in told {
        let due = one.at + lead;
        let before = match nature {
            Nature::Flow => due - Span(days.saturating_mul(DAY.0)),
            Nature::Stock => one.at,
        };
        let Some(seen) = over_hour(came, due, nature) else { continue };
        errors.push((seen - one.mid).abs());
        covered += usize::from(one.low <= seen && seen <= one.high);
        errors_naive.extend(over_hour(came, before, nature).map(|before| (seen - before).abs()));
    }
    (!errors.is_empty()).then(|| Score {
        scored: errors.len(),
        error: mean(&errors),
        error_naive: mean(&errors_naive),
        covered: covered as f64 / errors.len() as f64,
        worst: errors.iter().copied().fold(0.0, f64::max),
    })
}

/// Scores the dates that were told while the line lay ahead. `reached` are the moments it was reached, from below, in
/// order. Nothing where none were told of a line that was reached.
pub fn score_dates(told: &[DatesTold], reached: &[Time]) -> Option<DatesScore> {
    let (mut errors, mut scored, mut covered) = (Vec::new(), 0_usize, 0_usize);
    for one in told {
        let Some(truth) = reached.iter().find(|moment| **moment > one.at) else { continue };
        scored += 1;
        covered +=
            usize::from(one.earliest <= *truth && one.latest.is_none_or(|latest| *truth <= latest));
        errors.extend(
            one.likely.map(|likely| {
                (likely.since(*truth).as_secs() / truth.since(one.at).as_secs()).abs()
            }),
        );
    }
    (scored > 0).then(|| DatesScore {
        scored,
        error: (!errors.is_empty()).then(|| median(&errors)),
        covered: covered as f64 / scored as f64,
    })
}

/// The moments at which a past comes to a line from below; gaps are passed over.
pub fn reached(past: History<'_>, line: f64) -> Vec<Time> {
    let mut moments = Vec::new();
    let mut below = false;
    for (time, value) in past.times.iter().zip(past.values) {
        if !value.is_finite() {
            continue;
        }
        if *value >= line && below {
            moments.push(Time(*time));
        }
        below = *value < line;
    }
    moments
}

/// What was seen in the hour that ends then: the mean of what comes and goes, the newest of what piles up.
fn over_hour(came: History<'_>, end: Time, nature: Nature) -> Option<f64> {
    let first = came.times.partition_point(|&time| time <= (end - OVER).0);
    let last = came.times.partition_point(|&time| time <= end.0);
    let seen: Vec<f64> =
        came.values.get(first..last)?.iter().copied().filter(|value| value.is_finite()).collect();
    match nature {
        Nature::Stock => seen.last().copied(),
        Nature::Flow => (!seen.is_empty()).then(|| mean(&seen)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(hours: i64) -> Time {
        Time(0) + Span::hours(hours)
    }

    #[test]
    fn what_was_told_is_scored_when_its_time_has_come_and_not_before() {
        let times: Vec<i64> = (0..48).map(|hour| hours(hour).0).collect();
        let values: Vec<f64> = (0..48).map(f64::from).collect();
        let came = History { times: &times, values: &values };
        let told = |at, mid| Told { at: hours(at), low: mid - 1.0, mid, high: mid + 1.0 };
        // 34 came, 30 was told; 35 came, 35 was told; the third has not had its time.
        let told = [told(10, 30.0), told(11, 35.0), told(40, 0.0)];
        let score = score(&told, Span::hours(24), came, Nature::Stock).unwrap();
        assert_eq!((score.scored, score.error, score.worst), (2, 2.0, 4.0));
        assert_eq!((score.covered, score.error_naive), (0.5, 24.0));
        let told = &told[2..];
        assert_eq!(super::score(told, Span::hours(24), came, Nature::Flow), None);
    }

    #[test]
    fn dates_are_scored_by_the_next_time_the_line_is_reached() {
        let times: Vec<i64> = (0..40).map(|hour| hours(hour).0).collect();
        let values: Vec<f64> = (0..40).map(|hour| f64::from(hour % 20)).collect();
        let crossed = reached(History { times: &times, values: &values }, 15.0);
        assert_eq!(crossed, [hours(15), hours(35)]);
        let told = |at, likely| DatesTold {
            at: hours(at),
            earliest: hours(likely - 1),
            likely: Some(hours(likely)),
            latest: Some(hours(likely + 1)),
        };
        let score = score_dates(&[told(5, 15), told(25, 40), told(36, 55)], &crossed).unwrap();
        assert_eq!((score.scored, score.covered, score.error), (2, 0.5, Some(0.25)));
        assert_eq!(score_dates(&[told(36, 55)], &crossed), None);
    }

    proptest! {
        #[test]
        fn any_past_is_scored_or_not(
            samples in prop::collection::vec((any::<i64>(), any::<f64>()), 0..40),
            told in prop::collection::vec((any::<i64>(), any::<f64>()), 0..10),
            line in any::<f64>(),
        ) {
            let (times, values): (Vec<i64>, Vec<f64>) = samples.into_iter().unzip();
            let came = History { times: &times, values: &values };
            let told: Vec<Told> = told.into_iter().map(|(at, mid)| Told { at: Time(at), low: mid, mid, high: mid }).collect();
            for nature in [Nature::Stock, Nature::Flow] {
                if let Some(score) = score(&told, Span::days(1), came, nature) {
                    prop_assert!((0.0..=1.0).contains(&score.covered) && score.scored <= told.len());
                }
            }
            reached(came, line);
        }
    }
}
