//! The traits between stages: who can be asked for series, who takes samples, and who counts the cost.

use std::fmt;

use crate::{Columns, Kind, Labels, Matcher, Series, TimeRange};

/// Counts what a query reads and says when it must stop.
pub trait Budget: Sync {
    /// Charges samples about to be read or made; an error means: stop now.
    fn charge(&self, samples: usize) -> Result<(), BudgetSpent>;
}

/// Why a query must stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetSpent {
    /// It took too long.
    #[error("query took longer than {limit_ms} ms")]
    Time {
        /// The limit.
        limit_ms: u64,
    },
    /// It read or made too much.
    #[error("query would read more than {limit} samples")]
    Samples {
        /// The limit.
        limit: usize,
    },
    /// Whoever asked went away.
    #[error("query was cancelled")]
    Cancelled,
}

/// A budget without an end, for tests and work we bounded ourselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Budget for Unlimited {
    fn charge(&self, _samples: usize) -> Result<(), BudgetSpent> {
        Ok(())
    }
}

/// What is asked of a source.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// All of these must hold; at least one must refuse the empty value.
    pub matchers: &'a [Matcher],
    /// From when to when, both ends included.
    pub range: TimeRange,
    /// Who counts.
    pub budget: &'a dyn Budget,
}

impl fmt::Debug for Selection<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Selection")
            .field("matchers", &self.matchers)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// Why a source could not answer.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The budget is spent.
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    /// The source itself failed.
    #[error("cannot read series")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SourceError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Budget(_) => Kind::Busy,
            Self::Failed(_) => Kind::Internal,
        }
    }
}

/// Anything that can be asked for series. Answers may take long: call it where blocking is allowed.
pub trait SeriesSource: Send + Sync {
    /// The samples of every series that matches, sorted by labels, series without samples left out.
    fn select(&self, selection: &Selection<'_>) -> Result<Vec<Columns>, SourceError>;

    /// The labels of every series that matches and has samples near the range, sorted.
    fn series(&self, selection: &Selection<'_>) -> Result<Vec<Labels>, SourceError>;

    /// The names of all labels of matching series, sorted; no matchers means all series.
    fn label_names(&self, selection: &Selection<'_>) -> Result<Vec<String>, SourceError>;

    /// The values of one label over matching series, sorted; no matchers means all series.
    fn label_values(
        &self,
        label: &str,
        selection: &Selection<'_>,
    ) -> Result<Vec<String>, SourceError>;
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteReceipt {
    /// Samples that are kept from now on, whatever happens to the process.
    pub accepted: usize,
    /// Samples left out because their time lies outside what the store keeps.
    pub out_of_range: usize,
}

/// Why a batch was not taken. Nothing of it is kept, unless the error says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The batch breaks a limit.
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
    /// Keeps a batch: all or nothing but for samples out of range. When it returns, the samples
    /// survive the end of this process.
    fn write(&self, batch: &[Series]) -> Result<WriteReceipt, WriteError>;
}
