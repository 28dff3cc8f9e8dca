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

/// Counts the samples and bytes of one query and watches its time. Clones count together.
#[derive(Clone)]
pub struct Meter(Arc<Counts>);

struct Counts {
    clock: Arc<dyn Clock>,
    started: Duration,
    timeout: Duration,
    samples_max: usize,
    samples: AtomicUsize,
    bytes_max: usize,
    bytes: AtomicUsize,
    bytes_peak: AtomicUsize,
    pool: Option<MemoryPool>,
    since_look: AtomicUsize,
    cancelled: AtomicBool,
}

/// Bytes that all queries at once may hold. Clones count together.
#[derive(Clone, Debug)]
pub struct MemoryPool(Arc<PoolCounts>);

#[derive(Debug)]
struct PoolCounts {
    bytes_max: usize,
    bytes: AtomicUsize,
}

impl MemoryPool {
    /// A pool of so many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(PoolCounts { bytes_max, bytes: AtomicUsize::new(0) }))
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Relaxed)
    }

    fn hold(&self, bytes: usize) -> Result<(), BudgetSpent> {
        let limit = self.0.bytes_max;
        let before = self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > limit {
            self.release(bytes);
            return Err(BudgetSpent::Memory { limit });
        }
        Ok(())
    }

    fn release(&self, bytes: usize) {
        self.0.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
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
            bytes_max: usize::MAX,
            bytes: AtomicUsize::new(0),
            bytes_peak: AtomicUsize::new(0),
            pool: None,
            since_look: AtomicUsize::new(0),
            cancelled: AtomicBool::new(false),
        }))
    }

    /// The same meter, spent as well once the query holds more than so many bytes. Call it before it is cloned.
    #[must_use]
    pub fn with_memory_max(mut self, bytes: usize) -> Self {
        if let Some(counts) = Arc::get_mut(&mut self.0) {
            counts.bytes_max = bytes;
        }
        self
    }

    /// The same meter, which takes its bytes from a pool that all queries share. Call it before it is cloned.
    #[must_use]
    pub fn with_pool(mut self, pool: MemoryPool) -> Self {
        if let Some(counts) = Arc::get_mut(&mut self.0) {
            counts.pool = Some(pool);
        }
        self
    }

    /// The most bytes that the query held at once.
    pub fn bytes_peak(&self) -> usize {
        self.0.bytes_peak.load(Ordering::Relaxed)
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

    fn hold(&self, bytes: usize) -> Result<(), BudgetSpent> {
        let counts = &*self.0;
        if let Some(pool) = &counts.pool {
            pool.hold(bytes)?;
        }
        let held = counts.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        counts.bytes_peak.fetch_max(held, Ordering::Relaxed);
        if held > counts.bytes_max {
            self.release(bytes);
            return Err(BudgetSpent::Memory { limit: counts.bytes_max });
        }
        Ok(())
    }

    fn release(&self, bytes: usize) {
        let counts = &*self.0;
        let less = |held: usize| Some(held.saturating_sub(bytes));
        let before = counts.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        // No more than was held goes back to the others.
        if let Some(pool) = &counts.pool {
            pool.release(bytes.min(before.unwrap_or_default()));
        }
    }

    fn time_left(&self) -> Option<Duration> {
        let counts = &*self.0;
        let spent = counts.clock.elapsed().saturating_sub(counts.started);
        Some(counts.timeout.saturating_sub(spent))
    }
}

impl Drop for Counts {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.release(*self.bytes.get_mut());
        }
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
    fn whoever_waits_for_others_is_told_how_long() {
        let (clock, meter) = meter(10);
        clock.turn(Span::millis(300));
        assert_eq!(meter.time_left(), Some(Duration::from_millis(700)));
        clock.turn(Span::secs(2));
        assert_eq!(meter.time_left(), Some(Duration::ZERO));
    }

    #[test]
    fn bytes_beyond_the_limit_are_refused_and_bytes_given_back_may_be_held_again() {
        let (_clock, meter) = meter(usize::MAX);
        let meter = meter.with_memory_max(100);
        assert_eq!(meter.hold(100), Ok(()));
        assert_eq!(meter.hold(1), Err(BudgetSpent::Memory { limit: 100 }));
        meter.release(51);
        assert_eq!(meter.hold(51), Ok(()));
        assert_eq!(meter.bytes_peak(), 101);
    }

    #[test]
    fn queries_share_a_pool_and_leave_nothing_in_it() {
        let pool = MemoryPool::new(100);
        let (_clock, one) = meter(usize::MAX);
        let one = one.with_pool(pool.clone());
        let (_clock, other) = meter(usize::MAX);
        let other = other.with_pool(pool.clone());
        assert_eq!(one.hold(60), Ok(()));
        assert_eq!(other.hold(60), Err(BudgetSpent::Memory { limit: 100 }));
        other.release(60);
        assert_eq!(pool.bytes(), 60);
        drop(one);
        assert_eq!((pool.bytes(), other.hold(60)), (0, Ok(())));
    }

    #[test]
    fn a_cancelled_query_stops_at_its_next_charge() {
        let (_clock, meter) = meter(usize::MAX);
        meter.cancel();
        assert_eq!(meter.charge(0), Err(BudgetSpent::Cancelled));
    }
}
