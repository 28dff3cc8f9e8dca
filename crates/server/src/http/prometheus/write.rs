//! `write`: samples that others send by remote write.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use collect::remote_write;
use model::{Kind, SampleSink as _, WriteError};

use crate::{
    http::error::chain,
    state::{App, meters},
};

/// How long a body may take to arrive.
const BODY_WAIT_MAX: Duration = Duration::from_secs(30);
/// Says how many samples were kept, as remote write 2.0 has it.
const SAMPLES_WRITTEN: &str = "x-prometheus-remote-write-samples-written";
const WAY: &str = "way=\"remote_write\"";

/// Takes a remote-write request: 204 once its samples survive the end of this process.
pub(super) async fn write(State(app): State<Arc<App>>, headers: HeaderMap, body: Body) -> Response {
    match take(&app, &headers, body).await {
        Ok(accepted) => {
            app.meters.add(meters::COLLECT_SAMPLES, WAY, accepted as f64);
            (StatusCode::NO_CONTENT, [(SAMPLES_WRITTEN, accepted.to_string())]).into_response()
        }
        Err(Refused { status, reason, message }) => {
            let labels = format!("{WAY},reason=\"{reason}\"");
            app.meters.count(meters::COLLECT_REFUSED, &labels);
            let mut response = (status, format!("{message}\n")).into_response();
            if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            response
        }
    }
}

struct Refused {
    status: StatusCode,
    reason: &'static str,
    message: String,
}

impl Refused {
    fn new(status: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, reason, message: message.into() }
    }
}

async fn take(app: &Arc<App>, headers: &HeaderMap, body: Body) -> Result<usize, Refused> {
    let settings = &app.settings.remote_write;
    if !settings.enabled {
        let message = "remote write is switched off here; set `remote_write.enabled: true`";
        return Err(Refused::new(StatusCode::NOT_FOUND, "disabled", message));
    }
    check_headers(headers)?;
    let bytes_max = usize::try_from(settings.body_bytes_max).unwrap_or(usize::MAX);
    let body = tokio::time::timeout(BODY_WAIT_MAX, to_bytes(body, bytes_max))
        .await
        .map_err(|_late| {
            let message = format!("the body did not arrive within {} s", BODY_WAIT_MAX.as_secs());
            Refused::new(StatusCode::REQUEST_TIMEOUT, "slow", message)
        })?
        .map_err(|error| {
            let message = format!(
                "cannot read the body: {}; at most {bytes_max} bytes are taken",
                chain(&error)
            );
            Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "body", message)
        })?;
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let app = Arc::clone(app);
    let kept = tokio::task::spawn_blocking(move || keep(&app, &body, encoding.as_deref()));
    kept.await.map_err(|_panicked| {
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "bug", "a bug of ours ended this request")
    })?
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

fn keep(app: &App, body: &[u8], encoding: Option<&str>) -> Result<usize, Refused> {
    let settings = &app.settings.remote_write;
    let limits = remote_write::DecodeLimits {
        decoded_bytes: usize::try_from(settings.unpacked_bytes_max).unwrap_or(usize::MAX),
        samples: usize::try_from(settings.samples_max).unwrap_or(usize::MAX),
        labels_per_series: usize::try_from(app.settings.store.labels_per_series_max)
            .unwrap_or(usize::MAX),
        ..Default::default()
    };
    let decoded = remote_write::decode(body, encoding, &limits)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "decode", chain(&error)))?;
    app.board.describe(decoded.metadata);
    let receipt = app.store.write(&decoded.series).map_err(|error| {
        let status = match (&error, error.kind()) {
            (WriteError::Poisoned { .. }, _) => StatusCode::SERVICE_UNAVAILABLE,
            (_, Kind::Busy) => StatusCode::TOO_MANY_REQUESTS,
            (_, kind) => {
                StatusCode::from_u16(kind.http_status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
        };
        Refused::new(status, "store", chain(&error))
    })?;
    if receipt.accepted > 0 {
        app.note_late(&decoded.series);
    }
    if receipt.out_of_range > 0 {
        app.meters.add(meters::COLLECT_OUT_OF_RANGE, WAY, receipt.out_of_range as f64);
    }
    Ok(receipt.accepted)
}
