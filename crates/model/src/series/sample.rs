//! Samples and series: a value at a time, and a labelled list of them.

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

/// A labelled list of samples, on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Who.
    pub labels: Labels,
    /// What, in any order of time.
    pub samples: Vec<Sample>,
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
}
