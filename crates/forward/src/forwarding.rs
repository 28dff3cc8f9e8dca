//! Stands before the store: what the store has accepted goes into the queues.

use std::sync::Arc;

use model::{Batch, SampleSink, TimeRange, WriteError, WriteReceipt};

use crate::Queue;

/// A sink that hands on to receivers what another sink has accepted.
///
/// A queue never refuses nor delays a write for long: what it cannot hold is dropped and counted there.
#[derive(Debug)]
pub struct Forwarding<S> {
    inner: Arc<S>,
    queues: Vec<Arc<Queue>>,
}

impl<S: SampleSink> Forwarding<S> {
    /// What `inner` accepts goes into these queues, too.
    pub fn new(inner: Arc<S>, queues: Vec<Arc<Queue>>) -> Self {
        Self { inner, queues }
    }

    /// The queues.
    pub fn queues(&self) -> &[Arc<Queue>] {
        &self.queues
    }
}

impl<S: SampleSink> SampleSink for Forwarding<S> {
    fn write_batch(&self, batch: &Batch) -> Result<WriteReceipt, WriteError> {
        let receipt = self.inner.write_batch(batch)?;
        let taken = if receipt.out_of_range == 0 { TimeRange::ALL } else { self.inner.window() };
        if receipt.accepted > 0 {
            for queue in &self.queues {
                queue.append(batch, taken);
            }
        }
        Ok(receipt)
    }

    fn window(&self) -> TimeRange {
        self.inner.window()
    }
}
