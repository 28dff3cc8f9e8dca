//! What others send: bodies are taken within bounds, and what they hold is kept and counted by sender.

mod body;
mod inflight;
mod otlp;
mod pool;
mod refused;
mod remote_write;
mod senders;

pub(in crate::http) use otlp::metrics as otlp_metrics;
pub(super) use remote_write::write;

use std::sync::Arc;

use axum::{extract::ConnectInfo, http::request::Parts};
use model::{Batch, SampleSink as _, WriteReceipt};
use settings::ReceiveSettings;

use crate::{
    http::listener::SentFrom,
    state::{App, meters},
};
use inflight::InFlight;
use pool::Pool;
use refused::Refused;
use senders::Senders;

/// What all doors for samples share.
#[derive(Debug)]
pub(crate) struct Receiving {
    /// Bytes of bodies on their way.
    in_flight: InFlight,
    /// Who sends.
    senders: Senders,
    pool: Pool,
}

impl Receiving {
    /// Nothing is on its way yet.
    pub(crate) fn new(settings: &ReceiveSettings) -> Self {
        let bytes_max = usize::try_from(settings.in_flight_bytes_max).unwrap_or(usize::MAX);
        Self {
            in_flight: InFlight::new(bytes_max),
            senders: Senders::default(),
            pool: Pool::default(),
        }
    }

    /// Bytes of bodies on their way now.
    pub(crate) fn bytes_in_flight(&self) -> usize {
        self.in_flight.bytes()
    }

    /// The name under which a sender is counted, and limits name it.
    fn sender(&self, request: &Parts) -> Arc<str> {
        let address = request.extensions.get::<ConnectInfo<SentFrom>>();
        self.senders.name(&request.headers, address.map(|own| own.0.0))
    }
}

/// Keeps a batch and counts it; `way` is the label of the way in, `way="otlp"`. Waits for the disk.
fn keep(app: &App, way: &str, batch: &Batch) -> Result<WriteReceipt, Refused> {
    let receipt = app.sink.write_batch(batch).map_err(|error| Refused::by_store(&error))?;
    let by_sender = format!("{way},sender=\"{}\"", batch.source());
    app.meters.add(meters::COLLECT_SAMPLES, way, receipt.accepted as f64);
    app.meters.add(meters::COLLECT_BY_SENDER, &by_sender, receipt.accepted as f64);
    if receipt.accepted > 0 {
        app.note_late(batch);
    }
    if receipt.out_of_range > 0 {
        app.meters.add(meters::COLLECT_OUT_OF_RANGE, way, receipt.out_of_range as f64);
    }
    if let Some(left_out) = &receipt.left_out {
        app.meters.add(meters::COLLECT_LEFT_OUT, way, left_out.samples as f64);
    }
    Ok(receipt)
}
