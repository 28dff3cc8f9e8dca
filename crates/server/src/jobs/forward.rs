//! Sending on: queues of samples for others, and what becomes of them.

use std::{fs, path::Path, sync::Arc};

use collect::{net, relabel::RelabelRule};
use forward::{Dropped, Figures, Queue, QueueError, QueueOptions, Receiver, Rewrite, Sender};
use model::{Clock, Labels};
use reqwest::Client;
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
    /// Made when the server starts, so that a file of certificates is read while somebody looks on.
    pub(crate) client: Client,
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
        let client = net::client_for_messages_with(&convert::tls(&own.tls))?;
        receivers.push(convert::forward(own, settings, client).map_err(wrong)?);
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
    let seed = app.clock.now().millis().unsigned_abs();
    let sender = Sender::new(queue, own.receiver, own.client, Arc::clone(&app.clock), seed);
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// A certificate of nobody.
    const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUZA5gAIYX+vHZqi1uI0vc09XVNUgwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjExMDIzMjdaGA8yMTI2MTAyODEwMjMy
N1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOh1
f/PWZiRuzQgfBVv5p0USuZe/A9FD1qqgF+DxU55oXb26OOf/3tX7sN7NcO9iF6oa
6IRFoXw/9u/uTB998kujUzBRMB0GA1UdDgQWBBSF8zvAtv1edhhcp44GfWqRlAhr
mTAfBgNVHSMEGDAWgBSF8zvAtv1edhhcp44GfWqRlAhrmTAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCIHvpffh+bvl/XVsbFbRYJCkNU+6R7QZr6mHZ
a+i7W4YpAiB6q+PklW2bVWbOEgrNXUDZDSkgBKdhgUpvMZv3dnA5mw==
-----END CERTIFICATE-----\n";

    #[tokio::test]
    async fn a_file_of_certificates_that_goes_away_after_the_start_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let authority = dir.path().join("ca.pem");
        fs::write(&authority, AUTHORITY).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "forward:\n  - name: far\n    url: http://{}/write\n    tls_config: {{ca_file: {}}}\n",
            listener.local_addr().unwrap(),
            authority.display()
        );
        let settings = Settings::parse("test.yaml", &text, &|_| Ok(())).unwrap();
        let receivers = prepare(&settings).unwrap();
        fs::remove_file(&authority).unwrap();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).unwrap() > 0);
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).unwrap();
        });
        let [own] = &receivers[..] else { panic!("{receivers:?}") };
        let answer = own.client.post(&own.receiver.url).send().await.unwrap();
        assert_eq!(answer.status(), 204);
        serving.join().unwrap();
        // At the next start it is missed.
        assert!(matches!(prepare(&settings), Err(StartError::Net(_))));
    }
}
