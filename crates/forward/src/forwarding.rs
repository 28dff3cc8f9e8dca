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
        if receipt.accepted > 0 && !self.queues.is_empty() {
            let kept = receipt.left_out.as_ref().map(|own| without(batch, &own.series));
            for queue in &self.queues {
                queue.append(kept.as_ref().unwrap_or(batch), taken);
            }
        }
        Ok(receipt)
    }

    fn window(&self) -> TimeRange {
        self.inner.window()
    }
}

/// A batch without the series at some places, which rise.
fn without(batch: &Batch, places: &[u32]) -> Batch {
    let mut kept = Batch::new(batch.source());
    for (place, series) in (0..).zip(batch.iter()) {
        if places.binary_search(&place).is_err() {
            for own in series.samples {
                kept.push(*own);
            }
            for own in series.histograms {
                kept.push_histogram(own.clone());
            }
            kept.end_packed(series.labels);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use model::{Labels, LeftOut, Sample, Time};
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
            let out_of_range = batch.samples() - accepted;
            // The second series is one too many.
            let left_out = (batch.len() > 1).then(|| {
                let (series, what) = (vec![1], "too many".to_owned());
                Box::new(LeftOut { series, samples: 1, what })
            });
            Ok(WriteReceipt { accepted, out_of_range, left_out })
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

    #[test]
    fn series_that_the_store_left_out_are_not_sent_on() {
        let (_dir, sink) = forwarding(false);
        let mut batch = batch();
        for (name, time) in [("extra", 16), ("down", 17)] {
            batch.push(Sample { time: Time(time), value: 1.0 });
            batch.end_packed(Labels::from_pairs([("__name__", name)]).as_ref());
        }
        sink.write_batch(&batch).unwrap();
        assert_eq!(times(&sink), [Time(15), Time(17)]);
    }
}
