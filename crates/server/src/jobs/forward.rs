//! Sending on: queues of samples for others, and what becomes of them.

use std::{fs, path::Path, sync::Arc};

use collect::{net, relabel::RelabelRule};
use forward::{Dropped, Figures, Queue, QueueError, QueueOptions, Receiver, Rewrite, Sender};
use model::{Clock, Labels};
use settings::Settings;
use tracing::warn;

use crate::{
    convert,
    start::StartError,
    state::{App, meters},
    tasks::Stop,
};

/// Somebody who is sent samples, and how.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) name: String,
    pub(crate) receiver: Receiver,
    pub(crate) tls: net::TlsOptions,
    pub(crate) queue: QueueOptions,
    /// Labels that series get if they have not got them.
    pub(crate) labels: Labels,
    pub(crate) relabel: Vec<RelabelRule>,
}

/// Who is sent samples, as the settings have it; what is wrong with any is said now.
pub(crate) fn prepare(settings: &Settings) -> Result<Vec<Outgoing>, StartError> {
    let mut receivers = Vec::new();
    for own in &settings.forward {
        let wrong = |source| StartError::Forward { name: own.name.clone(), source };
        let made = convert::forward(own, settings).map_err(wrong)?;
        // Certificates are read now for the sake of what may be wrong with them; the sender makes its own client.
        drop(net::client_for_messages_with(&made.tls)?);
        receivers.push(made);
    }
    Ok(receivers)
}

/// Opens the queue of each receiver, in their order. Blocks for the disk.
pub(crate) fn open(
    dir: &Path,
    receivers: &[Outgoing],
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Arc<Queue>>, QueueError> {
    note_forgotten(dir, receivers);
    let open = |own: &Outgoing| {
        let rewrite = Rewrite::new(own.labels.clone(), own.relabel.clone());
        let place = dir.join(&own.name);
        Queue::open(&own.name, &place, own.queue, rewrite, Arc::clone(clock)).map(Arc::new)
    };
    receivers.iter().map(open).collect()
}

/// Queues of receivers that the settings no longer have stay, as somebody may want them back; but not unsaid.
fn note_forgotten(dir: &Path, receivers: &[Outgoing]) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !receivers.iter().any(|own| *own.name == *name) {
            let path = entry.path();
            warn!(path = %path.display(), "a queue of samples has no receiver in the settings; remove the folder, or write the receiver again");
        }
    }
}

/// Sends what a queue has until told to stop.
pub(super) async fn run(app: Arc<App>, queue: Arc<Queue>, own: Outgoing, stop: Stop) {
    let client = match net::client_for_messages_with(&own.tls) {
        Ok(client) => client,
        Err(error) => {
            // It was made once already when the server started, so its files have changed since.
            app.board.trouble(&subject(&own.name), Some(crate::http::chain(&error)));
            return stop.cancelled().await;
        }
    };
    let seed = app.clock.now().millis().unsigned_abs();
    let sender = Sender::new(queue, own.receiver, client, Arc::clone(&app.clock), seed);
    sender.run(stop.cancelled()).await;
}

fn subject(name: &str) -> String {
    format!("forward {name}")
}

/// Brings the figures of `/metrics` up to date, and what people are told.
pub(super) fn refresh(app: &App) {
    let now = app.clock.now();
    for queue in app.sink.queues() {
        let (figures, stats) = (queue.figures(), queue.stats());
        let receiver = format!("receiver=\"{}\"", queue.name());
        let set = |name, value: f64| app.meters.set(name, &receiver, value);
        set(meters::FORWARD_SENT, figures.sent() as f64);
        set(meters::FORWARD_BYTES, figures.bytes() as f64);
        set(meters::FORWARD_REQUESTS, figures.requests() as f64);
        set(meters::FORWARD_FAILED, figures.requests_failed() as f64);
        set(meters::FORWARD_RETRIED, figures.samples_retried() as f64);
        set(meters::FORWARD_PENDING, stats.samples as f64);
        set(meters::FORWARD_QUEUE, stats.bytes as f64);
        set(meters::FORWARD_CONNECTIONS, figures.shards() as f64);
        set(meters::FORWARD_DELAY, figures.delay(now).as_secs());
        if let Some(at) = figures.last_success() {
            set(meters::FORWARD_SUCCESS, at.seconds());
        }
        for why in Dropped::ALL {
            let labels = format!("{receiver},reason=\"{}\"", why.word());
            app.meters.set(meters::FORWARD_DROPPED, &labels, figures.dropped(why) as f64);
        }
        app.board.trouble(&subject(queue.name()), trouble(figures, stats.samples));
    }
}

/// What is wrong with a receiver, if anything.
fn trouble(figures: &Figures, pending: u64) -> Option<String> {
    let complaint = figures.complaint()?;
    Some(format!("{complaint} ({pending} samples wait)"))
}
