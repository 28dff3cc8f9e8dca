//! A window of the queue, read and made into requests: work for a thread that may block.

use bytes::Bytes;
use collect::remote_write::Protocol;
use model::{Batch, BatchSeries, Time};
use xxhash_rust::xxh3::xxh3_64;

use super::split::encode;
use crate::{Position, Queue, QueueError};

/// Bytes of labels in one request, about, whatever the number of samples: receivers refuse long bodies.
const LABEL_BYTES: usize = 2 << 20;

/// Samples of a window at most, however many lanes there are: some ten mebibytes while it is made.
const WINDOW_SAMPLES_MAX: usize = 250_000;

/// How windows are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) lanes: usize,
    pub(super) samples_per_request: usize,
    pub(super) protocol: Protocol,
}

/// A request, ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) body: Bytes,
    pub(super) samples: u64,
}

/// Requests for each lane.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) lanes: Vec<Vec<Request>>,
    /// When the first of its samples was appended.
    pub(super) appended: Option<Time>,
    /// What to confirm when all of it is done with.
    pub(super) next: Position,
}

impl Plan {
    /// Samples of a window. A little less than a request for each lane, as lanes never get the same share.
    pub(super) fn window_samples(&self) -> u64 {
        (self.lanes * self.samples_per_request * 3 / 4).clamp(1, WINDOW_SAMPLES_MAX) as u64
    }
}

/// Reads a window and makes its requests. All samples of a series go to one lane, in the order they were appended.
pub(super) fn read(queue: &Queue, from: Position, plan: Plan) -> Result<Window, QueueError> {
    let read = queue.read(from, plan.window_samples())?;
    let series: Vec<BatchSeries<'_>> = read.batch.iter().collect();
    let lanes = plan.lanes.max(1) as u64;
    let mut order: Vec<(u64, u64, usize)> = series
        .iter()
        .enumerate()
        .map(|(at, own)| {
            let hash = xxh3_64(own.labels.packed().as_bytes());
            (hash % lanes, hash, at)
        })
        .collect();
    order.sort_unstable();
    let mut window =
        Window { lanes: vec![Vec::new(); plan.lanes], appended: read.appended, next: read.next };
    for of_lane in order.chunk_by(|one, other| one.0 == other.0) {
        let Some(requests) =
            of_lane.first().and_then(|own| window.lanes.get_mut(usize::try_from(own.0).ok()?))
        else {
            continue;
        };
        let mut maker =
            Maker { plan, queue, batch: Batch::new(queue.name()), label_bytes: 0, requests };
        // A series that was appended more than once is named once.
        for same in of_lane.chunk_by(|one, other| {
            one.1 == other.1 && series[one.2].labels == series[other.2].labels
        }) {
            maker.series(same.iter().map(|own| series[own.2]));
        }
        maker.flush();
    }
    Ok(window)
}

/// Fills requests.
struct Maker<'w> {
    plan: Plan,
    queue: &'w Queue,
    batch: Batch,
    label_bytes: usize,
    requests: &'w mut Vec<Request>,
}

impl<'w> Maker<'w> {
    fn series(&mut self, mut same: impl Iterator<Item = BatchSeries<'w>>) {
        let Some(first) = same.next() else { return };
        let labels = first.labels;
        let mut open = false;
        for own in std::iter::once(first).chain(same) {
            for sample in own.samples {
                self.batch.push(*sample);
                open = !self.full(labels, true);
            }
            for sample in own.histograms {
                self.batch.push_histogram(sample.clone());
                open = !self.full(labels, true);
            }
        }
        if open {
            self.end(labels);
            self.full(labels, false);
        }
    }

    /// Flushes if the request is full; with `open`, the series that is being filled is ended before.
    fn full(&mut self, labels: model::LabelsRef<'_>, open: bool) -> bool {
        let full = self.batch.samples() >= self.plan.samples_per_request
            || self.label_bytes + labels.packed().len() > LABEL_BYTES;
        if full {
            if open {
                self.end(labels);
            }
            self.flush();
        }
        full
    }

    fn end(&mut self, labels: model::LabelsRef<'_>) {
        self.label_bytes += labels.packed().len();
        self.batch.end_packed(labels);
    }

    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let samples = self.batch.samples() as u64;
        match encode(&self.batch, self.plan.protocol) {
            Some(request) => self.requests.push(request),
            None => self.queue.figures().drop_samples(crate::Dropped::Unwritten, samples),
        }
        self.batch.clear();
        self.label_bytes = 0;
    }
}
