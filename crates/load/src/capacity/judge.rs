//! One step, second by second: whether an objective surely holds, surely does not, or cannot be told yet.
//!
//! What is looked at is the share of requests beyond the objective. Seconds are no independent draws, so they are put
//! together into some twenty batches whose means nearly are (batch means, Law and Carson 1979).

use crate::{
    plan::{Measure, Threshold},
    record::Interval,
};

/// Seconds at the beginning that do not count: connections are made, caches and queues fill.
pub(super) const WARM_UP: usize = 3;
/// No verdict before so many seconds that count.
const SECONDS_MIN: usize = 8;
/// Unless it is beyond all doubt: then so few are enough.
const SECONDS_CLEAR: usize = 4;
/// Beyond all doubt is what would still be sure if it could be trusted half as far.
const CLEAR: f64 = 2.0;
/// Batches that seconds are put together into.
const BATCHES: usize = 20;
/// How often a verdict of one second may be wrong, on either side. A step asks up to sixty times and a search has
/// some ten steps; looks at one step hang together, so that a wrong one costs about a twentieth of all searches less.
const WRONG: f64 = 0.004;
/// Times the requests that are on their way while the objective holds: more means that they pile up.
const PILE: f64 = 4.0;
/// Below this many on their way nothing piles up.
const PILE_MIN: f64 = 20.0;
/// Seconds in a row in which ever more are on their way.
const PILE_SECONDS: usize = 5;
/// How long a response may take by an objective that says nothing of it, for what piles up.
const PATIENCE_SECONDS: f64 = 1.0;

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// As it was written.
    pub text: String,
    /// Requests that take longer are beyond it; requests that fail, if not said.
    pub longest_ns: Option<f64>,
    /// The share of requests that may be beyond it.
    pub allowed: f64,
}

/// A rule that a search cannot go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no objective for a search; write `response p95 < 300ms` or `errors < 1%`, without steps and windows"
)]
pub struct ObjectiveError(String);

impl Objective {
    /// The objective that a rule states.
    pub fn of(rule: &Threshold) -> Result<Self, ObjectiveError> {
        use crate::plan::Comparison::{AtMost, Below};
        let wrong = || ObjectiveError(rule.text.clone());
        let is_plain = rule.step.is_none() && rule.window.is_none();
        if !is_plain || !matches!(rule.comparison, Below | AtMost) {
            return Err(wrong());
        }
        let (longest_ns, allowed) = match rule.measure {
            Measure::Response(q) => (Some(rule.bound * 1e9), 1.0 - q),
            Measure::Errors => (None, rule.bound),
            Measure::Service(_) | Measure::Throughput => return Err(wrong()),
        };
        if !(0.0..1.0).contains(&allowed) {
            return Err(wrong());
        }
        Ok(Self { text: rule.text.clone(), longest_ns, allowed })
    }

    /// How many requests of a second are beyond it. A bucket that the bound cuts is cut in a straight line.
    fn beyond(&self, interval: &Interval) -> f64 {
        let Some(longest) = self.longest_ns else { return interval.failed as f64 };
        let beyond = interval.response.buckets().map(|bucket| {
            let (from, to) = (bucket.from as f64, bucket.to as f64 + 1.0);
            bucket.count as f64 * ((to - longest) / (to - from)).clamp(0.0, 1.0)
        });
        beyond.sum()
    }
}

/// What is known of an objective after some seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    /// The share of requests beyond it.
    pub(super) beyond: f64,
    /// How far that can be trusted: its standard error.
    pub(super) error: f64,
    /// Batches less one.
    pub(super) freedom: f64,
    pub(super) requests: f64,
}

/// What is thought of a step so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sure {
    Holds,
    /// The objective at this place is broken.
    Broken(usize),
    PilesUp,
    No,
}

/// The seconds of one step.
#[derive(Debug)]
pub(super) struct Judge<'o> {
    objectives: &'o [Objective],
    rate: f64,
    seen: usize,
    /// Of each second that counts: requests that ended, and how many were beyond each objective.
    seconds: Vec<(f64, Vec<f64>)>,
    in_flight: Vec<u64>,
    /// All seconds that count together.
    pub(super) all: Interval,
}

impl<'o> Judge<'o> {
    pub(super) fn new(objectives: &'o [Objective], rate: f64) -> Self {
        let all = Interval::default();
        Self { objectives, rate, seen: 0, seconds: Vec::new(), in_flight: Vec::new(), all }
    }

    /// Takes in a second; answers what is sure by now.
    pub(super) fn take(&mut self, interval: &Interval) -> Sure {
        self.seen += 1;
        self.in_flight.push(interval.in_flight);
        if self.piles_up() {
            return Sure::PilesUp;
        }
        if self.seen <= WARM_UP {
            return Sure::No;
        }
        let beyond = self.objectives.iter().map(|objective| objective.beyond(interval)).collect();
        self.seconds.push((interval.ended() as f64, beyond));
        self.all.join(interval);
        match self.seconds.len() {
            ..SECONDS_CLEAR => Sure::No,
            SECONDS_CLEAR..SECONDS_MIN => self.sure(CLEAR),
            _ => self.sure(1.0),
        }
    }

    /// Whether every objective holds beyond all doubt.
    pub(super) fn holds_clearly(&self) -> bool {
        self.sure(CLEAR) == Sure::Holds
    }

    pub(super) fn seconds(&self) -> usize {
        self.seconds.len()
    }

    /// What is sure if every share is off by so many times what it can be trusted.
    fn sure(&self, times: f64) -> Sure {
        let mut all_hold = true;
        for (place, objective) in self.objectives.iter().enumerate() {
            let Some(share) = self.share(place) else { return Sure::No };
            let away = times * super::line::distance(WRONG, share.freedom) * share.error;
            if share.beyond - away > objective.allowed {
                return Sure::Broken(place);
            }
            all_hold &= share.beyond + away < objective.allowed;
        }
        if all_hold { Sure::Holds } else { Sure::No }
    }

    /// After the last second: what is beyond an objective of failures counts as it is, since few failures are never
    /// sure; times must be sure.
    pub(super) fn at_the_end(&self) -> Sure {
        let mut closest = Sure::Holds;
        for (place, objective) in self.objectives.iter().enumerate() {
            let Some(share) = self.share(place) else { return Sure::No };
            let away = super::line::distance(WRONG, share.freedom) * share.error;
            if objective.longest_ns.is_none() {
                if share.beyond > objective.allowed {
                    return Sure::Broken(place);
                }
            } else if share.beyond - away > objective.allowed {
                return Sure::Broken(place);
            } else if share.beyond + away >= objective.allowed {
                closest = Sure::No;
            }
        }
        closest
    }

    /// The objective that is nearest to its bound, or farthest beyond it.
    pub(super) fn tightest(&self) -> usize {
        let strain = |place: &usize| {
            let allowed = self.objectives[*place].allowed.max(1e-9);
            self.share(*place).map_or(0.0, |share| share.beyond / allowed)
        };
        let places = 0..self.objectives.len();
        places.max_by(|a, b| strain(a).total_cmp(&strain(b))).unwrap_or(0)
    }

    /// Whether any objective is as near to its bound as its share can be trusted, or beyond it.
    pub(super) fn is_close(&self) -> bool {
        self.objectives.iter().enumerate().any(|(place, objective)| {
            self.share(place).is_none_or(|own| own.beyond + own.error >= objective.allowed)
        })
    }

    /// The share beyond an objective, by batches.
    pub(super) fn share(&self, place: usize) -> Option<Share> {
        let size = self.seconds.len().div_ceil(BATCHES).max(1);
        let batches: Vec<(f64, f64)> = self
            .seconds
            .rchunks_exact(size)
            .map(|seconds| {
                let ended = seconds.iter().map(|second| second.0).sum::<f64>();
                (ended, seconds.iter().filter_map(|second| second.1.get(place)).sum::<f64>())
            })
            .collect();
        let requests = batches.iter().map(|batch| batch.0).sum::<f64>();
        if batches.len() < 2 || requests <= 0.0 {
            return None;
        }
        let share = batches.iter().map(|batch| batch.1).sum::<f64>() / requests;
        let count = batches.len() as f64;
        let squares = batches.iter().map(|(ended, beyond)| (beyond - share * ended).powi(2));
        let error = (squares.sum::<f64>() * count / (count - 1.0)).sqrt() / requests;
        // Were requests independent, it could not be less; none beyond at all is no certainty.
        let allowed = self.objectives.get(place)?.allowed;
        let least = (allowed * (1.0 - allowed) / requests).sqrt().max(0.5 / requests);
        Some(Share { beyond: share, error: error.max(least), freedom: count - 1.0, requests })
    }

    /// More are on their way than could be if the objective held, and ever more. By Little's law, requests on their way
    /// are those of a second times how long they take.
    fn piles_up(&self) -> bool {
        let longest = self.objectives.iter().filter_map(|objective| objective.longest_ns);
        let patience = longest.map(|nanos| nanos / 1e9).fold(f64::NAN, f64::min);
        let patience = if patience.is_nan() { PATIENCE_SECONDS } else { patience };
        let most = (PILE * self.rate * patience).max(PILE_MIN);
        let last = self.in_flight.iter().rev().take(PILE_SECONDS);
        let last: Vec<u64> = last.copied().collect();
        last.len() == PILE_SECONDS
            && last.windows(2).all(|pair| pair[0] > pair[1])
            && last.first().is_some_and(|now| *now as f64 > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many seconds, warming up included, something is sure, and what.
    fn sure_after(seconds: impl Iterator<Item = (u64, u64)>) -> Option<(usize, Sure)> {
        let text = "response p95 < 50ms";
        let objectives = [Objective::of(&text.parse().unwrap()).unwrap()];
        let mut judge = Judge::new(&objectives, 1_000.0);
        let judged = seconds.map(|(quick, slow)| {
            let mut interval = Interval { good: quick + slow, ..Interval::default() };
            (0..quick).for_each(|_| interval.response.record(5_000_000));
            (0..slow).for_each(|_| interval.response.record(90_000_000));
            judge.take(&interval)
        });
        (1..=WARM_UP + 60).zip(judged).find(|(_, sure)| *sure != Sure::No)
    }

    #[test]
    fn four_seconds_are_enough_beyond_all_doubt_and_eight_otherwise() {
        let always = |second| std::iter::repeat(second);
        assert_eq!(sure_after(always((2_000, 0))), Some((WARM_UP + 4, Sure::Holds)));
        assert_eq!(sure_after(always((0, 2_000))), Some((WARM_UP + 4, Sure::Broken(0))));
        assert_eq!(sure_after(always((150, 0))), Some((WARM_UP + 8, Sure::Holds)));
        let few = sure_after(always((20, 0)));
        assert!(few.is_some_and(|(seconds, _)| seconds > WARM_UP + 8), "{few:?}");
    }

    #[test]
    fn a_second_in_which_nobody_was_quick_breaks_nothing_by_itself() {
        let pause = |at| move |second| if second == at { (0, 2_000) } else { (2_000, 0) };
        for at in [WARM_UP, WARM_UP + 2] {
            let told = sure_after((0..8 + WARM_UP).map(pause(at)));
            assert!(!matches!(told, Some((_, Sure::Broken(_)))), "{told:?}");
        }
    }
}
