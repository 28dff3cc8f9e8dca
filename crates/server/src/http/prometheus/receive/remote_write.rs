//! `write`: samples that others send by remote write 1.0 and 2.0.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use collect::remote_write::{DecodeLimits, Protocol, decode_into, unpacked_bytes};
use model::{Batch, SampleSink as _, WriteReceipt};

use super::{
    body::{self, Received},
    refused::Refused,
};
use crate::{
    http::error::chain,
    state::{App, meters},
};

/// How many of each were kept, as remote write 2.0 has it.
const WRITTEN: [&str; 3] = [
    "x-prometheus-remote-write-samples-written",
    "x-prometheus-remote-write-histograms-written",
    "x-prometheus-remote-write-exemplars-written",
];
const WAY: &str = "way=\"remote_write\"";

/// How many samples were kept, and how many not.
#[derive(Clone, Debug, Default)]
struct Kept {
    floats: usize,
    histograms: usize,
    out_of_range: usize,
    /// What there is to say of series beyond a limit.
    left_out: Option<String>,
}

/// Takes a remote-write request: 204 once its samples survive the end of this process.
pub(in crate::http::prometheus) async fn write(
    State(app): State<Arc<App>>,
    request: Request,
) -> Response {
    let protocol = check(&app, request.headers());
    let taken = match protocol {
        Ok(protocol) => take(&app, request, protocol).await.map(|kept| (kept, protocol)),
        Err(refused) => Err(refused),
    };
    let (kept, mut response) = match taken {
        // Senders log it and go on; the same again would come to the same.
        Ok((Kept { left_out: Some(message), floats, histograms, out_of_range }, _)) => {
            let partly = Refused::new(StatusCode::BAD_REQUEST, "limit", message);
            partly.count(&app, WAY);
            (Kept { floats, histograms, out_of_range, left_out: None }, partly.into_response())
        }
        // What 2.0 leaves out is an error, so that senders count it; those of 1.0 would log each request.
        Ok((kept, Protocol::V2)) if kept.out_of_range > 0 => {
            let message = format!(
                "{} samples were left out, as their time lies outside what is kept here",
                kept.out_of_range
            );
            let partly = Refused::new(StatusCode::BAD_REQUEST, "out_of_range", message);
            (kept, partly.into_response())
        }
        Ok((kept, _)) => (kept, StatusCode::NO_CONTENT.into_response()),
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

/// Which message a request is, if such are taken here.
fn check(app: &App, headers: &HeaderMap) -> Result<Protocol, Refused> {
    if !app.settings.remote_write.enabled {
        let message = "remote write is switched off here; set `receive.remote_write: true`";
        return Err(Refused::new(StatusCode::NOT_FOUND, "disabled", message));
    }
    let unsupported =
        |message| Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "version", message);
    let text = |name| {
        headers.get(name).map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()))
    };
    let encoding = text(header::CONTENT_ENCODING);
    if let Some(encoding) = encoding.filter(|own| !own.trim().eq_ignore_ascii_case("snappy")) {
        let message =
            format!("the content encoding is {encoding:?}, but only snappy is understood");
        return Err(unsupported(message));
    }
    let content_type = text(header::CONTENT_TYPE);
    Protocol::of(content_type.as_deref()).map_err(|error| unsupported(chain(&error)))
}

async fn take(app: &Arc<App>, request: Request, protocol: Protocol) -> Result<Kept, Refused> {
    let (head, body) = request.into_parts();
    let bytes_max = usize::try_from(app.settings.remote_write.body_bytes_max).unwrap_or(usize::MAX);
    let mut received = body::read(&app.receiving.in_flight, &head.headers, body, bytes_max).await?;
    let sender = app.receiving.sender(&head);
    let app = Arc::clone(app);
    let kept = tokio::task::spawn_blocking(move || keep(&app, &mut received, protocol, &sender));
    kept.await.map_err(|_panicked| Refused::by_bug())?
}

fn keep(
    app: &App,
    received: &mut Received,
    protocol: Protocol,
    sender: &str,
) -> Result<Kept, Refused> {
    let settings = &app.settings.remote_write;
    let limit = |setting: u64| usize::try_from(setting).unwrap_or(usize::MAX);
    let limits = DecodeLimits {
        body_bytes: limit(settings.body_bytes_max),
        decoded_bytes: limit(settings.unpacked_bytes_max),
        samples: limit(settings.samples_max),
        labels_per_series: limit(app.settings.store.labels_per_series_max),
        ..Default::default()
    };
    let unpacked = unpacked_bytes(&received.bytes).min(limits.decoded_bytes);
    if !received.permit.grow(unpacked) {
        return Err(Refused::busy(received.permit.others()));
    }
    app.receiving.pool.with(|batch, scratch| {
        batch.set_source(sender);
        let scratch = &mut scratch.remote_write;
        let arrived = decode_into(&received.bytes, (None, protocol), &limits, batch, scratch)
            .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, "decode", chain(&error)))?;
        if !arrived.metadata.is_empty() {
            app.board.describe(arrived.metadata);
        }
        if arrived.exemplars > 0 {
            app.meters.add(meters::COLLECT_EXEMPLARS, WAY, arrived.exemplars as f64);
        }
        // Metadata comes alone too.
        if batch.is_empty() {
            return Ok(Kept::default());
        }
        let receipt = super::keep(app, WAY, batch)?;
        Ok(split(app, batch, arrived.histograms, receipt))
    })
}

/// Tells floats from histograms, of which the store counts the sum.
fn split(app: &App, batch: &Batch, histograms: usize, receipt: WriteReceipt) -> Kept {
    let WriteReceipt { accepted, out_of_range, left_out } = receipt;
    let histograms = if out_of_range == 0 && left_out.is_none() {
        histograms
    } else {
        let window = app.store.window();
        let away = left_out.as_ref().map_or(&[][..], |own| &own.series);
        let kept = (0..).zip(batch.iter()).filter(|(place, _)| away.binary_search(place).is_err());
        let all = kept.flat_map(|(_, series)| series.histograms);
        all.filter(|own| window.contains(own.time)).count().min(accepted)
    };
    let left_out =
        left_out.map(|own| format!("{} samples were left out: {}", own.samples, own.what));
    Kept { floats: accepted.saturating_sub(histograms), histograms, out_of_range, left_out }
}
