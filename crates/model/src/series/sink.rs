//! Who takes samples, and what may come of it.

use crate::{Batch, Kind, Series, TimeRange};

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReceipt {
    /// Samples that are kept from now on, whatever happens to the process.
    pub accepted: usize,
    /// Samples left out because their time lies outside what the store keeps.
    pub out_of_range: usize,
    /// Series left out because they are beyond a limit, if any are; the others are kept.
    pub left_out: Option<Box<LeftOut>>,
}

/// Series of a batch that were left out because they are beyond a limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Their places in the batch, rising.
    pub series: Vec<u32>,
    /// Their samples that would have been kept.
    pub samples: usize,
    /// Which limit, who is causing it, and the first of the series.
    pub what: String,
}

/// Why a batch was not taken. Nothing of it is kept, unless the error says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The batch breaks a limit, or every series of it does.
    #[error("{what} in series {series}")]
    Limit {
        /// Which limit, and what came.
        what: String,
        /// The series that broke it, shortened.
        series: String,
    },
    /// The pipeline is full; try again later.
    #[error("the store is busy: {what}")]
    Busy {
        /// What is full.
        what: String,
    },
    /// The store cannot write any more, and says so until it is started anew.
    #[error("the store refuses writes since it failed: {why}")]
    Poisoned {
        /// What failed first.
        why: String,
    },
}

impl WriteError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Limit { .. } => Kind::Invalid,
            Self::Busy { .. } => Kind::Busy,
            Self::Poisoned { .. } => Kind::Internal,
        }
    }
}

/// Anything that takes samples. May wait for the disk: call it where blocking is allowed.
pub trait SampleSink: Send + Sync {
    /// Keeps a batch: all or nothing but for samples out of range and series beyond a limit. When it returns, the samples
    /// survive the end of this process.
    fn write_batch(&self, batch: &Batch) -> Result<WriteReceipt, WriteError>;

    /// The times it takes at this moment; samples outside count as out of range.
    fn window(&self) -> TimeRange {
        TimeRange::ALL
    }

    /// The same for series that are ours.
    fn write(&self, series: &[Series]) -> Result<WriteReceipt, WriteError> {
        self.write_batch(&Batch::of("plimsoll", series))
    }
}
