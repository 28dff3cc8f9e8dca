//! What the hours of the last three weeks were, three for each hour of the week.

use super::{
    WEEK_HOURS,
    shift::{Recent, Shift},
};

/// Weeks that are kept: the middle one of three is not moved by a week that was out of line.
const WEEKS: usize = 3;
const DAY: usize = 24;

/// An hour that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hour {
    /// The mean of its readings.
    pub(super) mean: f64,
    /// How far its lowest reading lay from the course that was told before; infinite if nothing was.
    pub(super) lowest: f64,
    /// How far its highest reading did.
    pub(super) highest: f64,
    /// What was told for its middle.
    pub(super) middle: f64,
    /// Whether it went so far beyond the band that no more was learnt from it than that.
    pub(super) odd: bool,
}

/// The same in eight bytes.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// From the base; not-a-number if there was no such hour.
    mean: f32,
    /// From the mean, along the course of the hour; of an odd hour from what was told.
    lowest: Short,
    highest: Short,
}

/// The upper half of a 32-bit float: its range, and two to three digits.
#[derive(Clone, Copy, Debug)]
struct Short(u16);

impl Short {
    const NONE: Self = Self(0x7fc0);

    fn of(value: f64) -> Self {
        if !value.is_finite() {
            return Self::NONE;
        }
        let bits = narrow(value).to_bits();
        // Rounded; what would round to infinity stays below it.
        let rounded = bits.saturating_add(0x8000) >> 16;
        let kept = if rounded & 0x7f80 == 0x7f80 { bits >> 16 } else { rounded };
        Self(u16::try_from(kept).unwrap_or(Self::NONE.0))
    }

    fn value(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }
}

/// A 32-bit float, at most the greatest there is.
#[expect(
    clippy::cast_possible_truncation,
    reason = "digits beyond the seventh are given up on purpose"
)]
pub(super) fn narrow(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// The hours of the last weeks, and what they are counted from.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    /// The first mean: large values that hardly move keep their digits.
    base: Option<f64>,
    /// For each hour of the week the newest first.
    hours: Box<[[Packed; WEEKS]; WEEK_HOURS]>,
    /// For each hour of the week which of its weeks are odd, a bit each, the newest lowest.
    odd: [u8; WEEK_HOURS],
}

impl Default for Cells {
    fn default() -> Self {
        let none = Packed { mean: f32::NAN, lowest: Short::NONE, highest: Short::NONE };
        Self { base: None, hours: Box::new([[none; WEEKS]; WEEK_HOURS]), odd: [0; WEEK_HOURS] }
    }
}

impl Cells {
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.hours)
    }

    /// Puts an hour in front of those it follows.
    pub(super) fn put(&mut self, hour: u8, closed: &Hour) {
        let base = *self.base.get_or_insert(closed.mean);
        let own = &mut self.hours[usize::from(hour)];
        own.copy_within(0..WEEKS - 1, 1);
        let moved = if closed.odd { 0.0 } else { closed.mean - closed.middle };
        own[0] = Packed {
            mean: narrow(closed.mean - base),
            lowest: Short::of(closed.lowest - moved),
            highest: Short::of(closed.highest - moved),
        };
        let odd = &mut self.odd[usize::from(hour)];
        *odd = *odd << 1 | u8::from(closed.odd);
    }

    fn is_odd(&self, hour: usize, week: usize) -> bool {
        self.odd[hour] >> week & 1 == 1
    }

    /// The newest mean of an hour of the week.
    pub(super) fn newest(&self, hour: u8) -> f64 {
        self.whole(self.hours[usize::from(hour)][0].mean)
    }

    /// The middle of the same hour's weeks; not-a-number if there is none.
    pub(super) fn of_week(&self, hour: u8) -> f64 {
        self.middle(&mut self.hours[usize::from(hour)].map(|week| week.mean))
    }

    /// The middle of the same hour's last days.
    pub(super) fn of_day(&self, hour: u8) -> f64 {
        let first = usize::from(hour) % DAY;
        let mut days: [f32; 7] = std::array::from_fn(|day| self.hours[first + day * DAY][0].mean);
        self.middle(&mut days)
    }

    /// The same two, had one of the hour's weeks not been: of other weeks those that are not odd.
    fn without(&self, hour: usize, week: usize) -> [f64; 2] {
        let mut weeks: [f32; WEEKS] = std::array::from_fn(|other| {
            let counts = other != week && !self.is_odd(hour, other);
            if counts { self.hours[hour][other].mean } else { f32::NAN }
        });
        let first = hour % DAY;
        let mut days: [f32; 7] = std::array::from_fn(|day| {
            let other = first + day * DAY;
            if other == hour { f32::NAN } else { self.hours[other][0].mean }
        });
        [self.middle(&mut weeks), self.middle(&mut days)]
    }

    /// The middle of all hours.
    pub(super) fn of_all(&self) -> f64 {
        let mut all: [f32; WEEK_HOURS] = std::array::from_fn(|hour| self.hours[hour][0].mean);
        self.middle(&mut all)
    }

    fn middle(&self, means: &mut [f32]) -> f64 {
        // Not-a-numbers go last.
        means.sort_unstable_by(|a, b| a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(b)));
        let count = means.partition_point(|mean| !mean.is_nan());
        if count == 0 {
            return f64::NAN;
        }
        self.whole(f32::midpoint(means[(count - 1) / 2], means[count / 2]))
    }

    fn whole(&self, mean: f32) -> f64 {
        self.base.unwrap_or(0.0) + f64::from(mean)
    }

    /// How far the lowest and the highest readings of hours lie from the middle that `told` makes of the guesses by week
    /// and by day without each, at this hour of any day and at its neighbours.
    pub(super) fn distances(
        &self,
        hour: u8,
        told: impl Fn([f64; 2]) -> f64,
    ) -> (Vec<f64>, Vec<f64>) {
        let (mut lows, mut highs) = (Vec::new(), Vec::new());
        let near = |near: usize| (0..7).map(move |day| near + day * DAY);
        let hours = [WEEK_HOURS - 1, 0, 1].into_iter().flat_map(near);
        for at in hours.map(|near| (usize::from(hour) + near) % WEEK_HOURS) {
            for (week, own) in self.hours[at].iter().enumerate() {
                let moved = if self.is_odd(at, week) {
                    0.0
                } else {
                    self.whole(own.mean) - told(self.without(at, week))
                };
                let low = f64::from(own.lowest.value()) + moved;
                let high = f64::from(own.highest.value()) + moved;
                if low.is_finite() && high.is_finite() {
                    lows.push(low);
                    highs.push(high);
                }
            }
        }
        (lows, highs)
    }

    /// Moves what was before a shift to where the series is now; hours since then are there already, and no longer odd.
    pub(super) fn move_by(&mut self, shift: &Shift, recent: &Recent) {
        let Some(base) = self.base else { return };
        for hour in 0..WEEK_HOURS {
            let is_there = recent.has(hour);
            if is_there {
                self.settle(hour);
            }
            for week in self.hours[hour].iter_mut().skip(usize::from(is_there)) {
                let scaled = |short: Short| Short::of(f64::from(short.value()) * shift.scale());
                week.mean = narrow(shift.moved(base + f64::from(week.mean)) - base);
                (week.lowest, week.highest) = (scaled(week.lowest), scaled(week.highest));
            }
        }
    }

    /// An hour was not odd after all: how far its readings lay apart is known, and where they lay is the mean.
    fn settle(&mut self, hour: usize) {
        if self.is_odd(hour, 0) {
            let own = &mut self.hours[hour][0];
            let half = f64::from(own.highest.value() - own.lowest.value()) / 2.0;
            (own.lowest, own.highest) = (Short::of(-half), Short::of(half));
            self.odd[hour] &= !1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_short_float_keeps_two_digits(value in -1e30_f64..1e30) {
            let kept = f64::from(Short::of(value).value());
            prop_assert!((kept - value).abs() <= value.abs() / 200.0, "{value} {kept}");
        }

        #[test]
        fn any_number_becomes_a_short_one_or_none(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let kept = Short::of(value).value();
            prop_assert_eq!(kept.is_nan(), !value.is_finite());
            prop_assert!(!kept.is_infinite());
        }
    }

    #[test]
    fn an_hour_keeps_its_last_three_weeks() {
        let mut cells = Cells::default();
        for mean in [1e12, 1e12 + 1.0, 1e12 + 2.0, 1e12 + 30.0, 1e12 + 3.0] {
            cells.put(5, &Hour { mean, lowest: -1.0, highest: 1.0, middle: mean, odd: false });
        }
        assert!((cells.of_week(5) - (1e12 + 3.0)).abs() < 1e-3);
        assert!((cells.newest(5) - (1e12 + 3.0)).abs() < 1e-3);
        let distances = |hour| cells.distances(hour, |[week, _]| week).0;
        assert_eq!(distances(6).len(), 3);
        assert!(distances(7).is_empty() && cells.of_week(6).is_nan());
    }
}
