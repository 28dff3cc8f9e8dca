//! Caution with a cluster that is down: it is not asked by everybody at once, again and again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::Clock;

/// Failures in a row after which the cluster counts as down.
const FAILURES_MAX: u32 = 3;

/// How long it is then left alone before one question is let through: shorter than any rule's usual interval, so
/// that a cluster that comes back is noticed at the next evaluation.
const REST: Duration = Duration::from_secs(5);

/// Remembers whether the cluster could be reached.
#[derive(Debug)]
pub(super) struct Guard {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rests_until: Duration,
    cause: String,
}

/// Why the cluster is not asked now, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) cause: String,
    pub(super) wait: Duration,
}

impl Guard {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Whether it may be asked. After a rest one may, and the others wait for how that ends.
    pub(super) fn enter(&self) -> Result<(), Rest> {
        let now = self.clock.elapsed();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failures < FAILURES_MAX {
            return Ok(());
        }
        let wait = state.rests_until.saturating_sub(now);
        if !wait.is_zero() {
            return Err(Rest { cause: state.cause.clone(), wait });
        }
        state.rests_until = now + REST;
        Ok(())
    }

    /// It said something.
    pub(super) fn reached(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// It could not be reached.
    pub(super) fn missed(&self, cause: &str) {
        let now = self.clock.elapsed();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        state.rests_until = now + REST;
        cause.clone_into(&mut state.cause);
    }
}

#[cfg(test)]
mod tests {
    use model::{Span, Time};
    use testkit::TurnedClock;

    use super::*;

    #[test]
    fn a_cluster_that_is_down_is_tried_by_one_at_a_time() {
        let clock = TurnedClock::at(Time(0));
        let guard = Guard::new(Arc::new(clock.clone()));
        for _ in 0..FAILURES_MAX {
            assert_eq!(guard.enter(), Ok(()));
            guard.missed("connection refused");
        }
        let rest = Rest { cause: "connection refused".to_owned(), wait: REST };
        assert_eq!(guard.enter(), Err(rest));
        clock.turn(Span::secs(5));
        assert_eq!(guard.enter(), Ok(()));
        assert!(guard.enter().is_err(), "only one finds out");
        guard.reached();
        assert_eq!((guard.enter(), guard.enter()), (Ok(()), Ok(())));
    }

    #[test]
    fn one_that_never_comes_back_does_not_keep_the_others_out_for_ever() {
        let clock = TurnedClock::at(Time(0));
        let guard = Guard::new(Arc::new(clock.clone()));
        (0..FAILURES_MAX).for_each(|_| guard.missed("x"));
        clock.turn(Span::secs(5));
        assert_eq!(guard.enter(), Ok(()));
        clock.turn(Span::secs(5));
        assert_eq!(guard.enter(), Ok(()));
    }
}
