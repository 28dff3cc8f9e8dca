//! What a sender is told.
//!
//! `ExportMetricsServiceResponse` (`opentelemetry/proto/collector/metrics/v1/metrics_service.proto`) where a request was
//! taken, `google.rpc.Status` (`google/rpc/status.proto`) where it was not.

use serde_json::json;

use super::{Format, Refused};
use crate::receive::wire::Writer;

/// What went wrong with a whole request, by the code gRPC has for it (`google/rpc/code.proto`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is wrong, and stays wrong.
    Invalid,
    /// Nobody listens.
    Missing,
    /// There is too much of it now; later it may be taken.
    Busy,
    /// We cannot keep anything at the moment.
    Unavailable,
    /// A bug of ours.
    Internal,
}

impl Failure {
    fn code(self) -> u8 {
        match self {
            Self::Invalid => 3,
            Self::Missing => 5,
            Self::Busy => 8,
            Self::Internal => 13,
            Self::Unavailable => 14,
        }
    }
}

/// The body of the answer to a request that was taken, and what of it was not.
pub fn success(format: Format, refused: &Refused) -> Vec<u8> {
    let points = refused.points();
    if format == Format::Json {
        let body = if points == 0 {
            json!({})
        } else {
            json!({ "partialSuccess": { "rejectedDataPoints": points.to_string(), "errorMessage": refused.message() } })
        };
        return body.to_string().into_bytes();
    }
    let mut body = Vec::new();
    if points > 0 {
        let mut partial = Vec::new();
        Writer(&mut partial).number(1, points as u64);
        Writer(&mut partial).bytes(2, refused.message().as_bytes());
        Writer(&mut body).bytes(1, &partial);
    }
    body
}

/// The body of the answer to a request of which nothing was taken.
pub fn failure(format: Format, what: Failure, message: &str) -> Vec<u8> {
    if format == Format::Json {
        return json!({ "code": what.code(), "message": message }).to_string().into_bytes();
    }
    let mut body = Vec::new();
    Writer(&mut body).number(1, u64::from(what.code()));
    Writer(&mut body).bytes(2, message.as_bytes());
    body
}
