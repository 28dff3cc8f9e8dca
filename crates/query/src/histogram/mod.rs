//! Native histograms: arithmetic, statistics, cutting, and how they are shown. Pure functions over
//! [`model::Histogram`]; who calls them puts remarks into words.
//!
//! Bounds, the order of buckets and the rules of arithmetic are those of Prometheus' native histograms
//! (<https://prometheus.io/docs/specs/native_histograms/>).

mod arithmetic;
mod bounds;
mod reset;
mod shown;
mod statistics;
mod tally;
mod trim;

pub(crate) use arithmetic::{add, equal, scale, shrink, subtract};
pub(crate) use bounds::exponential;
pub use bounds::{Bucket, buckets};
pub(crate) use reset::is_reset;
pub(crate) use shown::shown;
pub(crate) use statistics::{Quantile, fraction, quantile, variance};
pub(crate) use tally::{Mean, Tally};
pub(crate) use trim::{Keep, trim};

/// Histograms of exponential and of custom buckets have no common form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mixed;

/// What was remarkable about an addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// One says that counts were reset, the other that they were not.
    pub(crate) collision: bool,
    /// Custom bounds differ, and those that both have were kept.
    pub(crate) reconciled: bool,
}

impl Remarks {
    /// Remembers what was remarkable about another addition too.
    pub(crate) fn join(&mut self, other: Self) {
        self.collision |= other.collision;
        self.reconciled |= other.reconciled;
    }
}

#[cfg(test)]
mod tests;
