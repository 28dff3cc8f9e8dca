//! How many queries run at once, and how many may wait for their turn.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many may wait for each one that runs; beyond that they are told to come back.
const WAITING_PER_RUNNING: usize = 8;

/// The door before queries of people and programs. Our own rules do not stand in this queue.
#[derive(Debug)]
pub(crate) struct Admission {
    seats: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// The queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueFull;

impl Admission {
    pub(crate) fn new(concurrency: usize) -> Self {
        let seats = concurrency.max(1);
        Self {
            seats: Arc::new(Semaphore::new(seats)),
            waiting: AtomicUsize::new(0),
            waiting_max: seats * WAITING_PER_RUNNING,
        }
    }

    /// Waits for a seat; gives it back when the permit is dropped.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, QueueFull> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_max {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(QueueFull);
        }
        let _leaves = Leaves(&self.waiting);
        // The semaphore is never closed; if it were, nobody could be served.
        Arc::clone(&self.seats).acquire_owned().await.map_err(|_closed| QueueFull)
    }
}

/// Counts one waiting less, also when the one who waits gives up.
struct Leaves<'a>(&'a AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a test waits for its own tasks")]
    async fn a_full_queue_turns_the_next_away_and_a_left_seat_lets_one_in() {
        let admission = Arc::new(Admission::new(1));
        let seat = admission.enter().await.unwrap();
        let waiting: Vec<_> = (0..WAITING_PER_RUNNING)
            .map(|_| {
                let admission = Arc::clone(&admission);
                tokio::spawn(async move { admission.enter().await.map(drop) })
            })
            .collect();
        while admission.waiting.load(Ordering::Relaxed) < WAITING_PER_RUNNING {
            tokio::task::yield_now().await;
        }
        assert_eq!(admission.enter().await.unwrap_err(), QueueFull);
        drop(seat);
        for one in waiting {
            assert_eq!(one.await.unwrap(), Ok(()));
        }
        assert!(admission.enter().await.is_ok());
    }
}
