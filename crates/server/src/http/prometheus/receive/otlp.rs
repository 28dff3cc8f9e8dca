//! `otlp/v1/metrics`: metrics that OpenTelemetry sends over HTTP, as protobuf or JSON.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use collect::otlp::{
    Failure, Format, Histograms, Limits, Options, OtlpError, Promote, Refused as Left, Sent,
    Strategy, decode_into, failure, success,
};
use settings::{HistogramForm, PromotedAttributes, TranslationStrategy};

use super::{
    body::{self, Received},
    refused::Refused,
};
use crate::{
    http::error::chain,
    state::{App, meters},
};

const WAY: &str = "way=\"otlp\"";

/// Takes a request: 200 once what could be taken of it survives the end of this process.
pub(in crate::http) async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Some(format) = header_text(&head.headers, header::CONTENT_TYPE).and_then(Format::of) else {
        let message = "send `application/x-protobuf` or `application/json`";
        let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", message);
        refused.count(&app, WAY);
        return refused.into_response();
    };
    let content_type = [(header::CONTENT_TYPE, format.content_type())];
    match take(&app, &head, body, format).await {
        Ok(left) => (content_type, success(format, &left)).into_response(),
        Err(refused) => {
            refused.count(&app, WAY);
            let body = failure(format, failure_of(refused.status), &refused.message);
            let mut response = (refused.status, content_type, body).into_response();
            refused.retry_after(&mut response);
            response
        }
    }
}

fn failure_of(status: StatusCode) -> Failure {
    match status {
        StatusCode::NOT_FOUND => Failure::Missing,
        StatusCode::TOO_MANY_REQUESTS => Failure::Busy,
        StatusCode::SERVICE_UNAVAILABLE => Failure::Unavailable,
        status if status.is_server_error() => Failure::Internal,
        _ => Failure::Invalid,
    }
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn take(
    app: &Arc<App>,
    head: &Parts,
    body: axum::body::Body,
    format: Format,
) -> Result<Left, Refused> {
    let settings = &app.settings.remote_write;
    if !settings.otlp {
        let message = "OTLP is switched off here; set `receive.otlp: true`";
        return Err(Refused::new(StatusCode::NOT_FOUND, "disabled", message));
    }
    let bytes_max = usize::try_from(settings.body_bytes_max).unwrap_or(usize::MAX);
    let mut received = body::read(&app.receiving.in_flight, &head.headers, body, bytes_max).await?;
    let encoding = header_text(&head.headers, header::CONTENT_ENCODING).map(str::to_owned);
    let sender = app.receiving.sender(head);
    let app = Arc::clone(app);
    let kept = tokio::task::spawn_blocking(move || {
        keep(&app, &mut received, (format, encoding.as_deref()), &sender)
    });
    kept.await.map_err(|_panicked| Refused::by_bug())?
}

fn keep(
    app: &App,
    received: &mut Received,
    (format, encoding): (Format, Option<&str>),
    sender: &str,
) -> Result<Left, Refused> {
    let options = options(app);
    let Received { bytes, permit } = received;
    let sent = Sent { body: bytes, format, encoding };
    let (mut arrived, receipt) = app.receiving.pool.with(|batch, scratch| {
        batch.set_source(sender);
        let mut ask = |more| permit.grow(more);
        let decoded = decode_into(&sent, &options, &mut ask, batch, &mut scratch.otlp);
        let mut arrived = decoded.map_err(|error| match error {
            OtlpError::Room => Refused::busy(permit.others()),
            error => Refused::new(StatusCode::BAD_REQUEST, "decode", chain(&error)),
        })?;
        app.board.describe(std::mem::take(&mut arrived.metadata));
        Ok((arrived, super::keep(app, WAY, batch)?))
    })?;
    arrived.refused.add_late(receipt.out_of_range.min(arrived.points));
    if let Some(left_out) = receipt.left_out {
        arrived.refused.add_beyond_limit(left_out.samples.min(arrived.points), left_out.what);
    }
    for (reason, points) in arrived.refused.by_reason() {
        let labels = format!("{WAY},reason=\"{}\"", reason.word());
        app.meters.add(meters::COLLECT_POINTS_REFUSED, &labels, points as f64);
    }
    if arrived.exemplars > 0 {
        app.meters.add(meters::COLLECT_EXEMPLARS, WAY, arrived.exemplars as f64);
    }
    Ok(arrived.refused)
}

/// What the settings say.
fn options(app: &App) -> Options {
    let at_most = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let settings = &app.settings;
    let otlp = &settings.otlp;
    Options {
        strategy: match otlp.strategy {
            TranslationStrategy::UnderscoreEscapingWithSuffixes => {
                Strategy::UnderscoreEscapingWithSuffixes
            }
            TranslationStrategy::NoUtf8EscapingWithSuffixes => Strategy::NoUtf8EscapingWithSuffixes,
            TranslationStrategy::UnderscoreEscapingWithoutSuffixes => {
                Strategy::UnderscoreEscapingWithoutSuffixes
            }
            TranslationStrategy::NoTranslation => Strategy::NoTranslation,
        },
        promote: match &otlp.promote {
            PromotedAttributes::Only(names) => Promote::Only(names.clone()),
            PromotedAttributes::AllBut(names) => Promote::AllBut(names.clone()),
        },
        keep_identifying: otlp.keep_identifying,
        histograms: match otlp.histograms {
            HistogramForm::Classic => Histograms::Classic,
            HistogramForm::CustomBuckets => Histograms::CustomBuckets,
        },
        promote_scope: otlp.promote_scope,
        lookback: settings.query.lookback,
        limits: Limits {
            body_bytes: at_most(settings.remote_write.body_bytes_max),
            decoded_bytes: at_most(settings.remote_write.unpacked_bytes_max),
            samples: at_most(settings.remote_write.samples_max),
            labels_per_series: at_most(settings.store.labels_per_series_max),
            ..Limits::default()
        },
    }
}
