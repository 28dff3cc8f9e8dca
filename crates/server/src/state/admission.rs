//! How many queries run at once, and how many may wait for their turn.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
    /// So many may run, and so many more may wait; further ones are told to come back.
    pub(crate) fn new(concurrency: usize, waiting_max: usize) -> Self {
        let seats = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self { seats: Arc::new(Semaphore::new(seats)), waiting: AtomicUsize::new(0), waiting_max }
    }

    /// Waits for a seat; gives it back when the permit is dropped.
    pub(crate) async fn enter(&self) -> Result<OwnedSemaphorePermit, QueueFull> {
        // Who finds a seat free does not wait.
        if let Ok(seat) = Arc::clone(&self.seats).try_acquire_owned() {
            return Ok(seat);
        }
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

    const WAITING: usize = 3;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a test waits for its own tasks")]
    async fn a_full_queue_turns_the_next_away_and_a_left_seat_lets_one_in() {
        let admission = Arc::new(Admission::new(1, WAITING));
        let seat = admission.enter().await.unwrap();
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                let admission = Arc::clone(&admission);
                tokio::spawn(async move { admission.enter().await.map(drop) })
            })
            .collect();
        while admission.waiting.load(Ordering::Relaxed) < WAITING {
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
