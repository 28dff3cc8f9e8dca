//! `write`: samples that others send by remote write.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use collect::remote_write::{self, Protocol};

use super::{
    body::{self, Received},
    refused::Refused,
};
use crate::{http::error::chain, state::App};

/// How many of each were kept, as remote write 2.0 has it.
const WRITTEN: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];
const WAY: &str = "way=\"remote_write\"";

/// How many samples were kept.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    floats: usize,
    histograms: usize,
}

/// Takes a remote-write request: 204 once its samples survive the end of this process.
pub(in crate::http::prometheus) async fn write(
    State(app): State<Arc<App>>,
    request: Request,
) -> Response {
    let (kept, mut response) = match take(&app, request).await {
        Ok(kept) => (kept, StatusCode::NO_CONTENT.into_response()),
        Err(refused) => {
            refused.count(&app, WAY);
            (Kept::default(), refused.into_response())
        }
    };
    for (name, count) in WRITTEN.into_iter().zip([kept.floats, kept.histograms, 0]) {
        response.headers_mut().insert(name, count.into());
    }
    response
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn take(app: &Arc<App>, request: Request) -> Result<Kept, Refused> {
    let settings = &app.settings.remote_write;
    if !settings.enabled {
        let message = "remote write is switched off here; set `receive.remote_write: true`";
        return Err(Refused::new(StatusCode::NOT_FOUND, "disabled", message));
    }
    let (head, body) = request.into_parts();
    let content_type = text(&head.headers, &header::CONTENT_TYPE);
    let protocol = Protocol::of(content_type.as_deref()).map_err(|error| {
        Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "version", chain(&error))
    })?;
    let bytes_max = usize::try_from(settings.body_bytes_max).unwrap_or(usize::MAX);
    let mut received = body::read(&app.receiving.in_flight, &head.headers, body, bytes_max).await?;
    let encoding = text(&head.headers, &header::CONTENT_ENCODING);
    let sender = app.receiving.sender(&head);
    let app = Arc::clone(app);
    let kept = tokio::task::spawn_blocking(move || {
        keep(&app, &mut received, (encoding.as_deref(), protocol), &sender)
    });
    kept.await.map_err(|_panicked| Refused::by_bug())?
}

fn keep(
    app: &App,
    received: &mut Received,
    sent_as: (Option<&str>, Protocol),
    sender: &str,
) -> Result<Kept, Refused> {
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
    app.receiving.pool.with(|batch, scratch| {
        batch.set_source(sender);
        let arrived = {
            let scratch = &mut scratch.remote_write;
            remote_write::decode_into(&received.bytes, sent_as, &limits, batch, scratch)
        }
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "decode", chain(&error)))?;
        app.board.describe(arrived.metadata);
        let accepted = super::keep(app, WAY, batch)?.accepted;
        // Of a request that has both kinds, what was left out is counted with the floats.
        let histograms = arrived.histograms.min(accepted);
        Ok(Kept { floats: accepted - histograms, histograms })
    })
}
