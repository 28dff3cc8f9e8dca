//! Batches that were used, for the next request: filling one takes no new memory.

use collect::{otlp, remote_write};
use model::Batch;
use parking_lot::Mutex;

/// Batches kept for the next requests.
const KEPT: usize = 16;
/// A batch that grew beyond this is not kept.
const KEPT_BYTES: usize = 8 << 20;

/// What is needed to fill a batch, for each way in.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) remote_write: remote_write::Scratch,
    pub(super) otlp: otlp::Scratch,
}

impl Scratch {
    fn bytes(&self) -> usize {
        self.remote_write.bytes() + self.otlp.bytes()
    }
}

/// Batches with what is needed to fill them.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<(Batch, Scratch)>>);

impl Pool {
    /// Works with an empty batch.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Batch, &mut Scratch) -> T) -> T {
        let (mut batch, mut scratch) = self.0.lock().pop().unwrap_or_default();
        let done = work(&mut batch, &mut scratch);
        batch.clear();
        if batch.heap_bytes() + scratch.bytes() <= KEPT_BYTES {
            let mut kept = self.0.lock();
            if kept.len() < KEPT {
                kept.push((batch, scratch));
            }
        }
        done
    }
}
