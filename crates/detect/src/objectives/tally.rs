//! Events by the minute and by the hour, with running sums, so that every window costs the same.

use std::collections::VecDeque;

use model::{Span, Time};

/// How long minutes are kept: as long as the longest window of an alert.
pub const MINUTES_KEPT: Span = Span::days(3);
/// How long hours are kept: thirteen months, so that a year can be compared with the one before.
pub const HOURS_KEPT: Span = Span::days(396);

const MINUTE: Span = Span::minutes(1);
const HOUR: Span = Span::hours(1);

/// Events, and how many of them were bad.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// All events.
    pub total: f64,
    /// Those that broke the promise.
    pub bad: f64,
}

impl Count {
    /// The share of bad events; nothing without events.
    pub fn bad_share(&self) -> Option<f64> {
        (self.total > 0.0).then(|| (self.bad / self.total).clamp(0.0, 1.0))
    }

    fn plus(self, other: Self) -> Self {
        Self { total: self.total + other.total, bad: self.bad + other.bad }
    }

    fn minus(self, other: Self) -> Self {
        Self { total: self.total - other.total, bad: self.bad - other.bad }
    }
}

/// The events of an objective.
///
/// Sums may be a little off in a single minute, where the counters of good events and of all events were read at
/// different moments; what is too much in one minute is too little in the next, and every window has it right.
#[derive(Clone, Debug)]
pub struct Tally {
    minutes: Sums,
    hours: Sums,
    since: Option<Time>,
    seen: Option<Time>,
    busy: Option<Time>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            minutes: Sums::new(MINUTE, MINUTES_KEPT),
            hours: Sums::new(HOUR, HOURS_KEPT),
            since: None,
            seen: None,
            busy: None,
        }
    }
}

impl Tally {
    /// Takes in the minute that ends at a moment. Minutes without data are left out.
    pub fn add_minute(&mut self, end: Time, count: Count) {
        self.minutes.add(self.minutes.slot(end), count);
        self.hours.add(self.hours.slot(end), count);
        self.note(end, MINUTE, count);
    }

    /// Sets the hour that ends at a moment, whatever was known of it.
    pub fn set_hour(&mut self, end: Time, count: Count) {
        let slot = self.hours.slot(end);
        let known = self.hours.between(slot, slot);
        self.hours.add(slot, count.minus(known));
        self.note(end, HOUR, count);
    }

    /// Takes in a minute of which the hour is known already.
    pub fn recall_minute(&mut self, end: Time, count: Count) {
        self.minutes.add(self.minutes.slot(end), count);
        self.note(end, MINUTE, count);
    }

    fn note(&mut self, end: Time, width: Span, count: Count) {
        let begin = end - width;
        self.since = Some(self.since.map_or(begin, |since| since.min(begin)));
        self.seen = self.seen.max(Some(end));
        if count.total > 0.0 {
            self.busy = self.busy.max(Some(end));
        }
    }

    /// When the first stretch with data began.
    pub fn since(&self) -> Option<Time> {
        self.since
    }

    /// When the last stretch with data ended.
    pub fn seen(&self) -> Option<Time> {
        self.seen
    }

    /// When the last stretch with events ended.
    pub fn busy(&self) -> Option<Time> {
        self.busy
    }

    /// The events of a minute alone.
    pub fn minute(&self, end: Time) -> Count {
        let slot = self.minutes.slot(end);
        self.minutes.between(slot, slot)
    }

    /// The events of an hour alone.
    pub fn hour(&self, end: Time) -> Count {
        let slot = self.hours.slot(end);
        self.hours.between(slot, slot)
    }

    /// The events of the time that ends at a moment. More than three days are counted by the hour: the hour in which
    /// they begin counts whole.
    pub fn last(&self, span: Span, end: Time) -> Count {
        self.between(end - span, end)
    }

    /// The events after one moment and up to another.
    pub fn between(&self, from: Time, to: Time) -> Count {
        if to <= from {
            return Count::default();
        }
        let by_minutes = !self.minutes.upto.is_empty()
            && self.minutes.slot(from) + 1 >= self.minutes.first_kept();
        let sums = if by_minutes { &self.minutes } else { &self.hours };
        let first = if by_minutes { sums.slot(from) + 1 } else { sums.slot(from + MINUTE) };
        let found = sums.between(first, sums.slot(to));
        Count { total: found.total.max(0.0), bad: found.bad.clamp(0.0, found.total.max(0.0)) }
    }
}

/// Counts of stretches of equal length, each with the sum of all up to it.
#[derive(Clone, Debug)]
struct Sums {
    step: i64,
    kept: usize,
    /// The number of the first stretch.
    first: i64,
    /// All that was before it.
    before: Count,
    upto: VecDeque<Count>,
}

impl Sums {
    fn new(step: Span, kept: Span) -> Self {
        let count = kept.as_millis() / step.as_millis();
        Self {
            step: step.as_millis(),
            kept: usize::try_from(count).unwrap_or(1),
            first: 0,
            before: Count::default(),
            upto: VecDeque::new(),
        }
    }

    /// The number of the stretch that a moment belongs to: the end of a stretch is its own.
    fn slot(&self, at: Time) -> i64 {
        at.millis().saturating_sub(1).div_euclid(self.step)
    }

    fn len(&self) -> i64 {
        i64::try_from(self.upto.len()).unwrap_or(i64::MAX)
    }

    fn kept(&self) -> i64 {
        i64::try_from(self.kept).unwrap_or(i64::MAX)
    }

    /// The first stretch that can be known.
    fn first_kept(&self) -> i64 {
        self.first + self.len() - self.kept()
    }

    /// All up to a stretch, itself included.
    fn all_upto(&self, slot: i64) -> Count {
        let Ok(at) = usize::try_from(slot - self.first) else { return self.before };
        let last = self.upto.back().copied().unwrap_or(self.before);
        self.upto.get(at).copied().unwrap_or(last)
    }

    fn between(&self, first: i64, last: i64) -> Count {
        if last < first {
            Count::default()
        } else {
            self.all_upto(last).minus(self.all_upto(first - 1))
        }
    }

    /// Adds to a stretch. One that is older than all that is kept changes nothing.
    fn add(&mut self, slot: i64, count: Count) {
        if self.upto.is_empty() {
            self.first = slot;
        }
        if slot < self.first_kept() {
            return;
        }
        if slot >= self.first + self.len() {
            self.reach(slot);
        }
        while slot < self.first {
            self.upto.push_front(self.before);
            self.first -= 1;
        }
        let from = usize::try_from(slot - self.first).unwrap_or(0);
        for sum in self.upto.iter_mut().skip(from) {
            *sum = sum.plus(count);
        }
    }

    /// Makes room up to a stretch, and lets go of what is too old then.
    fn reach(&mut self, slot: i64) {
        let last = self.upto.back().copied().unwrap_or(self.before);
        if slot - self.kept() >= self.first + self.len() {
            self.upto.clear();
            self.before = last;
            self.first = slot;
        }
        while self.first + self.len() <= slot {
            if self.upto.len() >= self.kept
                && let Some(oldest) = self.upto.pop_front()
            {
                self.before = oldest;
                self.first += 1;
            }
            self.upto.push_back(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn minute(at: i64) -> Time {
        Time::from_secs(at * 60)
    }

    fn count(total: u32, bad: u32) -> Count {
        Count { total: f64::from(total), bad: f64::from(bad) }
    }

    #[test]
    fn a_minute_belongs_to_the_hour_it_ends_in() {
        let mut tally = Tally::default();
        tally.add_minute(minute(60), count(1, 0));
        tally.add_minute(minute(61), count(2, 1));
        assert_eq!(tally.hour(minute(60)), count(1, 0));
        assert_eq!(tally.hour(minute(120)), count(2, 1));
        assert_eq!(tally.last(Span::minutes(1), minute(61)), count(2, 1));
        assert_eq!(tally.last(Span::minutes(2), minute(61)), count(3, 1));
    }

    #[test]
    fn what_was_read_too_late_in_one_minute_is_right_over_two() {
        let mut tally = Tally::default();
        tally.add_minute(minute(1), Count { total: 10.0, bad: 1.0 });
        tally.add_minute(minute(2), Count { total: 10.0, bad: -1.0 });
        assert_eq!(tally.last(Span::minutes(2), minute(2)), count(20, 0));
        assert_eq!(tally.last(Span::minutes(1), minute(2)), count(10, 0));
    }

    #[test]
    fn a_long_pause_leaves_only_what_is_kept() {
        let mut tally = Tally::default();
        tally.add_minute(minute(1), count(5, 5));
        let later = minute(1) + Span::days(500);
        tally.add_minute(later, count(1, 0));
        assert_eq!(tally.last(Span::days(390), later), count(1, 0));
        assert_eq!(tally.last(Span::days(2), later), count(1, 0));
        tally.set_hour(later - Span::days(450), count(9, 9));
        assert_eq!(tally.last(Span::days(396), later), count(1, 0));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Minute(i64, u32, u32),
        Hour(i64, u32, u32),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..9_000_i64, 0..1_000_u32, 0..50_u32).prop_map(|(at, total, bad)| Step::Minute(at, total, bad)),
            1 => (0..150_i64, 0..9_000_u32, 0..90_u32).prop_map(|(at, total, bad)| Step::Hour(at, total, bad)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn running_sums_are_what_counting_everything_gives(
            steps in prop::collection::vec(step(), 1..120),
            asked in prop::collection::vec((0..9_000_i64, 1..6_000_i64), 12),
        ) {
            let mut tally = Tally::default();
            let (mut minutes, mut hours) = (BTreeMap::new(), BTreeMap::new());
            let (mut newest, mut any) = (0, false);
            for step in steps {
                match step {
                    Step::Minute(at, total, bad) => {
                        newest = newest.max(at);
                        any = true;
                        tally.add_minute(minute(at), count(total, bad));
                        // What is older than three days when it comes is only counted by the hour.
                        if at > newest - 4_320 {
                            let own = minutes.entry(at).or_insert_with(Count::default);
                            *own = own.plus(count(total, bad));
                        }
                        let own = hours.entry((at - 1).div_euclid(60)).or_insert_with(Count::default);
                        *own = own.plus(count(total, bad));
                    }
                    Step::Hour(at, total, bad) => {
                        tally.set_hour(minute(at * 60), count(total, bad));
                        hours.insert(at - 1, count(total, bad));
                    }
                }
            }
            for (end, span) in asked {
                let found = tally.last(Span::minutes(span), minute(end));
                let counted = if any && end - span + 1 > newest - 4_320 {
                    sum(minutes.range(end - span + 1..=end))
                } else {
                    let first = (end - span).div_euclid(60);
                    sum(hours.range(first..=(end - 1).div_euclid(60)))
                };
                let bad = counted.bad.min(counted.total);
                prop_assert_eq!(found, Count { bad, ..counted }, "{} minutes up to {}", span, end);
            }
        }
    }

    fn sum<'a>(counts: impl Iterator<Item = (&'a i64, &'a Count)>) -> Count {
        counts.fold(Count::default(), |all, (_, own)| all.plus(*own))
    }
}
