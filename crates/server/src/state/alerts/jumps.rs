//! Notices when somebody sets the wall clock, so that nothing is taken for over, or for old, because of it.

use std::time::Duration;

use model::{Clock, Span, Time};
use parking_lot::Mutex;
use tracing::warn;

/// A difference from the clock that never jumps below this is drift.
const JUMP_MIN: Span = Span::secs(5);
/// Times that come a second time are minded for so long at most.
const REPEAT_MAX: Duration = Duration::from_hours(2);

/// Compares the wall clock with the one that never jumps.
#[derive(Debug)]
pub(crate) struct ClockWatch(Mutex<Seen>);

#[derive(Debug)]
struct Seen {
    wall: Time,
    elapsed: Duration,
    /// The latest the wall clock has shown.
    highest: Time,
    jumps: u64,
    /// By how much alerts that wait are still to be moved.
    owed: Span,
    /// Until when, by the clock that never jumps, the wall clock shows times that it has shown before.
    repeats_until: Duration,
}

impl ClockWatch {
    /// Begins to watch.
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        let (wall, elapsed) = (clock.now(), clock.elapsed());
        Self(Mutex::new(Seen {
            wall,
            elapsed,
            highest: wall,
            jumps: 0,
            owed: Span::ZERO,
            repeats_until: Duration::ZERO,
        }))
    }

    /// Looks at both clocks; answers how often the wall clock has been set so far.
    pub(crate) fn look(&self, clock: &dyn Clock) -> u64 {
        let mut seen = self.0.lock();
        let (wall, elapsed) = (clock.now(), clock.elapsed());
        let passed = elapsed.saturating_sub(seen.elapsed).as_millis();
        let expected = seen.wall + Span::millis(i64::try_from(passed).unwrap_or(i64::MAX));
        let by = wall.since(expected);
        (seen.wall, seen.elapsed) = (wall, elapsed);
        seen.highest = seen.highest.max(expected);
        if by.as_millis().abs() >= JUMP_MIN.as_millis() {
            warn!(
                seconds = by.as_secs(),
                "the clock was set; nothing counts as over or as long because of it"
            );
            seen.jumps += 1;
            seen.owed = Span(seen.owed.as_millis().saturating_add(by.as_millis()));
            let again = seen.highest.since(wall).to_duration().min(REPEAT_MAX);
            seen.repeats_until = elapsed + again;
        }
        seen.highest = seen.highest.max(wall);
        seen.jumps
    }

    /// By how much alerts that wait are to be moved; it is owed no more.
    pub(crate) fn take_owed(&self) -> Span {
        std::mem::take(&mut self.0.lock().owed)
    }

    /// What was taken did not count.
    pub(crate) fn owe(&self, span: Span) {
        let mut seen = self.0.lock();
        seen.owed = Span(seen.owed.as_millis().saturating_add(span.as_millis()));
    }

    /// Whether alerts that wait are still to be moved.
    pub(crate) fn owes(&self) -> bool {
        self.0.lock().owed != Span::ZERO
    }

    /// Until when, by the clock that never jumps, the wall clock shows times that it has shown before.
    pub(crate) fn repeats_until(&self) -> Duration {
        self.0.lock().repeats_until
    }
}

#[cfg(test)]
mod tests {
    use testkit::TurnedClock;

    use super::*;

    #[test]
    fn a_clock_that_goes_is_no_jump_and_one_that_is_set_is() {
        let clock = TurnedClock::at(Time(1_000_000));
        let watch = ClockWatch::new(&clock);
        clock.turn(Span::hours(1));
        assert_eq!(watch.look(&clock), 0);
        clock.jump(clock.now() + Span::secs(4));
        assert_eq!((watch.look(&clock), watch.owes()), (0, false));
        clock.jump(clock.now() + Span::hours(1));
        assert_eq!((watch.look(&clock), watch.look(&clock)), (1, 1));
        assert_eq!(watch.take_owed(), Span::hours(1));
        assert!(!watch.owes());
        assert_eq!(watch.repeats_until(), clock.elapsed());
    }

    #[test]
    fn times_that_come_again_are_told_until_they_are_over() {
        let clock = TurnedClock::at(Time(100_000_000));
        let watch = ClockWatch::new(&clock);
        clock.turn(Span::hours(1));
        clock.jump(clock.now() - Span::hours(1));
        assert_eq!(watch.look(&clock), 1);
        assert_eq!(watch.repeats_until(), Duration::from_hours(2));
        clock.jump(clock.now() - Span::days(7));
        watch.look(&clock);
        assert_eq!(watch.repeats_until(), Duration::from_hours(3));
        watch.owe(Span::hours(3));
        assert_eq!(
            watch.take_owed(),
            Span(-Span::days(7).as_millis() + Span::hours(2).as_millis())
        );
    }
}
