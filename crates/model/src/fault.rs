//! What the outside sees of an error: its kind decides the HTTP status, the exit code, and whether to retry.

/// The kind of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What you sent is wrong.
    Invalid,
    /// You may not.
    Denied,
    /// It is not there.
    Missing,
    /// It contradicts what is there.
    Conflict,
    /// A limit is reached.
    Busy,
    /// Something we need is away.
    Upstream,
    /// Our mistake.
    Internal,
}

impl Kind {
    /// The HTTP status that says so.
    pub fn http_status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Denied => 403,
            Self::Missing => 404,
            Self::Conflict => 409,
            Self::Busy => 429,
            Self::Upstream => 502,
            Self::Internal => 500,
        }
    }

    /// The exit code that says so.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Invalid => 2,
            Self::Denied | Self::Missing | Self::Conflict => 4,
            Self::Busy | Self::Upstream => 5,
            Self::Internal => 1,
        }
    }

    /// Whether the same request may succeed later.
    pub fn may_retry(self) -> bool {
        matches!(self, Self::Busy | Self::Upstream)
    }

    /// One word for it, in answers and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::Upstream => "upstream",
            Self::Internal => "internal",
        }
    }
}
