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

#[cfg(test)]
mod tests {
    use model::{Labels, Sample, Time};
    use testkit::TurnedClock;

    use super::*;
    use crate::{Position, QueueOptions, Rewrite};

    /// Takes what is not before the tenth millisecond, and nothing at all when it is full.
    struct Store {
        full: bool,
    }

    impl SampleSink for Store {
        fn write_batch(&self, batch: &Batch) -> Result<WriteReceipt, WriteError> {
            if self.full {
                return Err(WriteError::Busy { what: "it is full".to_owned() });
            }
            let times = batch.iter().flat_map(|own| own.samples).map(|own| own.time);
            let accepted = times.filter(|time| self.window().contains(*time)).count();
            Ok(WriteReceipt { accepted, out_of_range: batch.samples() - accepted })
        }

        fn window(&self) -> TimeRange {
            TimeRange { from: Time(10), to: Time::MAX }
        }
    }

    fn forwarding(full: bool) -> (tempfile::TempDir, Forwarding<Store>) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(TurnedClock::at(Time(20)));
        let options = QueueOptions::default();
        let queue = Queue::open("test", dir.path(), options, Rewrite::default(), clock).unwrap();
        (dir, Forwarding::new(Arc::new(Store { full }), vec![Arc::new(queue)]))
    }

    fn times(sink: &Forwarding<Store>) -> Vec<Time> {
        let read = sink.queues()[0].read(Position::default(), 100).unwrap();
        read.batch.iter().flat_map(|own| own.samples).map(|own| own.time).collect()
    }

    fn batch() -> Batch {
        let mut batch = Batch::new("test");
        for time in [5, 15] {
            batch.push(Sample { time: Time(time), value: 1.0 });
        }
        batch.end_packed(Labels::from_pairs([("__name__", "up")]).as_ref());
        batch
    }

    #[test]
    fn what_the_store_leaves_out_does_not_go_out() {
        let (_dir, sink) = forwarding(false);
        let receipt = sink.write_batch(&batch()).unwrap();
        assert_eq!((receipt.accepted, receipt.out_of_range), (1, 1));
        assert_eq!(times(&sink), [Time(15)]);
    }

    #[test]
    fn what_the_store_refuses_does_not_go_out() {
        let (_dir, sink) = forwarding(true);
        assert!(sink.write_batch(&batch()).is_err());
        assert!(times(&sink).is_empty());
    }
}
