//! `write`: samples that others send by remote write.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use collect::remote_write;
use model::Batch;

use super::{
    body::{self, Received},
    refused::Refused,
};
use crate::{http::error::chain, state::App};

/// Says how many samples were kept, as remote write 2.0 has it.
const SAMPLES_WRITTEN: &str = "x-prometheus-remote-write-samples-written";
const WAY: &str = "way=\"remote_write\"";

/// Takes a remote-write request: 204 once its samples survive the end of this process.
pub(in crate::http::prometheus) async fn write(
    State(app): State<Arc<App>>,
    request: Request,
) -> Response {
    match take(&app, request).await {
        Ok(accepted) => {
            (StatusCode::NO_CONTENT, [(SAMPLES_WRITTEN, accepted.to_string())]).into_response()
        }
        Err(refused) => {
            refused.count(&app, WAY);
            refused.into_response()
        }
    }
}

async fn take(app: &Arc<App>, request: Request) -> Result<usize, Refused> {
    let settings = &app.settings.remote_write;
    if !settings.enabled {
        let message = "remote write is switched off here; set `receive.remote_write: true`";
        return Err(Refused::new(StatusCode::NOT_FOUND, "disabled", message));
    }
    let (head, body) = request.into_parts();
    check_headers(&head.headers)?;
    let bytes_max = usize::try_from(settings.body_bytes_max).unwrap_or(usize::MAX);
    let mut received = body::read(&app.receiving.in_flight, &head.headers, body, bytes_max).await?;
    let encoding = head.headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let sender = app.receiving.sender(&head);
    let app = Arc::clone(app);
    let kept = tokio::task::spawn_blocking(move || {
        keep(&app, &mut received, encoding.as_deref(), &sender)
    });
    kept.await.map_err(|_panicked| Refused::by_bug())?
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refused> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.contains("io.prometheus.write.v2") {
        let message = "remote write 2.0 is not spoken yet: send prometheus.WriteRequest (1.0)";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "version", message));
    }
    Ok(())
}

fn keep(
    app: &App,
    received: &mut Received,
    encoding: Option<&str>,
    sender: &str,
) -> Result<usize, Refused> {
    let settings = &app.settings.remote_write;
    let limits = remote_write::DecodeLimits {
        decoded_bytes: usize::try_from(settings.unpacked_bytes_max).unwrap_or(usize::MAX),
        samples: usize::try_from(settings.samples_max).unwrap_or(usize::MAX),
        labels_per_series: usize::try_from(app.settings.store.labels_per_series_max)
            .unwrap_or(usize::MAX),
        ..Default::default()
    };
    let unpacked = remote_write::unpacked_bytes(&received.bytes).min(limits.decoded_bytes);
    if !received.permit.grow(unpacked) {
        return Err(Refused::busy(received.permit.others()));
    }
    let decoded = remote_write::decode(&received.bytes, encoding, &limits)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "decode", chain(&error)))?;
    app.board.describe(decoded.metadata);
    let batch = Batch::of(sender, &decoded.series);
    Ok(super::keep(app, WAY, &batch)?.accepted)
}
