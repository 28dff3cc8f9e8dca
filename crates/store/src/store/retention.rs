//! Retention, and which times are taken: what time it is when the wall clock may be wrong.
//!
//! A wall clock is wrong now and then: before a time server was heard, after a dead battery, by a
//! slip of a hand. Taken at its word, one that jumps two years ahead drops all there is. So samples
//! are dropped by a time that is plausible as well:
//!
//! - While the store is open, at most an hour more than the wall clock when it was opened and the
//!   time that passed since. A wall clock that is further ahead than that is believed once it has
//!   gone on evenly for an hour: the machine slept, or someone has set it for good. A wall clock
//!   that goes back is believed at once, which drops nothing.
//! - When it is opened, at most an hour more than the last day before a month without any sample,
//!   be the month before today or earlier: samples from behind it may have been written by a clock
//!   that was wrong in the same way, and must not vouch for it. That, too, is for an hour.
//!
//! Samples are taken up to the wall clock's word and the `future_max` of the options: a true sample
//! that is refused is lost for good (an hour of them after each sleep), a false one only lies in
//! the wrong place. The oldest that is taken follows the plausible time, so that true samples from
//! elsewhere are taken while our own clock is wrong.

use std::{collections::BTreeSet, fs, time::Duration};

use model::{Clock, Span, Time, TimeRange};

use super::{Store, catalog::Catalog, place, stats::count};
use crate::{
    disk::part::{DAY_MILLIS, day_of},
    intake::Buffer,
};

/// How far the wall clock may differ from the time that passed: more than any time server slews, and
/// than a change to or from summer time by a clock that is wrongly set to local time.
const TOLERANCE: Span = Span::hours(1);
/// How long a wall clock goes on evenly before it is believed: a time server that is there at all
/// is heard within minutes of a start.
const PROBATION: Duration = Duration::from_hours(1);
/// Days without a sample after which neither the wall clock nor later samples are believed at once;
/// one less than thirty, since days are counted whole.
const GAP_DAYS: i64 = 29;

/// What the wall clock showed when so much time had passed.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Time,
    elapsed: Duration,
}

impl Anchor {
    /// What an even clock shows now.
    fn expected(self, elapsed: Duration) -> Time {
        let passed = elapsed.saturating_sub(self.elapsed).as_millis();
        self.wall + Span::millis(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}

/// Tells a wall clock that jumped from time that passed.
#[derive(Debug)]
pub(super) struct Timekeeper {
    believed: Anchor,
    /// Since when a clock further ahead goes on evenly.
    ahead: Option<Anchor>,
}

impl Timekeeper {
    /// Believes the wall clock, but not beyond a month without samples.
    pub(super) fn start(clock: &dyn Clock, catalog: &Catalog, buffer: &Buffer) -> Self {
        let mut days: BTreeSet<i64> = catalog.days.keys().copied().collect();
        for run in &catalog.runs {
            run.add_days(&mut days);
        }
        buffer.add_days(&mut days);
        let (wall, elapsed) = (clock.now(), clock.elapsed());
        let today = day_of(wall.millis());
        // Today ends the walk: a gap before it counts as much as one between days.
        days.insert(today);
        let days: Vec<i64> = days.into_iter().take_while(|day| *day <= today).collect();
        let gap = days.windows(2).find(|pair| pair[1] - pair[0] > GAP_DAYS);
        let mut keeper = Self { believed: Anchor { wall, elapsed }, ahead: None };
        if let Some(pair) = gap {
            let end = Time((pair[0] + 1) * DAY_MILLIS);
            tracing::info!(
                today = place::day_name(today),
                samples_until = place::day_name(pair[0]),
                "a month has no samples: days past retention stay for an hour"
            );
            keeper.ahead = Some(keeper.believed);
            keeper.believed.wall = end;
        }
        keeper
    }

    /// The latest time that it may well be.
    fn now(&mut self, wall: Time, elapsed: Duration) -> Time {
        let expected = self.believed.expected(elapsed);
        let seen = Anchor { wall, elapsed };
        if wall <= expected + TOLERANCE {
            self.ahead = None;
            if wall < expected {
                self.believed = seen;
            }
            return wall;
        }
        let even = |ahead: &Anchor| {
            let own = ahead.expected(elapsed);
            wall <= own + TOLERANCE && wall >= own - TOLERANCE
        };
        match self.ahead.filter(even) {
            Some(ahead) if elapsed.saturating_sub(ahead.elapsed) >= PROBATION => {
                tracing::info!(ahead = %wall.since(expected), "the wall clock is believed from now on");
                (self.believed, self.ahead) = (seen, None);
                return wall;
            }
            Some(_) => {}
            None => {
                if self.ahead.replace(seen).is_none() {
                    tracing::warn!(
                        ahead = %wall.since(expected),
                        "the wall clock jumped ahead: it is not believed for an hour"
                    );
                }
            }
        }
        expected + TOLERANCE
    }
}

impl Store {
    /// The wall clock, or what is plausible if it is too far ahead.
    pub(super) fn plausible_now(&self) -> Time {
        self.timekeeper.lock().now(self.clock.now(), self.clock.elapsed())
    }

    /// The times that are taken.
    pub(super) fn times_taken(&self) -> TimeRange {
        let (plausible, wall) = (self.plausible_now(), self.clock.now());
        TimeRange {
            from: (plausible - self.options.retention).max(Time(place::TIME_MIN)),
            to: (wall + self.options.future_max).min(Time(place::TIME_MAX)),
        }
    }

    /// The first day that is not wholly past retention.
    pub(super) fn first_kept_day(&self) -> i64 {
        day_of((self.plausible_now() - self.options.retention).millis())
    }

    /// The first day that fits into the bytes there may be.
    fn first_fitting_day(&self) -> i64 {
        let catalog = self.catalog();
        let Some(most) = self.options.retention_bytes else { return i64::MIN };
        let mut bytes = 0_u64;
        let mut first = i64::MAX;
        for (day, own) in catalog.days.iter().rev() {
            bytes += own.parts.iter().map(|part| part.bytes).sum::<u64>();
            bytes += own.indexes.iter().map(|index| index.bytes).sum::<u64>();
            if bytes > most && first != i64::MAX {
                return first;
            }
            first = *day;
        }
        i64::MIN
    }

    /// Drops days that are wholly past retention, and the oldest of those that do not fit.
    pub(super) fn drop_expired(&self) {
        let first_kept = self.first_kept_day().max(self.first_fitting_day());
        if self.catalog().days.keys().next().is_none_or(|day| *day >= first_kept) {
            return;
        }
        let dropped = self.change_catalog(|catalog| {
            let kept = catalog.days.split_off(&first_kept);
            std::mem::replace(&mut catalog.days, kept)
        });
        self.changes.lock().everything();
        self.intake.lock().table.forget_days(|day| day < first_kept);
        for (day, own) in dropped {
            count(&self.counters.partitions_dropped, 1);
            for part in &own.parts {
                part.replace();
                self.cache.forget(part.id);
            }
            for index in &own.indexes {
                index.replace();
                self.cache.forget(index.id);
            }
            drop(own);
            let dir = self.place.day(day);
            tracing::info!(day = %dir.display(), "day past retention dropped");
            if let Err(error) = fs::remove_dir(&dir) {
                // A reader still has a part of it; the next start removes the empty directory.
                tracing::debug!(day = %dir.display(), %error, "directory stays for now");
            }
        }
    }
}
