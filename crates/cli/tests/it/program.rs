//! The program under test: a server with a folder of its own, or one command with its outcome.

use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use collect::remote_write;
use model::{Labels, Sample, Series, Time};
use serde_json::Value;
use tempfile::TempDir;
use testkit::Peer;

use crate::web;

/// How long anything may take before a test calls it missing.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// Settings with which nothing is watched, so that a test sees only what it wrote.
pub(crate) const QUIET: &str = "policy: none\nhost: {enabled: false}\n";

/// The program with nothing of this machine's environment that could change what it does.
pub(crate) fn plimsoll(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    command.current_dir(dir).env_clear().env("HOME", dir).env("NO_COLOR", "1");
    command
}

/// Runs one command to its end.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> Result<Outcome> {
    run_with(dir, arguments, "")
}

/// Runs one command to its end with this on standard input.
pub(crate) fn run_with(dir: &Path, arguments: &[&str], input: &str) -> Result<Outcome> {
    let mut child = plimsoll(dir)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no standard input")?.write_all(input.as_bytes())?;
    Ok(Outcome::of(&child.wait_with_output()?))
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A running server, ended with the test.
pub(crate) struct Server {
    peer: Peer,
    pub(crate) address: SocketAddr,
    dir: TempDir,
}

impl Server {
    /// With these settings in a file; none at all if the text is empty.
    pub(crate) fn start(settings: &str) -> Result<Self> {
        Self::start_in(tempfile::tempdir()?, settings)
    }

    /// In a folder that was prepared.
    pub(crate) fn start_in(dir: TempDir, settings: &str) -> Result<Self> {
        if !settings.is_empty() {
            fs::write(dir.path().join("plimsoll.yaml"), settings)?;
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()?));
        let peer = launch(dir.path(), address, &dir.path().join("data"))?;
        Ok(Self { peer, address, dir })
    }

    /// Ends it as a power cut would, and starts it again at the same place.
    pub(crate) fn kill_and_restart(&mut self) -> Result<()> {
        self.kill()?;
        self.peer = launch(self.dir.path(), self.address, &self.data())?;
        Ok(())
    }

    /// Ends it as a service manager does, and starts it again at the same place.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.peer.terminate()?;
        self.peer = launch(self.dir.path(), self.address, &self.data())?;
        Ok(())
    }

    pub(crate) fn kill(&mut self) -> Result<()> {
        self.peer.kill()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Its address as commands want it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn json(&self, path: &str) -> Result<Value> {
        web::json(self.address, path)
    }

    /// Sends series by remote write; they are kept when this returns 204.
    pub(crate) fn write(&self, batch: &[Series]) -> Result<(u16, String)> {
        let headers = [("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf")];
        web::send(self.address, "POST /api/v1/write", &headers, &remote_write::encode(batch)?)
    }

    /// The value of one series of `/metrics`, or nought.
    pub(crate) fn metric(&self, series: &str) -> Result<f64> {
        let (_, text) = testkit::http_get(self.address, "/metrics")?;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(line.map_or(Ok(0.0), str::parse)?)
    }
}

/// Starts the program over a data folder and waits until it is ready.
pub(crate) fn launch(dir: &Path, address: SocketAddr, data: &Path) -> Result<Peer> {
    let mut command = plimsoll(dir);
    command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(data);
    Peer::start(command, address, "/-/ready", dir.join("plimsoll.log"))
}

/// One series with samples given as milliseconds and values.
pub(crate) fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    let samples =
        samples.iter().map(|(time, value)| Sample { time: Time(*time), value: *value }).collect();
    Series::new(Labels::from_pairs(labels.iter().copied()), samples)
}

/// Milliseconds since 1970.
pub(crate) fn now_millis() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Asks again and again until there is an answer; the error says what was waited for.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = instant();
    loop {
        let answer = ask();
        match answer {
            Ok(Some(found)) => return Ok(found),
            Err(error) if instant() - started > PATIENCE => {
                return Err(error.context(format!("waited {PATIENCE:?} until {what}")));
            }
            Ok(None) if instant() - started > PATIENCE => bail!("waited {PATIENCE:?} until {what}"),
            _ => pause(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the real program lives in real time")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the real program lives in real time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}
