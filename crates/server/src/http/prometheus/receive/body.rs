//! Takes a body off the wire: bounded in bytes and time, and only while there is room for it.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
};
use bytes::BytesMut;
use futures_util::StreamExt as _;

use super::{
    inflight::{InFlight, Permit},
    refused::Refused,
};
use crate::http::error::chain;

/// How long a body may take to arrive.
const BODY_WAIT_MAX: Duration = Duration::from_secs(30);

/// A body as it came, with the room it takes.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Bytes,
    pub(super) permit: Permit,
}

/// Reads a body. One that is declared too large, or for which there is no room, is not read at all.
pub(super) async fn read(
    in_flight: &InFlight,
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Received, Refused> {
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let declared = declared.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    if declared > bytes_max {
        return Err(too_large(bytes_max));
    }
    let busy = || Refused::busy(in_flight.bytes());
    let permit = in_flight.acquire(declared).ok_or_else(busy)?;
    tokio::time::timeout(BODY_WAIT_MAX, gather(body, permit, declared, bytes_max)).await.map_err(
        |_late| {
            let message = format!("the body did not arrive within {} s", BODY_WAIT_MAX.as_secs());
            // Senders drop what gets a 408, and send what gets a 503 again.
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "slow", message)
        },
    )?
}

async fn gather(
    body: Body,
    mut permit: Permit,
    declared: usize,
    bytes_max: usize,
) -> Result<Received, Refused> {
    let mut pieces = body.into_data_stream();
    let mut first = None;
    let mut all = BytesMut::new();
    let mut length = 0_usize;
    let mut room = declared;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| {
            let message = format!("cannot read the body: {}", chain(&error));
            Refused::new(StatusCode::BAD_REQUEST, "body", message)
        })?;
        length = length.saturating_add(piece.len());
        if length > bytes_max {
            return Err(too_large(bytes_max));
        }
        if length > room {
            if !permit.grow(length - room) {
                return Err(Refused::busy(permit.others()));
            }
            room = length;
        }
        // Small bodies come in one piece, which need not be copied.
        if first.is_none() && all.is_empty() {
            first = Some(piece);
            continue;
        }
        if let Some(first) = first.take() {
            all.reserve(declared.max(length));
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&piece);
    }
    let bytes = first.unwrap_or_else(|| all.freeze());
    Ok(Received { bytes, permit })
}

fn too_large(bytes_max: usize) -> Refused {
    let message = format!("the body is too large; at most {bytes_max} bytes are taken");
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "body", message)
}
