//! Background work with names: started in one place, told to stop together, and waited for.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, error};

/// Tells a task that it is time to end.
pub(crate) type Stop = CancellationToken;

/// All background work of one server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: Stop,
    running: Arc<Mutex<BTreeMap<String, usize>>>,
    ended_early: Arc<AtomicU64>,
}

impl Tasks {
    /// Starts a task. It must end soon after it is told to stop, and not before.
    pub(crate) fn start<F>(&self, name: &str, work: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work = work(self.stop.clone());
        self.start_brief(name, self.stop.clone(), work);
    }

    /// Starts a task that may end whenever its own token says so, such as the scraping of one target.
    pub(crate) fn start_brief<F>(&self, name: &str, until: Stop, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let name = name.to_owned();
        *self.running.lock().entry(name.clone()).or_default() += 1;
        let tasks = self.clone();
        self.tracker.spawn(async move {
            // A task of its own, so that a panic in it is seen here and ends nothing else.
            #[expect(clippy::disallowed_methods, reason = "this is where tasks are started")]
            let outcome = tokio::spawn(work).await;
            let in_order = outcome.is_ok() && until.is_cancelled();
            tasks.ended(&name, in_order);
        });
    }

    fn ended(&self, name: &str, in_order: bool) {
        let mut running = self.running.lock();
        if let Some(count) = running.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                running.remove(name);
            }
        }
        if in_order {
            debug!(task = name, "task ended");
        } else {
            self.ended_early.fetch_add(1, Ordering::Relaxed);
            error!(task = name, "a task ended early");
        }
    }

    /// The token that tells everything to stop.
    pub(crate) fn stop_token(&self) -> Stop {
        self.stop.clone()
    }

    /// How many tasks ended although nobody asked them to.
    pub(crate) fn ended_early(&self) -> u64 {
        self.ended_early.load(Ordering::Relaxed)
    }

    /// Tells all tasks to stop and waits for them; answers with the names of those that did not.
    pub(crate) async fn stop(&self, at_most: Duration) -> Vec<String> {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(at_most, self.tracker.wait()).await.is_ok() {
            return Vec::new();
        }
        self.running.lock().keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_end_when_told_and_are_waited_for() {
        let tasks = Tasks::default();
        tasks.start("waits", |stop| async move { stop.cancelled().await });
        assert!(tasks.stop(Duration::from_secs(5)).await.is_empty());
        assert_eq!(tasks.ended_early(), 0);
    }

    #[tokio::test]
    async fn a_task_that_hangs_is_named() {
        let tasks = Tasks::default();
        tasks.start("hangs", |_| std::future::pending());
        assert_eq!(tasks.stop(Duration::from_millis(1)).await, ["hangs"]);
    }

    #[tokio::test]
    async fn a_task_that_panics_is_counted_and_harms_no_other() {
        let tasks = Tasks::default();
        tasks.start("panics", |_| async { panic!("on purpose") });
        tasks.start("waits", |stop| async move { stop.cancelled().await });
        while tasks.ended_early() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(tasks.stop(Duration::from_secs(5)).await.is_empty());
    }
}
