//! Why a query has no answer: what you sent, a limit, or the source; with the place in the text where it is known.

use model::{BudgetSpent, Kind, SourceError};

use crate::RemoteError;

/// A place in the text of a query, counted from one, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl std::fmt::Display for Position {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The text is not PromQL, or not PromQL we know.
    #[error("{}parse error: {what}", place(*position))]
    Parse {
        /// What is wrong.
        what: String,
        /// Where, if it is known.
        position: Option<Position>,
    },
    /// The times of the query make no sense, or ask for too much.
    #[error("{what}")]
    Steps {
        /// What is wrong and how to go on.
        what: String,
    },
    /// The text is fine, the data does not allow the answer.
    #[error("{what}")]
    Execution {
        /// What is wrong.
        what: String,
    },
    /// The budget of the query is spent.
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    /// The budget was spent on one selector.
    #[error("{spent}, and {selector} is what it reads{}; name more labels, ask for a shorter range, or use a longer step", counted(*series))]
    Wide {
        /// What was spent.
        spent: BudgetSpent,
        /// The selector, as it is written.
        selector: String,
        /// How many series it found, if it came so far.
        series: Option<usize>,
    },
    /// Whoever answers instead of us did not.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The source of series failed.
    #[error("cannot read series")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn place(position: Option<Position>) -> String {
    position.map(|position| format!("{position}: ")).unwrap_or_default()
}

fn counted(count: Option<usize>) -> String {
    count.map(|count| format!(" ({count} series)")).unwrap_or_default()
}

fn type_of(spent: &BudgetSpent) -> &'static str {
    match spent {
        BudgetSpent::Samples { .. } | BudgetSpent::Memory { .. } => "execution",
        BudgetSpent::Time { .. } => "timeout",
        BudgetSpent::Cancelled => "canceled",
    }
}

impl QueryError {
    /// An error of execution.
    pub(crate) fn execution(what: impl Into<String>) -> Self {
        Self::Execution { what: what.into() }
    }

    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Parse { .. } | Self::Steps { .. } | Self::Execution { .. } => Kind::Invalid,
            Self::Budget(_) | Self::Wide { .. } => Kind::Busy,
            Self::Remote(error) => error.kind(),
            Self::Source(_) => Kind::Internal,
        }
    }

    /// The word that the Prometheus HTTP API gives as `errorType`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Parse { .. } | Self::Steps { .. } => "bad_data",
            Self::Execution { .. } => "execution",
            Self::Budget(spent) | Self::Wide { spent, .. } => type_of(spent),
            Self::Remote(error) => error.error_type(),
            Self::Source(_) => "internal",
        }
    }

    /// Where in the text, if it is known.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Parse { position, .. } => *position,
            _ => None,
        }
    }
}

impl From<SourceError> for QueryError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Budget(spent) => Self::Budget(spent),
            SourceError::Failed(source) => Self::Source(source),
        }
    }
}
