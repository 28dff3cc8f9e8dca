//! Rules about windows, judged while the run goes on, so that nothing has to be kept of every second.

use std::{collections::VecDeque, time::Duration};

use model::Time;

use super::measure_interval;
use crate::{
    plan::{Comparison, Plan, Threshold},
    record::Interval,
};

/// The window of a rule that ends a run, if it names none.
const WINDOW: Duration = Duration::from_secs(10);
/// Longest window that is kept.
const WINDOW_SECONDS_MAX: usize = 3600;

/// One rule with the last seconds that it looks at.
#[derive(Clone, Debug)]
struct Windowed {
    rule: Threshold,
    seconds: usize,
    last: VecDeque<Interval>,
    worst: f64,
    broken: bool,
}

/// What is looked at every second.
#[derive(Clone, Debug)]
pub struct Watch {
    rules: Vec<Windowed>,
    aborts: Vec<Windowed>,
    length: Duration,
    clocks: Option<(Time, Duration)>,
    clock_step: Duration,
}

impl Watch {
    /// Looks at the rules of a plan.
    pub fn new(plan: &Plan) -> Self {
        let windowed = plan.thresholds.iter().filter(|rule| rule.window.is_some());
        Self {
            rules: windowed.map(Windowed::new).collect(),
            aborts: plan.aborts.iter().map(Windowed::new).collect(),
            length: plan.length(),
            clocks: None,
            clock_step: Duration::ZERO,
        }
    }

    /// How long journeys begin.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Takes in one more second.
    pub fn take(&mut self, interval: &Interval) {
        for rule in self.rules.iter_mut().chain(&mut self.aborts) {
            rule.take(interval);
        }
    }

    /// The rule that ends the run, if one does.
    pub fn broken(&self) -> Option<&Threshold> {
        self.aborts.iter().find(|abort| abort.broken).map(|abort| &abort.rule)
    }

    /// The worst window of a rule; not-a-number if none was whole.
    pub fn worst(&self, rule: &Threshold) -> f64 {
        let own = self.rules.iter().find(|own| own.rule == *rule);
        own.map_or(f64::NAN, |own| own.worst)
    }

    /// Compares the wall clock with the one that never jumps.
    pub fn compare_clocks(&mut self, wall: Time, elapsed: Duration) {
        if let Some((wall_before, elapsed_before)) = self.clocks {
            let passed = wall.since(wall_before).as_millis().unsigned_abs();
            let backwards = wall < wall_before;
            let passed = Duration::from_millis(passed);
            let truth = elapsed.saturating_sub(elapsed_before);
            let step = if backwards { passed + truth } else { passed.abs_diff(truth) };
            self.clock_step = self.clock_step.max(step);
        }
        self.clocks = Some((wall, elapsed));
    }

    /// The greatest step of the wall clock during the run.
    pub fn clock_step(&self) -> Duration {
        self.clock_step
    }
}

impl Windowed {
    fn new(rule: &Threshold) -> Self {
        let length = rule.window.unwrap_or(WINDOW);
        let seconds = usize::try_from(length.as_secs()).unwrap_or(WINDOW_SECONDS_MAX);
        let seconds = seconds.clamp(1, WINDOW_SECONDS_MAX);
        Self { rule: rule.clone(), seconds, last: VecDeque::new(), worst: f64::NAN, broken: false }
    }

    fn take(&mut self, interval: &Interval) {
        self.last.push_back(interval.clone());
        if self.last.len() > self.seconds {
            self.last.pop_front();
        }
        if self.last.len() < self.seconds {
            return;
        }
        let mut window = Interval::default();
        self.last.iter().for_each(|second| window.join(second));
        let value = measure_interval(&self.rule.measure, &window, self.seconds as f64);
        // Nothing ended in this window: there is nothing to judge by.
        if value.is_nan() {
            return;
        }
        let low_is_bad = matches!(self.rule.comparison, Comparison::Above | Comparison::AtLeast);
        let is_worse = if low_is_bad { value < self.worst } else { value > self.worst };
        if self.worst.is_nan() || is_worse {
            self.worst = value;
        }
        self.broken |= self.rule.holds(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(good: u64, failed: u64) -> Interval {
        Interval { good, failed, ..Interval::default() }
    }

    fn windowed(text: &str) -> Windowed {
        Windowed::new(&text.parse().unwrap())
    }

    #[test]
    fn the_worst_window_is_remembered_and_not_the_worst_second() {
        let mut rule = windowed("errors < 50% in every 2s");
        rule.take(&second(0, 10));
        assert!(rule.worst.is_nan(), "no window is whole yet");
        for _ in 0..3 {
            rule.take(&second(10, 0));
        }
        assert!((rule.worst - 0.5).abs() < 1e-12);
        let mut rule = windowed("throughput > 5 in every 1s");
        for good in [9, 3, 8] {
            rule.take(&second(good, 0));
        }
        assert!((rule.worst - 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_window_in_which_nothing_ended_is_not_judged() {
        let mut rule = windowed("errors > 10% in any 1s");
        rule.take(&second(0, 0));
        assert!(!rule.broken);
        rule.take(&second(8, 2));
        assert!(rule.broken);
    }

    #[test]
    fn steps_of_the_wall_clock_are_seen_in_both_directions() {
        let mut watch = Watch {
            rules: Vec::new(),
            aborts: Vec::new(),
            length: Duration::ZERO,
            clocks: None,
            clock_step: Duration::ZERO,
        };
        let at = Duration::from_millis;
        watch.compare_clocks(Time(1000), at(0));
        watch.compare_clocks(Time(1101), at(100));
        assert_eq!(watch.clock_step(), at(1));
        watch.compare_clocks(Time(1000), at(200));
        assert_eq!(watch.clock_step(), at(201));
        watch.compare_clocks(Time(61_000), at(300));
        assert_eq!(watch.clock_step(), at(59_900));
    }
}
