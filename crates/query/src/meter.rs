//! The ready-made budget of one query: time, samples, and a flag that cancels it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use model::{Budget, BudgetSpent, Clock, Span};

/// How many samples pass between two looks at the clock.
const SAMPLES_PER_LOOK: usize = 16_384;

/// What a charge counts towards the next look at the clock besides its samples.
const SAMPLES_PER_CHARGE: usize = 1024;

/// Counts the samples of one query and watches its time. Clones count together.
#[derive(Clone)]
pub struct Meter(Arc<Counts>);

struct Counts {
    clock: Arc<dyn Clock>,
    started: Duration,
    timeout: Duration,
    samples_max: usize,
    samples: AtomicUsize,
    since_look: AtomicUsize,
    cancelled: AtomicBool,
}

impl Meter {
    /// A meter that starts now, and is spent after a time or a number of samples.
    pub fn new(clock: Arc<dyn Clock>, timeout: Span, samples_max: usize) -> Self {
        Self(Arc::new(Counts {
            started: clock.elapsed(),
            clock,
            timeout: timeout.to_duration(),
            samples_max,
            samples: AtomicUsize::new(0),
            since_look: AtomicUsize::new(0),
            cancelled: AtomicBool::new(false),
        }))
    }

    /// Tells the query to stop at its next charge.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }

    /// How many samples were charged so far.
    pub fn samples(&self) -> usize {
        self.0.samples.load(Ordering::Relaxed)
    }
}

impl Budget for Meter {
    fn charge(&self, samples: usize) -> Result<(), BudgetSpent> {
        let counts = &*self.0;
        if counts.cancelled.load(Ordering::Relaxed) {
            return Err(BudgetSpent::Cancelled);
        }
        let total = counts.samples.fetch_add(samples, Ordering::Relaxed).saturating_add(samples);
        if total > counts.samples_max {
            return Err(BudgetSpent::Samples { limit: counts.samples_max });
        }
        let work = samples.saturating_add(SAMPLES_PER_CHARGE);
        let since_look = counts.since_look.fetch_add(work, Ordering::Relaxed).saturating_add(work);
        if since_look >= SAMPLES_PER_LOOK {
            counts.since_look.store(0, Ordering::Relaxed);
            if counts.clock.elapsed().saturating_sub(counts.started) > counts.timeout {
                let limit_ms = u64::try_from(counts.timeout.as_millis()).unwrap_or(u64::MAX);
                return Err(BudgetSpent::Time { limit_ms });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Meter")
            .field("samples", &self.samples())
            .field("samples_max", &self.0.samples_max)
            .field("timeout", &self.0.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use model::Time;
    use testkit::TurnedClock;

    use super::*;

    fn meter(samples_max: usize) -> (TurnedClock, Meter) {
        let clock = TurnedClock::at(Time(0));
        let meter = Meter::new(Arc::new(clock.clone()), Span::secs(1), samples_max);
        (clock, meter)
    }

    #[test]
    fn samples_beyond_the_limit_are_refused() {
        let (_clock, meter) = meter(10);
        assert_eq!(meter.charge(10), Ok(()));
        assert_eq!(meter.charge(1), Err(BudgetSpent::Samples { limit: 10 }));
    }

    #[test]
    fn time_beyond_the_limit_is_noticed_after_some_samples() {
        let (clock, meter) = meter(usize::MAX);
        assert_eq!(meter.charge(1), Ok(()));
        clock.turn(Span::secs(2));
        assert_eq!(meter.charge(SAMPLES_PER_LOOK), Err(BudgetSpent::Time { limit_ms: 1000 }));
    }

    #[test]
    fn a_cancelled_query_stops_at_its_next_charge() {
        let (_clock, meter) = meter(usize::MAX);
        meter.cancel();
        assert_eq!(meter.charge(0), Err(BudgetSpent::Cancelled));
    }
}
