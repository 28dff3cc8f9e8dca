//! When a group is evaluated: at its place in the interval, by the clock that never jumps. Says what was missed.

use std::time::Duration;

use model::{AlertId, Clock, Labels, Span, Time};

use crate::state::{App, OwnGroup};

/// A gap longer than this is not made up for.
const LATE_MAX: Span = Span::hours(1);
/// How long alerts stay after a gap, though nothing is found of them, at least.
const RETURN_MIN: Duration = Duration::from_mins(1);
/// Groups that are better off together are spread over this part of their interval; and so much they move at once.
const TOGETHER: i64 = 4;
/// Nobody moves for less than this part of the interval.
const NEAR: i64 = 10;
/// Evaluations that come later than by so many intervals come after a gap.
const GAP_INTERVALS: u32 = 2;

/// One evaluation.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    /// When it is.
    pub(super) now: Time,
    /// How many were missed since the last, while the program ran.
    pub(super) missed: u32,
    /// Those that were missed or could not be recorded, and are made up for, in order.
    pub(super) late: Vec<Time>,
    /// How many of them, the last ones, nobody has made up for before: only these are new to recording rules.
    pub(super) late_new: usize,
    /// The last evaluation before them.
    pub(super) last: Time,
    /// By how much alerts that wait were delayed for that gap.
    pub(super) waited: Span,
    /// Since when there is somebody to see alerts again, if that was lately.
    pub(super) returned_at: Option<Time>,
    /// How often the clock has been set.
    pub(super) jumps: u64,
}

/// The evaluations of a group, by the clock that never jumps.
#[derive(Debug, Default)]
pub(super) struct Turns {
    interval: Duration,
    /// When the next is.
    due: Duration,
    /// The last that was made, by both clocks.
    last: Option<(Time, Duration)>,
    /// The last before the start.
    before: Option<Time>,
    jumps: u64,
    /// Since when there is somebody to see alerts again, and until when that matters.
    returned: Option<(Time, Duration)>,
    /// How long alerts stay after the start, though nothing is found of them, at least.
    patience: Duration,
    /// What the last evaluation made up for, and by how much alerts that wait were delayed for it.
    made_up: (u32, Span),
    /// The same for those that could not be recorded; the next makes up for them.
    unrecorded: (u32, Span),
}

impl Turns {
    /// After a start; the last evaluation before it, if that is known.
    pub(super) fn after(before: Option<Time>) -> Self {
        Self { before, ..Self::default() }
    }

    /// Finds the group's place after its start, told by both clocks: groups are spread over the interval, and each keeps
    /// its place over restarts. What passed since then while its past was read is not waited for once more.
    pub(super) fn begin(&mut self, own: &OwnGroup, interval: Span, start: (Time, Duration)) {
        let (now, elapsed) = start;
        let width = interval.as_millis().max(1);
        let place = place(own, width);
        let pause = (place - now.millis().rem_euclid(width)).rem_euclid(width);
        self.interval = Span::millis(width).to_duration();
        self.due = elapsed + Span::millis(pause).to_duration();
    }

    /// Moves towards a better part of the interval, a little with each evaluation; groups keep apart from each other there, too.
    pub(super) fn lean(&mut self, own: &OwnGroup, best: Span, clock: &dyn Clock) {
        let width = i64::try_from(self.interval.as_millis()).unwrap_or(i64::MAX).max(1);
        let wanted = best.as_millis() + place(own, (width / TOGETHER).max(1));
        let next = clock.now() + Span::millis(millis(self.pause(clock)));
        let ahead = (wanted - next.millis()).rem_euclid(width);
        let off = if ahead > width / 2 { ahead - width } else { ahead };
        let step = Span::millis(off.clamp(-(width / TOGETHER), width / TOGETHER));
        if off.abs() > width / NEAR {
            let due = millis(self.due).saturating_add(step.as_millis());
            self.due = Span::millis(due).to_duration().max(clock.elapsed());
        }
    }

    /// The next evaluation is not before so much has elapsed.
    pub(super) fn put_off(&mut self, until: Duration) {
        self.due = self.due.max(until);
    }

    /// Nothing ends before every source could speak once.
    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Goes on with rules that were read anew: nothing was missed.
    pub(super) fn resume(&mut self, clock: &dyn Clock) {
        self.last = Some((clock.now(), clock.elapsed()));
    }

    /// How long it is to the next.
    pub(super) fn pause(&self, clock: &dyn Clock) -> Duration {
        self.due.saturating_sub(clock.elapsed())
    }

    /// The evaluation that is due now.
    pub(super) fn turn(&mut self, app: &App) -> Turn {
        let clock = app.clock.as_ref();
        let jumps = app.clock_watch.look(clock);
        let jumped = std::mem::replace(&mut self.jumps, jumps) != jumps;
        let (now, elapsed) = (clock.now(), clock.elapsed());
        // Between evaluations, and while waiting for this one.
        let overslept = count(elapsed.saturating_sub(self.due), self.interval);
        self.due += self.interval * overslept;
        let unrecorded = std::mem::take(&mut self.unrecorded);
        // After a jump nobody knows their times.
        let (unrecorded, delayed) = if jumped { (0, Span::ZERO) } else { unrecorded };
        let (gap, missed, waited) = match (self.last, self.before.take()) {
            (Some((_, last)), _) => {
                let passed = self.due.saturating_sub(last).saturating_add(self.interval / 2);
                let missed = count(passed, self.interval).saturating_sub(1);
                let most = count(LATE_MAX.to_duration(), self.interval).saturating_sub(missed);
                (missed.saturating_add(unrecorded.min(most)), missed, delayed)
            }
            (None, Some(before)) if before < now => {
                let passed = now.since(before).to_duration().saturating_add(self.interval / 2);
                (count(passed, self.interval).saturating_sub(1), 0, app.away)
            }
            (None, _) => (0, 0, Span::ZERO),
        };
        // Alerts from before a start were seen by nobody since, and those that could not be recorded were told to nobody.
        let started = self.last.is_none();
        if started || jumped || overslept >= GAP_INTERVALS || unrecorded > 0 {
            let patience = RETURN_MIN.max(self.interval * 2).max(self.patience);
            let until = (elapsed + patience).max(app.clock_watch.repeats_until());
            self.returned = Some((now, until));
        }
        self.returned = self.returned.filter(|(_, until)| elapsed < *until);
        let interval = Span::millis(millis(self.interval));
        let back =
            |turns: u32| now - Span::millis(interval.as_millis().saturating_mul(i64::from(turns)));
        // After a jump nobody knows which times were missed.
        let is_short = !jumped && now.since(back(gap)) <= LATE_MAX;
        let late = if is_short { (1..=gap).rev().map(back).collect() } else { Vec::new() };
        self.made_up = (u32::try_from(late.len()).unwrap_or(u32::MAX), waited);
        let last = back(gap + 1);
        self.last = Some((now, self.due));
        let returned_at = self.returned.map(|(at, _)| at);
        let newly = usize::try_from(missed).unwrap_or(usize::MAX);
        let late_new = if started { late.len() } else { late.len().min(newly) };
        Turn { now, missed, late, late_new, last, waited, returned_at, jumps }
    }

    /// What the evaluation found could not be recorded: the next makes up for it, and for what it made up for.
    pub(super) fn was_not_recorded(&mut self) {
        let (made_up, waited) = self.made_up;
        self.unrecorded = (made_up.saturating_add(1), waited);
    }

    /// It is done: the next is at the next place that is not over yet.
    pub(super) fn done(&mut self, elapsed: Duration) {
        let over = count(elapsed.saturating_sub(self.due), self.interval);
        self.due += self.interval * (over + 1);
    }
}

/// A group's own place in so many milliseconds, always the same.
fn place(own: &OwnGroup, width: i64) -> i64 {
    let group = &own.group;
    let seed = Labels::from_pairs([("file", group.file.as_str()), ("group", group.name.as_str())]);
    let hash = AlertId::of("rule group", &seed).0 % width.unsigned_abs();
    i64::try_from(hash).unwrap_or(0)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// How many whole intervals there are in a time.
fn count(time: Duration, interval: Duration) -> u32 {
    u32::try_from(time.as_nanos() / interval.as_nanos().max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use testkit::TurnedClock;

    use super::*;

    fn group() -> OwnGroup {
        let text = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]";
        let group = detect::rules::parse("r.yaml", text).unwrap().remove(0);
        OwnGroup::after(group, None, Duration::ZERO)
    }

    #[test]
    fn a_group_moves_to_a_better_place_little_by_little_and_stays_there() {
        let (own, clock) = (group(), TurnedClock::at(Time(1_000_000_000)));
        let interval = Span::secs(60);
        let mut turns = Turns::default();
        turns.begin(&own, interval, (clock.now(), clock.elapsed()));
        let mut last = None;
        for _ in 0..6 {
            clock.turn(Span::millis(millis(turns.pause(&clock))));
            let at = clock.now();
            if let Some(last) = last.replace(at) {
                let gap = at.since(last);
                assert!(gap >= Span::secs(44) && gap <= Span::secs(76), "{gap:?}");
            }
            turns.done(clock.elapsed());
            turns.lean(&own, Span::secs(20), &clock);
        }
        let place = last.unwrap().millis().rem_euclid(60_000);
        assert!((14_000..=41_000).contains(&place), "{place}");
    }
}
