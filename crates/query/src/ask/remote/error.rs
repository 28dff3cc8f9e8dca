//! Why a cluster gave no answer, and what that means to whoever asked us.

use model::Kind;

/// Why a cluster gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// It refused the question, in its own words.
    #[error("{what} ({url} says so)")]
    Refused {
        /// Who.
        url: String,
        /// Its words.
        what: String,
        /// What kind of refusal it is.
        reason: Refusal,
    },
    /// It answered with a status of HTTP that says no, and with nothing we know how to read.
    #[error("{url} answered {status}{}", said(said_by_it))]
    Status {
        /// Who.
        url: String,
        /// The status.
        status: u16,
        /// The first of its words, if they are meant for people.
        said_by_it: String,
        /// What kind of refusal it is.
        reason: Refusal,
    },
    /// Its answer is not whole, and only a whole one would have done.
    #[error("{url} has only a part of the answer: {what}")]
    Partial {
        /// Who.
        url: String,
        /// What it says of it.
        what: String,
    },
    /// Its answer is not what the API promises.
    #[error("{url} sent an answer that cannot be read: {what}")]
    Garbage {
        /// Who.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// It did not answer in time.
    #[error("{url} did not answer within {limit_ms} ms")]
    Late {
        /// Who.
        url: String,
        /// How long was waited.
        limit_ms: u128,
    },
    /// There was no time left to ask it at all.
    #[error("no time was left to ask {url}")]
    NoTime {
        /// Who.
        url: String,
    },
    /// It could not be reached.
    #[error("cannot reach {url}: {cause}")]
    Away {
        /// Who.
        url: String,
        /// Why.
        cause: String,
    },
    /// It could not be reached again and again, so for a moment it is not tried.
    #[error("cannot reach {url}: {cause}; it is tried again in {wait_ms} ms")]
    Resting {
        /// Who.
        url: String,
        /// Why it could not be reached last.
        cause: String,
        /// Until when it is not tried.
        wait_ms: u128,
    },
}

/// What kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What was sent makes no sense to it.
    BadData,
    /// The question makes sense, the data does not allow the answer, or it passes a limit.
    Execution,
    /// It took too long there.
    Timeout,
    /// It is too busy, or we ask too much.
    Busy,
    /// It does not let us in, has no such API, or fails itself.
    Broken,
}

impl Refusal {
    /// By the `errorType` that comes with an error, or else by the status.
    pub(super) fn of(error_type: &str, status: u16) -> Self {
        match (error_type, status) {
            ("timeout" | "canceled", _) => Self::Timeout,
            ("execution", _) => Self::Execution,
            ("bad_data", _) | (_, 400 | 414) => Self::BadData,
            (_, 413 | 422) => Self::Execution,
            (_, 408 | 504) => Self::Timeout,
            (_, 429 | 503) => Self::Busy,
            _ => Self::Broken,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::BadData | Self::Execution => Kind::Invalid,
            Self::Timeout | Self::Busy => Kind::Busy,
            Self::Broken => Kind::Upstream,
        }
    }

    fn error_type(self) -> &'static str {
        match self {
            Self::BadData => "bad_data",
            Self::Execution => "execution",
            Self::Timeout => "timeout",
            Self::Busy | Self::Broken => "unavailable",
        }
    }
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

impl RemoteError {
    /// What the outside sees.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Refused { reason, .. } | Self::Status { reason, .. } => reason.kind(),
            Self::Late { .. } | Self::NoTime { .. } => Kind::Busy,
            Self::Partial { .. }
            | Self::Garbage { .. }
            | Self::Away { .. }
            | Self::Resting { .. } => Kind::Upstream,
        }
    }

    /// The word that the Prometheus HTTP API gives as `errorType`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Refused { reason, .. } | Self::Status { reason, .. } => reason.error_type(),
            Self::Late { .. } | Self::NoTime { .. } => "timeout",
            Self::Partial { .. }
            | Self::Garbage { .. }
            | Self::Away { .. }
            | Self::Resting { .. } => "unavailable",
        }
    }
}
