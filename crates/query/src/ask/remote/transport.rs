//! How requests travel: a trait, so that nothing here knows a network.

use std::{fmt, time::Duration};

use model::{Budget, BudgetSpent};

/// What is asked of the other side; reading only, so that asking twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where below its address: `/api/v1/query`.
    pub path: String,
    /// Names and values, encoded as a form.
    pub form: String,
    /// Whether the form travels as the body of a POST; else it follows the path of a GET.
    pub post: bool,
    /// How long the whole exchange may take.
    pub deadline: Duration,
}

/// What came back, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status of HTTP.
    pub status: u16,
    /// The whole body, unpacked. Its bytes are held in the budget.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The budget is spent, or whoever asked went away.
    #[error(transparent)]
    Budget(#[from] BudgetSpent),
    /// The deadline passed.
    #[error("no answer in time")]
    Late,
    /// A connection was there and broke before the answer was whole.
    #[error("{cause}")]
    Broken {
        /// What happened, without secrets.
        cause: String,
    },
    /// No connection could be made, or nothing be sent.
    #[error("{cause}")]
    Unreachable {
        /// What happened, without secrets.
        cause: String,
    },
}

/// Carries requests to one server and brings back what it says.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and waits for the whole answer, at most until the deadline; blocks.
    ///
    /// It holds the bytes of the body in the budget as they come, and asks the budget now and then
    /// while it waits, so that it ends soon after whoever asked went away.
    fn send(&self, request: &Request, budget: &dyn Budget) -> Result<Response, TransportError>;
}
