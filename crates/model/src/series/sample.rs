//! Samples and series: a value at a time, and a labelled list of them.

use std::sync::Arc;

use super::Histogram;
use crate::{Labels, Time};

/// The not-a-number with which Prometheus says that a series has ended.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether a value is the end-of-series marker; other not-a-numbers are ordinary values.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE.to_bits()
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub time: Time,
    /// What; any bit pattern of a float, stale markers included.
    pub value: f64,
}

/// A native histogram at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramSample {
    /// When.
    pub time: Time,
    /// What; a stale marker is a histogram whose sum is one.
    pub histogram: Arc<Histogram>,
}

/// A labelled list of samples, on its way in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Who.
    pub labels: Labels,
    /// What, in any order of time.
    pub samples: Vec<Sample>,
    /// Native histograms, in any order of time.
    pub histograms: Vec<HistogramSample>,
}

impl Series {
    /// A series of floats.
    pub fn new(labels: Labels, samples: Vec<Sample>) -> Self {
        Self { labels, samples, histograms: Vec::new() }
    }
}

/// One series as columns, on its way out: times rise strictly, and each has its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Who.
    pub labels: Labels,
    /// Milliseconds since 1970, strictly rising.
    pub times: Vec<i64>,
    /// The value at each time, stale markers included.
    pub values: Vec<f64>,
    /// Native histograms, a column of their own: times rise strictly and none is one of `times`.
    pub histograms: Vec<HistogramSample>,
}

impl Columns {
    /// Columns of floats.
    pub fn new(labels: Labels, times: Vec<i64>, values: Vec<f64>) -> Self {
        Self { labels, times, values, histograms: Vec::new() }
    }

    /// Whether there are no samples of any kind.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty() && self.histograms.is_empty()
    }

    /// Forgets all samples, and keeps the labels and the room.
    pub fn clear(&mut self) {
        self.times.clear();
        self.values.clear();
        self.histograms.clear();
    }
}
