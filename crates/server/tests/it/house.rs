//! A server in this process, on a free port, with its data in a folder of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use collect::remote_write;
use model::{Clock, Labels, Sample, Series, Time};
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;
use server::{Options, Running, StartError};
use settings::Settings;
use tempfile::TempDir;

/// Settings with which nothing is watched, so that a test sees only what it wrote.
pub(crate) const QUIET: &str = "policy: none\nhost: {enabled: false}\n";
/// How long anything may take before a test calls it missing.
const PATIENCE: Duration = Duration::from_secs(15);

/// A running server and what is needed to ask it.
pub(crate) struct House {
    running: Running,
    client: Client,
    base: Url,
    /// Where it keeps everything; gone with the house.
    dir: TempDir,
}

/// The settings in a text, listening on a free port.
pub(crate) fn settings(text: &str, listen: &str) -> Result<Settings> {
    let mut settings = Settings::parse("test.yaml", text, &|_| Ok(()))?;
    settings.server.listen = listen.parse()?;
    Ok(settings)
}

/// Starts a server; what it says if it does not want to.
pub(crate) async fn start(
    settings: Settings,
    dir: &TempDir,
    clock: Arc<dyn Clock>,
) -> Result<Running, StartError> {
    server::start(Options { settings, data: dir.path().join("data") }, clock).await
}

impl House {
    pub(crate) async fn with(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::within(settings, tempfile::tempdir()?, clock).await
    }

    /// Stops it, and starts it again over what it kept.
    pub(crate) async fn restart(self, text: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        let dir = self.leave().await?;
        Self::back(text, dir, clock).await
    }

    /// Over the data of a folder.
    pub(crate) async fn within(
        settings: Settings,
        dir: TempDir,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let running = Box::pin(start(settings, &dir, clock)).await?;
        let base = Url::parse(&format!("http://127.0.0.1:{}", running.address.port()))?;
        Ok(Self { running, client: collect::net::client()?, base, dir })
    }

    /// Stops it; what then may happen, and what it kept, for another start.
    pub(crate) async fn leave(self) -> Result<TempDir> {
        let Self { running, dir, .. } = self;
        let stopped = tokio::time::timeout(Duration::from_secs(10), running.stop()).await;
        stopped.context("it did not stop within 10 s")?;
        Ok(dir)
    }

    /// Starts again on what another has kept.
    pub(crate) async fn back(text: &str, dir: TempDir, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::within(settings(text, "127.0.0.1:0")?, dir, clock).await
    }

    /// With these settings, on loopback.
    pub(crate) async fn new(text: &str, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::with(settings(text, "127.0.0.1:0")?, clock).await
    }

    /// From now on these settings are found where they are read anew.
    pub(crate) fn finds(&self, read: impl Fn() -> Result<String> + Send + Sync + 'static) {
        self.running.read_settings_by(move || {
            let text = read().map_err(|error| error.to_string())?;
            settings(&text, "127.0.0.1:0").map_err(|error| error.to_string())
        });
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        Ok(self.client.request(method, self.base.join(path)?).timeout(PATIENCE))
    }

    /// Status and JSON of a request without body.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<(u16, Value)> {
        answer(self.client.get(self.url(path, query)?).timeout(PATIENCE)).await
    }

    /// The same sent as a form.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<(u16, Value)> {
        let body = self.url(path, form)?.query().unwrap_or_default().to_owned();
        let request = self
            .request(Method::POST, path)?
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        answer(request).await
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url> {
        let mut address = self.base.join(path)?;
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        Ok(address)
    }

    /// Sends a body to the remote-write receiver.
    pub(crate) async fn send(&self, body: Vec<u8>) -> Result<(u16, String)> {
        let request = self
            .request(Method::POST, "/api/v1/write")?
            .header("content-encoding", "snappy")
            .header("content-type", "application/x-protobuf")
            .body(body);
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }

    /// Writes series, which must be taken.
    pub(crate) async fn write(&self, series: &[Series]) -> Result<()> {
        let (status, text) = self.send(remote_write::encode(series)?).await?;
        ensure!(status == 204, "remote write answered {status}: {text}");
        Ok(())
    }

    /// The value of one series of `/metrics`, or nought.
    pub(crate) async fn metric(&self, series: &str) -> Result<f64> {
        let text = self.request(Method::GET, "/metrics")?.send().await?.text().await?;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(line.map_or(Ok(0.0), str::parse)?)
    }

    /// Reads a series of `/metrics` again until it is as wanted.
    pub(crate) async fn until_metric(
        &self,
        series: &str,
        wanted: impl Fn(f64) -> bool + Send + Sync,
    ) -> Result<()> {
        for _ in 0..300 {
            if wanted(self.metric(series).await?) {
                return Ok(());
            }
            pause().await;
        }
        bail!("{series} did not become as wanted")
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.running.address.port()))
    }

    /// Asks again until the answer is as wanted.
    pub(crate) async fn until(
        &self,
        path: &str,
        query: &[(&str, &str)],
        wanted: impl Fn(&Value) -> bool + Send + Sync,
    ) -> Result<Value> {
        let mut last = Value::Null;
        for _ in 0..300 {
            last = self.get(path, query).await?.1;
            if wanted(&last) {
                return Ok(last);
            }
            pause().await;
        }
        bail!("{path} did not become as wanted:\n{last:#}")
    }

    /// Stops it; an error if that takes longer than anybody waits.
    pub(crate) async fn stop(self) -> Result<()> {
        tokio::time::timeout(Duration::from_secs(10), self.running.stop())
            .await
            .context("it did not stop within 10 s")
    }
}

/// Status and JSON of an answer.
pub(crate) async fn answer(request: RequestBuilder) -> Result<(u16, Value)> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).with_context(|| format!("{status}: {text}"))?))
}

/// One series with samples given as milliseconds and values.
pub(crate) fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    Series::new(
        Labels::from_pairs(labels.iter().copied()),
        samples.iter().map(|(time, value)| Sample { time: Time(*time), value: *value }).collect(),
    )
}

#[expect(clippy::disallowed_methods, reason = "the server's own threads live in real time")]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
