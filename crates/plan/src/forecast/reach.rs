//! When a line is reached, as many possible futures have it: how likely by when, and between which dates.

use model::{DateRange, Share, Time};

use super::rung::Crossing;

/// When a line is reached: the futures that reach it, counted over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// The soonest first; nothing for a future that does not reach it.
    crossings: Vec<Option<Crossing>>,
    /// When the forecast itself reaches it.
    middle: Option<Time>,
    now: Time,
    end: Time,
}

impl Reach {
    pub(crate) fn new(crossings: Vec<Option<Crossing>>, now: Time, end: Time) -> Self {
        Self { crossings, middle: None, now, end: end.max(now) }
    }

    /// The likely date is the forecast's own, where it has one: of futures that wander, the first crossing comes a
    /// little sooner than that of their middle.
    pub(crate) fn with_middle(self, middle: Option<Time>) -> Self {
        Self { middle, ..self }
    }

    /// Reached already, in every future.
    pub(crate) fn already(now: Time) -> Self {
        let crossing = Some(Crossing { begins: now, ends: now });
        Self { crossings: vec![crossing], middle: None, now, end: now }
    }

    /// All futures of several, each as likely as another: what is reached if nobody knows which of the lines it is.
    pub(crate) fn mixed(parts: &[Self], now: Time) -> Self {
        let mut crossings: Vec<_> =
            parts.iter().flat_map(|part| part.crossings.iter().copied()).collect();
        crossings.sort_by_key(|crossing| crossing.map_or(Time::MAX, |crossing| crossing.ends));
        // What is reached already has no futures to go by; it ends now.
        let end = parts.iter().map(|part| part.end).max().unwrap_or(now);
        Self::new(crossings, now, end)
    }

    /// How far the futures go.
    pub fn end(&self) -> Time {
        self.end
    }

    /// The share of futures that have reached it by then, from 0 to 1.
    pub fn chance_by(&self, time: Time) -> f64 {
        let reached = self.crossings.partition_point(|crossing| {
            crossing.is_some_and(|crossing| crossing.ends <= time.max(self.now))
        });
        reached as f64 / self.crossings.len().max(1) as f64
    }

    /// The share of futures that reach it at all before they end.
    pub fn chance(&self) -> f64 {
        self.chance_by(self.end)
    }

    /// How likely it is reached by each of so many moments, evenly spread from now to the end.
    pub fn curve(&self, moments: usize) -> Vec<(Time, f64)> {
        let count = i64::try_from(moments.max(1)).unwrap_or(i64::MAX);
        let width = self.end.since(self.now).0;
        (1..=count)
            .map(|at| {
                let time = self.now + model::Span(width / count * at + width % count * at / count);
                (time, self.chance_by(time))
            })
            .collect()
    }

    /// The dates between which it is reached with this confidence; nothing where even the earliest lies beyond the
    /// futures' end.
    pub fn dates(&self, confidence: Share) -> Option<DateRange> {
        let tail = f64::midpoint(1.0, -confidence.value());
        let earliest = self.quantile(tail)?.begins.max(self.now);
        let late = |share| self.quantile(share).map(|crossing| crossing.ends.max(earliest));
        let latest = late(1.0 - tail);
        let likely = late(0.5).map(|likely| {
            let middle = self.middle.map_or(likely, |middle| middle.max(earliest));
            latest.map_or(middle, |latest| middle.min(latest))
        });
        Some(DateRange { earliest, likely, latest })
    }

    fn quantile(&self, share: f64) -> Option<Crossing> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the count of futures"
        )]
        let index = (share * self.crossings.len() as f64) as usize;
        *self.crossings.get(index.min(self.crossings.len().saturating_sub(1)))?
    }
}

/// The soonest of a near rung, and for the futures that do not get there the latest of a far one, none of them before
/// the near one ends. Both come soonest first, and as many.
pub(crate) fn joined(
    near: &[Option<Crossing>],
    far: &[Option<Crossing>],
    near_end: Time,
) -> Vec<Option<Crossing>> {
    let later = |crossing: Crossing| Crossing {
        begins: crossing.begins.max(near_end),
        ends: crossing.ends.max(near_end),
    };
    near.iter().zip(far).map(|(near, far)| near.or(far.map(later))).collect()
}

#[cfg(test)]
mod tests {
    use model::Span;
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "as futures have it")]
    fn at(hours: i64) -> Option<Crossing> {
        Some(Crossing {
            begins: Time(0) + Span::hours(hours - 1),
            ends: Time(0) + Span::hours(hours),
        })
    }

    #[test]
    fn chances_count_the_futures() {
        let reach = Reach::new(vec![at(2), at(4), at(4), None], Time(0), Time(0) + Span::hours(8));
        let by = |hours| reach.chance_by(Time(0) + Span::hours(hours));
        let told = [1, 2, 3, 4, 8].map(|hours| (4.0 * by(hours)).to_string());
        assert_eq!(told, ["0", "1", "1", "3", "3"]);
        assert_eq!(reach.curve(2), [(Time(0) + Span::hours(4), 0.75), (reach.end(), 0.75)]);
    }

    #[test]
    fn far_futures_come_after_the_near_ones() {
        let near = [at(2), None, None];
        let far = [at(1), at(3), at(30)];
        let end = Time(0) + Span::hours(10);
        let told = joined(&near, &far, end);
        assert_eq!(told[0], at(2));
        assert_eq!(told[1].map(|crossing| crossing.ends), Some(end));
        assert_eq!(told[2], at(30));
    }

    proptest! {
        #[test]
        fn chances_never_fall_and_dates_are_in_order(hours in prop::collection::vec(prop::option::of(1_i64..500), 1..60)) {
            let mut crossings: Vec<_> = hours.iter().map(|hours| hours.and_then(at)).collect();
            crossings.sort_by_key(|crossing| crossing.map_or(Time::MAX, |crossing| crossing.ends));
            let reach = Reach::new(crossings, Time(0), Time(0) + Span::hours(500));
            let curve = reach.curve(50);
            prop_assert!(curve.windows(2).all(|pair| pair[0].1 <= pair[1].1));
            let dates = |share| reach.dates(Share::new(share).unwrap());
            if let (Some(wide), Some(narrow)) = (dates(0.9), dates(0.8)) {
                prop_assert!(wide.earliest <= narrow.earliest);
                prop_assert!(wide.latest.is_none_or(|latest| narrow.latest.is_some_and(|near| near <= latest)));
                prop_assert!(wide.likely.is_none_or(|likely| wide.earliest <= likely));
            }
        }
    }
}
