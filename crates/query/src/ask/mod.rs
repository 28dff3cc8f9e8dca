//! One way to ask, whoever answers: the engine here over our own store, or a cluster far away.

mod local;
mod remote;

use std::{collections::BTreeSet, fmt};

use model::{Budget, Clock, Labels, Matcher, Time, TimeRange};

pub use local::Local;
pub use remote::{
    Refusal, Remote, RemoteError, RemoteOptions, Request, Response, Transport, TransportError,
};

use crate::{Answer, Explained, QueryError, Reused, Round, Steps};

/// An expression, and what its answer may cost.
#[derive(Clone, Copy)]
pub struct Question<'q> {
    /// The expression.
    pub text: &'q str,
    /// Who counts.
    pub budget: &'q dyn Budget,
    /// Whether nothing may be used, or kept, that was computed before.
    pub fresh: bool,
    /// Whether an answer does not count from which some of a cluster's servers are missing. Without it such an answer
    /// comes with a warning; with it, what judges does not take what is missing for what is over.
    pub whole: bool,
    /// The round of questions it belongs to, if it belongs to one.
    pub round: Option<&'q Round>,
}

impl<'q> Question<'q> {
    /// A question that may be answered from what was computed before.
    pub fn new(text: &'q str, budget: &'q dyn Budget) -> Self {
        Self { text, budget, fresh: false, whole: false, round: None }
    }

    /// The same, answered anew.
    #[must_use]
    pub fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }

    /// The same, which only a whole answer answers.
    #[must_use]
    pub fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// The same, which need not compute again what others of its round have computed.
    #[must_use]
    pub fn in_round(self, round: &'q Round) -> Self {
        Self { round: Some(round), ..self }
    }
}

impl fmt::Debug for Question<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Question")
            .field("text", &self.text)
            .field("fresh", &self.fresh)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}

/// Which series are meant by a question about labels.
#[derive(Clone, Copy)]
pub struct Listing<'q> {
    /// Any of these; with none, all series.
    pub selectors: &'q [Vec<Matcher>],
    /// From when to when, both ends included.
    pub range: TimeRange,
    /// How many rows are wanted at most.
    pub limit: Option<usize>,
    /// Who counts.
    pub budget: &'q dyn Budget,
}

impl fmt::Debug for Listing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Listing")
            .field("selectors", &self.selectors)
            .field("range", &self.range)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// What there is, sorted, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows, at most as many as were wanted.
    pub rows: Vec<T>,
    /// What makes the list incomplete.
    pub warnings: Vec<String>,
}

/// What Prometheus says of a list with more rows than were wanted.
const CUT: &str = "results truncated due to limit";

impl<T: Ord> Listed<T> {
    fn cut(found: BTreeSet<T>, limit: Option<usize>, mut warnings: Vec<String>) -> Self {
        let limit = limit.unwrap_or(usize::MAX);
        if found.len() > limit && !warnings.iter().any(|own| own == CUT) {
            warnings.push(CUT.to_owned());
        }
        Self { rows: found.into_iter().take(limit).collect(), warnings }
    }
}

/// Whoever answers questions about series. Answers may take long: call it where blocking is allowed.
pub trait Queries: fmt::Debug + Send + Sync {
    /// The value of an expression at one time.
    fn instant(&self, question: Question<'_>, at: Time) -> Result<Answer, QueryError>;

    /// The values of an expression at each step.
    fn range(&self, question: Question<'_>, steps: Steps) -> Result<Answer, QueryError>;

    /// The value of an expression at one time, and how it came about.
    fn explain(
        &self,
        question: Question<'_>,
        at: Time,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError>;

    /// The values of an expression at each step, and how they came about.
    fn explain_range(
        &self,
        question: Question<'_>,
        steps: Steps,
        clock: &dyn Clock,
    ) -> Result<Explained, QueryError>;

    /// The labels of every series that matches.
    fn series(&self, listing: Listing<'_>) -> Result<Listed<Labels>, QueryError>;

    /// The names of all labels of matching series.
    fn label_names(&self, listing: Listing<'_>) -> Result<Listed<String>, QueryError>;

    /// The values of one label over matching series.
    fn label_values(&self, label: &str, listing: Listing<'_>)
    -> Result<Listed<String>, QueryError>;

    /// How often answers could be used again.
    fn reused(&self) -> Reused {
        Reused::default()
    }
}
