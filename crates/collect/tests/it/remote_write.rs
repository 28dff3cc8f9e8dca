//! The real `prometheus` sends its samples to us.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Command,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use collect::remote_write::{DecodeLimits, Protocol, Scratch, decode_into};
use model::Batch;
use testkit::{Peer, free_port};
use tokio::{
    net::TcpListener,
    sync::mpsc::{Sender, channel},
    task::{JoinSet, spawn_blocking},
};

/// Requests looked at until all that is expected has come; it sends one about every second.
const REQUESTS_MAX: usize = 60;

type Request = (Option<String>, Bytes);

async fn take(State(taken): State<Sender<Request>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.and_then(|value| value.to_str().ok()).map(str::to_owned);
    // The test may have seen enough.
    drop(taken.send((encoding, body)).await);
    StatusCode::NO_CONTENT
}

fn prometheus(folder: &std::path::Path, receiver: SocketAddr) -> anyhow::Result<Peer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let settings = folder.join("prometheus.yml");
    let text = format!(
        "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: itself\n    static_configs:\n      - targets: ['{address}']\n\
         remote_write:\n  - url: http://{receiver}/write\n    metadata_config:\n      send_interval: 1s\n"
    );
    std::fs::write(&settings, text)?;
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", settings.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.arg(format!("--web.listen-address={address}"));
    Peer::start(command, address, "/-/ready", folder.join("prometheus.log"))
}

#[tokio::test]
async fn what_a_real_prometheus_sends_is_taken_apart() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let receiver = listener.local_addr()?;
    let (sender, mut taken) = channel(4);
    let app = Router::new().route("/write", post(take)).with_state(sender);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    let folder = tempfile::tempdir()?;
    let path = folder.path().to_owned();
    let _peer = spawn_blocking(move || prometheus(&path, receiver)).await??;

    let mut batch = Batch::default();
    let (mut up, mut metadata) = (false, false);
    for _ in 0..REQUESTS_MAX {
        let (encoding, body) = taken.recv().await.expect("the receiver goes on");
        let sent = (encoding.as_deref(), Protocol::V1);
        let (limits, mut scratch) = (DecodeLimits::default(), Scratch::default());
        let arrived = decode_into(&body, sent, &limits, &mut batch, &mut scratch)?;
        assert_eq!(arrived.unsorted, 0);
        up |= batch.iter().any(|series| {
            series.labels.get("__name__") == Some("up")
                && series.labels.get("job") == Some("itself")
                && series.samples.iter().any(|sample| sample.time.millis() > 1_700_000_000_000)
        });
        metadata |= arrived.metadata.iter().any(|metadata| !metadata.help.is_empty());
        if up && metadata {
            return Ok(());
        }
    }
    anyhow::bail!("after {REQUESTS_MAX} requests: up {up}, metadata {metadata}")
}
